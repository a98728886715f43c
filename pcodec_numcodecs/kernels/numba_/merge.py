"""Which neighbouring ranges of latents are cheapest in one bin."""

from typing import Any

import numpy as np

from ...fixed_log import FRACTION_BITS, TABLE_LOG
from .compiled import allocating, inlined
from .words import bit_length

_MANTISSA = np.uint64((1 << TABLE_LOG) - 1)


@allocating
def merge(lowers: Any, uppers: Any, counts: Any, logs: Any, fixed: Any, costs: Any, origins: Any) -> None:
    """Find the cheapest bins for the first range, the first two, and so on; see `Kernels.merge_ranges`."""
    size = counts.size
    _merge(lowers, uppers, counts, logs, fixed, costs, origins, np.empty(size, np.int64), np.empty(size, np.int64))


@inlined
def _merge(
    lowers: Any,
    uppers: Any,
    counts: Any,
    logs: Any,
    fixed: Any,
    costs: Any,
    origins: Any,
    before: Any,
    row: Any,
) -> None:
    size = counts.size
    before[0] = 0
    for i in range(1, size):
        before[i] = before[i - 1] + counts[i - 1]
    total_log = log2(np.uint64(before[size - 1] + counts[size - 1]), logs)
    for j in range(size):
        upper, end = uppers[j], before[j] + counts[j]
        for i in range(j + 1):
            count = end - before[i]
            bits = total_log - log2(np.uint64(count), logs) + (bit_length(upper - lowers[i]) << FRACTION_BITS)
            row[i] = bits * count + costs[i]
        best = row[0]
        for i in range(j + 1):
            best = min(best, row[i])
        origin = 0
        while row[origin] != best:
            origin += 1
        costs[j + 1], origins[j + 1] = best + fixed, origin


@inlined
def log2(value: Any, logs: Any) -> Any:
    """Do what `fixed_log2` does, for one positive integer."""
    exponent = bit_length(value) - 1
    # Counts take far fewer than the 64 - TABLE_LOG bits that this leaves.
    top = (value << np.uint64(TABLE_LOG)) >> np.uint64(exponent)
    return (exponent << FRACTION_BITS) + logs[top & _MANTISSA]
