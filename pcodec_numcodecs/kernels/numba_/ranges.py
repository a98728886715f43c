"""Latents to ranges, and ranges to bins, in one call: to cut at, or for what they cost."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ... import scratch
from ...constants import MAX_ANS_LOG
from ...fixed_log import mantissa_logs
from ..bin_costs import SINGLE_BIN_SLACK
from .compiled import compiled, compiled_allocating, inlined_lightly, read_only
from .cutting import cut
from .merge import mark_bins, merge, one_bin
from .variables import each_width

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NOTHING: Final = np.zeros(0, np.int64)
_ONE: Final = np.uint64(1)


def cut_ranges(latents: Latents, ranges: int, lowers: U64, uppers: U64, counts: I64) -> int:
    """See `Kernels.cut_ranges`."""
    one, logs = np.array([ranges]), mantissa_logs()
    room = lowers, uppers, counts, _NOTHING, _NOTHING, np.empty(1, np.int64)
    return int(_cut_and_price(*_words(latents), _NOTHING, one, 0, one, logs, *room, np.uint64(0))[0])


def find_bounds(latents: Latents, places: I64, ranges: int, fixed: int, is_patient: bool) -> U64:
    """See `Kernels.find_bounds`."""
    most, size = 2 * ranges, places.size or latents.size
    words, bounds = scratch.empty(3 * size, np.uint64), np.empty(2 * most + 1, np.uint64)
    highest = np.uint64(np.iinfo(latents.dtype).max)
    u8, u16, u32, u64 = map(read_only, each_width(latents))
    found = _bounds(
        *(u8, u16, u32, u64, read_only(places), words[:size], words[size:]),
        *(ranges, fixed, is_patient, highest, mantissa_logs(), bounds),
    )
    return bounds[: min(found, 1 << MAX_ANS_LOG)]


def price_ranges(latents: Latents, runs: I64, ranges: I64, n: int, fixed: I64) -> I64:
    """See `Kernels.price_ranges`."""
    most = 2 * max(ranges.tolist())
    lowers, uppers = np.empty((2, most), np.uint64)
    counts, costs, origins = np.empty((3, most + 1), np.int64)
    prices, middle = np.empty(ranges.size, np.int64), np.uint64(1 << (8 * latents.itemsize - 1))
    room = lowers, uppers, counts, costs, origins
    found = _cut_and_price(*_words(latents), runs, ranges, n, fixed, mantissa_logs(), *room, prices, middle)[1]
    return prices[:found]


def _words(latents: Latents) -> tuple[U64, U64]:
    """Widen a copy of latents: samples are short, and so one kernel serves all widths; with room to sort them."""
    words = scratch.empty(3 * latents.size, np.uint64)
    words[: latents.size] = latents
    return words[: latents.size], words[latents.size :]


@inlined_lightly
def _cut(latents: Any, room: Any, ranges: Any, n: Any, lowers: Any, uppers: Any, counts: Any) -> Any:
    """Cut latents, scale the counts to `n`, if that is more, and return how many ranges there are."""
    size, held = cut(latents, room, ranges, lowers, uppers, counts), latents.size
    if n > held:
        for i in range(size):
            counts[i] = counts[i] * n // held
    return size


@compiled_allocating
def _bounds(
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
    places: Any,
    sample: Any,
    room: Any,
    ranges: Any,
    fixed: Any,
    is_patient: Any,
    highest: Any,
    logs: Any,
    bounds: Any,
) -> Any:
    """Find bounds, and return how many there are. None is above the highest latent of all."""
    if u64.size:
        _take(u64, places, sample)
    elif u32.size:
        _take(u32, places, sample)
    elif u16.size:
        _take(u16, places, sample)
    else:
        _take(u8, places, sample)
    most = 2 * ranges
    lowers, uppers, counts = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.int64)
    size = _cut(sample, room, ranges, max(u8.size, u16.size, u32.size, u64.size), lowers, uppers, counts)
    begins = np.empty(size + 1, np.bool_)
    mark_bins(lowers[:size], uppers[:size], counts[:size], fixed, is_patient, logs, begins)
    begins[size] = True
    bounds[0], found = 0, 1
    for i in range(size):
        if begins[i] and lowers[i] > bounds[found - 1]:
            bounds[found] = lowers[i]
            found += 1
        if begins[i + 1] and uppers[i] < highest:
            bounds[found] = uppers[i] + _ONE
            found += 1
    return found


@inlined_lightly
def _take(latents: Any, places: Any, sample: Any) -> None:
    """Widen the latents at some places, or all."""
    if places.size:
        for i in range(sample.size):
            sample[i] = latents[np.uint64(places[i])]
    else:
        for i in range(sample.size):
            sample[i] = latents[i]


@compiled
def _cut_and_price(
    latents: Any,
    room: Any,
    runs: Any,
    ranges: Any,
    n: Any,
    fixed: Any,
    logs: Any,
    lowers: Any,
    uppers: Any,
    counts: Any,
    costs: Any,
    origins: Any,
    prices: Any,
    middle: Any,
) -> Any:
    """Price latents and their differences, order by order; or cut them only, where there is no room for costs.

    One kernel does both, as cutting takes long to compile.

    Returns
    -------
    How many ranges there are of what was cut last, and how many prices.
    """
    held, size = latents.size, np.int64(0)
    for order in range(ranges.size):
        if order:
            held = _difference(latents, runs, order, middle)
        prices[order] = 0
        if held:
            size = _cut(latents[:held], room[: 2 * held], ranges[order], n, lowers, uppers, counts)
            if not costs.size:
                return size, np.int64(0)
            merge(lowers[:size], uppers[:size], counts[:size], logs, fixed[order], costs, origins)
            total = np.int64(0)
            for i in range(size):
                total += counts[i]
            best, single = costs[size], one_bin(lowers, uppers, size, total, fixed[order])
            prices[order] = single if single <= best + SINGLE_BIN_SLACK * total else best
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
