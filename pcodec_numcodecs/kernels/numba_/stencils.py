"""Predictors by weighted sums of integers."""

from typing import Any

import numpy as np

from .compiled import compiled, inlined
from .differences import longest_row
from .faces import any_absent, predict_row, restore_row, steps_back, sum_rows
from .taps import GROUP, HALO, LEFT, clamp, is_clamped, is_face, is_skipped, pad_row, reach, roomiest

ZERO, ONE = np.int64(0), np.int64(1)  # of one type wherever they are passed, so that less is compiled


@compiled
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
    sums = np.empty(longest_row(shapes), np.int64)
    slab = np.empty(roomiest(shapes), cells.dtype)
    steps, taps, within = new_taps(offsets.shape[0])
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
                            plane = (i0 if axes == 4 else (i1 if axes == 3 else i2)) if by_plane else 0
                            clamped = (
                                is_clamped(spans, 0, i0, n0)
                                or is_clamped(spans, 1, i1, n1)
                                or is_clamped(spans, 2, i2, n2)
                            )
                            if clamped or built != plane:
                                row = weights[sets[lane], min(plane, weights.shape[1] - 1)]
                                find_taps(
                                    *(offsets, row, axes, by_plane, plane, i0, i1, i2, n0, n1, n2, pitch),
                                    *(steps, taps, within),
                                )
                                built = np.int64(-1) if clamped else plane
                            sum_rows(slab, here, ONE, back, sums)
                            predict_row(slab, here, absent, start, masked, ONE, ZERO, mid, sums, residuals)
                            sum_taps(slab, here, n3, steps, taps, within, half, sums)
                            if masked:
                                impute_row(slab, here, absent, start, n3, sums, within, shift, grain, mid, residuals)
                            else:
                                difference_row(slab, here, start, n3, sums, within, shift, grain, mid, residuals)
                        if masked:
                            pad_row(slab, here, n3)
                            for i in range(np.uint64(n3)):
                                cells[np.uint64(start) + i] = np.int64(slab[np.uint64(here) + i]) + reference
                        start += n3
                        here += pitch


@compiled
def restore_weights(
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
    """Undo `predict_weights`."""
    sums = np.empty(longest_row(shapes), np.int64)
    slab = np.empty(roomiest(shapes), residuals.dtype)
    steps, taps, within = new_taps(offsets.shape[0])
    spans = np.empty((4, 2), np.int64)
    reach(offsets, spans)
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        for _ in range(shapes[lane, 0]):
            here = np.int64(LEFT)
            built: Any = np.int64(-1)
            for i0 in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                        if is_face(axes, by_plane, i0, i1, i2):
                            sum_rows(slab, here, n3, back, sums)
                            restore_row(residuals, start, n3, ZERO, mid, sums, slab, here)
                        else:
                            plane = (i0 if axes == 4 else (i1 if axes == 3 else i2)) if by_plane else 0
                            clamped = (
                                is_clamped(spans, 0, i0, n0)
                                or is_clamped(spans, 1, i1, n1)
                                or is_clamped(spans, 2, i2, n2)
                            )
                            if clamped or built != plane:
                                row = weights[sets[lane], min(plane, weights.shape[1] - 1)]
                                find_taps(
                                    *(offsets, row, axes, by_plane, plane, i0, i1, i2, n0, n1, n2, pitch),
                                    *(steps, taps, within),
                                )
                                built = np.int64(-1) if clamped else plane
                            sum_rows(slab, here, ONE, back, sums)
                            restore_row(residuals, start, ONE, ZERO, mid, sums, slab, here)
                            sum_taps(slab, here, n3, steps, taps, within, half, sums)
                            accumulate_row(residuals, start, n3, sums, within, shift, grain, mid, slab, here)
                        pad_row(slab, here, n3)
                        for i in range(np.uint64(n3)):
                            residuals[np.uint64(start) + i] = np.int64(slab[np.uint64(here) + i]) + reference
                        start += n3
                        here += pitch


@inlined
def new_taps(neighbours: Any) -> Any:
    """Return room for what `find_taps` finds."""
    return np.empty(neighbours + GROUP, np.int64), np.empty(neighbours + GROUP, np.int32), np.empty(4, np.int64)


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
    """List the neighbours in other rows: distances and weights, to full groups; those of weight 0 are left out.

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
    while count % GROUP:
        steps[count] = taps[count] = 0
        count += 1
    within[3] = count


@inlined
def sum_taps(cells: Any, here: Any, n: Any, steps: Any, taps: Any, within: Any, half: Any, sums: Any) -> None:
    """Fill `sums` with the weighted neighbours of other rows, and half a unit to round by."""
    at, count, one = np.uint64(here), np.uint64(n), np.uint64(1)
    for i in range(one, count):
        sums[i] = half
    for k in range(0, within[3], GROUP):
        a, b = at + np.uint64(steps[k]), at + np.uint64(steps[k + 1])
        c, d = at + np.uint64(steps[k + 2]), at + np.uint64(steps[k + 3])
        # Of 32 bits, so that the compiler need not multiply 64 by 64.
        wa, wb, wc, wd = np.int64(taps[k]), np.int64(taps[k + 1]), np.int64(taps[k + 2]), np.int64(taps[k + 3])
        for i in range(one, count):
            first = wa * np.int64(cells[a + i]) + wb * np.int64(cells[b + i])
            sums[i] += first + (wc * np.int64(cells[c + i]) + wd * np.int64(cells[d + i]))


@inlined
def difference_row(
    cells: Any, here: Any, place: Any, n: Any, sums: Any, within: Any, shift: Any, grain: Any, mid: Any, residuals: Any
) -> None:
    """Turn the cells of a row, from the second on, into residuals."""
    at, to, one, two, three = np.uint64(here), np.uint64(place), np.uint64(1), np.uint64(2), np.uint64(3)
    total, second, third = within[0], within[1], within[2]
    for i in range(one, np.uint64(n)):
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
    """Like `difference_row`, one cell after the other, of which absent ones become their prediction."""
    dtype = cells.dtype.type
    at, to = np.uint64(here), np.uint64(place)
    total, second, third = within[0], within[1], within[2]
    x1 = x2 = x3 = np.int64(cells[at])
    for i in range(np.uint64(1), np.uint64(n)):
        prediction = np.int64(dtype(x1 + (((sums[i] + third * x3 + second * x2 - total * x1) >> shift) & grain)))
        x3, x2 = x2, x1
        x1 = prediction if absent[to + i] else np.int64(cells[at + i])
        cells[at + i] = x1
        residuals[to + i] = x1 - prediction + mid


@inlined
def accumulate_row(
    residuals: Any, place: Any, n: Any, sums: Any, within: Any, shift: Any, grain: Any, mid: Any, cells: Any, here: Any
) -> None:
    """Undo `difference_row`."""
    dtype = cells.dtype.type
    at, to = np.uint64(here), np.uint64(place)
    total, second, third = within[0], within[1], within[2]
    x1 = x2 = x3 = np.int64(cells[at])
    for i in range(np.uint64(1), np.uint64(n)):
        # What needs the cell before comes last, and little of it: this chain sets the pace.
        weighted = sums[i] + third * x3 + second * x2
        carried = np.int64(residuals[to + i]) - mid + x1
        x3, x2 = x2, x1
        x1 = np.int64(dtype(carried + (((weighted - total * x1) >> shift) & grain)))
        cells[at + i] = x1
