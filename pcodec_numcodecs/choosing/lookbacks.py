"""Trials of lookbacks, which may reach far: on long stretches of a chunk."""

from typing import NamedTuple

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


class _Halves(NamedTuple):
    """Of runs, the latents at the end that have some to look back to, and how many of the chunk the others stand for.

    Without the former, runs are whole pages.
    """

    late: int
    early_latents: int


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
    halves = _halves(stretch, longest_page)
    # With fewer bins all others are as good as out; what is left is priced with all.
    for level in sorted({trial_level(config), full_level(config)}):
        simple_price = _price_late(as_simple, stretch, halves, level, kernels)
        limit = best = less(simple_price, _LOOKBACK_SAVING)
        if alike is not None:
            best = min(best, _price_late(alike, stretch, halves, level, kernels, limit))
        searched = _price_late(encoded, stretch, halves, level, kernels, best)
        if searched < less(best, _SEARCH_SAVING) or best == limit:
            alike, best = None, searched
        if best >= limit:
            return bid.cost, simple, None
        simple_price += _price_early(as_simple, stretch, halves, level, kernels)
        best += _price_early(alike or encoded, stretch, halves, level, kernels)
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
    some = encoded.lookbacks[::_SCATTER].copy()
    some.sort()
    usual = int(some[some.size // 2])  # or there is none
    if usual == 1:
        return None
    alike = np.count_nonzero(encoded.lookbacks == usual)
    return usual if encoded.lookbacks.size - alike <= encoded.lookbacks.size // _UNUSUAL else None


def _halves(sample: Runs, longest_page: int) -> _Halves:
    """Part runs that may be parts of a page; pages that are no longer than these are priced as they are."""
    longest = int(sample.counts.max())
    if longest_page <= longest:
        return _Halves(0, 0)
    return _Halves(longest - longest // 2, sample.whole * (longest // 2) // longest_page)


def _price_late(
    encoded: deltas.Encoded, sample: Runs, halves: _Halves, level: int, kernels: Kernels, limit: int | None = None
) -> int:
    """Return what the chunk costs but for `_price_early`.

    Parameters
    ----------
    limit
        A price of so much or more need not be the whole one.
    """
    if not halves.late:
        return price_of(encoded, sample, level, kernels)
    step = max(1, halves.late // _MOST_PRICED) if level == TRIAL_LEVEL else 1
    price = 0
    for of_run in _by_run(encoded, sample):
        late = of_run[:, -halves.late :: step].reshape(-1)
        price += estimate(late, level, sample.whole - halves.early_latents, kernels)
        if limit is not None and price >= limit:
            break
    return price


def _price_early(encoded: deltas.Encoded, sample: Runs, halves: _Halves, level: int, kernels: Kernels) -> int:
    """Return what the beginnings of pages cost, of which runs may be parts of equal length.

    The first half of a run has hardly anything to look back to, and stands for the beginning of a page alone; the other
    half stands for all the rest of the page. Halves may differ, so what is compared is priced so in any encoding.
    """
    if not halves.late:
        return 0
    early = (of_run[:, : -halves.late].reshape(-1) for of_run in _by_run(encoded, sample))
    return sum(estimate(latents, level, halves.early_latents, kernels) for latents in early)


def _by_run(encoded: deltas.Encoded, sample: Runs) -> list[Latents]:
    return [s.reshape(sample.counts.size, -1) for s in (encoded.stored, encoded.lookbacks) if s is not None]
