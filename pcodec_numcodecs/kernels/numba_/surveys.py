"""What floats of a sample have in common."""

from typing import Any

import numpy as np
import numpy.typing as npt

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
from .compiled import compiled, inlined_lightly
from .joins import single_of_half
from .words import bit_length, float_of

Latents = npt.NDArray[np.unsignedinteger[Any]]

_ONE = np.uint64(1)
_ROUND_ONES = np.uint64((1 << ROUND_BITS) - 1)
_ROUND_NUMBERS, _PLACES = range(2)
_MOST_MULTIPLE, _ERROR_OF_MULTIPLE, _LEAST_ERROR, _NEGLIGIBLE = range(4)
"""Powers of two that depend on how exact floats are."""


def survey_floats(latents: Latents, mantissa_bits: int, is_glance: bool) -> FloatSurvey:
    """See `Kernels.survey_floats`."""
    width = 8 * latents.itemsize
    usual, endings = np.empty(latents.size), np.zeros(width, np.int64)
    told, measure, found = np.zeros(2, np.int64), np.zeros(1), np.empty(2 * PAIRS)
    bounds = np.ldexp(
        1.0, (mantissa_bits - 4, 2 - mantissa_bits, -mantissa_bits, mantissa_bits // TRUSTED - mantissa_bits)
    )
    count = _survey(
        *(latents.astype(np.uint64), width, mantissa_bits, is_glance, bounds, usual, endings, told, measure, found)
    )
    return FloatSurvey(usual[:count], endings, int(told[_ROUND_NUMBERS]), int(told[_PLACES]), float(measure[0]))


@compiled
def _survey(
    words: Any,
    width: Any,
    mantissa_bits: Any,
    is_glance: Any,
    bounds: Any,
    usual: Any,
    endings: Any,
    told: Any,
    measure: Any,
    found: Any,
) -> Any:
    """Fill in all that is found; return how many usual numbers there are."""
    top = _ONE << np.uint64(width - 1)
    low, unit = top - _ONE, _ONE << np.uint64(mantissa_bits)
    most = (top - unit) - _ONE - unit
    count = np.int64(0)
    for word in words:
        size = (word if word & top else ~word) & low
        if size:
            endings[bit_length(size & (~size + _ONE)) - 1] += 1
        if unit <= size <= most:
            told[_ROUND_NUMBERS] += size & _ROUND_ONES == 0
            if width == 64:
                usual[count] = float_of(size)
            elif width == 32:
                usual[count] = np.float64(float_of(np.uint32(size)))
            else:
                usual[count] = np.float64(single_of_half(np.uint32(size)))
            count += 1
    told[_PLACES] = -1
    if count >= LEAST_NUMBERS:
        told[_PLACES] = _decimal_places(usual, count, bounds)
        if not is_glance:
            measure[0] = _agreed(found, _measures(usual, count, bounds, found))
            if measure[0] > 0:
                for reach in REACHES:
                    measure[0] = _refined(measure[0], usual, count, reach, found[:TELLING], found[TELLING:])
    return count


@inlined_lightly
def _decimal_places(sizes: Any, count: Any, bounds: Any) -> Any:
    step = max(1, count // FEW)
    for place in range(POWERS.size):
        few = (count + step - 1) // step
        promising = 4 * _near_multiples(sizes, count, step, POWERS[place], bounds) >= few
        if promising and 2 * _near_multiples(sizes, count, np.int64(1), POWERS[place], bounds) >= count:
            return place
    return -1


@inlined_lightly
def _near_multiples(sizes: Any, count: Any, step: Any, power: Any, bounds: Any) -> Any:
    near = 0
    for i in range(0, count, step):
        multiple = sizes[i] * power
        error = abs(multiple - np.rint(multiple))
        near += 0.5 <= multiple < bounds[_MOST_MULTIPLE] and error <= max(
            multiple * bounds[_ERROR_OF_MULTIPLE], bounds[_LEAST_ERROR]
        )
    return near


@inlined_lightly
def _measures(sizes: Any, count: Any, bounds: Any, found: Any) -> Any:
    """Fill in the common measures of pairs, ascending; return how many there are."""
    held: Any = np.int64(0)
    pairs = count // 2
    for pair in range(0, pairs, max(1, pairs // PAIRS)):
        large: Any = max(sizes[2 * pair], sizes[2 * pair + 1])
        small: Any = min(sizes[2 * pair], sizes[2 * pair + 1])
        negligible, rest = large * bounds[_NEGLIGIBLE], np.float64(0)
        for _ in range(MOST_STEPS):
            rest = np.fmod(large, small)
            rest = min(rest, small - rest)
            if not rest > negligible:
                break
            large, small = small, rest
        if small > FINDABLE * negligible and rest <= negligible:
            at = held
            while at > 0 and found[at - 1] > small:
                found[at] = found[at - 1]
                at -= 1
            found[at] = small
            held += 1
    return held


@inlined_lightly
def _agreed(found: Any, held: Any) -> Any:
    """Return the middle one of those that agree with most others, 0 where these are few."""
    best = most = end = 0
    for first in range(held):
        while end < held and found[end] <= found[first] * AGREEMENT:
            end += 1
        if end - first > most:
            best, most = first, end - first
    return found[best + most // 2] if most and most >= LEAST_AGREEING + held // 100 else np.float64(0)


@inlined_lightly
def _refined(measure: Any, sizes: Any, count: Any, reach: Any, multiples: Any, estimates: Any) -> Any:
    """Return the median of what numbers of up to `reach` multiples say that the measure is.

    The larger the multiple, the less a rounding error shows: the largest are taken, of equal ones the first.
    """
    held: Any = np.int64(0)
    for i in range(count):
        quotient = sizes[i] / measure
        multiple = np.rint(quotient)
        if not (1.0 <= multiple <= reach and abs(quotient - multiple) < ASTRAY):
            continue
        if held < TELLING:
            held += 1
        elif multiple <= multiples[TELLING - 1]:
            continue
        at = held - 1
        while at > 0 and multiples[at - 1] < multiple:
            multiples[at], estimates[at] = multiples[at - 1], estimates[at - 1]
            at -= 1
        multiples[at], estimates[at] = multiple, sizes[i] / multiple
    for i in range(1, held):
        estimate, at = estimates[i], i
        while at > 0 and estimates[at - 1] > estimate:
            estimates[at] = estimates[at - 1]
            at -= 1
        estimates[at] = estimate
    return estimates[held // 2] if held else measure
