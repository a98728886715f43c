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

Bools = npt.NDArray[np.bool_]
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
        mask = absent == fill + 1
        form, runs = _fewest_runs(mask, shapes)
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
    sizes = shapes.prod(axis=1)
    cells = int(sizes.sum())
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
                kernels.accumulate_changes(mask, sizes, _strides(shapes, step))
        if fill:
            mask *= np.uint8(fill + 1)
            np.maximum(out, mask, out=out)
    if len(source):
        raise CorruptionError(f"masks must end with their last list, got {len(source)} bytes more")


def _runs(mask: Bools) -> npt.NDArray[np.uint32]:
    """Return the lengths of runs, the first one of cells that are not masked, perhaps of none."""
    edges = np.flatnonzero(np.diff(mask.view(np.int8), prepend=np.int8(0)))
    return np.diff(edges, prepend=0, append=mask.size).astype(np.uint32)


def _fewest_runs(mask: Bools, shapes: I64) -> tuple[int, npt.NDArray[np.uint32]]:
    """Return the form with the fewest runs in the first pages, and the runs of all."""
    steps = min(_MOST_STEPS, shapes.shape[1] - 1)
    some = shapes[: max(1, _TRIED_CELLS // int(shapes[0].prod()))]
    tried = mask[: some.prod(axis=1).sum()]
    counts = [_runs(_formed(tried, some, form)).size for form in range(1 << max(steps, 0))]
    form = int(np.argmin(counts))
    return form, _runs(_formed(mask, shapes, form))


def _formed(mask: Bools, shapes: I64, form: int) -> Bools:
    for step in range(_MOST_STEPS):
        if form >> step & 1:
            mask = _changes(mask, shapes, step)
    return mask


def _changes(mask: Bools, shapes: I64, step: int) -> Bools:
    """Return where a mask differs from the row before (step 0), from the plane before (step 1), and so on."""
    changed = mask.copy()
    start = 0
    for size, stride in zip(shapes.prod(axis=1).tolist(), _strides(shapes, step).tolist(), strict=True):
        stop = start + size
        changed[start + stride : stop] ^= mask[start : stop - stride]
        start = stop
    return changed


def _strides(shapes: I64, step: int) -> I64:
    """Return the cells of a row (step 0) of each page, of a plane (step 1), and so on; of all that it has, at most."""
    return shapes[:, max(shapes.shape[1] - 1 - step, 0) :].prod(axis=1)
