"""Dict: each distinct number once, and an index for each number."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..dtypes import Latents, NumberType
from ..fixed_log import FRACTION_BITS, entropy
from ..metadata import Dict

if TYPE_CHECKING:
    from ..kernels import Kernels

SAMPLE = 1 << 13
"""Latents that tell, before all are counted, whether there is any hope."""
_MOST_VALUES = 1 << 14  # a larger dictionary leaves the caches of writers and readers
_REPEATED = 8  # at least one latent in so many repeats another of the sample


def build(latents: Latents, kernels: "Kernels") -> tuple[Dict, npt.NDArray[np.uint32]]:
    """Make the dictionary of the distinct latents, the most frequent first, equal ones by value; and the indices."""
    indices = scratch.empty(latents.size, np.uint32)
    found = kernels.index_values(latents, latents.size, indices, by_value=False)
    assert found is not None
    return Dict(found[0]), indices


def bid(latents: Latents, limit: int, kernels: "Kernels") -> tuple[Dict, npt.NDArray[np.uint32]] | None:
    """Make the dictionary if it pays: if distinct values and the entropy of indices cost less than `limit`.

    Parameters
    ----------
    limit
        In units of `fixed_log.ONE_BIT`.
    """
    entry = _price_of_value(8 * latents.itemsize)
    most = min(limit // entry, _MOST_VALUES)
    indices = scratch.empty(latents.size, np.uint32)
    found = kernels.index_values(latents, most, indices, by_value=False)
    if found is None or entropy(found[1]) + found[1].size * entry >= limit:
        return None
    return Dict(found[0]), indices


def is_promising(sample: Latents, n: int, limit: int, kernels: "Kernels") -> bool:
    """Tell from a sample of `n` latents whether a dictionary may cost less than `limit`.

    They have no more distinct values than all, and, as a rule, no more entropy.
    """
    shown = _appearances(sample, kernels)
    if _REPEATED * shown.size > sample.size * (_REPEATED - 1):
        return False
    entry = _price_of_value(8 * sample.itemsize)
    codes, distinct = _foreseen(shown, n)
    return distinct <= min(limit // entry, _MOST_VALUES) and codes + distinct * entry < limit


def price_of_values(mode: Dict, number_type: NumberType) -> int:
    """Return what the distinct values take, in units of `fixed_log.ONE_BIT`."""
    return len(mode.values) * _price_of_value(number_type.bits)


def _price_of_value(bits: int) -> int:
    return bits << FRACTION_BITS


def _appearances(latents: Latents, kernels: "Kernels") -> npt.NDArray[np.int64]:
    """Return how often each distinct latent appears."""
    size = latents.size + 1
    lowers, uppers, counts = np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.int64)
    return counts[: kernels.cut_ranges(latents, (latents.size + 1) // 2, lowers, uppers, counts)]


def _foreseen(shown: npt.NDArray[np.int64], n: int) -> tuple[int, int]:
    """Return the entropy and the count of distinct values to expect at the least of `n` latents, from a sample's.

    The fewer values are shown twice, beside those shown once, the more are not shown at all (A. Chao, 1984); and a
    sample's entropy is too low by half a natural unit for each value (G. Miller, 1955).
    """
    size = int(shown.sum())
    once, twice = int(np.count_nonzero(shown == 1)), int(np.count_nonzero(shown == 2))
    unseen = once * once // (2 * max(twice, 1)) if n > size else 0
    codes = entropy(shown) + (3 * shown.size << FRACTION_BITS) // 4
    return n * codes // size, shown.size + unseen
