"""Mode and delta encoding for a chunk: what was asked for, or what trials on samples find best.

Every candidate is split and differenced as it would be in earnest, on the same sample, and its latents are priced by a
small training; the cheapest wins.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import modes
from ..config import ChunkConfig, ModeSpec
from ..dtypes import Latents, NumberType
from ..errors import InvalidArgumentError
from ..estimates import Runs, sample_runs, sample_stretch
from ..kernels import Kernels
from ..metadata import Classic, DeltaEncoding, Dict, Mode, NoDelta
from ..modes import dictionary
from ..training import estimate
from .bids import (
    TRIAL_LEVEL,
    Bid,
    best_bid,
    best_consecutive,
    cheapest,
    full_level,
    less,
    price_in_full,
    requested_delta,
    trial_level,
)
from .chunk_numbers import ChunkNumbers
from .lookbacks import with_lookback
from .neighbours import Common, Neighbours

__all__ = ["Bid", "Choice", "ChunkNumbers", "Common", "Neighbours", "cheapest", "choose", "with_lookback"]

I64 = npt.NDArray[np.int64]

_STRETCH = 1 << 14  # neighbours that lookbacks are tried on
_DICT_DELTAS = ("auto", "no_op")  # a dictionary's indices have no order that differences could use
# What a slower or riskier form must save to be chosen, as a part of the price of the plainer one.
_DICT_SAVING = 32
_FULL_DICT_SAVING = 64  # where both have as many bins as they will


class Choice(NamedTuple):
    """How a chunk is to be coded, with its latents split accordingly.

    With a `distance`, all latents look back as far as that, and no better ones are searched for.
    """

    mode: Mode
    delta: DeltaEncoding
    primary: Latents
    secondary: Latents | None
    distance: int | None = None


def choose(
    numbers: ChunkNumbers,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
    common: Common | None = None,
) -> Choice:
    """Choose mode and delta encoding for the numbers of a chunk.

    Parameters
    ----------
    common
        What suits the chunk and its neighbours, if that is known: taken where the chunk turns out to be like them.

    Raises
    ------
    InvalidArgumentError
        When a requested mode or delta encoding does not fit the number type.
    """
    _check_delta_spec(number_type, config)
    secondary: Latents | None = None
    if config.mode_spec.name == "auto":
        return _choose_automatically(numbers, number_type, config, page_numbers, kernels, common)
    mode: Mode
    if config.mode_spec.name == "try_dict":
        mode, primary = dictionary.build(numbers.latents, kernels)
    else:
        mode = modes.requested(config.mode_spec, number_type)
        primary, secondary = numbers.split(mode)
    delta, distance = requested_delta(primary, config, page_numbers), None
    if delta is None:
        longest_page = int(page_numbers.max())
        price, simple = best_consecutive(sample_runs(primary), trial_level(config), kernels)
        stretch = sample_stretch(primary, longest_page, _STRETCH)
        _, delta, distance = with_lookback(Bid(mode, simple, price, 0), stretch, config, longest_page, kernels)
    return Choice(mode, delta, primary, secondary, distance)


def _choose_automatically(
    numbers: ChunkNumbers,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
    common: Common | None,
) -> Choice:
    """Choose the mode by trials, and then the delta encoding where that is open too."""
    sample = numbers.runs()
    best = None if common is None else common.bid(sample, number_type, config, kernels)
    if best is None:
        common = None
        candidates = [Classic(), *modes.proposed(numbers.scattered(modes.SAMPLE), number_type, kernels)]
        best = best_bid(candidates, sample, number_type, config, page_numbers, kernels)
    price, delta, distance = best.cost, best.delta, None
    if common is not None and common.delta is not None:
        price = (best.cost - best.secondary_cost) * common.delta_cost // common.cost + best.secondary_cost
        delta, distance = common.delta, common.distance
    elif common is None and config.delta_spec.name == "auto" and numbers.size >= modes.LEAST_NUMBERS:
        longest_page = int(page_numbers.max())
        stretch = numbers.stretch(longest_page, _STRETCH)
        stretch = stretch._replace(latents=modes.split(best.mode, stretch.latents, number_type, kernels)[0])
        price, delta, distance = with_lookback(best, stretch, config, longest_page, kernels)
    has_dictionary = config.mode_spec == ModeSpec.auto() and config.delta_spec.name in _DICT_DELTAS
    if has_dictionary and (common is None or common.has_dictionary):
        found = _dictionary(numbers, less(price, _DICT_SAVING), kernels)
        if found is not None and _is_worth_a_dictionary(found, best, price, sample, number_type, config, kernels):
            return Choice(found[0], NoDelta(), found[1], None)
    primary, secondary = numbers.split(best.mode)
    return Choice(best.mode, requested_delta(primary, config, page_numbers) or delta, primary, secondary, distance)


def _dictionary(numbers: ChunkNumbers, limit: int, kernels: Kernels) -> tuple[Dict, npt.NDArray[np.uint32]] | None:
    """Return the dictionary and the indices, if these may cost less than `limit`."""
    # A sample tells, before all are counted, whether there is any hope.
    if not dictionary.is_promising(numbers.scattered(dictionary.SAMPLE), numbers.size, limit, kernels):
        return None
    return dictionary.bid(numbers.latents, limit, kernels)


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
    level = full_level(config)
    if level <= TRIAL_LEVEL:
        return True
    rival = min(price, price_in_full(best, sample, number_type, config, kernels))
    indices = sample_runs(found[1])
    own = estimate(indices.latents, level, indices.whole, kernels) + dictionary.price_of_values(found[0], number_type)
    return own < less(rival, _FULL_DICT_SAVING)


def _check_delta_spec(number_type: NumberType, config: ChunkConfig) -> None:
    if config.delta_spec.name == "try_conv1" and number_type.bits > 32:
        raise InvalidArgumentError(
            f"Conv1 delta encoding is only supported for types with 32 or fewer bits, got {number_type.name}"
        )
