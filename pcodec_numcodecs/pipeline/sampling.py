"""A repeatable sample of an array: boxes of cells from all over it, the same for every candidate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..choosing import cheapest
from ..config import ChunkConfig
from ..dtypes import Latents, NumberType
from ..estimates import Runs
from ..kernels import Kernels
from ..lazy import lazy_property
from ..metadata import Mode
from ..training import estimate
from .tiles import root

__all__ = ["FLAT_CELLS", "Boxes", "sample_boxes", "sample_stretches", "sample_tiles"]

_BEFORE, _AFTER = 2, 1
"""Cells around those that are scored, so that these have all neighbours."""
_BOX_CELLS = 2048
_MULTIPLIER = 0x9E3779B97F4A7C15
_MOST_AXES = 4
FLAT_CELLS = 1 << 15
"""Cells of the sample of tiles that Pco gets as they are."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of cells.

    Attributes
    ----------
    cells
        Shape (boxes, *box), with an axis for each of the array's; latents or what they were made to.
    whole
        For each axis of the array, whether boxes span it.
    total
        Cells of the array.
    scale
        How many of these stand behind each cell that is scored, in 1/65536.
    """

    cells: npt.NDArray[Any]
    whole: tuple[bool, ...]
    total: int
    scale: int

    @lazy_property
    def scored(self) -> tuple[slice, ...]:
        """The cells to be scored: those whose neighbours lie in the box, and those at true edges of the array."""
        inner = (
            slice(None) if whole else slice(_BEFORE, length - _AFTER)
            for whole, length in zip(self.whole, self.cells.shape[1:], strict=True)
        )
        return (slice(None), *inner)

    @property
    def runs(self) -> Runs:
        """The cells, which are latents, box after box."""
        return Runs(self.cells.reshape(-1), np.full(len(self.cells), self.cells[0].size, np.int64), self.total)

    def scaled(self, cost: int) -> int:
        """Return for the whole array what the scored cells cost."""
        return (cost * self.scale) >> 16

    def estimate(self, latents: Latents, level: int, kernels: Kernels) -> int:
        """Return what all latents of the array will cost in Pco, of which those of the scored cells are given."""
        whole = (latents.size * self.scale) >> 16
        return estimate(latents, level, max(whole, latents.size), kernels)

    def price(
        self,
        latents: Latents,
        counts: npt.NDArray[np.int64],
        modes: Sequence[Mode],
        number_type: NumberType,
        level: int,
        kernels: Kernels,
    ) -> int:
        """Return what all latents of the array will cost in Pco, of which some of the boxes' are given in runs.

        Parameters
        ----------
        counts
            Latents of each box, none without any.
        modes
            Those that Pco may choose from.
        """
        whole = latents.size * self.total // self.cells.size
        config = ChunkConfig(level, enable_8_bit=True)
        return cheapest(Runs(latents, counts, whole), modes, number_type, config, kernels).cost

    def of(self, cells: npt.NDArray[Any]) -> "Boxes":
        """Return the same boxes with other cells."""
        return Boxes(cells, self.whole, self.total, self.scale)


def sample_boxes(latents: Latents, most: int) -> Boxes:
    """Take boxes from an array, or all of a small one as a single box.

    Parameters
    ----------
    latents
        Shape of the array; at least one cell.
    most
        Cells that are scored, about; an array of up to twice as many is taken whole.
    """
    shape = latents.shape
    if latents.size <= 2 * most:
        return Boxes(latents[np.newaxis], (True,) * len(shape), latents.size, 1 << 16)
    inner = _inner(shape)
    whole = tuple(length >= size for length, size in zip(inner, shape, strict=True))
    extent = tuple(
        size if full else length + _BEFORE + _AFTER for length, size, full in zip(inner, shape, whole, strict=True)
    )
    count = max(1, most // prod(inner))
    places = np.arange(1, count + 1, dtype=np.uint64)
    boxes = np.empty((count, *extent), latents.dtype)
    free = [axis for axis, full in enumerate(whole) if not full]
    starts = np.zeros((count, len(shape)), np.int64)
    for turn, axis in enumerate(free):
        room = shape[axis] - extent[axis] + 1
        starts[:, axis] = _spread(places, count, turn, room)
    for index, start in enumerate(starts.tolist()):
        boxes[index] = latents[tuple(slice(first, first + length) for first, length in zip(start, extent, strict=True))]
    return Boxes(boxes, whole, latents.size, (latents.size << 16) // (count * prod(inner)))


def _spread(places: npt.NDArray[np.uint64], count: int, turn: int, room: int) -> npt.NDArray[np.int64]:
    """Return a place below `room` for each box: even along the first free axis, and without pattern along others."""
    mixed = (places + np.uint64(turn << 20)) * np.uint64(_MULTIPLIER)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MULTIPLIER)
    within = (mixed >> np.uint64(40)).view(np.int64)  # 24 bits
    if turn == 0:
        within = ((places.view(np.int64) - 1) * (1 << 24) + within) // count
    return (within * room) >> 24


def _inner(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the lengths of a near-cubic box along the last axes that are longer than one cell."""
    inner = [1] * len(shape)
    left = [axis for axis, size in enumerate(shape) if size > 1][-_MOST_AXES:]
    cells = _BOX_CELLS
    while left:
        length = root(cells, len(left), cells)
        short = [axis for axis in left if shape[axis] <= length + _BEFORE + _AFTER]
        if not short:
            for axis in left:
                inner[axis] = length
            break
        for axis in short:
            inner[axis] = shape[axis]
            cells = max(1, cells // shape[axis])
            left.remove(axis)
    return tuple(inner)


def sample_stretches(flat: Latents, length: int, most: int) -> Runs:
    """Take stretches of some length, spread evenly, of up to so many cells or one."""
    number = max(1, min(flat.size, most) // length)
    length = min(flat.size, length)
    starts = [(flat.size - length) * (2 * turn + 1) // (2 * number) for turn in range(number)]
    parts = [flat[start : start + length] for start in starts]
    return Runs(np.concatenate(parts), np.full(number, length, np.int64), flat.size)


def sample_tiles(latents: Latents, tile: tuple[int, ...]) -> Runs:
    """Take some tiles, spread evenly, as Pco gets them."""
    counts = [-(-size // length) for size, length in zip(latents.shape, tile, strict=True)]
    total = prod(counts)
    number = max(1, min(total, FLAT_CELLS // prod(tile)))
    parts = []
    for turn in range(number):
        page = (2 * turn + 1) * total // (2 * number)
        bounds = []
        for count, length in zip(counts[::-1], tile[::-1], strict=True):
            page, place = divmod(page, count)
            bounds.append(slice(place * length, (place + 1) * length))
        parts.append(latents[tuple(bounds[::-1])].reshape(-1))
    return Runs(np.concatenate(parts), np.array([part.size for part in parts], np.int64), latents.size)
