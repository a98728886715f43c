"""What floats of a sample have in common."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...dtypes import bits_of_ordered
from ..surveys import (
    AGREEMENT,
    ASTRAY,
    FEW,
    FINDABLE,
    LEAST_AGREEING,
    LEAST_NUMBERS,
    MOST_STEPS,
    PAIRS,
    POWERS,
    REACHES,
    ROUND_BITS,
    TELLING,
    TRUSTED,
    FloatSurvey,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


def survey_floats(latents: Latents, mantissa_bits: int, is_glance: bool) -> FloatSurvey:
    """See `Kernels.survey_floats`."""
    width, latent = 8 * latents.itemsize, latents.dtype.type
    sizes = bits_of_ordered(latents) & latent((1 << (width - 1)) - 1)
    endings = np.bincount(_zeros_at_end(sizes[sizes > 0]), minlength=width)
    largest = ((1 << (width - 1 - mantissa_bits)) - 1 << mantissa_bits) - 1
    unit = 1 << mantissa_bits
    found = sizes[(sizes >= latent(unit)) & (sizes <= latent(largest - unit))]
    usual = found.view(f"f{latents.itemsize}").astype(np.float64)
    places, measure = -1, 0.0
    if usual.size >= LEAST_NUMBERS:
        with np.errstate(all="ignore"):  # what overflows is no multiple of anything
            places = _decimal_places(usual, mantissa_bits)
            measure = 0.0 if is_glance else _common_measure(usual, mantissa_bits)
    round_numbers = np.count_nonzero(_zeros_at_end(found | latent(unit)) >= ROUND_BITS)
    return FloatSurvey(usual, endings, int(round_numbers), places, measure)


def _zeros_at_end(words: Latents) -> I64:
    return bit_lengths(words & (~words + words.dtype.type(1))) - 1


def _decimal_places(sizes: F64, mantissa_bits: int) -> int:
    few = sizes[:: max(1, sizes.size // FEW)]
    promising = 4 * _near_multiples(few, POWERS, mantissa_bits) >= few.size
    for place in np.flatnonzero(promising).tolist():
        if 2 * _near_multiples(sizes, POWERS[place], mantissa_bits)[0] >= sizes.size:
            return int(place)
    return -1


def _near_multiples(sizes: F64, powers: Any, mantissa_bits: int) -> I64:
    """Count the numbers that are whole multiples of one over each power of ten, give or take rounding errors."""
    multiples = sizes * powers.reshape(-1, 1)
    # With so large multiples any number would be near a whole one.
    telling = (multiples >= 0.5) & (multiples < math.ldexp(1.0, mantissa_bits - 4))
    error = np.abs(multiples - np.rint(multiples))
    near = telling & (
        error <= np.maximum(multiples * math.ldexp(1.0, 2 - mantissa_bits), math.ldexp(1.0, -mantissa_bits))
    )
    counts: I64 = near.sum(axis=1)
    return counts


def _common_measure(sizes: F64, mantissa_bits: int) -> float:
    pairs = sizes[: sizes.size // 2 * 2].reshape(-1, 2)
    pairs = pairs[:: max(1, pairs.shape[0] // PAIRS)]
    large, small = pairs.max(axis=1), pairs.min(axis=1)
    negligible = large * math.ldexp(1.0, mantissa_bits // TRUSTED - mantissa_bits)
    rests = _divide(large, small, negligible)
    found = small[(small > FINDABLE * negligible) & (rests <= negligible)]
    if not found.size:
        return 0.0
    found.sort()
    agreeing = found.searchsorted(found * AGREEMENT, side="right") - np.arange(found.size)
    best = int(agreeing.argmax())
    if agreeing[best] < LEAST_AGREEING + found.size // 100:
        return 0.0
    measure = float(found[best + int(agreeing[best]) // 2])
    for reach in REACHES:
        measure = _refined(measure, sizes, reach)
    return measure


def _refined(measure: float, sizes: F64, reach: float) -> float:
    """Return the median of what numbers of up to `reach` multiples say that the measure is."""
    multiples = np.rint(sizes / measure)
    telling = (multiples >= 1.0) & (multiples <= reach)
    telling &= np.abs(sizes / measure - multiples) < ASTRAY
    if not telling.any():
        return measure
    # The larger the multiple, the less a rounding error shows.
    chosen = np.argsort(-multiples[telling], kind="stable")[:TELLING]
    estimates = np.sort(sizes[telling][chosen] / multiples[telling][chosen])
    return float(estimates[estimates.size // 2])


def _divide(large: F64, small: F64, negligible: F64) -> F64:
    """Look for common measures by Euclid's algorithm, stopped at rounding errors.

    Numbers become what was divided last, and by what. Remainders are exact, and so is what a large one lacks to the
    divisor; the last ones, or what they lack, are returned, not negligible where no measure is found.
    """
    rests, other, going = np.empty_like(large), np.empty_like(large), np.empty(large.size, np.bool_)
    for _ in range(MOST_STEPS):
        np.fmod(large, small, out=rests)
        np.minimum(rests, np.subtract(small, rests, out=other), out=rests)
        np.greater(rests, negligible, out=going)
        if not np.count_nonzero(going):
            break
        np.copyto(large, small, where=going)
        np.copyto(small, rests, where=going)
    return rests
