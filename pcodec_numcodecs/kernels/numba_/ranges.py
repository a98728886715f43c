"""Latents to ranges, and ranges to bins: one kernel for both, so that a price takes one call."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ... import scratch
from ...fixed_log import FRACTION_BITS, mantissa_logs
from .compiled import compiled, inlined_lightly
from .cutting import cut
from .merge import merge
from .words import bit_length

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NO_WORDS: Final = np.zeros(0, np.uint64)
_NOTHING: Final = np.zeros(0, np.int64)


def cut_ranges(latents: Latents, ranges: int, lowers: U64, uppers: U64, counts: I64) -> int:
    """See `Kernels.cut_ranges`."""
    one, logs = np.array([ranges]), mantissa_logs()
    room = lowers, uppers, counts, _NOTHING, _NOTHING
    return int(
        _cut_and_merge(*_words(latents), _NOTHING, one, 0, one, 0, logs, *room, np.empty(1, np.int64), np.uint64(0))[0]
    )


def merge_ranges(lowers: U64, uppers: U64, counts: I64, fixed: int, costs: I64, origins: I64) -> None:
    """See `Kernels.merge_ranges`."""
    one, logs = np.array([fixed]), mantissa_logs()
    room = lowers, uppers, counts, costs, origins
    _cut_and_merge(_NO_WORDS, _NO_WORDS, _NOTHING, one, 0, one, 0, logs, *room, np.empty(1, np.int64), np.uint64(0))


def price_ranges(latents: Latents, runs: I64, ranges: I64, n: int, fixed: I64, slack: int) -> I64:
    """See `Kernels.price_ranges`."""
    most = 2 * int(ranges.max())
    lowers, uppers = np.empty((2, most), np.uint64)
    counts, costs, origins = np.empty((3, most + 1), np.int64)
    prices, middle = np.empty(ranges.size, np.int64), np.uint64(1 << (8 * latents.itemsize - 1))
    room = lowers, uppers, counts, costs, origins
    found = _cut_and_merge(*_words(latents), runs, ranges, n, fixed, slack, mantissa_logs(), *room, prices, middle)[1]
    return prices[:found]


def _words(latents: Latents) -> tuple[U64, U64]:
    """Widen a copy of latents: samples are short, and so one kernel serves all widths; with room to sort them."""
    words = scratch.empty(3 * latents.size, np.uint64)
    words[: latents.size] = latents
    return words[: latents.size], words[latents.size :]


@compiled
def _cut_and_merge(
    latents: Any,
    room: Any,
    runs: Any,
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
    prices: Any,
    middle: Any,
) -> Any:
    """Cut latents, if there are any, into ranges; scale the counts of these to `n`, if that is more; and find bins.

    Where there is room for `costs`, the same is done with differences, order by order, as `Kernels.price_ranges` says.

    Returns
    -------
    How many ranges there are, and how many prices.
    """
    size, held = counts.size, latents.size
    for order in range(ranges.size):
        if order:
            held = _difference(latents, runs, order, middle)
        prices[order] = 0
        if held:
            size = cut(latents[:held], room[: 2 * held], ranges[order], lowers, uppers, counts)
            if n > held:
                for i in range(size):
                    counts[i] = counts[i] * n // held
        if costs.size and (held or not latents.size):
            costs[0] = 0
            merge(lowers[:size], uppers[:size], counts[:size], logs, fixed[order], costs, origins)
            total = np.int64(0)
            for i in range(size):
                total += counts[i]
            best = costs[size]
            single = fixed[order] + total * (bit_length(uppers[size - 1] - lowers[0]) << FRACTION_BITS)
            prices[order] = single if single <= best + slack * total else best
        if order and prices[order] >= prices[order - 1]:
            return size, np.int64(order + 1)
    return size, np.int64(ranges.size)


@inlined_lightly
def _difference(latents: Any, runs: Any, order: Any, middle: Any) -> Any:
    """Take differences of some order, from those of the order below and in their place; return how many there are."""
    mask = middle | (middle - np.uint64(1))
    first = done = np.int64(0)
    for run in range(runs.size):
        held = max(runs[run] - order + 1, 0)
        for i in range(held - 1):
            difference = latents[np.uint64(first + i + 1)] - latents[np.uint64(first + i)]
            latents[np.uint64(done + i)] = (difference & mask) ^ middle
        first += held
        done += max(held - 1, 0)
    return done
