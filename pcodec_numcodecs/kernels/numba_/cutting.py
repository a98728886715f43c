"""Latents to ranges of about equal counts."""

from typing import Any

import numpy as np

from .compiled import allocating, inlined_lightly, separate
from .words import bit_length, clear

_DIGIT_BITS = 11  # counts of a digit's values stay in the first-level cache
_FIRST_PASSES = 3
_FALLS = 16  # of so many neighbours, two are not in order at the most where few latents are out of it
_DENSE = 2  # values of a span of up to so many times the latents are counted each


@allocating
def cut(latents: Any, room: Any, ranges: Any, lowers: Any, uppers: Any, counts: Any) -> Any:
    """Cut latents; see `Kernels.cut_ranges`. The room is for twice as many, to sort them."""
    ordered, n = _sorted(latents, room), latents.size
    most = 2 * ranges
    distinct = np.int64(1)
    for i in range(1, n):
        distinct += ordered[i] != ordered[i - 1]
    size: Any = np.int64(0)  # of the ranges whose ends are known
    first: Any = np.int64(0)  # of the range that is open
    if distinct <= most:
        for i in range(1, n + 1):
            if i == n or ordered[i] != ordered[i - 1]:
                size = _close(ordered, first, i, size, lowers, uppers, counts)
                first = i
        return size
    for index in range(1, ranges):
        place = index * n // ranges
        begin, end = _run(ordered, place)
        frequent = most * (end - begin) > n
        if begin > first and (frequent or place - begin <= end - place):
            size = _close(ordered, first, begin, size, lowers, uppers, counts)
            first = begin
        if n > end > first and (frequent or place - begin > end - place):
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


@allocating
def _sorted(latents: Any, room: Any) -> Any:
    """Sort by one digit after another, the lowest first; of as many bits as the span of the latents has."""
    lowest, highest = latents[0], latents[0]
    for latent in latents:
        lowest, highest = min(lowest, latent), max(highest, latent)
    if np.uint64(highest) - np.uint64(lowest) < np.uint64(_DENSE * latents.size):
        return _sorted_by_counts(latents, room[: latents.size], np.uint64(lowest), np.uint64(highest))
    span_bits = bit_length(np.uint64(highest) - np.uint64(lowest))
    passes = (span_bits + _DIGIT_BITS - 1) // _DIGIT_BITS
    # The highest digits tell most latents apart, and what is left is soon put in order.
    skipped = max(span_bits - _FIRST_PASSES * _DIGIT_BITS, 0)
    ordered = _sorted_by_digits(latents, room, np.uint64(lowest), skipped, span_bits, min(passes, _FIRST_PASSES))
    while skipped and not _is_mended(ordered):
        skipped = np.int64(0)
        ordered = _sorted_by_digits(ordered, room, np.uint64(lowest), skipped, span_bits, passes)
    return ordered


@inlined_lightly
def _is_mended(ordered: Any) -> Any:
    """Put latents in order, if few are out of it, and tell whether they are."""
    falls = np.int64(0)
    for i in range(1, ordered.size):
        falls += ordered[i] < ordered[i - 1]
    moves = ordered.size
    if falls * _FALLS > moves:
        return False
    for i in range(np.uint64(1), np.uint64(ordered.size)):
        latent = ordered[i]
        place: Any = i
        while place and ordered[place - np.uint64(1)] > latent:
            ordered[place] = ordered[place - np.uint64(1)]
            place -= np.uint64(1)
            moves -= 1
        ordered[place] = latent
        if moves < 0:
            return False
    return True


@separate
def _sorted_by_digits(latents: Any, room: Any, low: Any, skipped: Any, span_bits: Any, passes: Any) -> Any:
    """Sort by all bits but so many lowest ones, in so many passes."""
    bits = (span_bits - skipped + passes - 1) // max(passes, 1)
    mask = np.uint64((1 << bits) - 1)
    # Neighbours often have one digit: with two counts of each, and two ends to sort from, one need not wait for the
    # other.
    begins, ends = _cleared(passes << bits), _cleared(passes << bits)
    n = latents.size
    half, odd = n // 2, np.uint64(n // 2 * 2)
    for i in range(half):
        rest = (np.uint64(latents[i]) - low) >> np.uint64(skipped)
        other = (np.uint64(latents[half + i]) - low) >> np.uint64(skipped)
        for digit in range(passes):
            first = np.uint64(digit) << np.uint64(bits)
            begins[first + (rest & mask)] += np.uint32(1)
            ends[first + (other & mask)] += np.uint32(1)
            rest >>= np.uint64(bits)
            other >>= np.uint64(bits)
    if odd < n:
        rest = (np.uint64(latents[odd]) - low) >> np.uint64(skipped)
        for digit in range(passes):
            begins[(np.uint64(digit) << np.uint64(bits)) + (rest & mask)] += np.uint32(1)
            rest >>= np.uint64(bits)
    source, target = room[:n], room[n:]
    for i in range(np.uint64(n)):
        source[i] = latents[i]
    for digit in range(passes):
        own = slice(digit << bits, (digit + 1) << bits)
        places, behind = begins[own], ends[own]
        sum_ = np.uint32(0)
        for value in range(places.size):
            count = places[value] + behind[value]
            places[value] = sum_
            sum_ += count
            behind[value] = sum_
        shift = np.uint64(skipped + digit * bits)
        for i in range(half):
            latent, last = source[np.uint64(i)], source[np.uint64(n - 1 - i)]
            key, other = ((np.uint64(latent) - low) >> shift) & mask, ((np.uint64(last) - low) >> shift) & mask
            target[np.uint64(places[key])] = latent
            places[key] += np.uint32(1)
            behind[other] -= np.uint32(1)
            target[np.uint64(behind[other])] = last
        if odd < n:
            latent = source[np.uint64(half)]
            target[np.uint64(places[((np.uint64(latent) - low) >> shift) & mask])] = latent
        source, target = target, source
    return source


@allocating
def _sorted_by_counts(latents: Any, ordered: Any, low: Any, high: Any) -> Any:
    values, half = np.int64(high - low) + 1, latents.size // 2
    counts, others = _cleared(values), _cleared(values)
    for i in range(half):
        counts[np.uint64(latents[np.uint64(i)]) - low] += np.uint32(1)
        others[np.uint64(latents[np.uint64(half + i)]) - low] += np.uint32(1)
    if 2 * half < latents.size:
        counts[np.uint64(latents[2 * half]) - low] += np.uint32(1)
    place = np.uint64(0)
    for value in range(values):
        end = place + np.uint64(counts[value] + others[value])
        latent = low + np.uint64(value)
        while place < end:
            ordered[place] = latent
            place += np.uint64(1)
    return ordered


@allocating
def _cleared(size: Any) -> Any:
    return clear(np.empty(size, np.uint32))
