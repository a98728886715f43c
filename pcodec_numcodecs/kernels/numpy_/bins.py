"""Which bin holds each latent."""

from typing import Any

import numpy as np
import numpy.typing as npt

_BUCKETS_LOG = 16
_BLOCK = 1 << 15  # latents at a time: temporaries stay in the cache


def assign_bins(
    latents: npt.NDArray[np.unsignedinteger[Any]], lowers: npt.NDArray[np.uint64], out: npt.NDArray[np.uint16]
) -> None:
    """See `Kernels.assign_bins`.

    The span of the bins is cut into equal buckets, and a table says which bins start in each; what is left is a
    branch-free binary search among these, usually one or two steps. (`np.searchsorted` mispredicts its branches:
    three to four times slower on unordered latents.)
    """
    base = int(lowers[0])
    span = int(lowers[-1]) - base
    buckets_log = min(_BUCKETS_LOG, max(int(latents.size).bit_length() - 1, 1))
    shift = max(0, span.bit_length() - buckets_log)
    # starts[q]: bins that start before bucket q; so the bin of a latent in q is starts[q] - 1 or one that starts in q.
    bucket = ((lowers - lowers[0]) >> np.uint64(shift)).astype(np.int64)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(bucket))))
    steps = int(np.diff(starts).max()).bit_length()
    first = np.maximum(starts[:-1] - 1, 0)
    # The search may look past the last bin; the largest latent would pass there, hence the cut at the end.
    largest = np.iinfo(latents.dtype).max
    bounds = np.concatenate((lowers.astype(latents.dtype), np.full(1 << steps, largest, latents.dtype)))
    typed_base, typed_shift = latents.dtype.type(base), latents.dtype.type(shift)
    for start in range(0, latents.size, _BLOCK):
        block = latents[start : start + _BLOCK]
        places = (block - typed_base) >> typed_shift
        found = first.take(np.minimum(places, places.dtype.type(first.size - 1)).astype(np.int64))
        for step in range(steps - 1, -1, -1):
            higher = bounds.take(found + (1 << step)) <= block
            found += higher.astype(np.int64) << step
        out[start : start + _BLOCK] = np.minimum(found, lowers.size - 1, out=found)


def measure_bins(
    latents: npt.NDArray[np.unsignedinteger[Any]],
    bounds: npt.NDArray[np.uint64],
    out: npt.NDArray[np.uint16],
    lowers: npt.NDArray[np.uint64],
    uppers: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
) -> None:
    """See `Kernels.measure_bins`."""
    assign_bins(latents, bounds, out)
    smallest, largest = lowers.astype(latents.dtype), uppers.astype(latents.dtype)
    np.minimum.at(smallest, out, latents)
    np.maximum.at(largest, out, latents)
    lowers[:], uppers[:] = smallest, largest
    counts += np.bincount(out, minlength=counts.size)
