"""Lorenzo's prediction, row by row: the whole of a predictor, or what others do where a tile begins.

A row is the cells along the last axis. The prediction along the axes before it is a sum of whole rows, which the
compiler makes vector code of: indices are unsigned, as signed ones would be checked for negative ones.
"""

from typing import Any

import numpy as np

from .compiled import inlined

ZERO, ONE = np.int64(0), np.int64(1)  # of one type wherever they are passed, so that less is compiled


@inlined
def steps_back(i0: Any, i1: Any, i2: Any, s0: Any, s1: Any, s2: Any) -> Any:
    """Return the distances to the rows before, along those of three axes that have one; nearest axis first, then 0."""
    none = np.int64(0)
    a = s2 if i2 > 0 else none
    b = s1 if i1 > 0 else none
    c = s0 if i0 > 0 else none
    if a == 0:
        a, b = b, none
    if b == 0:
        b, c = c, none
    if a == 0:
        a, b = b, none
    return a, b, c


@inlined
def sum_rows(cells: Any, here: Any, count: Any, back: Any, sums: Any) -> None:
    """Fill `sums` with Lorenzo's prediction along the axes before the last, of `count` cells from `here` on."""
    a, b, c = np.uint64(back[0]), np.uint64(back[1]), np.uint64(back[2])
    start = np.uint64(here)
    n = np.uint64(count)
    if back[0] == 0:
        for i in range(n):
            sums[i] = 0
    elif back[1] == 0:
        ra = start - a
        for i in range(n):
            sums[i] = np.int64(cells[ra + i])
    elif back[2] == 0:
        ra, rb = start - a, start - b
        rab = ra - b
        for i in range(n):
            sums[i] = np.int64(cells[ra + i]) + np.int64(cells[rb + i]) - np.int64(cells[rab + i])
    else:
        ra, rb, rc = start - a, start - b, start - c
        rab, rac, rbc = ra - b, ra - c, rb - c
        rabc = rab - c
        for i in range(n):
            sums[i] = np.int64(cells[ra + i]) + np.int64(cells[rb + i]) - np.int64(cells[rab + i])
        for i in range(n):
            sums[i] += np.int64(cells[rc + i]) - np.int64(cells[rac + i])
            sums[i] += np.int64(cells[rabc + i]) - np.int64(cells[rbc + i])


@inlined
def any_absent(absent: Any, start: Any, count: Any) -> Any:
    """Tell whether cells are absent; `absent` may be empty."""
    found = np.uint8(0)
    if absent.size:
        first = np.uint64(start)
        for i in range(np.uint64(count)):
            found |= absent[first + i]
    return found != 0


@inlined
def predict_row(
    cells: Any,
    here: Any,
    absent: Any,
    place: Any,
    masked: Any,
    n: Any,
    before: Any,
    mid: Any,
    sums: Any,
    residuals: Any,
) -> None:
    """Difference a row twice: to the rows before, whose sum is in `sums`, and from cell to cell.

    The row is `n` cells from `here` on, in the whole array from `place` on. `before` is what the first cell is
    differenced to.
    """
    dtype = cells.dtype.type
    at, to, count = np.uint64(here), np.uint64(place), np.uint64(n)
    if masked:
        last = np.int64(before)
        for i in range(count):
            if absent[to + i]:
                cells[at + i] = last + sums[i]
                residuals[to + i] = mid
            else:
                difference = np.int64(cells[at + i]) - sums[i]
                residuals[to + i] = difference - last + mid
                last = difference
    else:
        residuals[to] = np.int64(cells[at]) - sums[0] - before + mid
        one = np.uint64(1)
        for i in range(one, count):
            left = i - one
            across = np.int64(cells[at + i]) - np.int64(cells[at + left])
            residuals[to + i] = dtype(across - (sums[i] - sums[left]) + mid)


@inlined
def restore_row(residuals: Any, place: Any, n: Any, before: Any, mid: Any, sums: Any, cells: Any, here: Any) -> None:
    """Undo `predict_row`; `cells` may be `residuals`."""
    at, to = np.uint64(here), np.uint64(place)
    last = np.int64(before)
    for i in range(np.uint64(n)):
        last += np.int64(residuals[to + i]) - mid
        cells[at + i] = last + sums[i]
