"""Predictors by weighted sums of floats: the one place in these kernels that computes with floats.

Each product and sum is one operation, rounded correctly, in the order that `Kernels.predict_tiles` states.
"""

from typing import Any, Final

import numpy as np

from .compiled import compiled, inlined
from .differences import longest_row
from .faces import any_absent, steps_back
from .float_taps import corner, find_float_taps, most_taps
from .latents import latent_of, number_of
from .taps import HALO, LEFT, extend_left, gather_slabs, pad_row, reach, roomiest
from .weighing import SPARE, weigh

CHAINS: Final = 4
LAST: Final = 4
"""Neighbours of a cell that may be added one by one, the cell before among them, for several slabs at once."""


@compiled
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
                            for i in range(np.uint64(n3)):
                                if i:
                                    first = latent_of(finish(slab, at + i, sums[i], steps, taps, built), mid)
                                if absent[to + i]:
                                    cells[to + i] = first
                                    slab[at + i] = number_of(first)
                                    if i == 0:
                                        extend_left(slab, here)
                                residuals[to + i] = dtype(cells[to + i] - first + mid)
                            pad_row(slab, here, n3)
                        else:
                            weigh(slab, here, n3, steps, taps, built[1], 0.0, sums)
                            residuals[to] = dtype(cells[to] - first + mid)
                            for i in range(np.uint64(1), np.uint64(n3)):
                                residuals[to + i] = dtype(cells[to + i] - latent_of(sums[i], mid) + mid)
                        start += n3
                        here += pitch


@compiled
def restore_floats(
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
    unit: Any,
) -> None:
    """Undo `predict_floats`, for some slabs side by side: while one waits for the cell before, others go on."""
    dtype = residuals.dtype.type
    longest, room, neighbours = longest_row(shapes), roomiest(shapes), most_taps(offsets)
    sums, slab = np.empty((CHAINS, longest + SPARE), np.float64), np.empty(CHAINS * room + SPARE, np.float64)
    steps, taps = np.empty(neighbours + LAST, np.int64), np.empty(neighbours + LAST, np.float64)
    built, spans = np.empty(3, np.int64), np.empty((4, 2), np.int64)
    reach(offsets, spans)
    starts, cursor = np.empty(CHAINS, np.int64), np.zeros(2, np.int64)
    while cursor[0] < shapes.shape[0]:
        lane = cursor[0]
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        chains = gather_slabs(shapes, firsts, sets, cursor, starts)
        here = np.int64(LEFT)
        built[0] = -1
        for i0 in range(n0):
            for i1 in range(n1):
                for i2 in range(n2):
                    back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                    find_float_taps(
                        *(offsets, weights[sets[lane]], unit, spans, axes, by_plane),
                        *(i0, i1, i2, n0, n1, n2, pitch, back, steps, taps, built),
                    )
                    for k in range(chains):
                        at, to = here + k * room, np.uint64(starts[k])
                        first = latent_of(corner(slab, at, back), mid) if here > LEFT else reference
                        weigh(slab, at, n3, steps, taps, built[2], 0.0, sums[k])
                        cell = dtype(residuals[to] - mid + first)
                        residuals[to] = cell
                        slab[np.uint64(at)] = number_of(cell)
                        extend_left(slab, at)
                    if chains == CHAINS and built[1] - built[2] <= LAST:
                        restore_rows(residuals, starts, n3, mid, sums, steps, taps, built, slab, here, room)
                    else:
                        for k in range(chains):
                            restore_row(
                                *(residuals, starts[k], n3, mid, sums[k], steps, taps, built),
                                *(slab, here + k * room),
                            )
                    for k in range(chains):
                        pad_row(slab, here + k * room, n3)
                        starts[k] += n3
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
def finish(slab: Any, at: Any, total: Any, steps: Any, taps: Any, built: Any) -> Any:
    """Return a sum with the other neighbours."""
    for k in range(built[2], built[1]):
        total += taps[k] * slab[at + np.uint64(steps[k])]
    return total


@inlined
def restore_row(
    residuals: Any,
    start: Any,
    n: Any,
    mid: Any,
    sums: Any,
    steps: Any,
    taps: Any,
    built: Any,
    slab: Any,
    here: Any,
) -> None:
    """Turn residuals of a row, but the first, into cells."""
    dtype = residuals.dtype.type
    at, to = np.uint64(here), np.uint64(start)
    for i in range(np.uint64(1), np.uint64(n)):
        prediction = latent_of(finish(slab, at + i, sums[i], steps, taps, built), mid)
        cell = dtype(residuals[to + i] - mid + prediction)
        residuals[to + i] = cell
        slab[at + i] = number_of(cell)


@inlined
def restore_rows(
    residuals: Any,
    starts: Any,
    n: Any,
    mid: Any,
    sums: Any,
    steps: Any,
    taps: Any,
    built: Any,
    slab: Any,
    here: Any,
    room: Any,
) -> None:
    """Like `restore_row`, rows of four slabs at once, of which no more than `LAST` neighbours are missing."""
    dtype = residuals.dtype.type
    for k in range(built[1], built[2] + LAST):
        # The sum of none but zeros is 0.0, never -0.0: a neighbour of weight 0 changes no bit.
        steps[k], taps[k] = -1, 0.0
    last = built[2]
    s0, s1, s2, s3 = (
        np.uint64(steps[last]),
        np.uint64(steps[last + 1]),
        np.uint64(steps[last + 2]),
        np.uint64(steps[last + 3]),
    )
    t0, t1, t2, t3 = taps[last], taps[last + 1], taps[last + 2], taps[last + 3]
    ra, rb, rc, rd = np.uint64(starts[0]), np.uint64(starts[1]), np.uint64(starts[2]), np.uint64(starts[3])
    a, step = np.uint64(here), np.uint64(room)
    b = a + step
    c = b + step
    d = c + step
    sa, sb, sc, sd = sums[0], sums[1], sums[2], sums[3]
    for i in range(np.uint64(1), np.uint64(n)):
        ia, ib, ic, id_ = a + i, b + i, c + i, d + i
        xa = sa[i] + t0 * slab[ia + s0] + t1 * slab[ia + s1] + t2 * slab[ia + s2] + t3 * slab[ia + s3]
        xb = sb[i] + t0 * slab[ib + s0] + t1 * slab[ib + s1] + t2 * slab[ib + s2] + t3 * slab[ib + s3]
        xc = sc[i] + t0 * slab[ic + s0] + t1 * slab[ic + s1] + t2 * slab[ic + s2] + t3 * slab[ic + s3]
        xd = sd[i] + t0 * slab[id_ + s0] + t1 * slab[id_ + s1] + t2 * slab[id_ + s2] + t3 * slab[id_ + s3]
        la = dtype(residuals[ra + i] - mid + latent_of(xa, mid))
        lb = dtype(residuals[rb + i] - mid + latent_of(xb, mid))
        lc = dtype(residuals[rc + i] - mid + latent_of(xc, mid))
        ld = dtype(residuals[rd + i] - mid + latent_of(xd, mid))
        residuals[ra + i], residuals[rb + i], residuals[rc + i], residuals[rd + i] = la, lb, lc, ld
        slab[ia], slab[ib], slab[ic], slab[id_] = number_of(la), number_of(lb), number_of(lc), number_of(ld)
