"""Weights of neighbours by least squares."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import fits
from .compiled import allocating, compiled_allocating, inlined, inlined_lightly, read_only
from .words import bit_length, bits_of, float_of

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_KEPT, _OF = fits.KEPT
_VALUE_BITS, _ROUNDS, _RIDGE, _LEAST_FLOOR = fits.VALUE_BITS, fits.ROUNDS, fits.RIDGE, fits.LEAST_FLOOR
_REACH, _KEYS, _STEP_LOG, _FIRST_FLOAT = fits.REACH, fits.KEYS, fits.STEP_LOG, fits.FIRST_FLOAT
_EXPONENT_SHIFT = np.uint64(fits.EXPONENT_SHIFT)
_BELOW_LEADING = np.uint64(63 - fits.STEP_LOG)
_BLOCK = 2048  # columns at a time: what is multiplied stays in the cache
_SIGN = 63
_STEPS = np.uint64((1 << fits.STEP_LOG) - 1)


def fit_neighbours(cells: I64, places: I64, sizes: I64, strides: I64, offsets: I64, out: F64) -> bool:
    """See `Kernels.fit_neighbours`."""
    return bool(_fit(read_only(cells), read_only(places), sizes, strides, offsets, out))


@compiled_allocating
def _fit(cells: Any, places: Any, sizes: Any, strides: Any, offsets: Any, out: Any) -> Any:
    rows, n = offsets.shape[0] - 1, places.size
    columns, keys = np.empty((n, rows), np.int64), np.empty(n, np.int32)
    _gather(cells, places, sizes, strides, offsets, columns, keys)
    limit = _ranked(keys, n, _KEPT * n // _OF)
    bits = limit >> _STEP_LOG  # of the largest difference that is looked at
    shift, scale = np.int64(max(0, bits - _VALUE_BITS)), np.float64(1 << max(0, _VALUE_BITS - 1 - bits))
    values, kept = np.empty((rows, n)), np.int64(0)
    for place in range(n):
        if keys[place] <= limit:
            for row in range(rows):
                values[row, kept] = np.float64(columns[place, row] >> shift) * scale
            kept += 1
    factors, integers = np.ones(kept), np.empty((rows, kept), np.int32)
    moments, system = np.empty((rows, rows), np.int64), np.empty((rows, rows))
    for turn in range(_ROUNDS):
        if turn:
            _weigh(values, out, kept, keys, factors)
        for row in range(rows):
            for i in range(kept):
                integers[row, i] = np.int32(np.rint(values[row, i] * factors[i]))
        _sum_moments(integers, moments)
        if not _solve(moments, system):
            return turn > 0
        for row in range(rows - 1):
            out[row] = system[row, rows - 1]
    return True


@allocating
def _gather(cells: Any, places: Any, sizes: Any, strides: Any, offsets: Any, columns: Any, keys: Any) -> None:
    """Fill the columns, one a row, with neighbours of a place, less the last, and find the key of the largest."""
    rows: Any = np.uint64(columns.shape[1])
    axes: Any = np.uint64(sizes.size)
    moves = np.empty((sizes.size, 2 * _REACH + 1), np.int64)
    steps = np.empty(offsets.shape, np.uint64)
    least: Any = np.int64(0)
    most: Any = np.int64(0)
    for other in range(offsets.shape[0]):
        for axis in range(sizes.size):
            least, most = min(least, offsets[other, axis]), max(most, offsets[other, axis])
            steps[other, axis] = offsets[other, axis] + _REACH
    for place in range(places.size):
        at = places[place]
        for axis in range(sizes.size):
            coordinate = at // strides[axis] % sizes[axis]
            for step in range(least, most + 1):
                moved = min(max(coordinate + step, 0), sizes[axis] - 1)
                moves[axis, step + _REACH] = (moved - coordinate) * strides[axis]
        last = largest = np.int64(0)
        for turn in range(rows + np.uint64(1)):
            row: Any = rows - turn
            index = at
            for axis in range(axes):
                index += moves[axis, steps[row, axis]]
            if turn == 0:
                last = cells[np.uint64(index)]
            else:
                difference = cells[np.uint64(index)] - last
                columns[np.uint64(place), row] = difference
                # The least integer has no opposite, but a complement.
                largest = max(largest, difference ^ (difference >> _SIGN))
        length = bit_length(np.uint64(largest))
        below = (np.uint64(largest) << np.uint64(64 - length)) >> _BELOW_LEADING if length else np.uint64(0)
        keys[place] = (length << _STEP_LOG) + np.int64(below & _STEPS)


@allocating
def _ranked(keys: Any, n: Any, rank: Any) -> Any:
    """Return the key of some rank, 0 for the least."""
    counts = np.zeros(_KEYS, np.int64)
    for i in range(n):
        counts[keys[i]] += 1
    key, seen = np.int64(0), counts[0]
    while seen <= rank:
        key += 1
        seen += counts[key]
    return key


@allocating
def _weigh(values: Any, weights: Any, n: Any, keys: Any, factors: Any) -> None:
    """Find what each column counts by: the less the more it is missed by."""
    rows = values.shape[0] - 1
    misses = values[rows, :n].copy()
    for row in range(rows):
        weight = weights[row]
        for i in range(n):
            misses[i] -= weight * values[row, i]
    for i in range(n):
        misses[i] = abs(misses[i])
        key = np.int64(bits_of(misses[i]) >> _EXPONENT_SHIFT) - _FIRST_FLOAT
        keys[i] = min(max(key, 0), _KEYS - 1)
    middle = float_of(np.uint64(_ranked(keys, n, n // 2) + _FIRST_FLOAT) << _EXPONENT_SHIFT)
    floor = max(middle / 2.0, _LEAST_FLOOR)
    for i in range(n):
        factors[i] = np.sqrt(floor / (misses[i] + floor))


@inlined_lightly
def _solve(moments: Any, system: Any) -> Any:
    """Solve normal equations by elimination in the order of the rows; the solution is the last column."""
    size = moments.shape[0] - 1
    trace = 0.0
    for row in range(size):
        for column in range(size + 1):
            system[row, column] = np.float64(moments[row, column])
        trace += system[row, row]
    if trace <= 0.0:
        return False
    for row in range(size):
        system[row, row] += trace * _RIDGE / size
    for row in range(size):
        pivot = system[row, row]
        if not pivot > 0.0:
            return False
        for column in range(size + 1):
            system[row, column] /= pivot
        for other in range(size):
            if other != row:
                factor = system[other, row]
                for column in range(size + 1):
                    system[other, column] -= factor * system[row, column]
    return True


@inlined_lightly
def _sum_moments(columns: Any, out: Any) -> None:
    """Fill `out` with the sum of products of each row with each."""
    rows, n = columns.shape
    out[:] = 0
    for first in range(0, n, _BLOCK):
        count = min(_BLOCK, n - first)
        for i in range(rows):
            j = i
            while j + 4 <= rows:
                _add_four(columns, i, j, first, count, out)
                j += 4
            while j < rows:
                _add_one(columns, i, j, first, count, out)
                j += 1
    for i in range(rows):
        for j in range(i):
            out[i, j] = out[j, i]


@inlined
def _add_four(columns: Any, i: Any, j: Any, first: Any, count: Any, out: Any) -> None:
    """Multiply a row with four others."""
    i, j, at = np.uint64(i), np.uint64(j), np.uint64(first)
    a = b = c = d = np.int64(0)
    for k in range(at, at + np.uint64(count)):
        number = np.int64(columns[i, k])
        a += number * np.int64(columns[j, k])
        b += number * np.int64(columns[j + np.uint64(1), k])
        c += number * np.int64(columns[j + np.uint64(2), k])
        d += number * np.int64(columns[j + np.uint64(3), k])
    out[i, j] += a
    out[i, j + np.uint64(1)] += b
    out[i, j + np.uint64(2)] += c
    out[i, j + np.uint64(3)] += d


@inlined
def _add_one(columns: Any, i: Any, j: Any, first: Any, count: Any, out: Any) -> None:
    i, j, at = np.uint64(i), np.uint64(j), np.uint64(first)
    total = np.int64(0)
    for k in range(at, at + np.uint64(count)):
        total += np.int64(columns[i, k]) * np.int64(columns[j, k])
    out[i, j] += total
