"""Neighbours of which floats are predicted, in the order in which they are added."""

from typing import Any

import numpy as np

from .compiled import inlined
from .taps import clamp, is_clamped, is_face, is_skipped, plane_of


@inlined
def most_taps(offsets: Any) -> Any:
    """Return how many neighbours `find_float_taps` finds at most."""
    return max(offsets.shape[0], 15)  # as many as Lorenzo's predictor has along four axes


@inlined
def lorenzo_term(back: Any, terms: Any) -> Any:
    """Return distance and sign of one of Lorenzo's terms along the axes before the last, a set of axes in bits."""
    step = sign = 0
    for bit in range(3):
        if terms >> bit & 1:
            step -= back[bit]
            sign = 1 - sign
    return step, 2.0 * sign - 1.0


@inlined
def corner(slab: Any, here: Any, back: Any) -> Any:
    """Return Lorenzo's prediction along the axes before the last."""
    total = 0.0
    for terms in range(1, 1 << axes_back(back)):
        step, sign = lorenzo_term(back, terms)
        total += sign * slab[np.uint64(here + step)]
    return total


@inlined
def axes_back(back: Any) -> Any:
    """Return along how many axes before the last there is a row before."""
    return np.int64(back[0] > 0) + np.int64(back[1] > 0) + np.int64(back[2] > 0)


@inlined
def find_float_taps(
    offsets: Any,
    weights: Any,
    unit: Any,
    spans: Any,
    axes: Any,
    by_plane: Any,
    i0: Any,
    i1: Any,
    i2: Any,
    n0: Any,
    n1: Any,
    n2: Any,
    pitch: Any,
    back: Any,
    steps: Any,
    taps: Any,
    built: Any,
) -> None:
    """List the neighbours of a row's cells in order, distances and weights; those of weight 0 are left out.

    `built` tells what is listed already, and then, what is now: the plane, or -1 if the list holds for this row alone;
    how many neighbours there are; and how many come before the first one of the same row.
    """
    count, split = np.int64(0), np.int64(-1)
    if is_face(axes, by_plane, i0, i1, i2):
        # First those that a row's first cell has too, last the cell before.
        sets = 1 << axes_back(back)
        for terms in range(1, sets):
            steps[count], taps[count] = lorenzo_term(back, terms)
            count += 1
        for terms in range(1, sets):
            step, sign = lorenzo_term(back, terms)
            steps[count], taps[count] = step - 1, -sign
            count += 1
        steps[count], taps[count] = -1, 1.0
        built[0], built[1], built[2] = -1, count + 1, count
        return
    plane = plane_of(axes, by_plane, i0, i1, i2)
    clamped = is_clamped(spans, i0, i1, i2, n0, n1, n2)
    if not clamped and built[0] == plane:
        return
    row = weights[min(plane, weights.shape[0] - 1)]
    for k in range(offsets.shape[0]):
        if row[k] == 0 or is_skipped(offsets, k, axes, by_plane, plane):
            continue
        if split < 0 and offsets[k, 0] == 0 and offsets[k, 1] == 0 and offsets[k, 2] == 0:
            split = count
        rows = clamp(i0, offsets[k, 0], n0) * n1 + clamp(i1, offsets[k, 1], n1)
        steps[count] = (rows * n2 + clamp(i2, offsets[k, 2], n2)) * pitch + offsets[k, 3]
        taps[count] = row[k] * unit
        count += 1
    built[0], built[1], built[2] = np.int64(-1) if clamped else plane, count, count if split < 0 else split
