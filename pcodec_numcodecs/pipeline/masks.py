"""Masks: which cells hold a fill value, as alternating lengths of runs, for the pages of one block.

Coasts change little from row to row and from plane to plane. So a mask may be stored as what differs from the row
before, from the plane before, or both one after the other, whatever makes the fewest runs.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ..dtypes import NUMBER_TYPES
from ..errors import CorruptionError
from ..kernels import Kernels
from ..metadata import FormatVersion
from .lists import read_list, write_list

__all__ = ["read_masks", "write_masks"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

_MOST_STEPS: Final = 3
"""Rows, planes and boxes: what may be compared with the one before."""
_TRIED_CELLS: Final = 1 << 17
"""Cells on which the forms of a mask are compared."""
_RUN = NUMBER_TYPES["u32"]


def write_masks(absent: U8, fills: int, shapes: I64, level: int, kernels: Kernels) -> bytes:
    """Write the masks of the pages of a block.

    Parameters
    ----------
    absent
        For each cell of the pages, end to end, 0 or one more than the number of its fill value.
    fills
        Count of fill values.
    shapes
        Lengths of the pages' tiles, shape (pages, axes), axes in the order of the cells.
    """
    parts = []
    for fill in range(fills):
        mask = (absent == fill + 1).view(np.uint8)
        form, runs = _fewest_runs(mask, shapes, kernels)
        parts += [bytes([form]), write_list(runs, level, kernels)[0]]
    return b"".join(parts)


def read_masks(source: memoryview, fills: int, shapes: I64, version: FormatVersion, kernels: Kernels, out: U8) -> None:
    """Invert `write_masks`.

    Parameters
    ----------
    shapes
        As of `write_masks`.
    out
        As long as all pages, to be filled.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is damaged.
    """
    cells = out.size
    for fill in range(fills):
        form = source[0] if len(source) else -1
        if not 0 <= form < 1 << _MOST_STEPS:
            raise CorruptionError(f"form of a mask must be 0 to {(1 << _MOST_STEPS) - 1}, got {form}")
        runs, source = read_list(source[1:], _RUN, version, cells + 1, kernels)
        total = int(runs.sum(dtype=np.uint64))
        if total != cells:
            raise CorruptionError(f"runs of a mask must add up to {cells} cells, got {total}")
        mask = np.empty_like(out) if fill else out
        kernels.fill_runs(runs, mask)
        for step in reversed(range(_MOST_STEPS)):
            if form >> step & 1:
                kernels.accumulate_changes(mask, shapes.prod(axis=1), _strides(shapes, step))
        if fill:
            mask *= np.uint8(fill + 1)
            np.maximum(out, mask, out=out)
    if len(source):
        raise CorruptionError(f"masks must end with their last list, got {len(source)} bytes more")


def _fewest_runs(mask: U8, shapes: I64, kernels: Kernels) -> tuple[int, npt.NDArray[np.uint32]]:
    """Return the form with the fewest runs in the first pages, and the runs of all."""
    steps = max(0, min(_MOST_STEPS, shapes.shape[1] - 1))
    some = shapes[: max(1, _TRIED_CELLS // int(shapes[0].prod()))]
    forms = [mask[: some.prod(axis=1).sum()]]
    for step in range(steps):
        forms += [_changes(formed, some, step, kernels) for formed in forms]
    form = int(np.argmin([_count_of_runs(formed) for formed in forms]))
    for step in range(steps):
        if form >> step & 1:
            mask = _changes(mask, shapes, step, kernels)
    runs = np.empty(mask.size + 1, np.uint32)
    return form, runs[: kernels.list_runs(mask, runs)]


def _count_of_runs(mask: U8) -> int:
    return 1 + int(mask[0]) + int(np.count_nonzero(mask[1:] != mask[:-1]))


def _changes(mask: U8, shapes: I64, step: int, kernels: Kernels) -> U8:
    """Return where a mask differs from the row before (step 0), from the plane before (step 1), and so on."""
    changed = np.empty_like(mask)
    kernels.take_changes(mask, shapes.prod(axis=1), _strides(shapes, step), changed)
    return changed


def _strides(shapes: I64, step: int) -> I64:
    """Return the cells of a row (step 0) of each page, of a plane (step 1), and so on; of all that it has, at most."""
    return shapes[:, max(shapes.shape[1] - 1 - step, 0) :].prod(axis=1)
