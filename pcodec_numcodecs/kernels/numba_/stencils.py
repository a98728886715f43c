"""Predictors by weighted sums of integers."""

from typing import Any, Final

import numpy as np

from .compiled import compiled, inlined
from .differences import longest_row
from .faces import any_absent, predict_row, restore_row, steps_back, sum_rows
from .taps import HALO, LEFT, clamp, extend_left, is_clamped, is_face, is_skipped, pad_row, reach, roomiest
from .weighing import SPARE, weigh

CHAINS: Final = 4
"""Slabs of one shape that are restored side by side."""
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
    sums = np.empty(longest_row(shapes) + SPARE, np.int64)
    slab = np.empty(roomiest(shapes) + SPARE, cells.dtype)
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
                            weigh(slab, here, n3, steps, taps, within[3], half, sums)
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
    longest, room = longest_row(shapes), roomiest(shapes)
    sums, slab = np.empty((CHAINS, longest + SPARE), np.int64), np.empty(CHAINS * room + SPARE, residuals.dtype)
    steps, taps = (
        np.empty((CHAINS, offsets.shape[0]), np.int64),
        np.empty((CHAINS, offsets.shape[0]), np.int32),
    )
    within = np.empty((CHAINS, 4), np.int64)
    spans = np.empty((4, 2), np.int64)
    reach(offsets, spans)
    starts, owners = np.empty(CHAINS, np.int64), np.empty(CHAINS, np.int64)
    start, lane, slabs = np.int64(0), np.int64(0), np.int64(0)
    while lane < shapes.shape[0]:
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        chains = np.int64(0)
        while chains < CHAINS and lane < shapes.shape[0] and is_shape(shapes, lane, n0, n1, n2, n3):
            starts[chains], owners[chains] = start, sets[lane]
            chains += 1
            start += n0 * n1 * n2 * n3
            slabs += 1
            if slabs == shapes[lane, 0]:
                lane += 1
                slabs = np.int64(0)
        here = np.int64(LEFT)
        built: Any = np.int64(-1)
        for i0 in range(n0):
            for i1 in range(n1):
                for i2 in range(n2):
                    back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                    if is_face(axes, by_plane, i0, i1, i2):
                        for k in range(chains):
                            sum_rows(slab, here + k * room, n3, back, sums[k])
                            restore_row(residuals, starts[k], n3, ZERO, mid, sums[k], slab, here + k * room)
                    else:
                        plane = (i0 if axes == 4 else (i1 if axes == 3 else i2)) if by_plane else 0
                        clamped = (
                            is_clamped(spans, 0, i0, n0) or is_clamped(spans, 1, i1, n1) or is_clamped(spans, 2, i2, n2)
                        )
                        stale = clamped or built != plane
                        for k in range(chains):
                            if stale:
                                row = weights[owners[k], min(plane, weights.shape[1] - 1)]
                                find_taps(
                                    *(offsets, row, axes, by_plane, plane, i0, i1, i2, n0, n1, n2, pitch),
                                    *(steps[k], taps[k], within[k]),
                                )
                            at = here + k * room
                            sum_rows(slab, at, ONE, back, sums[k])
                            restore_row(residuals, starts[k], ONE, ZERO, mid, sums[k], slab, at)
                            extend_left(slab, at)
                            weigh(slab, at, n3, steps[k], taps[k], within[k, 3], half, sums[k])
                        built = np.int64(-1) if clamped else plane
                        if chains == CHAINS:
                            accumulate_rows(residuals, starts, n3, sums, within, shift, grain, mid, slab, here, room)
                        else:
                            for k in range(chains):
                                accumulate_row(
                                    *(residuals, starts[k], n3, sums[k], within[k], shift, grain, mid),
                                    *(slab, here + k * room),
                                )
                    for k in range(chains):
                        at, to = np.uint64(here + k * room), np.uint64(starts[k])
                        pad_row(slab, here + k * room, n3)
                        for i in range(np.uint64(n3)):
                            residuals[to + i] = np.int64(slab[at + i]) + reference
                        starts[k] += n3
                    here += pitch


@inlined
def is_shape(shapes: Any, lane: Any, n0: Any, n1: Any, n2: Any, n3: Any) -> Any:
    """Tell whether a lane's slabs are of a shape."""
    return shapes[lane, 1] == n0 and shapes[lane, 2] == n1 and shapes[lane, 3] == n2 and shapes[lane, 4] == n3


@inlined
def new_taps(neighbours: Any) -> Any:
    """Return room for what `find_taps` finds."""
    return np.empty(neighbours, np.int64), np.empty(neighbours, np.int32), np.empty(4, np.int64)


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


@inlined
def accumulate_rows(
    residuals: Any,
    starts: Any,
    n: Any,
    sums: Any,
    within: Any,
    shift: Any,
    grain: Any,
    mid: Any,
    cells: Any,
    here: Any,
    room: Any,
) -> None:
    """Like `accumulate_row`, rows of four slabs at once: while one waits for the cell before, others go on."""
    dtype = cells.dtype.type
    ra, rb, rc, rd = np.uint64(starts[0]), np.uint64(starts[1]), np.uint64(starts[2]), np.uint64(starts[3])
    a, step = np.uint64(here), np.uint64(room)
    b = a + step
    c = b + step
    d = c + step
    sa, sb, sc, sd = sums[0], sums[1], sums[2], sums[3]
    wa, wb, wc, wd = within[0], within[1], within[2], within[3]
    xa, xb, xc, xd = np.int64(cells[a]), np.int64(cells[b]), np.int64(cells[c]), np.int64(cells[d])
    for i in range(np.uint64(1), np.uint64(n)):
        xa = np.int64(dtype(following(cells, a + i, xa, sa[i], residuals[ra + i], wa, shift, grain, mid)))
        xb = np.int64(dtype(following(cells, b + i, xb, sb[i], residuals[rb + i], wb, shift, grain, mid)))
        xc = np.int64(dtype(following(cells, c + i, xc, sc[i], residuals[rc + i], wc, shift, grain, mid)))
        xd = np.int64(dtype(following(cells, d + i, xd, sd[i], residuals[rd + i], wd, shift, grain, mid)))
        cells[a + i] = xa
        cells[b + i] = xb
        cells[c + i] = xc
        cells[d + i] = xd


@inlined
def following(
    cells: Any, at: Any, west: Any, others: Any, residual: Any, within: Any, shift: Any, grain: Any, mid: Any
) -> Any:
    """Return a cell, to be wrapped, from the one before and the sum of other rows' neighbours."""
    others += within[2] * np.int64(cells[at - np.uint64(3)]) + within[1] * np.int64(cells[at - np.uint64(2)])
    return np.int64(residual) - mid + west + (((others - within[0] * west) >> shift) & grain)
