"""How many bits residuals take."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths


def count_bit_lengths(
    residuals: npt.NDArray[np.unsignedinteger[Any]], chosen: npt.NDArray[np.uint8], out: npt.NDArray[np.int64]
) -> None:
    """See `Kernels.count_bit_lengths`."""
    distances = residuals[chosen != 0].astype(np.uint64) - np.uint64(1 << (8 * residuals.itemsize - 1))
    signed = distances.view(np.int64)
    lengths = bit_lengths((signed ^ (signed >> 63)).view(np.uint64)) + (signed != 0)
    out[...] = np.bincount(lengths, minlength=out.size)
