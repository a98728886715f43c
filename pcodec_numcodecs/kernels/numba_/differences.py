"""Lorenzo's predictor and the median edge detector, on tiles."""

from typing import Any

import numpy as np

from .compiled import compiled, inlined
from .faces import any_absent, predict_row, restore_row, steps_back, sum_rows


@compiled
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
                        before = 0
                        start += n3


@compiled
def restore_lorenzo(residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Undo `predict_lorenzo`."""
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
                        sum_rows(residuals, start, n3, back, sums)
                        restore_row(residuals, start, n3, before, mid, sums, residuals, start)
                        before = 0
                        start += n3


@compiled
def predict_med(cells: Any, absent: Any, residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Predict all tiles by the median edge detector; see `Kernels.predict_tiles`."""
    n = longest_row(shapes)
    sums, above, row = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    dtype = cells.dtype.type
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], np.uint64(shapes[lane, 4])
        plane = n2 * shapes[lane, 4]
        for _ in range(shapes[lane, 0]):
            for i0 in range(n0):
                for i1 in range(n1):
                    back = steps_back(i0, i1, 0, n1 * plane, plane, 0)
                    for i2 in range(n2):
                        sum_rows(cells, start, n3, back, sums)
                        at = np.uint64(start)
                        centre(sums, n3, reference, back)
                        for i in range(n3):
                            row[i] = np.int64(dtype(np.int64(cells[at + i]) - sums[i]))
                        if any_absent(absent, start, n3):
                            west = northwest = np.int64(0)
                            for i in range(n3):
                                prediction = edge(west, above[i], northwest, i2, i)
                                northwest = above[i]
                                if absent[at + i]:
                                    row[i] = prediction
                                    cells[at + i] = prediction + sums[i]
                                west = row[i]
                                residuals[at + i] = west - prediction + mid
                        else:
                            west = northwest = np.int64(0)
                            for i in range(n3):
                                prediction = edge(west, above[i], northwest, i2, i)
                                northwest = above[i]
                                west = row[i]
                                residuals[at + i] = west - prediction + mid
                        above, row = row, above
                        start += np.int64(n3)


@compiled
def restore_med(residuals: Any, shapes: Any, reference: Any, mid: Any) -> None:
    """Undo `predict_med`."""
    n = longest_row(shapes)
    sums, above, row = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    dtype = residuals.dtype.type
    start = np.int64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], np.uint64(shapes[lane, 4])
        plane = n2 * shapes[lane, 4]
        for _ in range(shapes[lane, 0]):
            for i0 in range(n0):
                for i1 in range(n1):
                    back = steps_back(i0, i1, 0, n1 * plane, plane, 0)
                    for i2 in range(n2):
                        sum_rows(residuals, start, n3, back, sums)
                        at = np.uint64(start)
                        centre(sums, n3, reference, back)
                        west = northwest = np.int64(0)
                        for i in range(n3):
                            prediction = edge(west, above[i], northwest, i2, i)
                            northwest = above[i]
                            west = np.int64(dtype(prediction + np.int64(residuals[at + i]) - mid))
                            row[i] = west
                            residuals[at + i] = west + sums[i]
                        above, row = row, above
                        start += np.int64(n3)


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
def edge(west: Any, north: Any, northwest: Any, row: Any, column: Any) -> Any:
    """Return the median of west, north and west + north - northwest, or the one that there is."""
    if row == 0:
        return west
    if column == 0:
        return north
    # If the corner lies beyond both, the farther of them; no sum that could overflow decides.
    if north >= northwest:
        return max(west, north) if west > northwest else west + (north - northwest)
    return min(west, north) if west < northwest else west + (north - northwest)
