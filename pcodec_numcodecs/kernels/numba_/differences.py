"""Lorenzo's predictor and the median edge detector, on tiles."""

from typing import Any

import numpy as np

from .compiled import compiled, compiled_allocating, inlined
from .faces import ZERO, any_absent, predict_row, steps_back, sum_rows


@compiled_allocating
def predict_lorenzo(cells: Any, absent: Any, residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Predict all tiles by Lorenzo's predictor; see `Kernels.predict_tiles`."""
    sums = np.empty(longest_row(shapes), np.int64)
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        for _ in range(shapes[lane, 0]):
            before = reference
            for i0 in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        back = steps_back(i0, i1, i2, n1 * n2 * n3, n2 * n3, n3)
                        sum_rows(cells, start, n3, back, sums)
                        masked = any_absent(absent, start, n3)
                        predict_row(cells, start, absent, start, masked, n3, before, mid, sums, residuals)
                        before = ZERO
                        start += n3


@compiled
def restore_lorenzo(residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Undo `predict_lorenzo`: sums along the last two axes row by row, then whole planes and cubes."""
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        plane = n2 * n3
        for _ in range(shapes[lane, 0]):
            before = reference
            for i0 in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        sum_row(residuals, start, n3, n3 if i2 > 0 else ZERO, before, mid)
                        before = ZERO
                        start += n3
                    if i1 > 0:
                        add_before(residuals, start - plane, plane, plane)
                if i0 > 0:
                    add_before(residuals, start - n1 * plane, n1 * plane, n1 * plane)


@inlined
def sum_row(cells: Any, start: Any, n: Any, above: Any, first: Any, mid: Any) -> None:
    """Sum residuals up along a row, on to what lies so far above; nothing does where that is 0."""
    at, last = np.uint64(start), first
    if above:
        north = at - np.uint64(above)
        for i in range(np.uint64(n)):
            last += np.int64(cells[at + i]) - mid
            cells[at + i] = last + np.int64(cells[north + i])
    else:
        for i in range(np.uint64(n)):
            last += np.int64(cells[at + i]) - mid
            cells[at + i] = last


@inlined
def add_before(cells: Any, start: Any, n: Any, back: Any) -> None:
    """Add to cells those that lie so far before."""
    at = np.uint64(start)
    before = at - np.uint64(back)
    for i in range(np.uint64(n)):
        cells[at + i] += cells[before + i]


@compiled_allocating
def predict_med(cells: Any, absent: Any, residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Predict all tiles by the median edge detector; see `Kernels.predict_tiles`."""
    n = longest_row(shapes)
    sums, above, row = np.empty(n, np.int64), np.empty(n, cells.dtype), np.empty(n, cells.dtype)
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        plane = n2 * n3
        for _ in range(shapes[lane, 0]):
            for i0 in range(n0):
                for i1 in range(n1):
                    back = steps_back(i0, i1, ZERO, n1 * plane, plane, ZERO)
                    for i2 in range(n2):
                        sum_rows(cells, start, n3, back, sums)
                        centre(sums, n3, reference, back)
                        at = np.uint64(start)
                        for i in range(np.uint64(n3)):
                            row[i] = np.int64(cells[at + i]) - sums[i]
                        if any_absent(absent, start, n3):
                            impute_edges(row, above, i2, absent, at, n3, mid, residuals)
                            for i in range(np.uint64(n3)):
                                cells[at + i] = np.int64(row[i]) + sums[i]
                        else:
                            difference_edges(row, above, i2, at, n3, mid, residuals)
                        above, row = row, above
                        start += n3


@compiled_allocating
def restore_med(residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Undo `predict_med`."""
    n = longest_row(shapes)
    sums, above, row = np.empty(n, np.int64), np.empty(n, residuals.dtype), np.empty(n, residuals.dtype)
    dtype = residuals.dtype.type
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        plane = n2 * n3
        for _ in range(shapes[lane, 0]):
            for i0 in range(n0):
                for i1 in range(n1):
                    back = steps_back(i0, i1, ZERO, n1 * plane, plane, ZERO)
                    for i2 in range(n2):
                        sum_rows(residuals, start, n3, back, sums)
                        centre(sums, n3, reference, back)
                        at, one = np.uint64(start), np.uint64(1)
                        corner = np.int64(above[0]) if i2 else np.int64(0)
                        west = np.int64(dtype(corner + np.int64(residuals[at]) - mid))
                        row[0] = west
                        if i2:
                            for i in range(one, np.uint64(n3)):
                                north = np.int64(above[i])
                                prediction = edge(west, north, corner)
                                corner = north
                                west = np.int64(dtype(prediction + (np.int64(residuals[at + i]) - mid)))
                                row[i] = west
                        else:
                            for i in range(one, np.uint64(n3)):
                                west += np.int64(residuals[at + i]) - mid
                                row[i] = west
                        for i in range(np.uint64(n3)):
                            residuals[at + i] = np.int64(row[i]) + sums[i]
                        above, row = row, above
                        start += n3


@inlined
def longest_row(shapes: Any) -> Any:
    """Return the largest length of the last axis."""
    longest = np.int64(0)
    for lane in range(shapes.shape[0]):
        longest = max(longest, shapes[lane, 4])
    return longest


@inlined
def centre(sums: Any, n: Any, reference: Any, back: Any) -> None:
    """Have cells compared to the reference, where no plane before is that they are compared to."""
    if back[0] == 0:
        for i in range(n):
            sums[i] = reference


@inlined
def edge(west: Any, north: Any, corner: Any) -> Any:
    """Return the median of west, north and west + north - corner, the last of which may overflow if it is not."""
    low, high = min(west, north), max(west, north)
    middle = west + (north - corner)
    middle = high if corner <= low else middle
    return low if corner >= high else middle


@inlined
def difference_edges(row: Any, above: Any, index: Any, place: Any, n: Any, mid: Any, residuals: Any) -> None:
    """Turn a row of a plane into residuals."""
    one = np.uint64(1)
    residuals[place] = np.int64(row[0]) - (np.int64(above[0]) if index else np.int64(0)) + mid
    if index:
        for i in range(one, np.uint64(n)):
            west, north, corner = np.int64(row[i - one]), np.int64(above[i]), np.int64(above[i - one])
            residuals[place + i] = np.int64(row[i]) - edge(west, north, corner) + mid
    else:
        for i in range(one, np.uint64(n)):
            residuals[place + i] = np.int64(row[i]) - np.int64(row[i - one]) + mid


@inlined
def impute_edges(row: Any, above: Any, index: Any, absent: Any, place: Any, n: Any, mid: Any, residuals: Any) -> None:
    """Like `difference_edges`, one cell after the other, of which absent ones become their prediction."""
    west = corner = np.int64(0)
    for i in range(np.uint64(n)):
        north = np.int64(above[i]) if index else np.int64(0)
        prediction = edge(west, north, corner) if index and i else (north if index else west)
        if absent[place + i]:
            row[i] = prediction
        west, corner = np.int64(row[i]), north
        residuals[place + i] = west - prediction + mid
