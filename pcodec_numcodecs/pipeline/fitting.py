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
    listed = np.array([*(offsets[index] for index in others), (0,) * len(axes), west_offset], np.int64)
    sizes = np.array([cells.shape[axis] for axis in axes], np.int64)
    strides = np.array([cells.strides[axis] // cells.itemsize for axis in axes], np.int64)
    solution = np.zeros(len(others))
    if not kernels.fit_neighbours(cells.reshape(-1), places, sizes, strides, listed, solution):
        return None
    weights = np.zeros(len(offsets), np.int64)
    weights[others] = np.rint(np.clip(solution, -_LARGEST, _LARGEST) * (1 << SHIFT)).astype(np.int64)
    west_weight = (1 << SHIFT) - int(weights.sum())
    if abs(west_weight) > _MOST_WEIGHT:
        return None
    weights[offsets.index(west_offset)] = west_weight
    return weights
