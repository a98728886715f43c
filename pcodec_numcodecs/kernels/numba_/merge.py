"""Which neighbouring ranges of latents are cheapest in one bin."""

from typing import Any

import numpy as np

from ...fixed_log import FRACTION_BITS, TABLE_LOG
from ..bin_costs import OFFSETS_SAVING, SINGLE_BIN_SLACK
from .compiled import allocating, inlined
from .words import bit_length

_MANTISSA = np.uint64((1 << TABLE_LOG) - 1)


@allocating
def mark_bins(lowers: Any, uppers: Any, counts: Any, fixed: Any, is_patient: Any, logs: Any, begins: Any) -> None:
    """Tell of each range whether a bin begins with it, if neighbours are merged as `Kernels.find_bounds` says."""
    size = counts.size
    costs, origins = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    merge(lowers, uppers, counts, logs, fixed, costs, origins)
    n, codes, are_single = np.int64(0), np.int64(0), True
    for i in range(size):
        n += counts[i]
        codes -= counts[i] * log2(np.uint64(counts[i]), logs)
        are_single &= lowers[i] == uppers[i]
        begins[i] = False
    best = costs[size]
    if one_bin(lowers, uppers, size, n, fixed) <= best + SINGLE_BIN_SLACK * n:
        begins[0] = True
        return
    if are_single and not is_patient:
        unmerged = codes + n * log2(np.uint64(n), logs) + fixed * size
        if unmerged <= best + best // OFFSETS_SAVING:
            for i in range(size):
                begins[i] = True
            return
    place = size
    while place:
        place = origins[place]
        begins[place] = True


@inlined
def one_bin(lowers: Any, uppers: Any, size: Any, n: Any, fixed: Any) -> Any:
    """Return what one bin costs for all latents of so many ranges."""
    return fixed + n * (bit_length(uppers[size - 1] - lowers[0]) << FRACTION_BITS)


@allocating
def merge(lowers: Any, uppers: Any, counts: Any, logs: Any, fixed: Any, costs: Any, origins: Any) -> None:
    """Find the cheapest bins for the first range, the first two, and so on.

    `costs` and `origins` have one more entry than there are ranges: the entry after a range gets the cost up to it, and
    where the last bin begins, of equally cheap ones the earliest.
    """
    size = counts.size
    costs[0] = 0
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
