"""What residuals will cost, roughly and soon: the entropy of their bit lengths, and the bits below the leading one.

All costs are integers in units of `fixed_log.ONE_BIT`, so that they are the same on every machine.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ..bits import bit_lengths
from ..dtypes import Latents
from ..fixed_log import fixed_log2
from ..kernels import Kernels

__all__ = ["LENGTHS", "code_cost", "costs_of_parts", "residual_lengths"]

I64 = npt.NDArray[np.int64]

LENGTHS: Final = 65
"""Bit lengths that a residual may have."""


def residual_lengths(residuals: Latents) -> I64:
    """Return the bit length of each residual, as `Kernels.cost_by_lengths` does."""
    distances = residuals.astype(np.uint64) - np.uint64(1 << (8 * residuals.itemsize - 1))
    signed = distances.view(np.int64)
    return bit_lengths((signed ^ (signed >> 63)).view(np.uint64)) + (signed != 0)


def code_cost(counts: I64) -> I64:
    """Return what codes for the bit lengths take, for each row of counts."""
    logs = fixed_log2(counts.reshape(-1)).reshape(counts.shape)
    totals = counts.sum(axis=1)
    cost: I64 = totals * fixed_log2(totals) - (counts * logs).sum(axis=1)
    return cost


def costs_of_parts(residuals: Latents, chosen: npt.NDArray[np.uint8], ends: I64, kernels: Kernels) -> I64:
    """Return what stretches of residuals cost, each with codes of its own."""
    costs = np.empty(len(ends), np.int64)
    kernels.cost_by_lengths(residuals, chosen, ends, costs)
    return costs
