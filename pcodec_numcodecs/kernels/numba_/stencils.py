"""Predictors by weighted sums of integers."""

from typing import Any

import numpy as np

from .compiled import compiled_allocating, inlined
from .differences import longest_row
from .faces import ONE, ZERO, any_absent, predict_row, steps_back, sum_rows
from .taps import HALO, LEFT, clamp, extend_left, is_clamped, is_face, is_skipped, pad_row, plane_of, reach, roomiest
from .weighing import SPARE, weigh


@compiled_allocating
def predict_weights(
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
    shift: Any,
    half: Any,
    grain: Any,
) -> None:
    """Predict all tiles by weighted sums; see `Kernels.predict_tiles`."""
    sums = np.empty(longest_row(shapes) + SPARE, np.int64)
    slab = np.empty(roomiest(shapes) + SPARE, cells.dtype)
    steps, taps = np.empty(offsets.shape[0], np.int64), np.empty(offsets.shape[0], np.int32)
    within = np.empty(4, np.int64)
    spans = np.empty((4, 2), np.int64)
    reach(offsets, spans)
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        for _ in range(shapes[lane, 0]):
            centre_slab(cells, start, n0 * n1 * n2, n3, reference, slab)
            here = np.int64(LEFT)
            built: Any = np.int64(-1)
            for i0 in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                        masked = any_absent(absent, start, n3)
                        if is_face(axes, by_plane, i0, i1, i2):
                            sum_rows(slab, here, n3, back, sums)
                            predict_row(slab, here, absent, start, masked, n3, ZERO, mid, sums, residuals)
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
                            predict_row(slab, here, absent, start, masked, ONE, ZERO, mid, sums, residuals)
                            weigh(slab, here, n3, steps, taps, within[3], half, sums)
                            if masked:
                                impute_row(slab, here, absent, start, n3, sums, within, shift, grain, mid, residuals)
                            else:
                                difference_row(
                                    slab,
                                    here,
                                    start,
                                    np.uint64(1),
                                    np.uint64(n3),
                                    sums,
                                    within,
                                    shift,
                                    grain,
                                    mid,
                                    residuals,
                                )
                        if masked:
                            pad_row(slab, here, n3)
                            for i in range(np.uint64(n3)):
                                cells[np.uint64(start) + i] = np.int64(slab[np.uint64(here) + i]) + reference
                        start += n3
                        here += pitch


@inlined
def centre_slab(cells: Any, start: Any, rows: Any, n: Any, reference: Any, slab: Any) -> None:
    """Copy a slab, less the reference."""
    here, there = np.uint64(LEFT), np.uint64(start)
    for _ in range(rows):
        for i in range(np.uint64(n)):
            slab[here + i] = np.int64(cells[there + i]) - reference
        pad_row(slab, np.int64(here), n)
        here += np.uint64(n + HALO)
        there += np.uint64(n)


@inlined
def find_taps(
    offsets: Any,
    weights: Any,
    axes: Any,
    by_plane: Any,
    plane: Any,
    i0: Any,
    i1: Any,
    i2: Any,
    n0: Any,
    n1: Any,
    n2: Any,
    pitch: Any,
    steps: Any,
    taps: Any,
    within: Any,
) -> None:
    """List the neighbours in other rows: distances and weights; those of weight 0 are left out.

    `within` gets the sum of all weights but that of the cell before, the weights of the cells two and three before, and
    how many neighbours are listed.
    """
    count = np.int64(0)
    within[:] = 0
    for k in range(offsets.shape[0]):
        weight = weights[k]
        if weight == 0 or is_skipped(offsets, k, axes, by_plane, plane):
            continue
        if offsets[k, 0] == 0 and offsets[k, 1] == 0 and offsets[k, 2] == 0:
            if offsets[k, 3] < -1:
                within[0] += weight
                within[-1 - offsets[k, 3]] += weight
            continue
        within[0] += weight
        rows = clamp(i0, offsets[k, 0], n0) * n1 + clamp(i1, offsets[k, 1], n1)
        steps[count] = (rows * n2 + clamp(i2, offsets[k, 2], n2)) * pitch + offsets[k, 3]
        taps[count] = weight
        count += 1
    within[3] = count


@inlined
def difference_row(
    cells: Any,
    here: Any,
    place: Any,
    first: Any,
    end: Any,
    sums: Any,
    within: Any,
    shift: Any,
    grain: Any,
    mid: Any,
    residuals: Any,
) -> None:
    """Turn the cells of a row, those from `first` to `end`, into residuals."""
    at, to, one, two, three = np.uint64(here), np.uint64(place), np.uint64(1), np.uint64(2), np.uint64(3)
    total, second, third = within[0], within[1], within[2]
    for i in range(first, end):
        j = at + i
        west = np.int64(cells[j - one])
        weighted = sums[i] + second * np.int64(cells[j - two]) + third * np.int64(cells[j - three])
        residuals[to + i] = np.int64(cells[j]) - west - (((weighted - total * west) >> shift) & grain) + mid


@inlined
def impute_row(
    cells: Any,
    here: Any,
    absent: Any,
    place: Any,
    n: Any,
    sums: Any,
    within: Any,
    shift: Any,
    grain: Any,
    mid: Any,
    residuals: Any,
) -> None:
    """Like `difference_row`, run by run: absent cells become their prediction, one after the other."""
    dtype = cells.dtype.type
    at, to, one, two, three = np.uint64(here), np.uint64(place), np.uint64(1), np.uint64(2), np.uint64(3)
    total, second, third = within[0], within[1], within[2]
    extend_left(cells, here)  # the first cell may have become its prediction
    i, end = one, np.uint64(n)
    while i < end:
        first = i
        while i < end and not absent[to + i]:
            i += one
        difference_row(cells, here, place, first, i, sums, within, shift, grain, mid, residuals)
        if i == end:
            break
        j = at + i
        x1, x2, x3 = np.int64(cells[j - one]), np.int64(cells[j - two]), np.int64(cells[j - three])
        while i < end and absent[to + i]:
            weighted = sums[i] + third * x3 + second * x2 - total * x1
            x3, x2, x1 = x2, x1, np.int64(dtype(x1 + ((weighted >> shift) & grain)))
            cells[at + i] = x1
            residuals[to + i] = mid
            i += one
