"""Which bin holds each latent."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import allocating, compiled_allocating, inlined_lightly, read_only
from .variables import each_width
from .words import bit_length, clear

_BLOCK = 512  # latents at a time, one step of the search for all of them
_ONE, _TWO, _THREE, _FOUR = (np.uint64(i) for i in range(1, 5))
_FEW = 4  # bins that are looked at one by one, instead of in two steps of a binary search or three
_NONE = np.int32(0)
_EVEN_BITS = 16  # log2 of the most buckets of equal width
_BEYOND = np.uint64(1 << _EVEN_BITS)
_MANTISSA_BITS = 8  # log2 of the buckets an octave of the distance from a centre
_KEY_SHIFT = np.uint64(52 - _MANTISSA_BITS)
_KEY_OF_ONE = np.int32(1023 << _MANTISSA_BITS)
_FIRST_KEY = np.int32(1)
_NOTHING, _NO_COUNTS = np.zeros(0, np.uint64), np.zeros(0, np.int64)


def assign_bins(
    latents: npt.NDArray[np.unsignedinteger[Any]], lowers: npt.NDArray[np.uint64], out: npt.NDArray[np.uint16]
) -> None:
    """See `Kernels.assign_bins`.

    The span of the bins is cut into buckets, and a table says in which bin each begins; what is left is a branch-free
    binary search among the bins that begin within a bucket, usually no step or one. Buckets are of equal width, or the
    wider the farther they are from the middle bin, as bins are as a rule; whichever takes fewer steps.
    """
    _search(latents, lowers, out, _NOTHING, _NOTHING, _NO_COUNTS)


def measure_bins(
    latents: npt.NDArray[np.unsignedinteger[Any]],
    bounds: npt.NDArray[np.uint64],
    out: npt.NDArray[np.uint16],
    lowers: npt.NDArray[np.uint64],
    uppers: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
) -> None:
    """See `Kernels.measure_bins`. A block of latents is measured while it is in the nearest cache."""
    _search(latents, bounds, out, lowers, uppers, counts)


def _search(latents: Any, lowers: Any, out: Any, least: Any, largest: Any, counts: Any) -> None:
    # The search may look past the last bin; the largest latent would pass there, hence the cut at the end.
    bounds = np.concatenate((lowers, np.full(2 * lowers.size, np.iinfo(np.uint64).max, np.uint64)))
    distances = np.empty(_BLOCK)
    u8, u16, u32, u64 = map(read_only, each_width(latents))
    keys, before = np.empty((2, 2, lowers.size), np.int32)
    rooms = distances, distances.view(np.uint64), keys, before, np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.uint64)
    _assign(u8, u16, u32, u64, lowers, bounds, *rooms, out, least, largest, counts, np.zeros(2 * counts.size, np.int64))


@inlined_lightly
def _measure(latents: Any, bins: Any, lowers: Any, uppers: Any, seen: Any) -> None:
    # Neighbours are often in one bin: with two counts of each, one need not wait for the other.
    for i in range(np.uint64(bins.size)):
        latent, index = latents[i], np.uint64(bins[i])
        seen[(index << _ONE) + (i & _ONE)] += 1
        # Stored only when there is news: else each latent would wait for the store before it.
        if latent < lowers[index]:  # noqa: PLR1730
            lowers[index] = latent
        if latent > uppers[index]:  # noqa: PLR1730
            uppers[index] = latent


@compiled_allocating
def _assign(
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
    lowers: Any,
    bounds: Any,
    distances: Any,
    distance_bits: Any,
    keys: Any,
    before: Any,
    buckets: Any,
    held: Any,
    out: Any,
    least: Any,
    largest: Any,
    counts: Any,
    seen: Any,
) -> None:
    span_bits = bit_length(lowers[lowers.size - 1] - lowers[0])
    shift = np.uint64(max(0, span_bits - _EVEN_BITS))
    centre = lowers[lowers.size // 2]
    for first in range(0, lowers.size, _BLOCK):
        some = slice(first, first + _BLOCK)
        block = lowers[some]
        # A bin may begin just where a bucket does: if the latent before it lies in another.
        _even_keys(block, lowers[0], shift, keys[0, some])
        _even_keys(block - _ONE, lowers[0], shift, before[0, some])
        _uneven_keys(block, centre, distances, distance_bits, keys[1, some])
        _uneven_keys(block - _ONE, centre, distances, distance_bits, before[1, some])
    uneven, inside = 0, _most_inside(keys[0], before[0])
    if shift > 0:
        inside_uneven = _most_inside(keys[1], before[1])
        if _steps(inside_uneven) < _steps(inside):
            uneven, inside = 1, inside_uneven
    firsts = _table(keys[uneven], before[uneven])
    lowest = np.int32(keys[uneven, min(1, lowers.size - 1)] - 1)
    _assign_blocks(
        *(u8, u16, u32, u64, lowers, bounds, firsts, lowest, centre, shift, uneven, inside),
        *(distances, distance_bits, buckets, held, out, least, largest, seen),
    )
    for i in range(counts.size):
        counts[i] += seen[2 * i] + seen[2 * i + 1]


@inlined_lightly
def _assign_blocks(
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
    lowers: Any,
    bounds: Any,
    firsts: Any,
    lowest: Any,
    centre: Any,
    shift: Any,
    uneven: Any,
    inside: Any,
    distances: Any,
    distance_bits: Any,
    buckets: Any,
    held: Any,
    out: Any,
    least: Any,
    largest: Any,
    seen: Any,
) -> None:
    most, last = np.int32(firsts.size - 1), np.uint16(lowers.size - 1)
    for start in range(0, out.size, _BLOCK):
        n = min(_BLOCK, out.size - start)
        block, found = held[:n], out[start : start + n]
        if u64.size:
            block = u64[start : start + n]
        elif u32.size:
            _widen(u32[start : start + n], held)
        elif u16.size:
            _widen(u16[start : start + n], held)
        else:
            _widen(u8[start : start + n], held)
        if uneven:
            _uneven_keys(block, centre, distances, distance_bits, buckets)
        else:
            _even_keys(block, lowers[0], shift, buckets)
        for i in range(n):  # by itself, so that it is vectorized
            buckets[i] = min(max(np.int32(buckets[i] - lowest), _NONE), most)
        # Sums and products, not conditions: which way they go cannot be predicted.
        if inside == 1:
            for i in range(n):
                place = np.uint64(firsts[np.uint64(buckets[i])])
                found[i] = place + np.uint64(bounds[place + _ONE] <= block[i])
        elif inside == 2:
            for i in range(n):
                place = np.uint64(firsts[np.uint64(buckets[i])])
                later = np.uint64(bounds[place + _ONE] <= block[i]) + np.uint64(bounds[place + _TWO] <= block[i])
                found[i] = place + later
        else:
            for i in range(n):
                found[i] = firsts[np.uint64(buckets[i])]
            if inside > _FEW:
                for step in range(_steps(inside) - 1, 1, -1):
                    far = _ONE << np.uint64(step)
                    for i in range(n):
                        place = np.uint64(found[i])
                        found[i] = place + (np.uint64(bounds[place + far] <= block[i]) << np.uint64(step))
            if inside:
                for i in range(n):
                    place, latent = np.uint64(found[i]), np.uint64(block[i])
                    near = np.uint64(bounds[place + _ONE] <= latent) + np.uint64(bounds[place + _TWO] <= latent)
                    beyond = np.uint64(bounds[place + _THREE] <= latent) + np.uint64(bounds[place + _FOUR] <= latent)
                    found[i] = place + near + beyond
        if inside:
            for i in range(n):
                found[i] = min(found[i], last)
        if seen.size:
            _measure(block, found, least, largest, seen)


@inlined_lightly
def _widen(latents: Any, held: Any) -> None:
    for i in range(latents.size):
        held[i] = latents[i]


@inlined_lightly
def _even_keys(latents: Any, base: Any, shift: Any, keys: Any) -> None:
    for i in range(latents.size):
        # The last bin may reach far beyond where it begins.
        keys[i] = np.int32(min((np.uint64(latents[i]) - base) >> shift, _BEYOND))


@inlined_lightly
def _uneven_keys(latents: Any, centre: Any, distances: Any, distance_bits: Any, keys: Any) -> None:
    """Number the buckets from the centre on, 0 and up above it, -1 and down below it.

    The first bits of a distance as a float, exponent and mantissa, rise with it: a bucket has one value of these bits.
    """
    for i in range(latents.size):
        latent = np.uint64(latents[i])
        distances[i] = np.float64(latent - centre if latent >= centre else centre - _ONE - latent)
    for i in range(latents.size):
        key = max(np.int32(np.int32(distance_bits[i] >> _KEY_SHIFT) - _KEY_OF_ONE + _FIRST_KEY), _NONE)
        keys[i] = key if np.uint64(latents[i]) >= centre else ~key


@inlined_lightly
def _most_inside(keys: Any, before: Any) -> Any:
    """Return how many bins begin within one bucket at the most, but not just where it does."""
    most, run = 0, 0
    for i in range(1, keys.size):
        begins_inside = keys[i] == before[i]
        run = begins_inside + (run if keys[i] == keys[i - 1] else 0)
        most = max(most, run)
    return most


@inlined_lightly
def _steps(inside: Any) -> Any:
    """Return the steps of a search among so many bins, and the one before them."""
    steps = 0
    while inside >> steps:
        steps += 1
    return steps


@allocating
def _table(keys: Any, before: Any) -> Any:
    """Return the bin in which each bucket begins, from the bucket before that of the second bin on."""
    lowest = keys[min(1, keys.size - 1)] - 1
    firsts = clear(np.empty(keys[keys.size - 1] - lowest + 1, np.uint16))
    for i in range(1, keys.size):
        # Buckets from here on begin in this bin, or in one of those that follow.
        first = keys[i] - lowest + (keys[i] == before[i])
        end = keys[i + 1] - lowest + 1 if i + 1 < keys.size else firsts.size
        firsts[first:end] = i
    return firsts
