"""Predictors by weighted sums of integers, undone for some slabs side by side."""

from typing import Any

import numpy as np

from .compiled import compiled_allocating, inlined
from .faces import steps_back, sum_rows
from .stencils import find_taps
from .taps import HALO, LEFT, end_slabs, gather_slabs, is_clamped, is_face, plane_of, reach
from .woven import BLOCK, farthest, follow, pad_rows, slide, unweave, weave, weigh_block


@compiled_allocating
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
    woven: Any,
    slab: Any,
    sums: Any,
    lanes: Any,
) -> None:
    """Undo `predict_weights`.

    Parameters
    ----------
    woven
        Room for a woven row, signed latents.
    slab
        Room for slabs, signed, perhaps wider.
    sums
        Room for a row of sums, signed, such that none overflows but those of 64 bits.
    lanes
        `EIGHT` or `SIXTEEN`.
    """
    rises, many = np.empty_like(sums), len(lanes)
    steps, taps = np.empty(offsets.shape[0], np.int64), np.empty(offsets.shape[0], np.int32)
    within, none = np.zeros(4, np.int64), np.zeros(4, np.int64)
    spans = np.empty((4, 2), np.int64)
    reach(offsets, spans)
    starts, rows, cursor = np.empty(many, np.int64), np.empty(many, np.int64), np.zeros(2, np.int64)
    while cursor[0] < shapes.shape[0]:
        lane = cursor[0]
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        gather_slabs(shapes, firsts, sets, axes, cursor, starts, rows)
        done = np.int64(0)
        here, kept = np.int64(LEFT), farthest(axes, offsets, n1, n2, pitch)
        built: Any = np.int64(-1)
        for i0 in range(n0):
            for i1 in range(n1):
                for i2 in range(n2):
                    end_slabs(starts, rows, done)
                    done += 1
                    here = slide(slab, here, n3, kept, lanes)
                    back = steps_back(i0, i1, i2, many * n1 * n2 * pitch, many * n2 * pitch, many * pitch)
                    weave(residuals, starts, n3, woven, lanes)
                    if is_face(axes, by_plane, i0, i1, i2):
                        sum_rows(slab, many * here, many * n3, back, sums)
                        begin_row(woven, mid, sums, slab, here, lanes)
                        for j in range(np.uint64(many), np.uint64(many * n3)):
                            rises[j] = sums[j] - sums[j - np.uint64(many)]
                        follow(slab, here + 1, n3 - 1, woven, 1, rises, none, 0, mid, lanes)
                    else:
                        plane = plane_of(axes, by_plane, i0, i1, i2)
                        clamped = is_clamped(spans, i0, i1, i2, n0, n1, n2)
                        if clamped or built != plane:
                            row_weights = weights[sets[lane], min(plane, weights.shape[1] - 1)]
                            find_taps(
                                *(offsets, row_weights, axes, by_plane, plane, i0, i1, i2, n0, n1, n2, pitch),
                                *(steps, taps, within),
                            )
                            built = np.int64(-1) if clamped else plane
                        sum_rows(slab, many * here, many, back, sums)
                        begin_row(woven, mid, sums, slab, here, lanes)
                        for i in range(1, n3, BLOCK):
                            weigh_block(slab, here + i, steps, taps, within[3], half, sums, i, lanes)
                            few = min(BLOCK, n3 - i)
                            follow(slab, here + i, few, woven, i, sums, within, shift, mid, lanes)
                    pad_rows(slab, here, n3, lanes)
                    unweave(slab, here, n3, reference, residuals, starts, lanes)
                    for k in range(many):
                        starts[k] += n3
                    here += pitch


@inlined
def begin_row(woven: Any, mid: Any, sums: Any, slab: Any, here: Any, lanes: Any) -> None:
    """Fill in the first cells of rows, and the room before them."""
    dtype = woven.dtype.type
    for k in range(len(lanes)):
        cell = dtype(np.int64(woven[k]) - mid + sums[k])
        for i in range(LEFT + 1):
            slab[(here - i) * len(lanes) + k] = cell
