"""Dict: each distinct number once, and an index for each number."""

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..fixed_log import FRACTION_BITS, fixed_log2
from ..metadata import Dict

_REPEATED = 8  # at least one latent in so many repeats another of the sample


def build(latents: Latents) -> tuple[Dict, npt.NDArray[np.uint32]]:
    """Make the dictionary of the distinct latents, the most frequent first, equal ones by value; and the indices."""
    values, inverse, counts = np.unique(latents, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(order.size, np.uint32)
    rank[order] = np.arange(order.size, dtype=np.uint32)
    return Dict(values[order]), rank[inverse.ravel()]


def bid(latents: Latents, sample: Latents, limit: int) -> tuple[Dict, npt.NDArray[np.uint32]] | None:
    """Make the dictionary if it pays: if distinct values and the entropy of indices cost less than `limit`.

    Parameters
    ----------
    sample
        Latents of the chunk that tell, before all are sorted, whether there is any hope.
    limit
        In units of `fixed_log.ONE_BIT`.
    """
    ordered = np.sort(sample)
    if _REPEATED * (np.count_nonzero(ordered[1:] != ordered[:-1]) + 1) > sample.size * (_REPEATED - 1):
        return None
    ordered = np.sort(latents)
    firsts = np.flatnonzero(np.concatenate((np.ones(1, np.bool_), ordered[1:] != ordered[:-1])))
    counts = np.diff(np.concatenate((firsts, np.array([ordered.size]))))
    codes = latents.size * int(fixed_log2(np.array([latents.size]))[0]) - int((counts * fixed_log2(counts)).sum())
    entries = counts.size * 8 * latents.itemsize << FRACTION_BITS
    return build(latents) if codes + entries < limit else None
