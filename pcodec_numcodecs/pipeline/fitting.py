"""Weights of a prediction from neighbours, by least squares on a sample.

Sums of products are exact integers and the solution takes its steps in a fixed order, each rounded once, so the weights
are the same on every machine. Rounds of reweighting turn least squares towards least absolute values (Daubechies,
DeVore, Fornasier and Gunturk, "Iteratively reweighted least squares minimization", 2010): what counts are bits, and a
few edges in the data must not decide for all the rest.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernels import Kernels
from .stencils import Offset

__all__ = ["SHIFT", "fit"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

SHIFT: Final = 12
"""Weights are stored in units of 2 to the power of minus this."""
_MOST_WEIGHT: Final = (1 << 15) - 1
_LARGEST: Final = 7.0
"""Size of a weight, but for the last neighbour's, which makes up for the sum."""
_VALUE_BITS: Final = 17
_ROUNDS: Final = 3
_RIDGE: Final = 1.0 / (1 << 20)
_LEAST_FLOOR: Final = 1.0 / (1 << 10)


def fit(cells: I64, places: I64, offsets: tuple[Offset, ...], axes: tuple[int, ...], kernels: Kernels) -> I64 | None:
    """Fit weights for neighbours, which add up to ``2**SHIFT``.

    Parameters
    ----------
    cells
        Boxes of signed cells.
    places
        Where the cells to predict are, in the flattened boxes; ``2**15`` at the most.
    offsets
        The last neighbour along the last axis is one of them. Beyond the edge of a box the nearest cell stands for one.
    axes
        Axes of the boxes that offsets are along.

    Returns
    -------
    int64, one a neighbour; None where there is too little to tell.
    """
    if places.size < 8 * len(offsets):
        return None
    west_offset = (0,) * (len(axes) - 1) + (-1,)
    others = [index for index, offset in enumerate(offsets) if offset != west_offset]
    columns = _gather(cells, places, [*(offsets[index] for index in others), (0,) * len(axes), west_offset], axes)
    columns = columns[:-1] - columns[-1]
    # The wildest cells are left out: they say nothing of the others, and would take the bits of the sums.
    # Unsigned, as differences may have wrapped to the least integer, which has no opposite.
    sizes = np.abs(columns).view(np.uint64).max(axis=0)
    limit = int(np.sort(sizes)[(19 * sizes.size) // 20])
    solution = _reweighted(np.ascontiguousarray(columns[:, sizes <= limit]), limit, kernels)
    if solution is None:
        return None
    weights = np.zeros(len(offsets), np.int64)
    weights[others] = np.rint(np.clip(solution, -_LARGEST, _LARGEST) * (1 << SHIFT)).astype(np.int64)
    west_weight = (1 << SHIFT) - int(weights.sum())
    if abs(west_weight) > _MOST_WEIGHT:
        return None
    weights[offsets.index(west_offset)] = west_weight
    return weights


def _gather(cells: I64, places: I64, offsets: list[Offset], axes: tuple[int, ...]) -> I64:
    """Return for each offset the neighbours of the cells at some places, shape (offsets, places)."""
    coordinates = np.unravel_index(places, cells.shape)
    flat = cells.reshape(-1)
    strides = [stride // cells.itemsize for stride in cells.strides]
    moves: dict[tuple[int, int], I64] = {}
    for axis in axes:
        for step in {offset[axes.index(axis)] for offset in offsets}:
            moved = np.clip(coordinates[axis] + step, 0, cells.shape[axis] - 1)
            moves[axis, step] = (moved - coordinates[axis]) * strides[axis]
    columns = np.empty((len(offsets), places.size), np.int64)
    for row, offset in enumerate(offsets):
        index = places
        for step, axis in zip(offset, axes, strict=True):
            if step:
                index = index + moves[axis, step]
        np.take(flat, index, out=columns[row])
    return columns


def _reweighted(columns: I64, limit: int, kernels: Kernels) -> F64 | None:
    """Solve for the last row as a mixture of the others."""
    shift = max(0, limit.bit_length() - _VALUE_BITS)
    scale = float(1 << max(0, _VALUE_BITS - 1 - limit.bit_length()))
    values = (columns >> shift).astype(np.float64) * scale
    solution: F64 | None = None
    for _ in range(_ROUNDS):
        scaled = values
        if solution is not None:
            misses = values[-1].copy()
            for row, weight in enumerate(solution.tolist()):
                misses -= weight * values[row]
            misses = np.abs(misses)
            middle = np.sort(misses)[misses.size // 2]
            floor = max(float(middle) / 2, _LEAST_FLOOR)
            scaled = values * np.sqrt(floor / (misses + floor))
        integers = np.rint(scaled).astype(np.int32)
        moments = np.zeros((len(integers), len(integers)), np.int64)
        kernels.sum_moments(integers, moments)
        found = _solve(moments)
        if found is None:
            return solution
        solution = found
    return solution


def _solve(moments: I64) -> F64 | None:
    """Solve normal equations by elimination in the order of the rows."""
    system = moments[:-1].astype(np.float64)
    size = len(system)
    trace = 0.0
    for row in range(size):
        trace += float(system[row, row])
    if trace <= 0.0:
        return None
    for row in range(size):
        system[row, row] += trace * _RIDGE / size
    for row in range(size):
        pivot = float(system[row, row])
        if not pivot > 0.0:
            return None
        scaled = system[row] / pivot
        system -= system[:, row, np.newaxis] * scaled
        system[row] = scaled
    return system[:, -1]
