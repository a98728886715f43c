"""Splits and masks worth a trial, tried on the sample of boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..dtypes import Latents, NumberType
from ..estimates import sample_scattered
from ..fixed_log import FRACTION_BITS
from ..kernels import Kernels
from ..lazy import lazy_property
from ..metadata import Classic, Dict, Mode
from ..training import SECONDARY_LEVEL, estimate
from . import affine_search
from .sampling import Boxes
from .splitting import Listed, places_in, split
from .steps import Computed, Rank, Split

__all__ = ["Masked", "Parted", "distinct", "masks", "ranked", "splits"]

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_LEAST_SHARE: Final = 256
"""A value that one cell in so many has may be worth a mask."""
_COUNTED: Final = 1 << 13
"""Cells that are counted by their values."""
_RUN_BITS: Final = 6
"""What a run of masked or of other cells takes, about."""
_MOST_VALUES: Final = 1 << 16
_MOST_FILLS: Final = 2
_AFFINE_SAMPLE: Final = 1 << 12


class Parted(NamedTuple):
    """A split, as it does on the sample.

    Attributes
    ----------
    split
        The step.
    primary
        Primary latents of the boxes' cells.
    cost
        Of what the split stores besides primary latents, for the whole array.
    listed
        For `Rank`, the cells of the whole array.
    """

    split: Split
    primary: Latents
    cost: int
    listed: Listed | None = None


@dataclass(frozen=True, eq=False)
class Masked:
    """A mask, as it does on the sample.

    Attributes
    ----------
    fills
        Ordered latents that are taken out.
    absent
        Cells of the boxes that are.
    chosen
        Cells of the boxes that are not, and are scored.
    cost
        Of the mask, for the whole array.
    """

    fills: tuple[int, ...]
    absent: Bools
    chosen: Bools
    cost: int
    _orders: dict[tuple[str, tuple[int, ...]], Bools] = field(default_factory=dict)

    @classmethod
    def of(cls, fills: tuple[int, ...], absent: Bools, boxes: Boxes, cost: int) -> "Masked":
        """Find the cells that are scored."""
        chosen = np.zeros(absent.shape, np.bool_)
        chosen[boxes.scored] = ~absent[boxes.scored]
        return cls(fills, absent, chosen, cost)

    @lazy_property
    def _last_present(self) -> I64:
        """For each cell the last one before, or itself, that is not masked; at the beginning the first such one."""
        absent = self.absent.reshape(-1)
        last = np.maximum.accumulate(np.where(absent, -1, np.arange(absent.size)))
        last[last < 0] = int(np.argmin(absent))
        return last

    def filled(self, cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return cells with the last present cell before in place of absent ones: what comes later must not show."""
        if not self.absent.any():
            return cells
        found: npt.NDArray[Any] = cells.reshape(-1)[self._last_present].reshape(cells.shape)
        return found

    def ordered(self, which: str, order: tuple[int, ...]) -> Bools:
        """Return the flags of `absent` or `chosen` cells, flat, the axes of the boxes in some order."""
        if (which, order) not in self._orders:
            self._orders[which, order] = getattr(self, which).transpose(order).reshape(-1)
        return self._orders[which, order]


def splits(
    latents: Latents,
    boxes: Boxes,
    chosen: Sequence[Mode],
    number_type: NumberType,
    kernels: Kernels,
    *,
    with_affine: bool,
) -> Iterator[Parted]:
    """Split the sample in all ways that are worth a trial but for `ranked`, the plain one first.

    Parameters
    ----------
    latents
        All cells of the array, ordered latents.
    chosen
        Modes of Pco, the plain one first.
    with_affine
        Whether an affine split is tried too.
    """
    cells = boxes.cells
    yield Parted(Classic(), cells, 0)
    flat = cells.reshape(-1)
    steps: list[Computed] = [mode for mode in chosen[1:] if not isinstance(mode, Dict)]
    if with_affine and number_type.is_float and not steps:
        # Where a base without an offset fits, there is nothing to be gained.
        found = affine_search.propose(sample_scattered(latents.reshape(-1), _AFFINE_SAMPLE), number_type)
        steps += [found] if found is not None else []
    for step in steps:
        primary, secondary = split(step, flat, number_type, kernels)
        assert secondary is not None
        scored = secondary.reshape(cells.shape)[boxes.scored].reshape(-1)
        yield Parted(step, primary.reshape(cells.shape), boxes.estimate(scored, SECONDARY_LEVEL, kernels))


