"""Where to look back to: for each latent, the distance to an earlier one that it resembles.

The rules of choice are those of the NumPy twin, number by number: they decide bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only
from .words import bit_length

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NEAR = 4  # the nearest distances that are always tried
_FREQUENT = 12  # distances tried for every latent because matches have them most often
_HASH = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)  # odd numbers of well mixed bits
_FIRST, _SECOND, _THIRD = (np.uint64(number) for number in _HASH)
_MOST = (1 << 63) - 1
_BLOCK = 1024  # latents at a time, one distance for all of them
_MATCHES = len(_HASH)
_KEY_SHIFT = np.uint64(48)
_KEYS = 1 << 16
_ROUGH_BITS = 6  # of the latents' span, where three in a row are compared
_SCALE_LOG = 4  # costs are in sixteenths of a bit
_FRACTION_LOG = 20
_DISTANCE_BITS = 25  # room for the largest window
_DISTANCE = (1 << _DISTANCE_BITS) - 1


def find_lookbacks(latents: Latents, counts: I64, window_log: int, out: npt.NDArray[np.uint32]) -> None:
    """See `Kernels.find_lookbacks`."""
    _find(read_only(latents), counts, 1 << window_log, out)


@compiled
def _find(latents: Any, counts: Any, window: Any, out: Any) -> None:
    matches = np.zeros((_MATCHES, latents.size), np.uint32)
    found = np.zeros(window + 1, np.int64)
    best = np.empty(_BLOCK, np.int64)
    _find_matches(latents, counts, window, matches, found)
    # Two rounds: a distance is cheap when many latents use it, which the first round finds out.
    for _ in range(2):
        tried = _distances_to_try(found, min(_NEAR, window))
        marks = _code_costs(found)
        for distance in range(marks.size):
            marks[distance] = (marks[distance] << _DISTANCE_BITS) + distance
        found[:] = 0
        start = np.int64(0)
        for lane in range(counts.size):
            end = start + counts[lane]
            page, lookbacks = latents[start:end], out[start:end]
            for first in range(0, page.size, _BLOCK):
                block = slice(start + first, min(start + first + _BLOCK, end))
                _choose(page, first, tried, matches[:, block], marks, best)
                for i in range(block.stop - block.start):
                    chosen = best[i] & _DISTANCE
                    lookbacks[first + i] = chosen
                    found[chosen] += 1
            if page.size:
                found[np.int64(lookbacks[0])] -= 1  # the first latent has nothing to look back to
                lookbacks[0] = 1
            start = end


@inlined
def _find_matches(latents: Any, counts: Any, window: Any, matches: Any, found: Any) -> None:
    """Fill `matches` with distances to the last equal key, 0 where there is none in lane and window; count them.

    Keys are hashes of a latent, of it and the one before, and of the high bits of three in a row.
    """
    lowest, highest = np.uint64(latents[0]) if latents.size else np.uint64(0), np.uint64(0)
    for latent in latents:
        lowest, highest = min(lowest, np.uint64(latent)), max(highest, np.uint64(latent))
    shift = np.uint64(max(0, bit_length(highest - lowest) - _ROUGH_BITS)) if latents.size else np.uint64(0)
    last = np.empty(_KEYS, np.uint32)  # one kind of key at a time, so that this stays in the cache
    for match in range(_MATCHES):
        last[:] = 0  # one more than the index of the last latent of each key
        one = two = three = np.uint64(0)
        index = np.int64(0)
        for lane in range(counts.size):
            for place in range(counts[lane]):
                three, two, one = two, one, np.uint64(latents[index])
                if match == 0:
                    key = one * _FIRST
                elif match == 1:
                    key = one * _SECOND + two * _FIRST
                else:
                    one = (one - lowest) >> shift
                    key = one * _THIRD + two * _SECOND + three * _FIRST
                distance = index + 1 - np.int64(last[key >> _KEY_SHIFT])
                if distance <= min(place, window):
                    matches[match, index] = distance
                    found[distance] += 1
                index += 1
                last[key >> _KEY_SHIFT] = index


@inlined
def _distances_to_try(found: Any, near: Any) -> Any:
    """Return the nearest distances and those found most often, of equally frequent ones the nearer."""
    tried = np.zeros(_NEAR + _FREQUENT, np.int64)
    for i in range(near):
        tried[i] = i + 1
    frequent = tried[near : near + _FREQUENT]
    held = 0
    for distance in range(found.size):
        count = found[distance]
        if count <= 1 or (held == _FREQUENT and count <= found[frequent[held - 1]]):
            continue
        held = min(held + 1, _FREQUENT)
        at = held - 1
        while at > 0 and found[frequent[at - 1]] < count:
            frequent[at] = frequent[at - 1]
            at -= 1
        frequent[at] = distance
    return tried[: near + held]


@inlined
def _code_costs(found: Any) -> Any:
    """Return roughly ``log2(all / found)`` for each distance, in sixteenths of a bit."""
    total = np.int64(found.size)
    for count in found:
        total += count
    costs = np.empty(found.size, np.int64)
    for distance in range(found.size):
        costs[distance] = _rough_log(total) - _rough_log(found[distance] + 1)
    return costs


@inlined
def _rough_log(value: Any) -> Any:
    """Return log2 in sixteenths: a straight line within each octave."""
    octave = bit_length(np.uint64(value)) - 1
    fraction = ((value << _FRACTION_LOG) >> octave) - (1 << _FRACTION_LOG)
    return (octave << _SCALE_LOG) + ((fraction << _SCALE_LOG) >> _FRACTION_LOG)


@inlined
def _choose(page: Any, first: Any, tried: Any, matches: Any, marks: Any, best: Any) -> None:
    """Find for latents of a page from `first` on the distances of least cost: of their codes and of the differences.

    Cost and distance make one integer, so that the least one brings its distance along; of equal ones the nearest.
    """
    n = matches.shape[1]
    here = page[first : first + n]
    for i in range(n):
        best[i] = _MOST
    for distance in tried:
        mark = marks[distance]
        skipped = max(0, distance - first)  # latents that have none so far back in their page
        if skipped < n:
            earlier, late, least = page[first + skipped - distance :], here[skipped:], best[skipped:n]
            for i in range(least.size):
                least[i] = min(least[i], mark + _price(late[i], earlier[i], page))
    for match in range(_MATCHES):
        for i in range(n):
            # Where there is none, the nearest is tried once more: a condition could not be predicted.
            distance = max(np.int64(matches[match, i]), min(1, first + i))
            earlier_latent = page[np.uint64(first + i - distance)]
            best[i] = min(best[i], marks[np.uint64(distance)] + _price(here[i], earlier_latent, page))


@inlined
def _price(here: Any, earlier: Any, page: Any) -> Any:
    """Return what a difference costs, above the bits of a distance."""
    dtype = page.dtype.type
    difference = dtype(here - earlier)
    return bit_length(np.uint64(min(difference, dtype(-difference)))) << (_DISTANCE_BITS + _SCALE_LOG)
