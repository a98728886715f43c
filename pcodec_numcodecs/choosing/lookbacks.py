"""Trials of lookbacks, which may reach far: on long stretches of a chunk."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .. import deltas, modes
from ..config import ChunkConfig
from ..deltas import lookback
from ..dtypes import NumberType
from ..estimates import Runs
from ..kernels import Kernels
from ..metadata import DeltaEncoding, Mode
from ..training import estimate
from .bids import TRIAL_LEVEL, best_bid, full_level, less, price_in_full, price_of

I64 = npt.NDArray[np.int64]

_LOOKBACK_LEVEL = 2  # lower levels do not search for lookbacks
# What a slower or riskier form must save to be chosen, as a part of the price of the plainer one.
_LOOKBACK_SAVING = 28
_SEARCH_SAVING = 64  # the same for distances that are searched for each latent, beside one for all
_SCATTER = 37  # of lookbacks, one in so many tells what is usual
_UNUSUAL = 8  # at most one in so many latents looks back to another distance than the usual one


def with_lookback(
    price: int,
    simple: DeltaEncoding,
    stretch: Runs,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
) -> tuple[int, DeltaEncoding, int | None]:
    """Try lookbacks against the best of the simpler deltas.

    Lookbacks may reach far, so they are tried on one long stretch of primary latents.

    Returns
    -------
    The price for the chunk of what is better, and what it is; with the distance, if one does for all latents.
    """
    if config.compression_level < _LOOKBACK_LEVEL:
        return price, simple, None
    longest_page = int(page_numbers.max())
    candidate = lookback.plan(longest_page)
    as_simple = deltas.encode(simple, stretch.latents, stretch.counts, kernels)
    encoded = deltas.encode(candidate, stretch.latents, stretch.counts, kernels)
    distance = _usual_distance(encoded)
    alike = None
    if distance is not None:
        alike = deltas.encode(candidate, stretch.latents, stretch.counts, kernels, distance)
    # With fewer bins all others are as good as out; what is left is priced with all.
    for level in sorted({min(config.compression_level, TRIAL_LEVEL), full_level(config)}):
        simple_price = price_of(as_simple, stretch, level, kernels)
        limit = best = less(simple_price, _LOOKBACK_SAVING)
        if alike is not None:
            best = min(best, _price_in_pages(alike, stretch, longest_page, level, kernels, limit))
        searched = _price_in_pages(encoded, stretch, longest_page, level, kernels, best)
        if searched < less(best, _SEARCH_SAVING) or best == limit:
            alike, best = None, searched
        if best >= limit:
            return price, simple, None
    return price * best // simple_price, candidate, None if alike is None else distance


def _usual_distance(encoded: deltas.Encoded) -> int | None:
    """Return the distance that nearly all latents look back to, None if there is none."""
    if encoded.lookbacks is None or not encoded.lookbacks.size:
        return None
    some = np.sort(encoded.lookbacks[::_SCATTER])
    usual = int(some[some.size // 2])  # or there is none
    alike = np.count_nonzero(encoded.lookbacks == usual)
    return usual if encoded.lookbacks.size - alike <= encoded.lookbacks.size // _UNUSUAL else None


def lookback_gain(
    sample: Runs,
    longest_page: int,
    candidates: Sequence[Mode],
    number_type: NumberType,
    config: ChunkConfig,
    kernels: Kernels,
) -> tuple[int, int]:
    """Return what some pages, or parts of them, cost with lookbacks, if these would be chosen, and what without.

    Parameters
    ----------
    sample
        Ordered latents, in the order in which pages have them.
    longest_page
        Numbers of the longest page.
    """
    best = best_bid(candidates, sample, number_type, config, sample.counts, kernels)
    if config.compression_level < _LOOKBACK_LEVEL:
        return best.cost, best.cost
    primary, _ = modes.split(best.mode, sample.latents, number_type, kernels)
    encoded = deltas.encode(lookback.plan(longest_page), primary, sample.counts, kernels)
    level = full_level(config)
    found = _price_in_pages(encoded, sample, longest_page, level, kernels) + best.secondary_cost
    simple = price_in_full(best, sample, number_type, config, kernels)
    return (found if found < less(simple, _LOOKBACK_SAVING) else simple), simple


def _price_in_pages(
    encoded: deltas.Encoded, sample: Runs, longest_page: int, level: int, kernels: Kernels, limit: int | None = None
) -> int:
    """Do what `_price_of` does for runs that may be parts, of equal length, of longer pages.

    The first half of a run has hardly anything to look back to, and stands for the beginning of a page alone; the other
    half stands for all the rest of the page.

    Parameters
    ----------
    limit
        A price of so much or more need not be the whole one.
    """
    runs, length = sample.counts.size, int(sample.counts.max())
    half = length // 2
    if longest_page <= length:
        return price_of(encoded, sample, level, kernels)
    early = sample.whole * half // longest_page
    streams = [s.reshape(runs, -1) for s in (encoded.stored, encoded.lookbacks) if s is not None]
    price = 0
    # What stands for the most comes first.
    for of_run in streams:
        price += estimate(of_run[:, half - length :].reshape(-1), level, sample.whole - early, kernels)
        if limit is not None and price >= limit:
            return price
    for of_run in streams:
        price += estimate(of_run[:, : half - length].reshape(-1), level, early, kernels)
    return price
