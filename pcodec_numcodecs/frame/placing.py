"""Where the cells of whole pages go in an array that holds all: tiles as rows of cells."""

from functools import lru_cache
from math import prod
from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernels import Rows
from .tiling import Grid

I64 = npt.NDArray[np.int64]

__all__ = ["rows_of", "rows_of_all"]

_KEPT_ROWS: Final = 1 << 17
"""Grids of no more rows are remembered: they take a megabyte at the most."""


def rows_of_all(grid: Grid, order: tuple[int, ...]) -> Rows:
    """Return `rows_of` for all pages; remembered, as the chunks of a Zarr array have one grid."""
    rows = grid.shape[order[-1]] and prod(grid.shape) // min(grid.shape[order[-1]], grid.tile[order[-1]])
    return (_remembered if rows <= _KEPT_ROWS else _rows_of_all)(grid, order)


def _rows_of_all(grid: Grid, order: tuple[int, ...]) -> Rows:
    return rows_of(grid, np.arange(grid.pages), order)


_remembered = lru_cache(16)(_rows_of_all)


def rows_of(grid: Grid, pages: I64, order: tuple[int, ...]) -> Rows:
    """Return where the cells of pages go in a C-contiguous array of the grid's shape, which has an axis or more.

    Parameters
    ----------
    order
        The array's axes in the order in which pages have their cells.
    """
    of_axis = np.cumprod([1, *grid.shape[:0:-1]])[::-1].tolist()
    strides = [of_axis[axis] for axis in order]
    shape, tiles, tile = ([whole[axis] for axis in order] for whole in (grid.shape, grid.tiles, grid.tile))
    # An axis that tiles span as a whole makes one row of those along the axis before.
    inner = len(order) - 1
    while inner and tiles[inner] == 1 and strides[inner - 1] == strides[inner] * shape[inner]:
        inner -= 1
    places = np.unravel_index(pages, grid.tiles)
    begins, kinds = np.zeros(len(pages), np.int64), np.zeros(len(pages), np.int64)
    for bit, axis in enumerate(order):
        begins += places[axis] * (tile[bit] * strides[bit])
        # Tiles at a far edge may be shorter along that axis.
        kinds |= (places[axis] == tiles[bit] - 1).astype(np.int64) << bit
    withins, lengths = {}, {}
    found = kinds.tolist()
    for kind in set(found):
        lanes = [
            shape[bit] - (tiles[bit] - 1) * length if kind >> bit & 1 else length for bit, length in enumerate(tile)
        ]
        within = np.zeros(1, np.int64)
        for length, stride in zip(lanes[:inner], strides, strict=False):
            within = np.add.outer(within, stride * np.arange(length)).reshape(-1)
        withins[kind], lengths[kind] = within, prod(lanes[inner:])
    counts = np.array([withins[kind].size for kind in found], np.int64)
    starts = np.repeat(begins, counts)
    starts += np.concatenate([np.zeros(0, np.int64), *(withins[kind] for kind in found)])
    of_rows = np.array([lengths[kind] for kind in found], np.int64)
    return Rows(of_rows, np.cumsum(counts) - counts, starts, strides[-1])
