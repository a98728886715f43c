"""Which bin holds each latent."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only

_BUCKETS_LOG = 16
_ONE = np.uint64(1)
_BLOCK = 256  # latents at a time, one step of the search for all of them


def assign_bins(
    latents: npt.NDArray[np.unsignedinteger[Any]], lowers: npt.NDArray[np.uint64], out: npt.NDArray[np.uint16]
) -> None:
    """See `Kernels.assign_bins`.

    The span of the bins is cut into equal buckets, and a table says which bins start in each; what is left is a
    branch-free binary search among these, usually one or two steps.
    """
    base, span = int(lowers[0]), int(lowers[-1]) - int(lowers[0])
    buckets_log = min(_BUCKETS_LOG, max(int(latents.size).bit_length() - 2, 1))
    shift = max(0, span.bit_length() - buckets_log)
    # The search may look past the last bin; the largest latent would pass there, hence the cut at the end.
    largest = np.full(2 * lowers.size, np.iinfo(latents.dtype).max, latents.dtype)
    bounds = np.concatenate((lowers.astype(latents.dtype), largest))
    _assign(read_only(latents), lowers, bounds, np.uint64(base), np.uint64(shift), out)


def measure_bins(
    latents: npt.NDArray[np.unsignedinteger[Any]],
    bins: npt.NDArray[np.uint16],
    lowers: npt.NDArray[np.uint64],
    uppers: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
) -> None:
    """See `Kernels.measure_bins`."""
    _measure(read_only(latents), bins, lowers, uppers, counts)


@compiled
def _measure(latents: Any, bins: Any, lowers: Any, uppers: Any, counts: Any) -> None:
    # Neighbours are often in one bin: with two counts of each, one need not wait for the other.
    seen = np.zeros((2, counts.size), np.int64)
    for i in range(latents.size):
        latent, index = np.uint64(latents[i]), np.uint64(bins[i])
        seen[i & 1, index] += 1
        # Stored only when there is news: else each latent would wait for the store before it.
        if latent < lowers[index]:  # noqa: PLR1730
            lowers[index] = latent
        if latent > uppers[index]:  # noqa: PLR1730
            uppers[index] = latent
    for i in range(counts.size):
        counts[i] += seen[0, i] + seen[1, i]


@compiled
def _assign(latents: Any, lowers: Any, bounds: Any, base: Any, shift: Any, out: Any) -> None:
    firsts, steps = _table(lowers, base, shift)
    last = np.uint16(lowers.size - 1)
    top = np.uint64(firsts.size - 1)
    for start in range(0, latents.size, _BLOCK):
        n = min(_BLOCK, latents.size - start)
        block, found = latents[start : start + n], out[start : start + n]
        for i in range(n):
            found[i] = firsts[min((np.uint64(block[i]) - base) >> shift, top)]
        for step in range(steps - 1, -1, -1):
            for i in range(n):
                # A product, not a condition: which way it goes cannot be predicted.
                place = np.uint64(found[i])
                found[i] = place + (np.uint64(bounds[place + (_ONE << np.uint64(step))] <= block[i]) << np.uint64(step))
        for i in range(n):
            found[i] = min(found[i], last)


@inlined
def _table(lowers: Any, base: Any, shift: Any) -> Any:
    """Return for each bucket the bin in which it starts, and the steps to search from there."""
    firsts = np.empty(np.int64((lowers[lowers.size - 1] - base) >> shift) + 1, np.uint16)
    most = 0
    begun = 0  # bins that start before the bucket
    for bucket in range(firsts.size):
        firsts[bucket] = max(begun - 1, 0)
        before = begun
        while begun < lowers.size and (lowers[begun] - base) >> shift == np.uint64(bucket):
            begun += 1
        most = max(most, begun - before)
    steps = 0
    while most >> steps:
        steps += 1
    return firsts, steps
