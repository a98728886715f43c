"""Latents to ranges of about equal counts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined_lightly, read_only
from .words import bit_length

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_DIGIT_BITS = 11  # counts of a digit's values stay in the first-level cache


def cut_ranges(
    latents: npt.NDArray[np.unsignedinteger[Any]], ranges: int, lowers: U64, uppers: U64, counts: I64
) -> int:
    """See `Kernels.cut_ranges`."""
    latents = latents.astype(np.uint64, copy=False)  # samples are short, and so one kernel serves all widths
    return _cut(read_only(latents), np.int64(ranges), lowers, uppers, counts)


@compiled
def _cut(latents: Any, ranges: Any, lowers: Any, uppers: Any, counts: Any) -> Any:
    ordered, n = _sorted(latents), latents.size
    most = 2 * ranges
    distinct = np.int64(1)
    for i in range(1, n):
        distinct += ordered[i] != ordered[i - 1]
    size = 0  # of the ranges whose ends are known
    first = 0  # of the range that is open
    if distinct <= most:
        for i in range(1, n + 1):
            if i == n or ordered[i] != ordered[i - 1]:
                size = _close(ordered, first, i, size, lowers, uppers, counts)
                first = i
        return size
    for index in range(1, ranges):
        cut = index * n // ranges
        begin, end = _run(ordered, cut)
        frequent = most * (end - begin) > n
        if begin > first and (frequent or cut - begin <= end - cut):
            size = _close(ordered, first, begin, size, lowers, uppers, counts)
            first = begin
        if n > end > first and (frequent or cut - begin > end - cut):
            size = _close(ordered, first, end, size, lowers, uppers, counts)
            first = end
    return _close(ordered, first, n, size, lowers, uppers, counts)


@inlined_lightly
def _close(ordered: Any, first: Any, end: Any, size: Any, lowers: Any, uppers: Any, counts: Any) -> Any:
    lowers[size], uppers[size], counts[size] = ordered[first], ordered[end - 1], end - first
    return size + 1


@inlined_lightly
def _run(ordered: Any, place: Any) -> Any:
    """Return where the latents that equal the one at a place begin and end: by steps that double, then halve."""
    value = ordered[place]
    step, low = np.int64(1), place
    while low - step >= 0 and ordered[low - step] == value:
        low -= step
        step *= 2
    while step:
        if low - step >= 0 and ordered[low - step] == value:
            low -= step
        step //= 2
    step, high = np.int64(1), place
    while high + step < ordered.size and ordered[high + step] == value:
        high += step
        step *= 2
    while step:
        if high + step < ordered.size and ordered[high + step] == value:
            high += step
        step //= 2
    return low, high + 1


@inlined_lightly
def _sorted(latents: Any) -> Any:
    """Sort by one digit after another, the lowest first; of as many bits as the span of the latents has."""
    lowest, highest = latents[0], latents[0]
    for latent in latents:
        lowest, highest = min(lowest, latent), max(highest, latent)
    span_bits = bit_length(np.uint64(highest) - np.uint64(lowest))
    passes = (span_bits + _DIGIT_BITS - 1) // _DIGIT_BITS
    bits = (span_bits + passes - 1) // max(passes, 1)
    mask = np.uint64((1 << bits) - 1)
    begins = np.zeros((passes, 1 << bits), np.uint32)
    low = np.uint64(lowest)
    for latent in latents:
        rest = np.uint64(latent) - low
        for digit in range(passes):
            begins[np.uint64(digit), rest & mask] += np.uint32(1)
            rest >>= np.uint64(bits)
    source, target = latents.copy(), np.empty_like(latents)
    for digit in range(passes):
        places = begins[digit]
        sum_ = np.uint32(0)
        for value in range(places.size):
            count = places[value]
            places[value] = sum_
            sum_ += count
        shift = np.uint64(digit * bits)
        for latent in source:
            key = ((np.uint64(latent) - low) >> shift) & mask
            target[np.uint64(places[key])] = latent
            places[key] += np.uint32(1)
        source, target = target, source
    return source
