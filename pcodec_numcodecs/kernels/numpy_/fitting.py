"""Weights of neighbours by least squares."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from .. import fits

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def fit_neighbours(cells: I64, places: I64, sizes: I64, strides: I64, offsets: I64, out: F64) -> bool:
    """See `Kernels.fit_neighbours`."""
    columns = _gathered(cells, places, sizes, strides, offsets)
    columns = columns[:-1] - columns[-1]
    kept, of = fits.KEPT
    # The least integer has no opposite, but a complement.
    keys = _keys((columns ^ (columns >> 63)).max(axis=0).view(np.uint64))
    limit = int(np.sort(keys)[kept * keys.size // of])
    bits = limit >> fits.STEP_LOG
    shift = max(0, bits - fits.VALUE_BITS)
    values = (columns[:, keys <= limit] >> shift) * float(1 << max(0, fits.VALUE_BITS - 1 - bits))
    scaled = values
    for turn in range(fits.ROUNDS):
        if turn:
            scaled = values * _factors(values, out)
        # A matrix product of floats may sum in any order and with any rounding, which differs between machines: here
        # none is ever rounded, as every sum stays below 2**53. That of integers is many times slower.
        integers = np.rint(scaled)
        solution = _solve(np.matmul(integers, integers.T))
        if solution is None:
            return turn > 0
        out[:] = solution
    return True


def _gathered(cells: I64, places: I64, sizes: I64, strides: I64, offsets: I64) -> I64:
    """Return for each offset the neighbours of the cells at some places, shape (offsets, places)."""
    moves: dict[tuple[int, int], I64] = {}
    for axis, (size, stride) in enumerate(zip(sizes.tolist(), strides.tolist(), strict=True)):
        coordinates = places // stride % size
        for step in set(offsets[:, axis].tolist()):
            moves[axis, step] = (np.clip(coordinates + step, 0, size - 1) - coordinates) * stride
    columns = np.empty((len(offsets), places.size), np.int64)
    for row, offset in enumerate(offsets.tolist()):
        index = places
        for axis, step in enumerate(offset):
            if step:
                index = index + moves[axis, step]
        np.take(cells, index, out=columns[row])
    return columns


def _keys(numbers: npt.NDArray[np.uint64]) -> I64:
    """Return the bit length of each integer, and the bits below its leading one."""
    lengths = bit_lengths(numbers)
    # Two shifts: one by 64 would be undefined.
    leading = (numbers << np.minimum(64 - lengths, 63).view(np.uint64)) >> np.uint64(63 - fits.STEP_LOG)
    keys: I64 = (lengths << fits.STEP_LOG) + (leading & np.uint64((1 << fits.STEP_LOG) - 1)).view(np.int64)
    return keys


def _factors(values: F64, weights: F64) -> F64:
    """Return what each column counts by: the less the more it is missed by."""
    misses = values[-1].copy()
    for row, weight in enumerate(weights.tolist()):
        misses -= weight * values[row]
    np.abs(misses, out=misses)
    keys = np.clip((misses.view(np.int64) >> fits.EXPONENT_SHIFT) - fits.FIRST_FLOAT, 0, fits.KEYS - 1)
    middle = np.sort(keys)[keys.size // 2 : keys.size // 2 + 1] + fits.FIRST_FLOAT
    floor = max(float((middle << fits.EXPONENT_SHIFT).view(np.float64)[0]) / 2, fits.LEAST_FLOOR)
    found: F64 = np.sqrt(floor / (misses + floor))
    return found


def _solve(moments: F64) -> npt.NDArray[Any] | None:
    """Solve normal equations by elimination in the order of the rows."""
    system = moments[:-1]
    size = len(system)
    trace = 0.0
    for row in range(size):
        trace += float(system[row, row])
    if trace <= 0.0:
        return None
    for row in range(size):
        system[row, row] += trace * fits.RIDGE / size
    for row in range(size):
        pivot = float(system[row, row])
        if not pivot > 0.0:
            return None
        scaled = system[row] / pivot
        system -= system[:, row, np.newaxis] * scaled
        system[row] = scaled
    return system[:, -1]
