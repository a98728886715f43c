"""Mode and delta encoding for a chunk: what was asked for, or what trials on samples find best.

Every candidate is split and differenced as it would be in earnest, on the same sample, and its latents are priced by a
small training; the cheapest wins.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from . import deltas, modes
from .config import ChunkConfig, ModeSpec
from .constants import MAX_CONSECUTIVE_ORDER
from .deltas import conv1, lookback
from .dtypes import Latents, NumberType, from_latents, to_latents
from .errors import InvalidArgumentError
from .estimates import Runs, sample_runs, sample_scattered, sample_stretch
from .kernels import Kernels
from .metadata import (
    Classic,
    Consecutive,
    DeltaEncoding,
    FloatMult,
    FloatQuant,
    IntMult,
    Mode,
    NoDelta,
    check_mode,
)
from .modes import dictionary, float_base, float_quant, int_mult
from .training import SECONDARY_LEVEL, estimate

I64 = npt.NDArray[np.int64]

_LEAST_NUMBERS = 10  # a smaller chunk tells nothing about itself
_TRIAL_LEVEL = 6
_DICT_SAMPLE = 1 << 13
_DICT_DELTAS = ("auto", "no_op")  # a dictionary's indices have no order that differences could use
_LOOKBACK_LEVEL = 2  # lower levels do not search for lookbacks
# What a slower or riskier form must save to be chosen, as a part of the price of the plainer one.
_MODE_SAVING = 128
_DICT_SAVING = 32
_LOOKBACK_SAVING = 28
_SEARCH_SAVING = 64  # the same for distances that are searched for each latent, beside one for all
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
        mode = _requested_mode(config.mode_spec, number_type)
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
    best = _bid(Classic(), sample, number_type, config, page_numbers, kernels)
    limit = best.cost - best.cost // _MODE_SAVING
    for mode in candidate_modes(latents, number_type):
        bid = _bid(mode, sample, number_type, config, page_numbers, kernels, limit)
        if bid.cost < limit:
            best, limit = bid, bid.cost
    price, delta, distance = best.cost - best.secondary_cost, best.delta, None
    if config.delta_spec.name == "auto" and latents.size >= _LEAST_NUMBERS:
        stretch = sample_stretch(latents, int(page_numbers.max()))
        stretch = stretch._replace(latents=modes.split(best.mode, stretch.latents, number_type, kernels)[0])
        price, delta, distance = _with_lookback(price, delta, stretch, config, page_numbers, kernels)
    if config.mode_spec == ModeSpec.auto() and config.delta_spec.name in _DICT_DELTAS:
        price += best.secondary_cost
        found = dictionary.bid(latents, sample_scattered(latents, _DICT_SAMPLE), price - price // _DICT_SAVING, kernels)
        if found is not None:
            return Choice(found[0], NoDelta(), found[1], None)
    primary, secondary = modes.split(best.mode, latents, number_type, kernels)
    return Choice(best.mode, _requested_delta(primary, config, page_numbers) or delta, primary, secondary, distance)


def price(
    sample: Runs, candidates: Sequence[Mode], number_type: NumberType, config: ChunkConfig, kernels: Kernels
) -> int:
    """Return the least of what numbers cost in any of some modes, with no delta or a consecutive one.

    Parameters
    ----------
    sample
        Ordered latents, in the order in which pages will have them.
    """
    return min(_bid(mode, sample, number_type, config, sample.counts, kernels).cost for mode in candidates)


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
    bids = [_bid(mode, sample, number_type, config, sample.counts, kernels) for mode in candidates]
    best = min(bids, key=lambda bid: bid.cost)
    if config.compression_level < _LOOKBACK_LEVEL:
        return best.cost, best.cost
    primary, _ = modes.split(best.mode, sample.latents, number_type, kernels)
    encoded = deltas.encode(lookback.plan(longest_page), primary, sample.counts, kernels)
    found = _price_in_pages(encoded, sample, longest_page, config, kernels) + best.secondary_cost
    return (found if found < best.cost - best.cost // _LOOKBACK_SAVING else best.cost), best.cost


def _check_delta_spec(number_type: NumberType, config: ChunkConfig) -> None:
    if config.delta_spec.name == "try_conv1" and number_type.bits > 32:
        raise InvalidArgumentError(
            f"Conv1 delta encoding is only supported for types with 32 or fewer bits, got {number_type.name}"
        )


def candidate_modes(latents: Latents, number_type: NumberType) -> Iterator[Mode]:
    """List the modes worth a trial besides the plain one."""
    if latents.size < _LEAST_NUMBERS:
        return
    sample = sample_scattered(latents)
    if number_type.is_float:
        for base in float_base.propose(from_latents(sample, number_type), number_type):
            mode = _float_mult(base, number_type)
            if check_mode(mode, number_type) is None:
                yield mode
        for k in float_quant.bid(sample, number_type):
            yield FloatQuant(k)
    else:
        for divisor in int_mult.bid(sample):
            yield IntMult(divisor)


def _float_mult(base: float, number_type: NumberType) -> FloatMult:
    with np.errstate(all="ignore"):
        typed = np.array([base]).astype(number_type.dtype)
    return FloatMult(int(to_latents(typed, number_type)[0]))


def _requested_mode(spec: ModeSpec, number_type: NumberType) -> Mode:
    mode: Mode
    match spec.name:
        case "try_int_mult":
            # As in the wheel, a base beyond the type loses its upper bits.
            mode = IntMult(spec.argument & ((1 << number_type.bits) - 1))
        case "try_float_mult":
            mode = _float_mult(spec.argument, number_type)
        case "try_float_quant":
            mode = FloatQuant(spec.argument)
        case _:
            mode = Classic()
    if reason := check_mode(mode, number_type):
        raise InvalidArgumentError(f"{reason}; {spec!r} was asked for {number_type.name}")
    return mode


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
    return NoDelta() if primary.size < _LEAST_NUMBERS else None


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
    simple_price = _price(simple, stretch, config, kernels)
    encoded = deltas.encode(candidate, stretch.latents, stretch.counts, kernels)
    candidate_price = _price_in_pages(encoded, stretch, longest_page, config, kernels)
    distance = _usual_distance(encoded)
    if distance is not None:
        alike = deltas.encode(candidate, stretch.latents, stretch.counts, kernels, distance)
        alike_price = _price_in_pages(alike, stretch, longest_page, config, kernels)
        if alike_price <= candidate_price + candidate_price // _SEARCH_SAVING:
            candidate_price = alike_price
        else:
            distance = None
    if candidate_price >= simple_price - simple_price // _LOOKBACK_SAVING:
        return price, simple, None
    return price * candidate_price // simple_price, candidate, distance


def _usual_distance(encoded: deltas.Encoded) -> int | None:
    """Return the distance that nearly all latents look back to, None if there is none."""
    if encoded.lookbacks is None or not encoded.lookbacks.size:
        return None
    counts = np.bincount(encoded.lookbacks)
    usual = int(counts.argmax())
    return usual if encoded.lookbacks.size - int(counts[usual]) <= encoded.lookbacks.size // _UNUSUAL else None


def _best_consecutive(sample: Runs, config: ChunkConfig, kernels: Kernels) -> tuple[int, DeltaEncoding]:
    """Return no delta or that of the order at which the price stops falling, with its price."""
    best: tuple[int, DeltaEncoding] = _price(NoDelta(), sample, config, kernels), NoDelta()
    for order in range(1, MAX_CONSECUTIVE_ORDER + 1):
        price = _price(Consecutive(order), sample, config, kernels)
        if price >= best[0]:
            break
        best = price, Consecutive(order)
    return best


def _price(delta: DeltaEncoding, sample: Runs, config: ChunkConfig, kernels: Kernels) -> int:
    """Return what the latents of a sample cost under a delta encoding, scaled to the chunk."""
    return _price_of(deltas.encode(delta, sample.latents, sample.counts, kernels), sample, config, kernels)


def _price_of(encoded: deltas.Encoded, sample: Runs, config: ChunkConfig, kernels: Kernels) -> int:
    # Each run lacks some latents, those that its delta state implies: of pages, which are longer, hardly any do.
    level = min(config.compression_level, _TRIAL_LEVEL)
    price = estimate(encoded.stored, level, sample.whole, kernels)
    if encoded.lookbacks is not None:
        price += estimate(encoded.lookbacks, level, sample.whole, kernels)
    return price


def _price_in_pages(
    encoded: deltas.Encoded, sample: Runs, longest_page: int, config: ChunkConfig, kernels: Kernels
) -> int:
    """Do what `_price_of` does for runs that may be parts, of equal length, of longer pages.

    The first half of a run has hardly anything to look back to, and stands for the beginning of a page alone; the other
    half stands for all the rest of the page.
    """
    runs, length = sample.counts.size, int(sample.counts.max())
    half = length // 2
    if longest_page <= length:
        return _price_of(encoded, sample, config, kernels)
    level = min(config.compression_level, _TRIAL_LEVEL)
    early = sample.whole * half // longest_page
    price = 0
    for stored in (encoded.stored, encoded.lookbacks):
        if stored is not None:
            of_run = stored.reshape(runs, -1)
            late = of_run.shape[1] - (length - half)
            price += estimate(of_run[:, :late].reshape(-1), level, early, kernels)
            price += estimate(of_run[:, late:].reshape(-1), level, sample.whole - early, kernels)
    return price
