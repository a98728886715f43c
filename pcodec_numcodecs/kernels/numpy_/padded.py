"""Slabs of several shapes side by side, each padded to the longest, so that all take each step together.

Cells lie in planes, the slabs last: shape (n0, n1, above + n2 + below, left + n3 + right, slabs). Beyond the ends of a
slab lie copies of its last cells: the neighbours that a prediction looks for there.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction
from .slabs import Slabs, kinds_of_slabs
from .waves import Skewed, Wave

I64 = npt.NDArray[np.int64]
Cells = npt.NDArray[Any]

_BLOCK_CELLS = 1 << 21
_WORTH_A_STEP = 400  # cells that take as long as the calls of a step


class Reach(NamedTuple):
    """How far neighbours may lie from a cell along the last two axes: rows and columns before it and behind it."""

    above: int
    below: int
    left: int
    right: int


_NO_REACH = Reach(0, 0, 0, 0)


class Axes(NamedTuple):
    """Those along which the first cells are predicted as by Lorenzo, and that of a channel."""

    of_faces: list[int]
    channel: int | None


class Group(NamedTuple):
    """Slabs of one shape, and which ones of a block they are."""

    slabs: Slabs
    of_block: slice


class Block(NamedTuple):
    """Slabs that are worked on side by side.

    Attributes
    ----------
    groups
        Those of one shape; of equally long rows one after the other.
    shape
        The longest lengths of all.
    """

    groups: list[Group]
    shape: tuple[int, int, int, int]

    @property
    def size(self) -> int:
        """Count of slabs."""
        return self.groups[-1].of_block.stop

    @property
    def lanes(self) -> I64:
        """The lane of each slab."""
        return np.concatenate([group.slabs.lanes for group in self.groups])

    def reach(self, offsets: I64, least: Reach = _NO_REACH) -> Reach:
        """Return how far neighbours lie, or at the least."""
        up, left = np.minimum(offsets, 0).min(axis=0, initial=0)[2:].tolist()
        down, right = np.maximum(offsets, 0).max(axis=0, initial=0)[2:].tolist()
        above, below, before, behind = map(max, (-up, down, -left, right), least)
        return Reach(above, below, before, behind)

    def waves(self, skewed: Skewed, first_row: int) -> list[Wave]:
        """Return the waves of a plane's cells, from some row on."""
        lengths: list[tuple[slice, int]] = []
        for group in self.groups:
            length = group.slabs.shape[3]
            if lengths and lengths[-1][1] == length:
                lengths[-1] = slice(lengths[-1][0].start, group.of_block.stop), length
            else:
                lengths.append((group.of_block, length))
        return list(skewed.order(first_row, lengths))

    def load(self, cells: Cells, reach: Reach, subtracted: Any, dtype: np.dtype[Any]) -> Cells:
        """Return the cells less some number; those beyond the ends of slabs are 0 yet, or anything."""
        n0, n1, n2, n3 = self.shape
        above, below, left, right = reach
        make = np.zeros if len(self.groups) > 1 else np.empty
        made = make((n0, n1, above + n2 + below, left + n3 + right, self.size), dtype)
        for group in self.groups:
            own = group.slabs.take(cells)
            own -= subtracted
            self._part(made, group, reach)[...] = own.transpose(1, 2, 3, 4, 0)
        return made

    def store(self, padded: Cells, reach: Reach, added: Any, cells: Cells) -> None:
        """Write the cells to where `load` found them, with some number added."""
        for group in self.groups:
            own = self._part(padded, group, reach)
            found = np.empty((own.shape[-1], *own.shape[:-1]), cells.dtype)
            np.copyto(found, own.transpose(4, 0, 1, 2, 3), casting="unsafe")
            found += added
            group.slabs.put(cells, found)

    def pad_before(self, plane: Cells, reach: Reach) -> None:
        """Fill what is above the first row of a plane and beside it, and left of the first column."""
        above, _, left, _ = reach
        plane[:, :left] = plane[:, left : left + 1]
        row = plane[above]
        for slabs, of_block in self.groups:
            row[left + slabs.shape[3] :, of_block] = row[left + slabs.shape[3] - 1, of_block]
        plane[:above] = row

    def pad_behind(self, padded: Cells, place: tuple[int, int], reach: Reach) -> None:
        """Fill what is below and right of slabs in a plane that is padded before, and the plane itself behind slabs."""
        above, _, left, _ = reach
        for slabs, of_block in self.groups:
            n0, n1, n2, n3 = slabs.shape
            own = padded[place][..., of_block]
            if place[0] >= n0 or place[1] >= n1:
                own[...] = padded[min(place[0], n0 - 1), min(place[1], n1 - 1)][..., of_block]
                continue
            if left + n3 < own.shape[1]:
                own[above:, left + n3 :] = own[above:, left + n3 - 1 : left + n3]
            if above + n2 < own.shape[0]:
                own[above + n2 :] = own[above + n2 - 1]

    def _part(self, padded: Cells, group: Group, reach: Reach) -> Cells:
        n0, n1, n2, n3 = group.slabs.shape
        rows, columns = slice(reach.above, reach.above + n2), slice(reach.left, reach.left + n3)
        part: Cells = padded[:n0, :n1, rows, columns, group.of_block]
        return part


def axes_of(prediction: Prediction) -> tuple[Prediction, Axes]:
    """Tell what axes are for; rows of a channel become planes of one row."""
    used = list(range(4 - prediction.axes, 4))
    if not prediction.by_plane:
        return prediction, Axes(used, None)
    if used[0] < 2:
        return prediction, Axes(used[1:], used[0])
    order = [0, 2, 1, 3]
    shapes = prediction.shapes[:, [0, *(1 + axis for axis in order)]]
    return prediction._replace(axes=3, shapes=shapes, offsets=prediction.offsets[:, order]), Axes(used[1:], 1)


def padded_blocks(shapes: I64) -> Iterator[Block]:
    """Yield all slabs of tiles (see `Prediction.shapes`); of two shapes together where that is less work."""
    kinds = sorted(kinds_of_slabs(shapes), key=lambda kind: -kind.size)
    while kinds:
        joined, rest = kinds[:1], []
        shape = kinds[0].shape
        for kind in kinds[1:]:
            longest = _longest(shape, kind.shape)
            slabs = sum(one.lanes.size for one in joined)
            apart = _work(shape, slabs) + _work(kind.shape, kind.lanes.size)
            if _work(longest, slabs + kind.lanes.size) <= apart:
                joined.append(kind)
                shape = longest
            else:
                rest.append(kind)
        yield from _cut(sorted(joined, key=lambda kind: -kind.shape[3]), shape)
        kinds = rest


def _longest(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    n0, n1, n2, n3 = map(max, one, other)
    return n0, n1, n2, n3


def _work(shape: tuple[int, int, int, int], slabs: int) -> int:
    n0, n1, n2, n3 = shape
    return n0 * n1 * (_WORTH_A_STEP * (2 * n2 + n3) + slabs * n2 * n3)


def _cut(kinds: list[Slabs], shape: tuple[int, int, int, int]) -> Iterator[Block]:
    """Yield blocks of not more slabs than a cache holds."""
    most = max(1, _BLOCK_CELLS // int(np.prod(shape)))
    groups: list[Group] = []
    held = 0
    for kind in kinds:
        first = 0
        while first < kind.lanes.size:
            part = kind.part(slice(first, first + most - held))
            first += part.lanes.size
            groups.append(Group(part, slice(held, held + part.lanes.size)))
            held += part.lanes.size
            if held == most:
                yield Block(groups, shape)
                groups, held = [], 0
    if groups:
        yield Block(groups, shape)
