"""How many bits residuals take."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, read_only
from .words import bit_length

_SIGN = 63


def count_bit_lengths(
    residuals: npt.NDArray[np.unsignedinteger[Any]], chosen: npt.NDArray[np.uint8], out: npt.NDArray[np.int64]
) -> None:
    """See `Kernels.count_bit_lengths`."""
    middle = np.array([1 << (8 * residuals.itemsize - 1)], np.uint64).view(np.int64)[0]
    _count(read_only(residuals), read_only(chosen), middle, out)


@compiled
def _count(residuals: Any, chosen: Any, middle: Any, out: Any) -> None:
    out[:] = 0
    for i in range(residuals.size):
        distance = np.int64(np.uint64(residuals[i])) - middle
        length = bit_length(np.uint64(distance ^ (distance >> _SIGN))) + (distance != 0)
        out[np.uint64(length)] += np.int64(chosen[i])
