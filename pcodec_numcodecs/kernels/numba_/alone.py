"""Predictors by weighted sums of integers, undone for one slab after the other: where too few are of one shape."""

from typing import Any

import numpy as np

from .compiled import compiled_allocating, inlined
from .differences import longest_row
from .faces import ONE, steps_back, sum_rows
from .stencils import find_taps
from .taps import HALO, LEFT, extend_left, is_clamped, is_face, pad_row, plane_of, reach, roomiest
from .weighing import SPARE, weigh


@compiled_allocating
def restore_alone(
    residuals: Any,
    shapes: Any,
    firsts: Any,
    reference: Any,
    mid: Any,
    axes: Any,
    by_plane: Any,
    offsets: Any,
    weights: Any,
    sets: Any,
    shift: Any,
    half: Any,
    like: Any,
) -> None:
    """Undo `predict_weights` for lanes of one slab each; `like` is an array of the type that slabs have."""
    sums = np.empty(longest_row(shapes) + SPARE, np.int64)
    slab = np.empty(roomiest(shapes) + SPARE, like.dtype)
    steps, taps = np.empty(offsets.shape[0], np.int64), np.empty(offsets.shape[0], np.int32)
    within = np.empty(4, np.int64)
    spans = np.empty((4, 2), np.int64)
    reach(offsets, spans)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch, start, here = n3 + HALO, firsts[lane], np.int64(LEFT)
        built: Any = np.int64(-1)
        for i0 in range(n0):
            for i1 in range(n1):
                for i2 in range(n2):
                    back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                    if is_face(axes, by_plane, i0, i1, i2):
                        sum_rows(slab, here, n3, back, sums)
                        add_up(residuals, start, n3, mid, sums, slab, here)
                    else:
                        plane = plane_of(axes, by_plane, i0, i1, i2)
                        clamped = is_clamped(spans, i0, i1, i2, n0, n1, n2)
                        if clamped or built != plane:
                            row = weights[sets[lane], min(plane, weights.shape[1] - 1)]
                            find_taps(
                                *(offsets, row, axes, by_plane, plane, i0, i1, i2, n0, n1, n2, pitch),
                                *(steps, taps, within),
                            )
                            built = np.int64(-1) if clamped else plane
                        sum_rows(slab, here, ONE, back, sums)
                        add_up(residuals, start, ONE, mid, sums, slab, here)
                        extend_left(slab, here)
                        weigh(slab, here, n3, steps, taps, within[3], half, sums)
                        follow(residuals, start, n3, mid, sums, within, shift, slab, here)
                    pad_row(slab, here, n3)
                    for i in range(np.uint64(n3)):
                        residuals[np.uint64(start) + i] = np.int64(slab[np.uint64(here) + i]) + reference
                    start += n3
                    here += pitch


@inlined
def add_up(residuals: Any, place: Any, n: Any, mid: Any, sums: Any, slab: Any, here: Any) -> None:
    """Turn residuals of differences into the cells of a row, or the first of them."""
    dtype, last = residuals.dtype.type, np.int64(0)
    for i in range(np.uint64(n)):
        last += np.int64(residuals[np.uint64(place) + i]) - mid
        slab[np.uint64(here) + i] = dtype(last + sums[i])


@inlined
def follow(
    residuals: Any, place: Any, n: Any, mid: Any, sums: Any, within: Any, shift: Any, slab: Any, here: Any
) -> None:
    """Turn residuals into the cells of a row from the second on, each from the one before."""
    dtype = residuals.dtype.type
    total, second, third = within[0], within[1], within[2]
    at, to = np.uint64(here), np.uint64(place)
    x1 = x2 = x3 = np.int64(slab[at])
    for i in range(np.uint64(1), np.uint64(n)):
        pulled = (sums[i] + second * x2 + third * x3 - total * x1) >> shift
        cell = np.int64(dtype(np.int64(residuals[to + i]) - mid + x1 + pulled))
        x3, x2, x1 = x2, x1, cell
        slab[at + i] = cell
