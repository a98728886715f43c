"""Mode and delta encoding for a chunk: what was asked for, or what trials on samples find best.

Every candidate is split and differenced as it would be in earnest, on the same sample, and its latents are priced by a
small training; the cheapest wins.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from . import deltas, modes
from .config import ChunkConfig, ModeSpec
from .constants import MAX_CONSECUTIVE_ORDER
from .deltas import conv1, lookback
from .dtypes import Latents, NumberType
from .errors import InvalidArgumentError
from .estimates import Runs, sample_runs, sample_scattered, sample_stretch
from .kernels import Kernels
from .metadata import Classic, Consecutive, DeltaEncoding, Dict, Mode, NoDelta
from .modes import dictionary
from .training import SECONDARY_LEVEL, estimate, estimate_differences

I64 = npt.NDArray[np.int64]

_TRIAL_LEVEL = 6
_FULL_LEVEL = 8  # a sample would fill the bins of higher levels with too little
_DICT_SAMPLE = 1 << 13
_DICT_DELTAS = ("auto", "no_op")  # a dictionary's indices have no order that differences could use
_LOOKBACK_LEVEL = 2  # lower levels do not search for lookbacks
# What a slower or riskier form must save to be chosen, as a part of the price of the plainer one.
_MODE_SAVING = 128
_SECONDARY_SAVING = 64
_NOTHING = 1024  # what takes less than one in so many parts is one bin
_CLOSE = 4  # bids that cost one in so many parts more than the least may still be better
_DICT_SAVING = 32
_FULL_DICT_SAVING = 64  # where both have as many bins as they will
_LOOKBACK_SAVING = 28
_SEARCH_SAVING = 64  # the same for distances that are searched for each latent, beside one for all
_SCATTER = 37  # of lookbacks, one in so many tells what is usual
_UNUSUAL = 8  # at most one in so many latents looks back to another distance than the usual one


class Choice(NamedTuple):
    """How a chunk is to be coded, with its latents split accordingly.

    With a `distance`, all latents look back as far as that, and no better ones are searched for.
    """

    mode: Mode
    delta: DeltaEncoding
    primary: Latents
    secondary: Latents | None
    distance: int | None = None


class Bid(NamedTuple):
    """A candidate mode with the best of the simpler deltas, and the estimated cost for the whole chunk.

    The cost is that of all latents, `secondary_cost` the part of it that the secondary ones have.
    """

    mode: Mode
    delta: DeltaEncoding
    cost: int
    secondary_cost: int


def choose(
    latents: Latents, number_type: NumberType, config: ChunkConfig, page_numbers: I64, kernels: Kernels
) -> Choice:
    """Choose mode and delta encoding for the numbers of a chunk, given as ordered latents.

    Raises
    ------
    InvalidArgumentError
        When a requested mode or delta encoding does not fit the number type.
    """
    _check_delta_spec(number_type, config)
    secondary: Latents | None = None
    if config.mode_spec.name == "auto":
        return _choose_automatically(latents, number_type, config, page_numbers, kernels)
    mode: Mode
    if config.mode_spec.name == "try_dict":
        mode, primary = dictionary.build(latents, kernels)
    else:
        mode = modes.requested(config.mode_spec, number_type)
        primary, secondary = modes.split(mode, latents, number_type, kernels)
    delta, distance = _requested_delta(primary, config, page_numbers), None
    if delta is None:
        price, simple = _best_consecutive(sample_runs(primary), config, kernels)
        stretch = sample_stretch(primary, int(page_numbers.max()))
        _, delta, distance = _with_lookback(price, simple, stretch, config, page_numbers, kernels)
    return Choice(mode, delta, primary, secondary, distance)


def _choose_automatically(
    latents: Latents, number_type: NumberType, config: ChunkConfig, page_numbers: I64, kernels: Kernels
) -> Choice:
    """Choose the mode by trials, and then the delta encoding where that is open too."""
    sample = sample_runs(latents)
    candidates = [Classic(), *modes.proposed(latents, number_type)]
    best = _best(candidates, sample, number_type, config, page_numbers, kernels)
    price, delta, distance = best.cost - best.secondary_cost, best.delta, None
    if config.delta_spec.name == "auto" and latents.size >= modes.LEAST_NUMBERS:
        stretch = sample_stretch(latents, int(page_numbers.max()))
        stretch = stretch._replace(latents=modes.split(best.mode, stretch.latents, number_type, kernels)[0])
        price, delta, distance = _with_lookback(price, delta, stretch, config, page_numbers, kernels)
    if config.mode_spec == ModeSpec.auto() and config.delta_spec.name in _DICT_DELTAS:
        price += best.secondary_cost
        found = dictionary.bid(latents, sample_scattered(latents, _DICT_SAMPLE), _less(price, _DICT_SAVING), kernels)
        if found is not None and _is_worth_a_dictionary(found, best, price, sample, number_type, config, kernels):
            return Choice(found[0], NoDelta(), found[1], None)
    primary, secondary = modes.split(best.mode, latents, number_type, kernels)
    return Choice(best.mode, _requested_delta(primary, config, page_numbers) or delta, primary, secondary, distance)


def _less(price: int, saving: int) -> int:
    """Return what must be undercut, if one in so many units is to be saved."""
    return price - price // saving


def _best(
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
    best = _bid(first, sample, number_type, config, page_numbers, kernels)
    limit = _less(best.cost, _MODE_SAVING)
    bids = [_bid(mode, sample, number_type, config, page_numbers, kernels, limit) for mode in others]
    least = min([bid.cost for bid in bids], default=limit)
    if least >= limit:
        return best
    close = [bid for bid in bids if bid.cost < limit and bid.cost <= least + least // _CLOSE]
    if len(close) == 1:
        return close[0]
    costs = [_in_full(bid, sample, number_type, config, kernels) for bid in close]
    # Secondary latents that take bits take time too.
    weighed = [
        cost + cost // _SECONDARY_SAVING * (bid.secondary_cost > cost // _NOTHING)
        for bid, cost in zip(close, costs, strict=True)
    ]
    return close[weighed.index(min(weighed))]


def _full_level(config: ChunkConfig) -> int:
    return min(config.compression_level, _FULL_LEVEL)


def _in_full(bid: Bid, sample: Runs, number_type: NumberType, config: ChunkConfig, kernels: Kernels) -> int:
    """Return the cost of a bid with as many bins as there will be: trials have fewer.

    The fewer distinct values there are, the more of them then have a bin for themselves.
    """
    level = _full_level(config)
    if level <= _TRIAL_LEVEL:
        return bid.cost
    primary, _ = modes.split(bid.mode, sample.latents, number_type, kernels)
    encoded = deltas.encode(bid.delta, primary, sample.counts, kernels)
    return bid.secondary_cost + estimate(encoded.stored, level, sample.whole, kernels)


def _is_worth_a_dictionary(
    found: tuple[Dict, npt.NDArray[np.uint32]],
    best: Bid,
    price: int,
    sample: Runs,
    number_type: NumberType,
    config: ChunkConfig,
    kernels: Kernels,
) -> bool:
    """Tell whether a dictionary still pays beside the best other mode if both have as many bins as they will.

    Parameters
    ----------
    price
        Of the chunk in the best other mode, at the level of trials, perhaps with lookbacks.
    """
    level = _full_level(config)
    if level <= _TRIAL_LEVEL:
        return True
    rival = min(price, _in_full(best, sample, number_type, config, kernels))
    indices = sample_runs(found[1])
    own = estimate(indices.latents, level, indices.whole, kernels) + dictionary.price_of_values(found[0], number_type)
    return own < _less(rival, _FULL_DICT_SAVING)


def cheapest(
    sample: Runs, candidates: Sequence[Mode], number_type: NumberType, config: ChunkConfig, kernels: Kernels
) -> Bid:
    """Return the best of some modes, with no delta or a consecutive one.

    Parameters
    ----------
    sample
        Ordered latents, in the order in which pages will have them.
    """
    best = _best(candidates, sample, number_type, config, sample.counts, kernels)
    return best._replace(cost=_in_full(best, sample, number_type, config, kernels))


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
    best = _best(candidates, sample, number_type, config, sample.counts, kernels)
    if config.compression_level < _LOOKBACK_LEVEL:
        return best.cost, best.cost
    primary, _ = modes.split(best.mode, sample.latents, number_type, kernels)
    encoded = deltas.encode(lookback.plan(longest_page), primary, sample.counts, kernels)
    level = _full_level(config)
    found = _price_in_pages(encoded, sample, longest_page, level, kernels) + best.secondary_cost
    simple = _in_full(best, sample, number_type, config, kernels)
    return (found if found < _less(simple, _LOOKBACK_SAVING) else simple), simple


def _check_delta_spec(number_type: NumberType, config: ChunkConfig) -> None:
    if config.delta_spec.name == "try_conv1" and number_type.bits > 32:
        raise InvalidArgumentError(
            f"Conv1 delta encoding is only supported for types with 32 or fewer bits, got {number_type.name}"
        )


def _bid(
    mode: Mode,
    sample: Runs,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
    limit: int | None = None,
) -> Bid:
    """Price a mode with the best of the simpler delta encodings.

    Where secondary latents alone cost as much as `limit`, they are the price: the mode is out.
    """
    primary, secondary = modes.split(mode, sample.latents, number_type, kernels)
    level = min(config.compression_level, SECONDARY_LEVEL)
    secondary_cost = 0 if secondary is None else estimate(secondary, level, sample.whole, kernels)
    if limit is not None and secondary_cost >= limit:
        return Bid(mode, NoDelta(), secondary_cost, secondary_cost)
    runs = Runs(primary, sample.counts, sample.whole)
    delta = _requested_delta(primary, config, page_numbers)
    if delta is None:
        price, delta = _best_consecutive(runs, config, kernels)
    else:
        price = _price(delta, runs, config, kernels)
    return Bid(mode, delta, price + secondary_cost, secondary_cost)


def _requested_delta(primary: Latents, config: ChunkConfig, page_numbers: I64) -> DeltaEncoding | None:
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


def _with_lookback(
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
    for level in sorted({min(config.compression_level, _TRIAL_LEVEL), _full_level(config)}):
        simple_price = _price_of(as_simple, stretch, level, kernels)
        limit = best = _less(simple_price, _LOOKBACK_SAVING)
        if alike is not None:
            best = min(best, _price_in_pages(alike, stretch, longest_page, level, kernels, limit))
        searched = _price_in_pages(encoded, stretch, longest_page, level, kernels, best)
        if searched < _less(best, _SEARCH_SAVING) or best == limit:
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


def _best_consecutive(sample: Runs, config: ChunkConfig, kernels: Kernels) -> tuple[int, DeltaEncoding]:
    """Return no delta or that of the order at which the price stops falling, with its price."""
    level = min(config.compression_level, _TRIAL_LEVEL)
    prices = estimate_differences(sample.latents, sample.counts, level, sample.whole, MAX_CONSECUTIVE_ORDER, kernels)
    order = len(prices) - 1
    if order and prices[order] >= prices[order - 1]:
        order -= 1
    return prices[order], Consecutive(order) if order else NoDelta()


def _price(delta: DeltaEncoding, sample: Runs, config: ChunkConfig, kernels: Kernels) -> int:
    """Return what the latents of a sample cost under a delta encoding, scaled to the chunk."""
    encoded = deltas.encode(delta, sample.latents, sample.counts, kernels)
    return _price_of(encoded, sample, min(config.compression_level, _TRIAL_LEVEL), kernels)


def _price_of(encoded: deltas.Encoded, sample: Runs, level: int, kernels: Kernels) -> int:
    # Each run lacks some latents, those that its delta state implies: of pages, which are longer, hardly any do.
    price = estimate(encoded.stored, level, sample.whole, kernels)
    if encoded.lookbacks is not None:
        price += estimate(encoded.lookbacks, level, sample.whole, kernels)
    return price


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
        return _price_of(encoded, sample, level, kernels)
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
