"""Where to look back to: for each latent, the distance to an earlier one that it resembles."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...pages import places

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_NEAR = 4  # the nearest distances that are always tried
_FREQUENT = 12  # distances tried for every latent because matches have them most often
_BLOCK = 1 << 14  # latents at a time: temporaries stay in the cache
_HASH = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)  # odd numbers of well mixed bits
_SCALE_LOG = 4
_SCALE = 1 << _SCALE_LOG  # costs are in sixteenths of a bit
_DISTANCE_BITS = 25  # room for the largest window


def find_lookbacks(latents: Latents, counts: I64, window_log: int, out: npt.NDArray[np.uint32]) -> None:
    """See `Kernels.find_lookbacks`."""
    window = 1 << window_log
    place = places(counts)
    matches = [_previous(key) for key in _match_keys(latents)]
    for distance in matches:
        distance[(distance > place) | (distance > window)] = 0
    found = np.zeros(window + 1, np.int64)
    for distance in matches:
        found += np.bincount(distance, minlength=window + 1)
    found[0] = 0
    # Two rounds: a distance is cheap when many latents use it, which the first round finds out.
    for _ in range(2):
        frequent = np.argsort(-found, kind="stable")[:_FREQUENT]
        tried = np.union1d(frequent[found[frequent] > 1], np.arange(1, min(_NEAR, window) + 1))
        costs = _code_costs(found)
        for first in range(0, latents.size, _BLOCK):
            block = slice(first, min(first + _BLOCK, latents.size))
            _choose(latents, place, block, tried, [m[block] for m in matches], costs, out)
        found = np.bincount(out[place > 0], minlength=window + 1)


def _match_keys(latents: Latents) -> Iterator[npt.NDArray[np.uint16]]:
    """Yield 16-bit hashes of a latent, of it and the one before, and of the high bits of three in a row."""
    wide = latents.astype(np.uint64)
    multipliers = [np.uint64(h) for h in _HASH]
    yield ((wide * multipliers[0]) >> np.uint64(48)).astype(np.uint16)
    pair = wide * multipliers[1]
    pair[1:] += wide[:-1] * multipliers[0]
    yield (pair >> np.uint64(48)).astype(np.uint16)
    span = int(latents.max()) - int(latents.min()) if latents.size else 0
    wide -= wide.min(initial=np.iinfo(np.uint64).max)
    wide >>= np.uint64(max(0, span.bit_length() - 6))
    triple = wide * multipliers[2]
    triple[1:] += wide[:-1] * multipliers[1]
    triple[2:] += wide[:-2] * multipliers[0]
    yield (triple >> np.uint64(48)).astype(np.uint16)


def _previous(key: npt.NDArray[np.uint16]) -> I64:
    """Return the distance to the last place with an equal key, 0 where there is none."""
    order = np.argsort(key, kind="stable")
    distance = np.zeros(key.size, np.int64)
    ordered = key[order]
    step = np.diff(order)
    step[ordered[1:] != ordered[:-1]] = 0
    distance[order[1:]] = step
    return distance


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
    costs: I64,
    out: npt.NDArray[np.uint32],
) -> None:
    """Choose for each latent of a block the distance of least cost: that of its code and of the difference.

    Cost and distance make one integer, so that the least one brings its distance along; ties go to the nearer.
    """
    here = latents[block]
    places = place[block]
    marks = (costs << _DISTANCE_BITS) + np.arange(costs.size)
    best = np.full(here.size, np.iinfo(np.int64).max)
    for distance in tried[tried < block.stop]:
        # Latents of the block that have one so far back; others of their page may still not.
        first = max(0, int(distance) - block.start)
        earlier = latents[block.start + first - distance : block.stop - distance]
        price = _price(here[first:], earlier)
        price += marks[distance]
        np.copyto(price, best[first:], where=places[first:] < distance)
        np.minimum(best[first:], price, out=best[first:])
    index = np.arange(block.start, block.stop)
    for distances in matches:
        price = _price(here, latents[index - distances])
        price += marks[distances]
        np.copyto(price, best, where=distances == 0)
        np.minimum(best, price, out=best)
    best &= (1 << _DISTANCE_BITS) - 1
    out[block] = np.where(places > 0, best, 1)


def _price(here: Latents, earlier: Latents) -> I64:
    """Return what differences cost, above the bits of a distance."""
    difference = here - earlier
    lengths = bit_lengths(np.minimum(difference, np.negative(difference)))
    lengths <<= _DISTANCE_BITS + _SCALE_LOG
    return lengths
