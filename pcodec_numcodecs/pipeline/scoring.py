"""What residuals will cost, roughly and soon: the entropy of their bit lengths, and the bits below the leading one.

All costs are integers in units of `fixed_log.ONE_BIT`, so that they are the same on every machine.
"""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from ..bits import bit_lengths
from ..fixed_log import FRACTION_BITS, fixed_log2

__all__ = ["differences", "entropy_cost", "median_edges"]

I64 = npt.NDArray[np.int64]


def entropy_cost(residuals: I64, bits: int) -> int:
    """Return the cost of signed residuals, which are wrapped to a width first."""
    shift = 64 - bits
    wrapped = (residuals << shift) >> shift
    lengths = bit_lengths(((wrapped << 1) ^ (wrapped >> 63)).view(np.uint64))
    counts = np.bincount(lengths.reshape(-1), minlength=65)
    used = np.flatnonzero(counts)
    found = counts[used]
    total = fixed_log2(np.array([found.sum()]))
    code = int((found * (total - fixed_log2(found))).sum())
    return code + (int((found * np.maximum(used - 1, 0)).sum()) << FRACTION_BITS)


def differences(cells: I64, axes: tuple[int, ...]) -> I64:
    """Return the differences of cells along some axes one after another: the residuals of Lorenzo's prediction."""
    for axis in axes:
        cells = np.diff(cells, axis=axis, prepend=0)
    return cells


def median_edges(cells: I64, axes: tuple[int, int]) -> I64:
    """Return the residuals of the median edge detector in the planes of two axes."""
    row, column = axes
    west = _before(cells, column)
    north = _before(cells, row)
    corner = _before(west, row)
    gradient = west + north - corner
    prediction = np.maximum(np.minimum(west, north), np.minimum(np.maximum(west, north), gradient))
    # At the edges there is but one neighbour.
    first_row: list[Any] = [slice(None)] * cells.ndim
    first_row[row] = 0
    prediction[tuple(first_row)] = west[tuple(first_row)]
    first_column: list[Any] = [slice(None)] * cells.ndim
    first_column[column] = 0
    prediction[tuple(first_column)] = north[tuple(first_column)]
    return cells - prediction


def _before(cells: I64, axis: int) -> I64:
    shifted = np.zeros_like(cells)
    to: list[Any] = [slice(None)] * cells.ndim
    source = to.copy()
    to[axis], source[axis] = slice(1, None), slice(None, -1)
    shifted[tuple(to)] = cells[tuple(source)]
    return shifted


def subsets(axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return all sets of axes but the empty one, small ones first."""
    return [chosen for count in range(1, len(axes) + 1) for chosen in combinations(axes, count)]
