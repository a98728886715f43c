"""Latents to ranges, and ranges to bins: one kernel for both, so that a price takes one call."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...fixed_log import FRACTION_BITS, mantissa_logs
from .compiled import compiled, read_only
from .cutting import cut
from .merge import merge
from .words import bit_length

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NO_WORDS: Final = read_only(np.zeros(0, np.uint64))
_NOTHING: Final = np.zeros(0, np.int64)


def cut_ranges(latents: Latents, ranges: int, lowers: U64, uppers: U64, counts: I64) -> int:
    """See `Kernels.cut_ranges`."""
    words, logs = _words(latents), mantissa_logs()
    return int(_cut_and_merge(words, ranges, 0, 0, 0, logs, lowers, uppers, counts, _NOTHING, _NOTHING)[0])


def merge_ranges(lowers: U64, uppers: U64, counts: I64, fixed: int, costs: I64, origins: I64) -> None:
    """See `Kernels.merge_ranges`."""
    _cut_and_merge(_NO_WORDS, 0, 0, fixed, 0, mantissa_logs(), lowers, uppers, counts, costs, origins)


def price_ranges(latents: Latents, ranges: int, n: int, fixed: int, slack: int) -> int:
    """See `Kernels.price_ranges`."""
    lowers, uppers = np.empty((2, 2 * ranges), np.uint64)
    counts, costs, origins = np.empty((3, 2 * ranges + 1), np.int64)
    words, logs = _words(latents), mantissa_logs()
    return int(_cut_and_merge(words, ranges, n, fixed, slack, logs, lowers, uppers, counts, costs, origins)[1])


def _words(latents: Latents) -> U64:
    """Widen latents: samples are short, and so one kernel serves all widths."""
    return read_only(latents.astype(np.uint64, copy=False))


@compiled
def _cut_and_merge(
    latents: Any,
    ranges: Any,
    n: Any,
    fixed: Any,
    slack: Any,
    logs: Any,
    lowers: Any,
    uppers: Any,
    counts: Any,
    costs: Any,
    origins: Any,
) -> Any:
    """Cut latents, if there are any, into ranges; scale the counts of these to `n`, if that is more; and find bins.

    Returns
    -------
    How many ranges there are; and if there is room for `costs`, the price, as `Kernels.price_ranges` returns it.
    """
    size = counts.size
    if latents.size:
        size = cut(latents, ranges, lowers, uppers, counts)
        if n > latents.size:
            for i in range(size):
                counts[i] = counts[i] * n // latents.size
    if not costs.size:
        return size, np.int64(0)
    costs[0] = 0
    merge(lowers[:size], uppers[:size], counts[:size], logs, fixed, costs, origins)
    total = np.int64(0)
    for i in range(size):
        total += counts[i]
    best, single = costs[size], fixed + total * (bit_length(uppers[size - 1] - lowers[0]) << FRACTION_BITS)
    return size, single if single <= best + slack * total else best
