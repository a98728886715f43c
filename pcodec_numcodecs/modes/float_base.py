"""Which base floats are multiples of: proposals for FloatMult from a sample.

Three ways to see one: numbers that end in many zero bits are multiples of a power of two; decimal numbers of few
places, of a power of ten; and for any other base Euclid's algorithm, stopped at rounding errors, finds a common measure
of two numbers.
"""

import math

import numpy as np
import numpy.typing as npt

from ..bits import bit_lengths
from ..kernels import FloatSurvey
from ..kernels.surveys import LEAST_NUMBERS, POWERS
from . import int_mult

F64 = npt.NDArray[np.float64]

_MANTISSA_BITS, _BIAS = 52, 1023  # of float64


def propose(survey: FloatSurvey, mantissa_bits: int) -> list[float]:
    """Return bases worth a trial, at most one of each kind."""
    bases: list[float] = []
    with np.errstate(all="ignore"):  # what overflows is no multiple of anything
        if 2 * survey.round_numbers >= survey.usual.size >= LEAST_NUMBERS:
            bases.append(_binary(survey.usual))
        if survey.decimal_places >= 0:
            bases.append(1.0 / float(POWERS[survey.decimal_places]))
        if survey.measure:
            bases.append(_snap(survey.measure))
    unique: list[float] = []
    for base in bases:
        if not any(abs(base - other) <= math.ldexp(base, -mantissa_bits) for other in unique):
            unique.append(base)
    return unique


def _binary(sizes: F64) -> float:
    """Return a power of two, times an integer, that nearly all numbers are multiples of."""
    bits = sizes.view(np.int64)
    mantissa = (bits & ((1 << _MANTISSA_BITS) - 1)) | (1 << _MANTISSA_BITS)
    zeros = bit_lengths((mantissa & -mantissa).view(np.uint64)) - 1
    # Exponent of the lowest bit that is set; a few numbers may be odd ones out.
    lowest = np.sort((bits >> _MANTISSA_BITS) - _BIAS - _MANTISSA_BITS + zeros)
    unit = math.ldexp(1.0, int(lowest[lowest.size // 50]))
    multiples = sizes / unit
    whole = multiples[(multiples < 2.0**62) & (multiples == np.floor(multiples))].astype(np.uint64)
    factors = int_mult.bid(whole)
    return unit * factors[0] if factors else unit


def _snap(base: float) -> float:
    """Return the round number next to the base, if one is near: an integer or one over an integer."""
    if base >= 0.5:
        whole = round(base)
        return float(whole) if abs(base - whole) < 2.0**-20 * base else base
    inverse = 1.0 / base
    if not math.isfinite(inverse):  # of a subnormal base
        return base
    whole = round(inverse)
    return 1.0 / whole if abs(inverse - whole) < 0.02 and abs(inverse - whole) < 2.0**-10 * inverse else base
