"""Where to look back to: for each latent, the distance to an earlier one that it resembles.

The rules of choice are those of the NumPy twin, number by number: they decide bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ... import scratch
from .compiled import allocating, compiled_allocating, inlined_lightly, read_only
from .words import bit_length, clear, item_bytes

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NEAR = (4, 1, 1)  # the nearest distances that are always tried, round by round
_FREQUENT = 8  # distances tried for every latent because matches have them most often
_HASH = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)  # odd numbers of well mixed bits
_FIRST, _SECOND = (np.uint64(number) for number in _HASH)
_MOST = np.int32((1 << 31) - 1)
_MATCHES = len(_HASH)
_LAST_MATCH = np.uint64(_MATCHES - 1)
_HALF = 4  # bytes of 32 bits
_ONE, _NEAREST, _NONE = np.uint64(1), np.uint32(1), np.uint32(0)
_KEY_SHIFT = np.uint64(48)
_KEYS = 1 << 16
_SAMPLED_LOG = 10  # all rounds but the last work on stretches of so many latents,
_SHARE = 4  # the last of so many, or on all of a few,
_ENOUGH_LOG = 14  # or of so many that about so many latents are looked at
_BLOCK = 512  # latents at a time, one distance for all of them
_SCALE_LOG = 4  # costs are in sixteenths of a bit
_FRACTION_LOG = 20
_PLACE_BITS = 5  # room for the place of a distance among those that are tried
_PLACE = np.int32((1 << _PLACE_BITS) - 1)
_PRICE_BITS = np.int32(_PLACE_BITS + _SCALE_LOG)


def find_lookbacks(latents: Latents, counts: I64, window_log: int, out: npt.NDArray[np.uint32]) -> None:
    """See `Kernels.find_lookbacks`."""
    matches = scratch.empty(_MATCHES * latents.size, np.uint32).reshape(_MATCHES, latents.size)
    _find(read_only(latents), counts, 1 << window_log, matches, out)


@compiled_allocating
def _find(latents: Any, counts: Any, window: Any, matches: Any, out: Any) -> None:
    _find_matches(latents, counts, window, np.empty(_KEYS, np.uint32), np.empty(_BLOCK, np.uint16), matches)
    # Nothing is counted of distances that are longer than what there is.
    found = clear(np.empty(min(window, max(latents.size, _NEAR[0])) + 1, np.int64))
    for begin in range(0, latents.size, _BLOCK):
        if _is_sampled(begin, latents.size):
            for match in range(_MATCHES):
                for distance in matches[match, begin : begin + _BLOCK]:
                    found[np.uint64(distance)] += 1
    found[0] = 0
    best, codes, earlier = (np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.int32), np.empty(_BLOCK, latents.dtype))
    # A distance is cheap when many latents use it, which the first rounds find out.
    for turn in range(len(_NEAR)):
        tried = _distances_to_try(found, min(_NEAR[turn], window))
        marks = _code_costs(found, window)
        clear(found)
        _choose_in_lanes(latents, counts, turn, tried, matches, marks, best, codes, earlier, found, out)


@inlined_lightly
def _choose_in_lanes(
    latents: Any,
    counts: Any,
    turn: Any,
    tried: Any,
    matches: Any,
    marks: Any,
    best: Any,
    codes: Any,
    earlier: Any,
    found: Any,
    out: Any,
) -> None:
    """Choose distances: in all rounds but the last those of a sample, which are counted in `found`."""
    start = np.int64(0)
    for lane in range(counts.size):
        end = start + counts[lane]
        page, lookbacks = latents[start:end], out[start:end]
        first: Any = np.int64(0)
        while first < page.size:
            index = start + first
            n = min(_BLOCK - index % _BLOCK, page.size - first)
            if turn == len(_NEAR) - 1 or _is_sampled(index, latents.size):
                _choose(page, first, tried, matches[:, index : index + n], marks, best, codes, earlier)
                _distances(best[:n], tried, matches[:, index : index + n], lookbacks[first:])
                if turn < len(_NEAR) - 1:
                    for i in range(first == 0, n):  # the first latent has nothing to look back to
                        found[np.uint64(lookbacks[first + i])] += 1
            first += n
        if page.size:
            lookbacks[0] = 1
        start = end


@inlined_lightly
def _is_sampled(index: Any, size: Any) -> Any:
    share = max(size >> _ENOUGH_LOG, _SHARE)
    return size < _SHARE << _SAMPLED_LOG or (index >> _SAMPLED_LOG) % share == share - 1


@inlined_lightly
def _find_matches(latents: Any, counts: Any, window: Any, last: Any, keys: Any, matches: Any) -> None:
    """Fill `matches` with distances to the last equal key, 0 where there is none in lane and window.

    Keys are hashes of a latent, and of it and the one before; `keys` is room for those of a block, and `last` for one
    more than the index of the last latent of each key.
    """
    for match in range(_MATCHES):
        # One kind of key at a time, so that this stays in the cache.
        for place in range(last.size):
            last[place] = _NONE
        start = np.int64(0)
        for lane in range(counts.size):
            end = start + counts[lane]
            page, out = latents[start:end], matches[match, start:end]
            for first in range(0, page.size, _BLOCK):
                block = page[first : first + _BLOCK]
                index = start + first
                _hash(block, np.uint64(latents[max(index - 1, 0)]) if index else np.uint64(0), match, keys)
                here = np.uint32(index)
                for i in range(block.size):
                    at = np.uint64(i)
                    key = np.uint64(keys[at])
                    here += _NEAREST
                    distance = np.uint32(here - last[key])
                    last[key] = here
                    # A choice, not a condition: which way it goes cannot be predicted.
                    out[np.uint64(first) + at] = distance if distance <= np.uint32(min(first + i, window)) else _NONE
            start = end


@inlined_lightly
def _hash(block: Any, before: Any, match: Any, keys: Any) -> None:
    """Fill `keys` for latents that follow another."""
    if match == 0:
        for i in range(block.size):
            keys[i] = np.uint64(block[i]) * _FIRST >> _KEY_SHIFT
    else:
        keys[0] = np.uint64(block[0]) * _SECOND + before * _FIRST >> _KEY_SHIFT
        for i in range(1, block.size):
            keys[i] = np.uint64(block[i]) * _SECOND + np.uint64(block[i - 1]) * _FIRST >> _KEY_SHIFT


@allocating
def _distances_to_try(found: Any, near: Any) -> Any:
    """Return, in ascending order, the nearest distances and those found most often, of equal ones the nearer."""
    tried = clear(np.empty(near + _FREQUENT, np.int64))
    for i in range(near):
        tried[i] = i + 1
    frequent = tried[near:]
    held = 0
    for distance in range(near + 1, found.size):
        count = found[distance]
        if count <= 1 or (held == _FREQUENT and count <= found[frequent[held - 1]]):
            continue
        held = min(held + 1, _FREQUENT)
        at = held - 1
        while at > 0 and found[frequent[at - 1]] < count:
            frequent[at] = frequent[at - 1]
            at -= 1
        frequent[at] = distance
    for i in range(1, held):  # `np.sort` takes long to compile
        moved, at = frequent[i], i
        while at > 0 and frequent[at - 1] > moved:
            frequent[at] = frequent[at - 1]
            at -= 1
        frequent[at] = moved
    return tried[: near + held]


@allocating
def _code_costs(found: Any, window: Any) -> Any:
    """Return roughly ``log2(all / found)`` for each distance, in sixteenths of a bit."""
    total = np.int64(window + 1)
    for count in found:
        total += count
    costs = np.empty(found.size, np.int32)
    total_log = _rough_log(total)
    for distance in range(found.size):
        costs[distance] = total_log - _rough_log(found[distance] + 1)
    return costs


@inlined_lightly
def _rough_log(value: Any) -> Any:
    """Return log2 in sixteenths: a straight line within each octave."""
    octave = bit_length(np.uint64(value)) - 1
    fraction = ((value << _FRACTION_LOG) >> octave) - (1 << _FRACTION_LOG)
    return (octave << _SCALE_LOG) + ((fraction << _SCALE_LOG) >> _FRACTION_LOG)


@inlined_lightly
def _choose(
    page: Any, first: Any, tried: Any, matches: Any, marks: Any, best: Any, codes: Any, earlier_latents: Any
) -> None:
    """Find for latents of a page from `first` on the distances of least cost: of their codes and of the differences.

    Cost and the distance's place among those tried, then among matches, make one integer, so that the least one brings
    its place along.
    """
    n = matches.shape[1]
    here = page[first : first + n]
    for i in range(n):
        best[i] = _MOST
    for place in range(tried.size):
        distance = tried[place]
        mark = np.int32((marks[distance] << _PLACE_BITS) + place)
        skipped = max(0, distance - first)  # latents that have none so far back in their page
        if skipped < n:
            earlier, late, least = page[first + skipped - distance :], here[skipped:], best[skipped:n]
            for i in range(least.size):
                least[i] = min(least[i], np.int32(mark + _price(late[i], earlier[i], page)))
    for match in range(_MATCHES):
        for i in range(n):
            # Where there is none, the nearest is tried once more: a condition could not be predicted. Looked up by
            # itself, as the processor then does the rest for many at once.
            at = np.uint64(i)
            back = max(matches[match, at], _NEAREST)
            earlier_latents[at] = page[np.uint64(first) + at - min(np.uint64(back), np.uint64(first) + at)]
            codes[at] = marks[np.uint64(back)]
        place = tried.size + match
        for i in range(n):
            mark = np.int32((codes[i] << _PLACE_BITS) + place)
            best[i] = min(best[i], np.int32(mark + _price(here[i], earlier_latents[i], page)))


@inlined_lightly
def _distances(best: Any, tried: Any, matches: Any, out: Any) -> None:
    """Write the distances whose places were found best."""
    few = np.uint64(tried.size)
    for i in range(best.size):
        place = np.uint64(best[i] & _PLACE)
        # Both are looked up and one is chosen: a condition could not be predicted.
        match = matches[np.uint64(min(max(place, few) - few, _LAST_MATCH)), i]
        out[i] = tried[min(place, few - _ONE)] if place < few else max(match, _NEAREST)


@inlined_lightly
def _price(here: Any, earlier: Any, page: Any) -> Any:
    """Return what a difference costs, above the bits of a place."""
    dtype = page.dtype.type
    difference: Any = dtype(here - earlier)
    least: Any = min(difference, dtype(-difference))
    bits: Any = bit_length(np.uint64(least)) if item_bytes(page) > _HALF else bit_length(np.uint32(least))
    return np.int32(bits) << _PRICE_BITS
