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
from .sampling import Boxes
from .stencils import Offset

__all__ = ["SHIFT", "fit", "neighbour", "weighted"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

SHIFT: Final = 12
"""Weights are stored in units of 2 to the power of minus this."""
_MOST_WEIGHT: Final = (1 << 15) - 1
_VALUE_BITS: Final = 17
_MOST_SAMPLES: Final = 1 << 13
_ROUNDS: Final = 3
_RIDGE: Final = 1.0 / (1 << 20)


def neighbour(cells: I64, offset: Offset, axes: tuple[int, ...]) -> I64:
    """Return for each cell the one at an offset along some axes, or the nearest to that within the box."""
    for step, axis in zip(offset, axes, strict=True):
        if step:
            length = cells.shape[axis]
            places = np.clip(np.arange(length) + step, 0, length - 1)
            cells = cells.take(places, axis=axis)
    return cells


def weighted(cells: I64, offsets: tuple[Offset, ...], weights: I64, shift: int, axes: tuple[int, ...]) -> I64:
    """Return the weighted prediction of each cell; that of cells without all neighbours means nothing."""
    west = neighbour(cells, (0,) * (len(axes) - 1) + (-1,), axes)
    total = np.full(cells.shape, (1 << shift) >> 1, np.int64)
    for offset, weight in zip(offsets, weights.tolist(), strict=True):
        if weight:
            total += weight * (neighbour(cells, offset, axes) - west)
    return west + (total >> shift)


def fit(
    boxes: Boxes, present: npt.NDArray[np.bool_], offsets: tuple[Offset, ...], axes: tuple[int, ...], kernels: Kernels
) -> I64 | None:
    """Fit weights for neighbours, which add up to ``2**SHIFT``.

    Parameters
    ----------
    boxes
        Signed cells, int64.
    present
        Which cells to predict.
    offsets
        The last neighbour along the last axis is one of them.
    axes
        The axes of the boxes' cells that offsets are along.

    Returns
    -------
    int64, one a neighbour; None where there is too little to tell.
    """
    cells = boxes.cells
    places = np.flatnonzero(present.reshape(-1))
    if places.size < 8 * len(offsets):
        return None
    if places.size > _MOST_SAMPLES:
        places = places[(np.arange(_MOST_SAMPLES) * places.size) // _MOST_SAMPLES]
    west_offset = (0,) * (len(axes) - 1) + (-1,)
    west = neighbour(cells, west_offset, axes).reshape(-1)[places]
    others = [index for index, offset in enumerate(offsets) if offset != west_offset]
    columns = np.empty((len(others) + 1, places.size), np.int64)
    for row, index in enumerate(others):
        columns[row] = neighbour(cells, offsets[index], axes).reshape(-1)[places]
    columns[-1] = cells.reshape(-1)[places]
    columns -= west
    # The wildest cells are left out: they say nothing of the others, and would take the bits of the sums.
    sizes = np.abs(columns).max(axis=0)
    limit = int(np.sort(sizes)[(19 * sizes.size) // 20])
    columns = columns[:, sizes <= limit]
    solution = _reweighted(columns, limit, kernels)
    if solution is None:
        return None
    weights = np.zeros(len(offsets), np.int64)
    weights[others] = np.rint(np.clip(solution, -7.0, 7.0) * (1 << SHIFT)).astype(np.int64)
    west_weight = (1 << SHIFT) - int(weights.sum())
    if abs(west_weight) > _MOST_WEIGHT:
        return None
    weights[offsets.index(west_offset)] = west_weight
    return weights


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
            floor = max(float(middle) / 2, 1.0 / (1 << 10))
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
        system[row] = system[row] / pivot
        for other in range(size):
            if other != row:
                system[other] = system[other] - float(system[other, row]) * system[row]
    return system[:, -1]
