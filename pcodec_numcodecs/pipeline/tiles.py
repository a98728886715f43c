"""Which tile to cut an array into: near-cubic, of so many cells that a page is neither tiny nor dear to read."""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Final

from ..constants import MAX_CHUNK_NUMBERS
from ..fixed_log import ONE_BIT

__all__ = ["auto_tile", "page_cells", "page_count", "predicted_tile", "root", "rows_tile", "whole_tile"]

Shape = tuple[int, ...]

TILE_LOG: Final = 13
"""log2 of the cells that a tile has by default: much fewer, and page and index bytes show; more, and reads of single
cells get dear."""
_MOST_TILE_LOG: Final = 16
_PAGE_BYTES: Final = 6 << 10
_ROW_CELLS: Final = 32
"""Cells of a tile along the last axis at least, where predictions are along others: shorter rows take long to place."""
_LINES: Final = (16, 8)
"""Cells of which a row should have a multiple: wide ones fill cache lines, which then are written by one tile alone."""


def auto_tile(shape: Shape, access: str, cells: int = 1 << TILE_LOG) -> Shape:
    """Choose a tile of about so many cells for a way of access; of more for access as a whole."""
    ndim = len(shape)
    tile = [1] * ndim
    match access:
        case "whole":
            return whole_tile(shape)
        case "series" if ndim:
            tile[0] = _even(shape[0], cells)
            _share(tile, shape, range(1, ndim), max(1, cells // tile[0]))
        case "maps":
            _share(tile, shape, range(max(0, ndim - 2), ndim), cells)
        case _:
            _share(tile, shape, range(ndim), cells)
    return tuple(tile)


@lru_cache(maxsize=256)
def predicted_tile(shape: Shape, access: str, used: Shape, cells: int, first_whole: bool = False) -> Shape:
    """Choose a tile for a prediction along some axes: near-cubic along these, of what is left long along others.

    Parameters
    ----------
    used
        Axes of the prediction, in its order.
    cells
        Cells of the tile, about.
    first_whole
        Whether the tile must span the first of these axes.
    """
    if access in ("series", "maps"):
        tile = list(auto_tile(shape, access, cells))
        if first_whole:
            tile[used[0]] = shape[used[0]]
        return tuple(tile)
    tile = [1] * len(shape)
    left = list(used)
    if first_whole:
        tile[used[0]] = shape[used[0]]
        left.remove(used[0])
    row = min(_ROW_CELLS, max(1, shape[-1])) if len(shape) - 1 not in used else 1
    _cube(tile, shape, sorted(left), max(1, cells // (prod(tile) * row)))
    _cube(tile, shape, [axis for axis in reversed(range(len(shape))) if axis not in used], max(1, cells // prod(tile)))
    return tuple(tile)


def page_cells(cost: int, cells: int, access: str) -> int:
    """Return the cells of a page, a power of two.

    Parameters
    ----------
    cost
        What all cells will take, in units of `fixed_log.ONE_BIT`.
    cells
        How many these are.
    """
    if access == "whole":
        return 1 << _MOST_TILE_LOG
    log = TILE_LOG
    while log < _MOST_TILE_LOG and (cost << log) < cells * 8 * _PAGE_BYTES * ONE_BIT:
        log += 1
    return 1 << log


def page_count(shape: Shape, tile: Shape) -> int:
    """Return how many tiles cover a shape."""
    return prod(-(-size // length) for size, length in zip(shape, tile, strict=True))


def whole_tile(shape: Shape) -> Shape:
    """Return the largest tile there can be."""
    tile = [max(1, size) for size in shape]
    for axis in range(len(tile)):
        cells = prod(tile)
        if cells > MAX_CHUNK_NUMBERS:
            parts = min(tile[axis], -(-cells // MAX_CHUNK_NUMBERS))
            tile[axis] = max(1, tile[axis] // parts)
    return tuple(tile)


def rows_tile(shape: Shape) -> Shape:
    """Return a tile whose cells lie side by side in the array: as many whole rows, or as long a part of one, as fit."""
    tile = [1] * len(shape)
    cells = 1 << TILE_LOG
    for axis in reversed(range(len(shape))):
        tile[axis] = _length(shape, axis, min(cells, max(1, shape[axis])))
        if tile[axis] < shape[axis]:
            break
        cells = max(1, cells // tile[axis])
    return tuple(tile)


def root(cells: int, axes: int, most: int) -> int:
    """Return the largest length, at least 1 and up to `most`, of which so many axes do not exceed a count of cells."""
    least, most = 1, max(1, most)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if prod([middle] * axes) <= cells else (least, middle - 1)
    return least


def _share(tile: list[int], shape: Shape, axes: Sequence[int], cells: int) -> None:
    """Set near-equal lengths along some axes, so that about so many cells come together."""
    left = list(axes)
    while left:
        # Axes that are shorter than an equal share leave more to the others.
        short = [axis for axis in left if prod([shape[axis]] * len(left)) <= cells]
        if not short:
            break
        for axis in short:
            tile[axis] = max(1, shape[axis])
            cells //= tile[axis]
            left.remove(axis)
    for place, axis in enumerate(left):
        # Powers of two; of what does not divide evenly the leading axes get more, because tiles that are neighbours
        # along the last axis lie side by side and are read in one go.
        log = max(0, cells.bit_length() - 1)
        tile[axis] = _length(shape, axis, 1 << -(-log // (len(left) - place)))
        cells //= tile[axis]


def _even(size: int, length: int) -> int:
    """Return about the length, such that the last tile is not much shorter than the others."""
    tiles = max(1, (2 * size + length) // (2 * length))
    return max(1, -(-size // tiles))


def _length(shape: Shape, axis: int, length: int) -> int:
    """Return about the length, such that the last tile is not much shorter, and rows of wide cells fill cache lines."""
    size = shape[axis]
    even = _even(size, length)
    if axis == len(shape) - 1 and even < size:
        for line in _LINES:
            longer = -(-even // line) * line
            if 8 * longer <= 9 * even and longer <= 2 * ((size - 1) % longer + 1):
                return longer
    return even


def _cube(tile: list[int], shape: Shape, axes: Sequence[int], cells: int) -> None:
    """Set lengths along some axes as equal as can be, so that about so many cells come together."""
    left = sorted(axes, key=lambda axis: shape[axis])
    while left:
        axis = left.pop(0)
        length = root(cells, len(left) + 1, shape[axis])
        even = _even(shape[axis], length)
        # Tiles of one shape are predicted side by side.
        tile[axis] = _length(shape, axis, length) if shape[axis] % even else even
        cells = max(1, cells // tile[axis])
