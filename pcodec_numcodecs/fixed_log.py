"""log2 in fixed point, from integers alone, so that costs are the same on every machine.

(`np.log2` differs between SIMD levels in the last place, which is enough to tip a choice.)
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .constants import MAX_ANS_LOG

I64 = npt.NDArray[np.int64]

FRACTION_BITS = 16
ONE_BIT = 1 << FRACTION_BITS
"""The cost of one bit."""

TABLE_LOG = 12
"""log2 of the entries of `mantissa_logs`."""

_EXACT_BITS = 53
_MANTISSA_BITS = 52
_BIAS = 1023


@cache
def mantissa_logs() -> I64:
    """Return log2 of the middles of 4096 equal parts of [1, 2): each squaring brings out the next binary digit."""
    mantissa = (np.arange(1 << TABLE_LOG, dtype=np.uint64) * np.uint64(2) + np.uint64(1)) << np.uint64(31 - 13)
    mantissa += np.uint64(1 << 31)
    mantissa[0] = 1 << 31  # powers of two are exact
    logs = np.zeros(mantissa.size, np.int64)
    for _ in range(FRACTION_BITS):
        mantissa = (mantissa * mantissa) >> np.uint64(31)
        digit = mantissa >> np.uint64(32)
        mantissa >>= digit
        logs = 2 * logs + digit.view(np.int64)
    return logs


@cache
def weight_logs() -> I64:
    """Return `fixed_log2` of the weights that a tANS table may have, and of 0."""
    return fixed_log2(np.arange((1 << MAX_ANS_LOG) + 1))


def fixed_log2(values: npt.NDArray[Any]) -> I64:
    """Return log2 of positive integers, in units of 2**-16; 0 for 0. Accurate to 2**-11."""
    wide = values.astype(np.uint64)
    if wide.max(initial=0) >> _EXACT_BITS:
        # What float64 would round, perhaps up to the next power of two.
        wide[wide >> np.uint64(_EXACT_BITS) > 0] &= ~np.uint64((1 << (64 - _EXACT_BITS)) - 1)
    floats = wide.astype(np.float64).view(np.int64)  # exact: exponent and mantissa as they are wanted
    exponents = np.maximum((floats >> _MANTISSA_BITS) - _BIAS, 0)
    return (exponents << FRACTION_BITS) + mantissa_logs()[
        (floats >> (_MANTISSA_BITS - TABLE_LOG)) & ((1 << TABLE_LOG) - 1)
    ]


def entropy(counts: I64) -> int:
    """Return what the least codes for so many appearances of some values take together, in units of `ONE_BIT`."""
    n = int(counts.sum())
    logs = fixed_log2(np.append(counts, n))
    return n * int(logs[-1]) - int((counts * logs[:-1]).sum())
