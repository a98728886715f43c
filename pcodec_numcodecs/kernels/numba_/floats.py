"""Predictors by weighted sums of floats: the one place in these kernels that computes with floats.

Each product and sum is one operation, rounded correctly, in the order that `Kernels.predict_tiles` states.
"""

from typing import Any

import numpy as np

from .compiled import compiled_allocating, inlined
from .differences import longest_row
from .faces import any_absent, steps_back
from .float_taps import corner, find_float_taps, most_taps
from .latents import latent_of, number_of
from .taps import HALO, LEFT, extend_left, pad_row, reach, roomiest
from .weighing import SPARE, weigh


@compiled_allocating
def predict_floats(
    cells: Any,
    absent: Any,
    residuals: Any,
    shapes: Any,
    reference: Any,
    mid: Any,
    axes: Any,
    by_plane: Any,
    offsets: Any,
    weights: Any,
    sets: Any,
    unit: Any,
) -> None:
    """Predict all tiles by weighted sums of floats; see `Kernels.predict_tiles`."""
    dtype = cells.dtype.type
    sums = np.empty(longest_row(shapes) + SPARE, np.float64)
    slab = np.empty(roomiest(shapes) + SPARE, np.float64)
    steps, taps = np.empty(most_taps(offsets), np.int64), np.empty(most_taps(offsets), np.float64)
    built, spans = np.empty(3, np.int64), np.empty((4, 2), np.int64)
    reach(offsets, spans)
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        for _ in range(shapes[lane, 0]):
            fill_slab(cells, start, n0 * n1 * n2, n3, slab)
            here = np.int64(LEFT)
            first = reference
            built[0] = -1
            for i0 in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                        if here > LEFT:
                            first = latent_of(corner(slab, here, back), mid)
                        find_float_taps(
                            *(offsets, weights[sets[lane]], unit, spans, axes, by_plane),
                            *(i0, i1, i2, n0, n1, n2, pitch, back, steps, taps, built),
                        )
                        at, to = np.uint64(here), np.uint64(start)
                        if any_absent(absent, start, n3):
                            weigh(slab, here, n3, steps, taps, built[2], 0.0, sums)
                            if absent[to]:
                                cells[to] = first
                                slab[at] = number_of(first)
                                extend_left(slab, here)
                            residuals[to] = dtype(cells[to] - first + mid)
                            impute_row(slab, here, absent, start, n3, steps, taps, built, sums, mid, cells, residuals)
                            pad_row(slab, here, n3)
                        else:
                            weigh(slab, here, n3, steps, taps, built[1], 0.0, sums)
                            residuals[to] = dtype(cells[to] - first + mid)
                            for i in range(np.uint64(1), np.uint64(n3)):
                                residuals[to + i] = dtype(cells[to + i] - latent_of(sums[i], mid) + mid)
                        start += n3
                        here += pitch


@inlined
def fill_slab(cells: Any, start: Any, rows: Any, n: Any, slab: Any) -> None:
    """Copy a slab as finite floats."""
    here, there = np.uint64(LEFT), np.uint64(start)
    for _ in range(rows):
        for i in range(np.uint64(n)):
            slab[here + i] = number_of(cells[there + i])
        pad_row(slab, np.int64(here), n)
        here += np.uint64(n + HALO)
        there += np.uint64(n)


@inlined
def impute_row(
    slab: Any,
    here: Any,
    absent: Any,
    place: Any,
    n: Any,
    steps: Any,
    taps: Any,
    built: Any,
    sums: Any,
    mid: Any,
    cells: Any,
    residuals: Any,
) -> None:
    """Turn the cells of a row, from the second on, into residuals; absent ones become their prediction.

    Run by run: absent cells are made one after the other, and others are known. `sums` has the part of other rows.
    """
    dtype = cells.dtype.type
    at, to, i, end = np.uint64(here), np.uint64(place), np.uint64(1), np.uint64(n)
    while i < end:
        first = i
        while i < end and not absent[to + i]:
            i += np.uint64(1)
        for k in range(built[2], built[1]):
            tap, beside = taps[k], at + np.uint64(steps[k])
            for j in range(first, i):
                sums[j] += tap * slab[beside + j]
        for j in range(first, i):
            residuals[to + j] = dtype(cells[to + j] - latent_of(sums[j], mid) + mid)
        while i < end and absent[to + i]:
            prediction = latent_of(finish(slab, at + i, sums[i], steps, taps, built), mid)
            cells[to + i] = prediction
            slab[at + i] = number_of(prediction)
            residuals[to + i] = mid
            i += np.uint64(1)


@inlined
def finish(slab: Any, at: Any, total: Any, steps: Any, taps: Any, built: Any) -> Any:
    """Return a sum with the other neighbours."""
    for k in range(built[2], built[1]):
        total += taps[k] * slab[at + np.uint64(steps[k])]
    return total
