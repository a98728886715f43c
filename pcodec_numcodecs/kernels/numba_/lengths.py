"""What residuals cost by their bit lengths."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...fixed_log import FRACTION_BITS, mantissa_logs
from .compiled import compiled_allocating, inlined_lightly, read_only
from .merge import log2
from .words import bit_length

I64 = npt.NDArray[np.int64]

_SIGN = 63
_LENGTHS = 65


def cost_by_lengths(
    residuals: npt.NDArray[np.unsignedinteger[Any]], chosen: npt.NDArray[np.uint8], ends: I64, costs: I64
) -> None:
    """See `Kernels.cost_by_lengths`."""
    middle = np.array([1 << (8 * residuals.itemsize - 1)], np.uint64).view(np.int64)[0]
    _cost(read_only(residuals), read_only(chosen), middle, ends, mantissa_logs(), costs)


@compiled_allocating
def _cost(residuals: Any, chosen: Any, middle: Any, ends: Any, logs: Any, costs: Any) -> None:
    # Neighbours often have one length: with two counts of each, one need not wait for the other.
    counts = np.empty((2, _LENGTHS), np.int64)
    start = np.int64(0)
    for part in range(ends.size):
        counts[:] = 0
        end = ends[part]
        for i in range(start, end):
            counts[i & 1, _length(residuals[np.uint64(i)], middle)] += np.int64(chosen[np.uint64(i)])
        start = end
        total = cost = bits = np.int64(0)
        for length in range(_LENGTHS):
            count = counts[0, length] + counts[1, length]
            if count:
                total += count
                cost -= count * log2(np.uint64(count), logs)
                bits += count * max(length - 1, 0)
        if total:
            cost += total * log2(np.uint64(total), logs)
        costs[part] = cost + (bits << FRACTION_BITS)


@inlined_lightly
def _length(residual: Any, middle: Any) -> Any:
    distance = np.int64(np.uint64(residual)) - middle
    return np.uint64(bit_length(np.uint64(distance ^ (distance >> _SIGN))) + (distance != 0))