def distinct(boxes: Boxes, cells: int, kernels: Kernels) -> Parted | None:
    """Split the sample by a list of its own values, and not all of the array's: None where they are many."""
    flat = boxes.cells.reshape(-1)
    indices = scratch.empty(flat.size, np.uint32)
    found = kernels.index_values(flat, min(_most_values(cells), flat.size // 2), indices, by_value=True)
    return None if found is None else _parted(found[0], indices, boxes, kernels)


def ranked(latents: Latents, boxes: Boxes, kernels: Kernels) -> Parted | None:
    """Split the sample by a list of the array's distinct values; None where they are many."""
    indices = scratch.empty(latents.size, np.uint32)
    found = kernels.index_values(latents.reshape(-1), _most_values(latents.size), indices, by_value=True)
    if found is None:
        return None
    places = places_in(found[0], boxes.cells.reshape(-1), kernels)
    listed = Listed(found[0], indices.astype(np.uint16).reshape(latents.shape))
    return _parted(found[0], places, boxes, kernels)._replace(listed=listed)


def _most_values(cells: int) -> int:
    return min(_MOST_VALUES, cells // 4)


def _parted(values: Latents, places: npt.NDArray[Any], boxes: Boxes, kernels: Kernels) -> Parted:
    rank = Rank(values.size, values.size)
    gaps = np.diff(values, prepend=values.dtype.type(0))
    primary = places.astype(f"u{rank.bits // 8}").reshape(boxes.cells.shape)
    return Parted(rank, primary, estimate(gaps, SECONDARY_LEVEL, gaps.size, kernels))


def masks(boxes: Boxes, number_type: NumberType) -> Iterator[Masked]:
    """Mask the sample in all ways that are worth a trial, at first not at all."""
    absent = np.zeros(boxes.cells.shape, np.bool_)
    yield Masked.of((), absent, boxes, 0)
    fills: tuple[int, ...] = ()
    cost = 0
    for fill in frequent(boxes.cells[boxes.scored], number_type)[:_MOST_FILLS]:
        here = boxes.cells == boxes.cells.dtype.type(fill)
        absent = absent | here
        fills = (*fills, fill)
        cost += boxes.scaled((_runs(here[boxes.scored]) * _RUN_BITS) << FRACTION_BITS)
        yield Masked.of(fills, absent, boxes, cost)


def frequent(cells: Latents, number_type: NumberType) -> list[int]:
    """Return values that many cells have, NaN first and then the most frequent."""
    flat = cells.reshape(-1)
    some = flat[:: max(1, flat.size // _COUNTED)]
    if number_type.is_float:
        # NaN is worth a mask however rare it is.
        infinity = ((1 << (number_type.bits - 1 - number_type.mantissa_bits)) - 1) << number_type.mantissa_bits
        most, least_float = (flat.dtype.type(number_type.mid + end) for end in (infinity, -1 - infinity))
        some = np.concatenate((some, flat[(flat > most) | (flat < least_float)]))
    values, counts = np.unique(some, return_counts=True)
    least = max(4, some.size // _LEAST_SHARE)
    rank = -counts
    if number_type.is_float:
        nan = (values > most) | (values < least_float)
        rank = np.where(nan, rank - flat.size - some.size, rank)
        counts = np.where(nan, np.maximum(counts, least), counts)
    order = np.argsort(rank, kind="stable")
    return [int(values[place]) for place in order[: 2 * _MOST_FILLS] if counts[place] >= least]


def _runs(absent: Bools) -> int:
    """Count where masks begin and end along the last axis, or where they do so differently from the row before."""
    plain = int((absent[..., 1:] != absent[..., :-1]).sum())
    if absent.ndim < 3 or absent.shape[-2] < 2:
        return plain
    changed = absent[..., 1:, :] != absent[..., :-1, :]
    against_row = int((changed[..., 1:] != changed[..., :-1]).sum())
    return min(plain, against_row)
