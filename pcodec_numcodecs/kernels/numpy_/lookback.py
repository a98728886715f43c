"""Where to look back to: for each latent, the distance to an earlier one that it resembles."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...pages import places

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NEAR = (4, 1, 1)  # the nearest distances that are always tried, round by round
_FREQUENT = 8  # distances tried for every latent because matches have them most often
_BLOCK = 1 << 14  # latents at a time: temporaries stay in the cache
_SAMPLED = 1 << 10  # all rounds but the last work on stretches of so many latents,
_SHARE = 4  # the last of so many, or on all of a few,
_ENOUGH_LOG = 14  # or of so many that about so many latents are looked at
_HASH = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)  # odd numbers of well mixed bits
_SCALE_LOG = 4
_SCALE = 1 << _SCALE_LOG  # costs are in sixteenths of a bit
_PLACE_BITS = 5  # room for the place of a distance among those that are tried


def find_lookbacks(latents: Latents, counts: I64, window_log: int, out: npt.NDArray[np.uint32]) -> None:
    """See `Kernels.find_lookbacks`."""
    n, window = latents.size, 1 << window_log
    place = places(counts)
    matches = [_previous(key) for key in _match_keys(latents)]
    for distance in matches:
        distance[(distance > place) | (distance > window)] = 0
    whole = [slice(first, min(first + _BLOCK, n)) for first in range(0, n, _BLOCK)]
    sampled = whole
    if n >= _SHARE * _SAMPLED:
        step = max(n >> _ENOUGH_LOG, _SHARE) * _SAMPLED
        ends = range(step, n + _SAMPLED, step)
        sampled = [slice(end - _SAMPLED, min(end, n)) for end in ends]
    found = np.zeros(window + 1, np.int64)
    for block in sampled:
        for distance in matches:
            found += np.bincount(distance[block], minlength=window + 1)
    found[0] = 0
    # A distance is cheap when many latents use it, which the first rounds find out.
    for near, blocks in zip(_NEAR, (sampled, sampled, whole), strict=True):
        tried = _distances_to_try(found, min(near, window))
        costs = _code_costs(found).astype(np.int32)
        found = np.zeros(window + 1, np.int64)
        for block in blocks:
            _choose(latents, place, block, tried, [m[block] for m in matches], costs, out)
            found += np.bincount(out[block][place[block] > 0], minlength=window + 1)


def _match_keys(latents: Latents) -> Iterator[npt.NDArray[np.uint16]]:
    """Yield 16-bit hashes of a latent, and of it and the one before."""
    wide = latents.astype(np.uint64)
    first, second = map(np.uint64, _HASH)
    yield ((wide * first) >> np.uint64(48)).astype(np.uint16)
    pair = wide * second
    pair[1:] += wide[:-1] * first
    yield (pair >> np.uint64(48)).astype(np.uint16)


def _previous(key: npt.NDArray[np.uint16]) -> I64:
    """Return the distance to the last place with an equal key, 0 where there is none."""
    order = np.argsort(key, kind="stable")
    distance = np.zeros(key.size, np.int64)
    ordered = key[order]
    step = np.diff(order)
    step[ordered[1:] != ordered[:-1]] = 0
    distance[order[1:]] = step
    return distance


def _distances_to_try(found: I64, near: int) -> I64:
    """Return, in ascending order, the nearest distances and those found most often, of equal ones the nearer."""
    farther = found.copy()
    farther[: near + 1] = 0
    frequent = np.argsort(-farther, kind="stable")[:_FREQUENT]
    return np.concatenate((np.arange(1, near + 1), np.sort(frequent[farther[frequent] > 1])))


def _code_costs(found: I64) -> I64:
    """Return roughly ``log2(all / found)`` for each distance, in sixteenths of a bit."""
    total = int(found.sum()) + found.size
    # log2 by the bit length of the sixteenth power would overflow; a straight line within each octave does.
    weights = (found + 1).view(np.uint64)
    lengths = bit_lengths(weights)
    fraction = ((weights.view(np.int64) << 20) >> (lengths - 1)) - (1 << 20)
    logs = _SCALE * (lengths - 1) + (fraction * _SCALE >> 20)
    length = total.bit_length() - 1
    total_log = _SCALE * length + (((total << 20) >> length) - (1 << 20)) * _SCALE // (1 << 20)
    return total_log - logs


def _choose(
    latents: Latents,
    place: I64,
    block: slice,
    tried: I64,
    matches: list[I64],
    costs: npt.NDArray[np.int32],
    out: npt.NDArray[np.uint32],
) -> None:
    """Choose for each latent of a block the distance of least cost: that of its code and of the difference.

    Cost and the distance's place among those tried, then among matches, make one integer, so that the least one brings
    its place along.
    """
    here = latents[block]
    places = place[block]
    best = np.full(here.size, np.iinfo(np.int32).max, np.int32)
    for slot, distance in enumerate(tried.tolist()):
        # Latents of the block that have one so far back; others of their page may still not.
        first = max(0, distance - block.start)
        if first >= here.size:
            continue
        earlier = latents[block.start + first - distance : block.stop - distance]
        price = _price(here[first:], earlier)
        price += (costs[distance] << _PLACE_BITS) + slot
        np.copyto(price, best[first:], where=places[first:] < distance)
        np.minimum(best[first:], price, out=best[first:])
    index = np.arange(block.start, block.stop)
    chosen = np.zeros((tried.size + len(matches), here.size), np.int64)
    chosen[: tried.size] = tried[:, None]
    for slot, distances in enumerate(matches, tried.size):
        np.maximum(distances, 1, out=chosen[slot])
        price = _price(here, latents[index - np.minimum(chosen[slot], places)])
        price += (costs[chosen[slot]] << _PLACE_BITS) + np.int32(slot)
        np.minimum(best, price, out=best)
    best &= (1 << _PLACE_BITS) - 1
    out[block] = np.where(places > 0, chosen[best, np.arange(here.size)], 1)


def _price(here: Latents, earlier: Latents) -> npt.NDArray[np.int32]:
    """Return what differences cost, above the bits of a place."""
    difference = here - earlier
    lengths = bit_lengths(np.minimum(difference, np.negative(difference)))
    lengths <<= _PLACE_BITS + _SCALE_LOG
    return lengths.astype(np.int32)
