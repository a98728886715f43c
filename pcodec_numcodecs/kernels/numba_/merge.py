"""Which neighbouring ranges of latents are cheapest in one bin."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...fixed_log import FRACTION_BITS, TABLE_LOG, fixed_log2, mantissa_logs
from .compiled import compiled, inlined
from .words import bit_length

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_MANTISSA = np.uint64((1 << TABLE_LOG) - 1)


def merge_ranges(lowers: U64, uppers: U64, counts: I64, fixed: int, costs: I64, origins: I64) -> None:
    """See `Kernels.merge_ranges`."""
    ends = np.cumsum(counts)
    total_log = int(fixed_log2(ends[-1:])[0])
    _merge(lowers, uppers, ends, ends - counts, mantissa_logs(), np.int64(total_log), np.int64(fixed), costs, origins)


@compiled
def _merge(
    lowers: Any, uppers: Any, ends: Any, before: Any, logs: Any, total_log: Any, fixed: Any, costs: Any, origins: Any
) -> None:
    for j in range(ends.size):
        upper, end = uppers[j], ends[j]
        best, origin = np.int64(0), -1
        for i in range(j + 1):
            count = end - before[i]
            bits = total_log - _log2(np.uint64(count), logs) + (bit_length(upper - lowers[i]) << FRACTION_BITS)
            cost = bits * count + fixed + costs[i]
            if origin < 0 or cost < best:
                best, origin = cost, i
        costs[j + 1], origins[j + 1] = best, origin


@inlined
def _log2(value: Any, logs: Any) -> Any:
    """Do what `fixed_log2` does, for one positive integer."""
    exponent = bit_length(value) - 1
    if exponent >= TABLE_LOG:
        top = value >> np.uint64(exponent - TABLE_LOG)
    else:
        top = value << np.uint64(TABLE_LOG - exponent)
    return (exponent << FRACTION_BITS) + logs[top & _MANTISSA]
