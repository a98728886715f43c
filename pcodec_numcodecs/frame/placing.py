"""Where the cells of whole pages go in an array that holds all: tiles as rows of cells that lie side by side."""

from math import prod

import numpy as np
import numpy.typing as npt

from ..kernels import Rows
from .tiling import Grid

I64 = npt.NDArray[np.int64]


def rows_of(grid: Grid, pages: list[int]) -> Rows:
    """Return where the cells of pages go in a C-contiguous array of the grid's shape, which has an axis or more."""
    axes = len(grid.shape)
    # An axis that tiles span as a whole makes one row of those along the axis before.
    inner = axes - 1
    while inner and grid.tiles[inner] == 1:
        inner -= 1
    if not inner:
        ends = np.cumsum(grid.cells)
        return Rows(grid.cells[pages], np.arange(len(pages)), (ends - grid.cells)[pages])
    lengths = np.empty(len(pages), np.int64)
    counts = np.empty(len(pages), np.int64)
    strides = np.cumprod([1, *grid.shape[:0:-1]])[::-1].tolist()
    places = np.unravel_index(np.array(pages, np.int64), grid.tiles)
    begins = np.zeros(len(pages), np.int64)
    for place, length, stride in zip(places, grid.tile, strides, strict=True):
        begins += place * (length * stride)
    # Tiles of one shape at a time: those at a far edge may be shorter along that axis.
    at_edge = np.stack([place == tiles - 1 for place, tiles in zip(places, grid.tiles, strict=True)], axis=1)
    kinds, which = np.unique(at_edge, axis=0, return_inverse=True)
    groups = []
    for kind, edges in enumerate(kinds.tolist()):
        members = np.flatnonzero(which.reshape(-1) == kind)
        shape = [
            size - (tiles - 1) * length if edge else length
            for size, tiles, length, edge in zip(grid.shape, grid.tiles, grid.tile, edges, strict=True)
        ]
        within = np.zeros(1, np.int64)
        for length, stride in zip(shape[:inner], strides, strict=False):
            within = np.add.outer(within, stride * np.arange(length)).reshape(-1)
        lengths[members] = prod(shape[inner:])
        counts[members] = within.size
        groups.append((members, within))
    firsts = np.cumsum(counts) - counts
    starts = np.empty(int(counts.sum()), np.int64)
    for members, within in groups:
        starts[np.add.outer(firsts[members], np.arange(within.size))] = np.add.outer(begins[members], within)
    return Rows(lengths, firsts, starts)
