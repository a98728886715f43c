"""The tiles of pages as predictors see them: their axes in the predictor's order."""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..kernels import Prediction
from ..pipeline.steps import NONE, lanes
from .elements import Bits
from .layout import Layout
from .tiling import Grid

I64 = npt.NDArray[np.int64]

__all__ = ["in_cell_order", "order_of", "prediction", "tile_shapes", "tiles_in_cell_order"]


def order_of(layout: Layout, part: int) -> tuple[int, ...]:
    """Return the array's axes in the order in which pages have the cells of a part."""
    predictor = layout.pipelines[part].predictor
    return tuple(range(len(layout.shape))) if predictor.kind == NONE else predictor.axes


def tile_shapes(layout: Layout, part: int, pages: I64) -> I64:
    """Return the lengths of tiles along axes in that order, shape (pages, axes)."""
    return layout.grid.tile_lengths[pages][:, list(order_of(layout, part))]


@lru_cache(16)
def _lanes(grid: Grid, order: tuple[int, ...], used: int) -> I64:
    """Return what kernels want to know of the tiles of all pages; remembered, as `tiling.grid_of` is."""
    return lanes(grid.tile_lengths[:, list(order)], used)


def prediction(layout: Layout, part: int, pages: I64) -> Prediction:
    """Return what kernels need to know of the prediction of pages."""
    predictor = layout.pipelines[part].predictor
    offsets = np.zeros((len(predictor.offsets), 4), np.int64)
    if predictor.offsets:
        offsets[:, 4 - predictor.used :] = predictor.offsets
    sets = layout.page_sets[part]
    shapes = _lanes(layout.grid, order_of(layout, part), predictor.used)
    return Prediction(
        kind=predictor.kind,
        axes=predictor.used,
        shapes=shapes if pages.size == len(shapes) else shapes[pages],
        reference=predictor.reference,
        offsets=offsets,
        weights=np.ascontiguousarray(predictor.weights),
        shift=predictor.shift,
        sets=np.zeros(pages.size, np.int64) if sets is None else sets[pages].astype(np.int64),
        by_plane=predictor.by_plane,
    )


def tiles_in_cell_order(
    bits: Bits, layout: Layout, part: int, pages: I64
) -> Iterator[npt.NDArray[np.unsignedinteger[Any]]]:
    """Yield a view of each tile, axes in C order, from the cells of tiles end to end in the predictor's order."""
    back = np.argsort(order_of(layout, part), kind="stable").tolist()
    start = 0
    for shape in tile_shapes(layout, part, pages).tolist():
        stop = start + prod(shape)
        yield bits[start:stop].reshape(shape).transpose(back)
        start = stop


def in_cell_order(bits: Bits, layout: Layout, part: int, pages: I64) -> Bits:
    """Bring the cells of tiles from the predictor's order to C order."""
    order = order_of(layout, part)
    if order == tuple(range(len(order))):
        return bits
    ordered = scratch.empty_like(bits)
    start = 0
    for tile in tiles_in_cell_order(bits, layout, part, pages):
        ordered[start : start + tile.size].reshape(tile.shape)[...] = tile
        start += tile.size
    return ordered
