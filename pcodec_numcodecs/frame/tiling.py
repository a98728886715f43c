"""Shapes, selections and tiles: which cells a page holds, and which pages a selection needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from .. import scratch
from ..constants import MAX_CHUNK_NUMBERS
from ..errors import InvalidArgumentError
from ..lazy import lazy_property

I64 = npt.NDArray[np.int64]
Shape = tuple[int, ...]

__all__ = ["Block", "Grid", "fitted", "grid_of"]


class Block(NamedTuple):
    """The cells that a selection takes from one page.

    Attributes
    ----------
    page
        Number of the page.
    inside
        A slice of the tile along each axis.
    outside
        Where these cells go in the result, a slice along each axis.
    """

    page: int
    inside: tuple[slice, ...]
    outside: tuple[slice, ...]


@dataclass(frozen=True)
class Grid:
    """A shape cut into tiles, at least one cell long along each axis. Tiles at the far edges may be shorter.

    Pages are tiles in C order of the grid, their cells in C order of the tile.
    """

    shape: Shape
    tile: Shape

    @lazy_property
    def tiles(self) -> Shape:
        """Count of tiles along each axis; 0 along all where there are no cells, however long the other axes are."""
        if 0 in self.shape:
            return (0,) * len(self.shape)
        return tuple(-(-size // length) for size, length in zip(self.shape, self.tile, strict=True))

    @lazy_property
    def pages(self) -> int:
        """Count of pages."""
        return prod(self.tiles)

    @lazy_property
    def is_in_order(self) -> bool:
        """Whether the cells of all tiles, end to end, plainly are the array's: a tile is rows, or a part of one."""
        cut = next((axis for axis, length in enumerate(self.tile) if length > 1), 0)
        return self.tile[cut + 1 :] == self.shape[cut + 1 :]

    @lazy_property
    def cells(self) -> I64:
        """Cells of each page."""
        cells = np.ones(1, np.int64)
        for axis in range(len(self.shape)):
            cells = np.multiply.outer(cells, self._lengths(axis)).reshape(-1)
        return cells

    def _lengths(self, axis: int) -> I64:
        lengths = np.full(self.tiles[axis], self.tile[axis], np.int64)
        if lengths.size:
            lengths[-1] = self.shape[axis] - (lengths.size - 1) * self.tile[axis]
        return lengths

    def bounds(self, page: int) -> tuple[slice, ...]:
        """Return the cells of a page, a slice of the array along each axis."""
        bounds = []
        for tiles, length, size in zip(self.tiles[::-1], self.tile[::-1], self.shape[::-1], strict=True):
            page, place = divmod(page, tiles)
            bounds.append(slice(place * length, min((place + 1) * length, size)))
        return tuple(bounds[::-1])

    @lazy_property
    def tile_lengths(self) -> I64:
        """Lengths of the tile of each page, shape (pages, axes)."""
        numbers = np.arange(self.pages)
        found = np.empty((numbers.size, len(self.shape)), np.int64)
        for axis in reversed(range(len(self.shape))):
            numbers, places = np.divmod(numbers, max(self.tiles[axis], 1))
            found[:, axis] = self._lengths(axis)[places]
        return found

    def end_to_end(self, cells: npt.NDArray[Any], order: Shape) -> npt.NDArray[Any]:
        """Return the cells of all tiles end to end, their axes in some order; a view where nothing has to move.

        Tiles of equal lengths are as far from each other along an axis in the array as in what is returned: those that
        are whole along the same axes are moved at once.
        """
        if self.is_in_order and order == tuple(range(len(order))):
            return cells.reshape(-1)
        flat = scratch.empty(cells.size, cells.dtype)
        kinds = [
            [kind for kind in ((0, size // length, length), (size // length, 1, size % length)) if all(kind[1:])]
            for size, length in zip(self.shape, self.tile, strict=True)
        ]
        for kind in product(*kinds):
            firsts, counts, lengths = zip(*kind, strict=True)
            steps = [
                length * prod(lengths[:axis]) * prod(self.shape[axis + 1 :]) for axis, length in enumerate(self.tile)
            ]
            start = sum(first * step for first, step in zip(firsts, steps, strict=True))
            corner = tuple(slice(first * length, None) for first, length in zip(firsts, self.tile, strict=True))
            within = [lengths[axis] for axis in order]
            beside = [prod(within[place + 1 :]) for place in range(len(within))]
            # Length, distance in what is returned, and in the array; NumPy has room for so many axes, but no more.
            apart = [
                *zip(
                    counts, steps, (length * s for length, s in zip(self.tile, cells.strides, strict=True)), strict=True
                ),
                *zip(within, beside, (cells.strides[axis] for axis in order), strict=True),
            ]
            long = [axis for axis in apart if axis[0] > 1]
            shape = [length for length, _, _ in long]
            target = as_strided(flat[start:], shape, [flat.itemsize * distance for _, distance, _ in long])
            target[...] = as_strided(cells[corner], shape, [distance for _, _, distance in long])
        return flat

    def all_bounds(self) -> Iterator[tuple[slice, ...]]:
        """Yield the cells of every page in order."""
        if not self.pages:
            return iter(())
        axes = [
            [slice(start, min(start + length, size)) for start in range(0, size, length)]
            for size, length in zip(self.shape, self.tile, strict=True)
        ]
        return product(*axes)

    def blocks(self, ranges: tuple[range, ...]) -> list[Block]:
        """Cut a box of cells, one rising range along each axis, at the borders of the tiles; in order of the pages."""
        if not all(ranges):
            return []
        axes = [list(self._axis_blocks(axis, cells)) for axis, cells in enumerate(ranges)]
        blocks = []
        for parts in product(*axes):
            page = 0
            for (tile, _, _), count in zip(parts, self.tiles, strict=True):
                page = page * count + tile
            blocks.append(Block(page, tuple(p[1] for p in parts), tuple(p[2] for p in parts)))
        return blocks

    def _axis_blocks(self, axis: int, cells: range) -> Iterator[tuple[int, slice, slice]]:
        length = self.tile[axis]
        done = 0
        while done < len(cells):
            tile = cells[done] // length
            # The first of the cells that lies beyond this tile.
            stop = min(len(cells), -(-((tile + 1) * length - cells.start) // cells.step))
            first, last = cells[done] - tile * length, cells[stop - 1] - tile * length
            yield tile, slice(first, last + 1, cells.step), slice(done, stop)
            done = stop

    def locate(self, coordinates: list[I64]) -> tuple[I64, I64]:
        """Return the page of each cell and its place within that page; of single cells given axis by axis."""
        page = np.zeros(np.broadcast_shapes(*(c.shape for c in coordinates)), np.int64)
        place = np.zeros_like(page)
        for axis, coordinate in enumerate(coordinates):
            tile, local = np.divmod(coordinate, self.tile[axis])
            page = page * self.tiles[axis] + tile
            place = place * self._lengths(axis)[tile] + local
        return page, place


@lru_cache(16)
def grid_of(shape: Shape, tile: Shape) -> Grid:
    """Return the grid of a shape and a tile; remembered with all that was found out, for the chunks of a Zarr array."""
    return Grid(shape, tile)


def selected(shape: Shape, selection: Any) -> list[I64] | tuple[tuple[range, ...], Shape]:
    """Resolve a selection as NumPy would for an array of some shape.

    Returns
    -------
    For slices that rise and integers, a range along each axis, and the shape of the result, without the axes that
    integers take away. For all else, the coordinates of each cell of the result along each axis.

    Raises
    ------
    IndexError
        As NumPy does.
    """
    if simple := _ranges(shape, selection):
        return simple
    if 0 in shape:
        # There is nothing to be found, along axes that may be of any length.
        return (range(0),) * len(shape), np.broadcast_to(np.int8(0), shape)[selection].shape
    # NumPy itself says where each cell of the result comes from. The arrays that are indexed take no memory.
    coordinates = []
    for axis, size in enumerate(shape):
        numbers = np.arange(size).reshape(-1, *(1,) * (len(shape) - axis - 1))
        coordinates.append(np.broadcast_to(numbers, shape)[selection])
    return coordinates


def _ranges(shape: Shape, selection: Any) -> tuple[tuple[range, ...], Shape] | None:
    """Resolve integers, slices that rise, and one ellipsis; None for other selections and for 0-d arrays."""
    items = list(selection) if isinstance(selection, tuple) else [selection]
    if not shape or not all(item is Ellipsis or isinstance(item, slice | int | np.integer) for item in items):
        return None
    if any(isinstance(item, bool) for item in items):
        return None
    ellipses = [i for i, item in enumerate(items) if item is Ellipsis]
    missing = len(shape) - len(items) + len(ellipses)
    if missing < 0 or len(ellipses) > 1:
        return None  # NumPy raises the error
    place = ellipses[0] if ellipses else len(items)
    items[place : place + len(ellipses)] = [slice(None)] * missing
    ranges = []
    kept = []
    for item, size in zip(items, shape, strict=True):
        if isinstance(item, slice):
            cells = range(size)[item]
            if cells.step < 0:
                return None
            kept.append(len(cells))
        else:
            index = int(item)
            if not -size <= index < size:
                return None
            cells = range(index % size, index % size + 1)
        ranges.append(cells)
    return tuple(ranges), tuple(kept)


def fitted(tile: Shape, shape: Shape) -> Shape:
    """Return a tile that is nowhere longer than the shape.

    Raises
    ------
    InvalidArgumentError
        When it still has more cells than a page may.
    """
    short = tuple(max(1, min(length, size)) for length, size in zip(tile, shape, strict=True))
    if prod(short) > MAX_CHUNK_NUMBERS:
        raise InvalidArgumentError(f"a tile may not exceed {MAX_CHUNK_NUMBERS} cells, got {prod(short)} of {short}")
    return short
