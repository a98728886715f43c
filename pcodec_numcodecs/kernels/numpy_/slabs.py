"""Slabs of tiles, those of one shape side by side."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]

_BLOCK_CELLS = 1 << 21


class Slabs(NamedTuple):
    """Some slabs of one shape.

    Attributes
    ----------
    shape
        The four lengths.
    starts
        Where each begins in the flat array of all cells.
    lanes
        The lane of each.
    """

    shape: tuple[int, int, int, int]
    starts: I64
    lanes: I64

    @property
    def size(self) -> int:
        """Cells of one slab."""
        return int(np.prod(self.shape))

    def take(self, cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a copy of the slabs' cells, shape (slabs, *shape)."""
        return np.concatenate([cells[run] for run in self._runs()]).reshape(-1, *self.shape)

    def put(self, cells: npt.NDArray[Any], values: npt.NDArray[Any]) -> None:
        """Write the slabs' cells, given as `take` returns them."""
        flat = values.reshape(-1)
        place = 0
        for run in self._runs():
            cells[run] = flat[place : place + run.stop - run.start]
            place += run.stop - run.start

    def chosen(self, wanted: npt.NDArray[np.bool_]) -> "Slabs":
        """Return some of the slabs."""
        return self._replace(starts=self.starts[wanted], lanes=self.lanes[wanted])

    def part(self, part: slice) -> "Slabs":
        """Return some of the slabs that follow one another."""
        return self._replace(starts=self.starts[part], lanes=self.lanes[part])

    def _runs(self) -> list[slice]:
        """Return the stretches of cells that follow one another."""
        size = self.size
        first = np.append(True, np.diff(self.starts) != size)
        last = np.append(first[1:], True)
        begins, ends = self.starts[first].tolist(), (self.starts[last] + size).tolist()
        return [slice(*ends_of_run) for ends_of_run in zip(begins, ends, strict=True)]


def slab_blocks(shapes: I64, most: int = _BLOCK_CELLS) -> Iterator[Slabs]:
    """Yield all slabs of tiles (see `Prediction.shapes`), by shape and not more cells at a time than `most`."""
    for kind in kinds_of_slabs(shapes):
        step = max(1, most // kind.size)
        for first in range(0, kind.lanes.size, step):
            yield kind.part(slice(first, first + step))


def kinds_of_slabs(shapes: I64) -> Iterator[Slabs]:
    """Yield all slabs of tiles (see `Prediction.shapes`) by shape."""
    if not shapes.size:
        return
    counts, sizes = shapes[:, 0], shapes[:, 1:].prod(axis=1)
    lanes = np.repeat(np.arange(counts.size), counts)
    ends = np.cumsum(sizes[lanes])
    starts = ends - sizes[lanes]
    kinds, which = np.unique(shapes[:, 1:], axis=0, return_inverse=True)
    which = which.reshape(-1)[lanes]
    for kind, lengths in enumerate(kinds):
        found = np.flatnonzero(which == kind)
        shape = (int(lengths[0]), int(lengths[1]), int(lengths[2]), int(lengths[3]))
        yield Slabs(shape, starts[found], lanes[found])
