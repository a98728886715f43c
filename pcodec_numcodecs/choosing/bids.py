"""What a chunk costs in each mode, with no delta encoding or a consecutive one, priced on samples."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import deltas, modes
from ..config import ChunkConfig
from ..constants import MAX_CONSECUTIVE_ORDER
from ..deltas import conv1, lookback
from ..dtypes import Latents, NumberType
from ..estimates import Runs
from ..kernels import Kernels
from ..metadata import Consecutive, DeltaEncoding, Mode, NoDelta
from ..training import SECONDARY_LEVEL, estimate, estimate_differences

I64 = npt.NDArray[np.int64]

TRIAL_LEVEL = 6
"""The most that candidates are priced at first: the fewer bins, the sooner."""
_FULL_LEVEL = 8  # a sample would fill the bins of higher levels with too little
# What a slower or riskier form must save to be chosen, as a part of the price of the plainer one.
_MODE_SAVING = 128
_SECONDARY_SAVING = 64
_NOTHING = 1024  # what takes less than one in so many parts is one bin
_CLOSE = 4  # bids that cost one in so many parts more than the least may still be better


class Bid(NamedTuple):
    """A candidate mode with the best of the simpler deltas, and the estimated cost for the whole chunk.

    The cost is that of all latents, `secondary_cost` the part of it that the secondary ones have, and `full_cost`, if
    it is known, that with as many bins as there will be.
    """

    mode: Mode
    delta: DeltaEncoding
    cost: int
    secondary_cost: int
    full_cost: int | None = None


def less(price: int, saving: int) -> int:
    """Return what must be undercut, if one in so many units is to be saved."""
    return price - price // saving


def best_bid(
    candidates: Sequence[Mode],
    sample: Runs,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
) -> Bid:
    """Return the bid of the best mode. The plain one, if it is among them, is the first.

    Of others that come close to each other, the best is found with as many bins as there will be.
    """
    first, *others = candidates
    level = trial_level(config)
    best = _bid(first, sample, number_type, config, page_numbers, level, kernels)
    limit = less(best.cost, _MODE_SAVING)
    bids = [_bid(mode, sample, number_type, config, page_numbers, level, kernels, limit) for mode in others]
    least = min([bid.cost for bid in bids], default=limit)
    if least >= limit:
        return best
    close = [bid for bid in bids if bid.cost < limit and bid.cost <= least + least // _CLOSE]
    if len(close) == 1:
        return close[0]
    costs = [price_in_full(bid, sample, number_type, config, kernels) for bid in close]
    # Secondary latents that take bits take time too.
    weighed = [
        cost + cost // _SECONDARY_SAVING * (bid.secondary_cost > cost // _NOTHING)
        for bid, cost in zip(close, costs, strict=True)
    ]
    place = weighed.index(min(weighed))
    return close[place]._replace(full_cost=costs[place])


def trial_level(config: ChunkConfig) -> int:
    """Return the level that candidates are priced at."""
    return min(config.compression_level, TRIAL_LEVEL)


def full_level(config: ChunkConfig) -> int:
    """Return the level that what comes close is priced at."""
    return min(config.compression_level, _FULL_LEVEL)


def price_in_full(bid: Bid, sample: Runs, number_type: NumberType, config: ChunkConfig, kernels: Kernels) -> int:
    """Return the cost of a bid with as many bins as there will be: trials have fewer.

    The fewer distinct values there are, the more of them then have a bin for themselves.
    """
    level = full_level(config)
    if level <= TRIAL_LEVEL:
        return bid.cost
    primary, _ = modes.split(bid.mode, sample.latents, number_type, kernels)
    encoded = deltas.encode(bid.delta, primary, sample.counts, kernels)
    return bid.secondary_cost + estimate(encoded.stored, level, sample.whole, kernels)


def cheapest(
    sample: Runs, candidates: Sequence[Mode], number_type: NumberType, config: ChunkConfig, kernels: Kernels
) -> Bid:
    """Return the best of some modes, with no delta or a consecutive one, priced with as many bins as there will be.

    Parameters
    ----------
    sample
        Ordered latents, in the order in which pages will have them.
    """
    if len(candidates) == 1:
        return _bid(candidates[0], sample, number_type, config, sample.counts, full_level(config), kernels)
    best = best_bid(candidates, sample, number_type, config, sample.counts, kernels)
    cost = best.full_cost
    return best._replace(cost=price_in_full(best, sample, number_type, config, kernels) if cost is None else cost)


def _bid(
    mode: Mode,
    sample: Runs,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    level: int,
    kernels: Kernels,
    limit: int | None = None,
) -> Bid:
    """Price a mode with the best of the simpler delta encodings, for as many bins as a level has.

    Where secondary latents alone cost as much as `limit`, they are the price: the mode is out.
    """
    primary, secondary = modes.split(mode, sample.latents, number_type, kernels)
    less_bins = min(config.compression_level, SECONDARY_LEVEL)
    secondary_cost = 0 if secondary is None else estimate(secondary, less_bins, sample.whole, kernels)
    if limit is not None and secondary_cost >= limit:
        return Bid(mode, NoDelta(), secondary_cost, secondary_cost)
    runs = Runs(primary, sample.counts, sample.whole)
    delta = requested_delta(primary, config, page_numbers)
    if delta is None:
        price, delta = best_consecutive(runs, level, kernels)
    else:
        price = price_of(deltas.encode(delta, primary, sample.counts, kernels), sample, level, kernels)
    return Bid(mode, delta, price + secondary_cost, secondary_cost)


def requested_delta(primary: Latents, config: ChunkConfig, page_numbers: I64) -> DeltaEncoding | None:
    """Return the delta encoding that is asked for, None where it is to be chosen."""
    spec = config.delta_spec
    match spec.name:
        case "try_consecutive":
            return Consecutive(spec.argument) if spec.argument else NoDelta()
        case "try_lookback":
            return lookback.plan(int(page_numbers.max()))
        case "try_conv1":
            return (conv1.fit(primary, spec.argument) if spec.argument else None) or NoDelta()
        case "no_op":
            return NoDelta()
    return NoDelta() if primary.size < modes.LEAST_NUMBERS else None


def best_consecutive(sample: Runs, level: int, kernels: Kernels) -> tuple[int, DeltaEncoding]:
    """Return no delta or that of the order at which the price stops falling, with its price."""
    prices = estimate_differences(sample.latents, sample.counts, level, sample.whole, MAX_CONSECUTIVE_ORDER, kernels)
    order = len(prices) - 1
    if order and prices[order] >= prices[order - 1]:
        order -= 1
    return prices[order], Consecutive(order) if order else NoDelta()


def price_of(encoded: deltas.Encoded, sample: Runs, level: int, kernels: Kernels) -> int:
    """Return what the chunk costs of which a sample was encoded."""
    # Each run lacks some latents, those that its delta state implies: of pages, which are longer, hardly any do.
    price = estimate(encoded.stored, level, sample.whole, kernels)
    if encoded.lookbacks is not None:
        price += estimate(encoded.lookbacks, level, sample.whole, kernels)
    return price
