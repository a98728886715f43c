"""Trials of lookbacks, which may reach far: on long stretches of a chunk."""

import numpy as np

from .. import deltas
from ..config import ChunkConfig
from ..deltas import lookback
from ..dtypes import Latents
from ..estimates import Runs
from ..kernels import Kernels
from ..metadata import DeltaEncoding
from ..training import estimate
from .bids import TRIAL_LEVEL, Bid, full_level, less, price_of, trial_level

_LOOKBACK_LEVEL = 2  # lower levels do not search for lookbacks
# What a slower or riskier form must save to be chosen, as a part of the price of the plainer one.
_LOOKBACK_SAVING = 28
_SEARCH_SAVING = 64  # the same for distances that are searched for each latent, beside one for all
_MOST_PRICED = 1 << 12  # latents of a run, where few bins are tried
_SCATTER = 37  # of lookbacks, one in so many tells what is usual
_UNUSUAL = 8  # at most one in so many latents looks back to another distance than the usual one


def with_lookback(
    bid: Bid, stretch: Runs, config: ChunkConfig, longest_page: int, kernels: Kernels
) -> tuple[int, DeltaEncoding, int | None]:
    """Try lookbacks against the best of the simpler deltas, which is a bid's.

    Parameters
    ----------
    stretch
        Primary latents of pages, or of parts of them of equal length: lookbacks may reach far, so these are long.

    Returns
    -------
    The cost of the chunk with what is better, and what it is; with the distance, if one does for all latents.
    """
    price, simple = bid.cost - bid.secondary_cost, bid.delta
    if config.compression_level < _LOOKBACK_LEVEL:
        return bid.cost, simple, None
    candidate = lookback.plan(longest_page)
    as_simple = deltas.encode(simple, stretch.latents, stretch.counts, kernels)
    encoded = deltas.encode(candidate, stretch.latents, stretch.counts, kernels)
    distance = _usual_distance(encoded)
    alike = None
    if distance is not None:
        alike = deltas.encode(candidate, stretch.latents, stretch.counts, kernels, distance)
    # With fewer bins all others are as good as out; what is left is priced with all.
    for level in sorted({trial_level(config), full_level(config)}):
        simple_price = _price_late(as_simple, stretch, longest_page, level, kernels)
        limit = best = less(simple_price, _LOOKBACK_SAVING)
        if alike is not None:
            best = min(best, _price_late(alike, stretch, longest_page, level, kernels, limit))
        searched = _price_late(encoded, stretch, longest_page, level, kernels, best)
        if searched < less(best, _SEARCH_SAVING) or best == limit:
            alike, best = None, searched
        if best >= limit:
            return bid.cost, simple, None
        simple_price += _price_early(as_simple, stretch, longest_page, level, kernels)
        best += _price_early(alike or encoded, stretch, longest_page, level, kernels)
        if best >= less(simple_price, _LOOKBACK_SAVING):
            return bid.cost, simple, None
    cost = price * best // simple_price + bid.secondary_cost
    return cost, candidate, None if alike is None else distance


def _usual_distance(encoded: deltas.Encoded) -> int | None:
    """Return the distance that nearly all latents look back to, None if there is none, or if it is that of neighbours.

    The differences of neighbours have been tried as consecutive ones.
    """
    if encoded.lookbacks is None or not encoded.lookbacks.size:
        return None
    some = np.sort(encoded.lookbacks[::_SCATTER])
    usual = int(some[some.size // 2])  # or there is none
    if usual == 1:
        return None
    alike = np.count_nonzero(encoded.lookbacks == usual)
    return usual if encoded.lookbacks.size - alike <= encoded.lookbacks.size // _UNUSUAL else None


def _price_late(
    encoded: deltas.Encoded, sample: Runs, longest_page: int, level: int, kernels: Kernels, limit: int | None = None
) -> int:
    """Return what the chunk costs but for `_price_early`.

    Parameters
    ----------
    limit
        A price of so much or more need not be the whole one.
    """
    if longest_page <= sample.counts.max():
        return price_of(encoded, sample, level, kernels)
    late = _late(sample)
    n = sample.whole - _early_latents(sample, longest_page)
    step = max(1, late // _MOST_PRICED) if level == TRIAL_LEVEL else 1
    price = 0
    for of_run in _by_run(encoded, sample):
        price += estimate(of_run[:, -late::step].reshape(-1), level, n, kernels)
        if limit is not None and price >= limit:
            break
    return price


def _price_early(encoded: deltas.Encoded, sample: Runs, longest_page: int, level: int, kernels: Kernels) -> int:
    """Return what the beginnings of pages cost, of which runs may be parts of equal length.

    The first half of a run has hardly anything to look back to, and stands for the beginning of a page alone; the other
    half stands for all the rest of the page. Halves may differ, so what is compared is priced so in any encoding.
    """
    if longest_page <= sample.counts.max():
        return 0
    late, n = _late(sample), _early_latents(sample, longest_page)
    return sum(estimate(of_run[:, :-late].reshape(-1), level, n, kernels) for of_run in _by_run(encoded, sample))


def _late(sample: Runs) -> int:
    """Return how many latents at the end of each run have some to look back to."""
    length = int(sample.counts.max())
    return length - length // 2


def _early_latents(sample: Runs, longest_page: int) -> int:
    return sample.whole * (int(sample.counts.max()) // 2) // longest_page


def _by_run(encoded: deltas.Encoded, sample: Runs) -> list[Latents]:
    return [s.reshape(sample.counts.size, -1) for s in (encoded.stored, encoded.lookbacks) if s is not None]
