"""Predictors by weighted sums of integers, undone for some slabs side by side.

A cell waits for the one before, for some steps of the processor; meanwhile it works on other slabs.
"""

from typing import Any, Final

import numpy as np

from .compiled import compiled, inlined
from .differences import longest_row
from .faces import ONE, ZERO, restore_row, steps_back, sum_rows
from .stencils import find_taps
from .taps import HALO, LEFT, extend_left, gather_slabs, is_clamped, is_face, pad_row, plane_of, reach, roomiest
from .weighing import SPARE, weigh

CHAINS: Final = 4


@compiled
def restore_weights(
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
    grain: Any,
) -> None:
    """Undo `predict_weights`."""
    longest, room = longest_row(shapes), roomiest(shapes)
    sums, slab = np.empty((CHAINS, longest + SPARE), np.int64), np.empty(CHAINS * room + SPARE, residuals.dtype)
    steps, taps = np.empty(offsets.shape[0], np.int64), np.empty(offsets.shape[0], np.int32)
    within = np.empty(4, np.int64)
    spans = np.empty((4, 2), np.int64)
    reach(offsets, spans)
    starts, cursor = np.empty(CHAINS, np.int64), np.zeros(2, np.int64)
    while cursor[0] < shapes.shape[0]:
        lane = cursor[0]
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        chains = gather_slabs(shapes, firsts, sets, cursor, starts)
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
                        plane = plane_of(axes, by_plane, i0, i1, i2)
                        clamped = is_clamped(spans, i0, i1, i2, n0, n1, n2)
                        if clamped or built != plane:
                            row = weights[sets[lane], min(plane, weights.shape[1] - 1)]
                            find_taps(
                                *(offsets, row, axes, by_plane, plane, i0, i1, i2, n0, n1, n2, pitch),
                                *(steps, taps, within),
                            )
                        for k in range(chains):
                            at = here + k * room
                            sum_rows(slab, at, ONE, back, sums[k])
                            restore_row(residuals, starts[k], ONE, ZERO, mid, sums[k], slab, at)
                            extend_left(slab, at)
                            weigh(slab, at, n3, steps, taps, within[3], half, sums[k])
                        built = np.int64(-1) if clamped else plane
                        if chains == CHAINS:
                            accumulate_rows(residuals, starts, n3, sums, within, shift, grain, mid, slab, here, room)
                        else:
                            for k in range(chains):
                                accumulate_row(
                                    *(residuals, starts[k], n3, sums[k], within, shift, grain, mid),
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
    total, second, third = within[0], within[1], within[2]
    xa, xb, xc, xd = np.int64(cells[a]), np.int64(cells[b]), np.int64(cells[c]), np.int64(cells[d])
    for i in range(np.uint64(1), np.uint64(n)):
        xa = np.int64(
            dtype(following(cells, a + i, xa, sa[i], residuals[ra + i], total, second, third, shift, grain, mid))
        )
        xb = np.int64(
            dtype(following(cells, b + i, xb, sb[i], residuals[rb + i], total, second, third, shift, grain, mid))
        )
        xc = np.int64(
            dtype(following(cells, c + i, xc, sc[i], residuals[rc + i], total, second, third, shift, grain, mid))
        )
        xd = np.int64(
            dtype(following(cells, d + i, xd, sd[i], residuals[rd + i], total, second, third, shift, grain, mid))
        )
        cells[a + i] = xa
        cells[b + i] = xb
        cells[c + i] = xc
        cells[d + i] = xd


@inlined
def following(
    cells: Any,
    at: Any,
    west: Any,
    others: Any,
    residual: Any,
    total: Any,
    second: Any,
    third: Any,
    shift: Any,
    grain: Any,
    mid: Any,
) -> Any:
    """Return a cell, to be wrapped, from the one before and the sum of other rows' neighbours."""
    others += third * np.int64(cells[at - np.uint64(3)]) + second * np.int64(cells[at - np.uint64(2)])
    return np.int64(residual) - mid + west + (((others - total * west) >> shift) & grain)
