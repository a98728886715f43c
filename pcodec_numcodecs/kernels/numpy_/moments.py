"""Sums of products, of which least squares are made."""

import numpy as np
import numpy.typing as npt


def sum_moments(columns: npt.NDArray[np.int32], out: npt.NDArray[np.int64]) -> None:
    """See `Kernels.sum_moments`."""
    # A matrix product of floats may sum in any order and with any rounding, which differs between machines: here none
    # is ever rounded, as the caller's limits keep every sum below 2**53. That of integers is many times slower.
    floats = columns.astype(np.float64)
    out[...] = np.matmul(floats, floats.T)
