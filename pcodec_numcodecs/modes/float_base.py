"""Which base floats are multiples of: proposals for FloatMult from a sample.

Three ways to see one: numbers that end in many zero bits are multiples of a power of two; decimal numbers of few
places, of a power of ten; and for any other base Euclid's algorithm, stopped at rounding errors, finds a common measure
of two numbers.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..bits import bit_lengths
from ..dtypes import NumberType
from . import int_mult

if TYPE_CHECKING:
    from ..kernels import Kernels

F64 = npt.NDArray[np.float64]

_LEAST_NUMBERS = 10
_TRAILING_ZEROS = 5
_POWERS = np.array([[float(10**places)] for places in range(19)])
"""10 to the decimal places that numbers may have."""
_FEW = 64
_PAIRS = 256
_AGREEMENT = 1.01


def propose(
    numbers: npt.NDArray[np.floating[Any]], number_type: NumberType, is_glance: bool, kernels: "Kernels"
) -> list[float]:
    """Return bases worth a trial, at most one of each kind; at a glance, powers of ten, and of two times integers."""
    magnitudes = np.abs(numbers)
    limit = np.finfo(number_type.dtype)
    usual = magnitudes[(magnitudes >= limit.tiny) & (magnitudes <= limit.max / 2)]
    if usual.size < _LEAST_NUMBERS:
        return []
    wide = usual.astype(np.float64)
    with np.errstate(all="ignore"):  # what overflows is no multiple of anything
        bases = [_binary(usual, number_type), _decimal(wide, number_type.mantissa_bits)]
        if not is_glance:
            bases.append(_common_measure(wide, number_type.mantissa_bits, kernels))
    unique: list[float] = []
    for base in bases:
        if base is not None and not any(
            abs(base - other) <= math.ldexp(base, -number_type.mantissa_bits) for other in unique
        ):
            unique.append(base)
    return unique


def _binary(magnitudes: npt.NDArray[np.floating[Any]], number_type: NumberType) -> float | None:
    """Return a power of two, times an integer, that nearly all numbers are multiples of."""
    mantissa_bits = number_type.mantissa_bits
    bits = magnitudes.view(number_type.latent).astype(np.int64)
    mantissa = (bits & ((1 << mantissa_bits) - 1)) | (1 << mantissa_bits)
    zeros = bit_lengths((mantissa & -mantissa).view(np.uint64)) - 1
    if 2 * np.count_nonzero(zeros >= _TRAILING_ZEROS) < zeros.size:
        return None
    bias = (1 << (number_type.bits - mantissa_bits - 2)) - 1
    # Exponent of the lowest bit that is set; a few numbers may be odd ones out.
    lowest = np.sort((bits >> mantissa_bits) - bias - mantissa_bits + zeros)
    exponent = int(lowest[lowest.size // 50])
    unit = math.ldexp(1.0, exponent)
    multiples = magnitudes.astype(np.float64) / unit
    whole = multiples[(multiples < 2.0**62) & (multiples == np.floor(multiples))].astype(np.uint64)
    factors = int_mult.bid(whole)
    return unit * factors[0] if factors else unit


def _decimal(magnitudes: F64, mantissa_bits: int) -> float | None:
    """Return the largest power of ten, 1 and below, that at least half of the numbers are multiples of."""
    # A look at a few spares most of the work: if half of all are near multiples, a quarter of these are.
    few = magnitudes[:: max(1, magnitudes.size // _FEW)]
    promising = 4 * _near_multiples(few, _POWERS, mantissa_bits) >= few.size
    for power in _POWERS[promising]:
        if 2 * _near_multiples(magnitudes, power, mantissa_bits)[0] >= magnitudes.size:
            return 1.0 / float(power[0])
    return None


def _near_multiples(magnitudes: F64, powers: F64, mantissa_bits: int) -> npt.NDArray[np.int64]:
    """Count the numbers that are whole multiples of one over each power of ten, give or take rounding errors."""
    multiples = magnitudes * powers.reshape(-1, 1)
    # With so large multiples any number would be near a whole one.
    telling = (multiples >= 0.5) & (multiples < math.ldexp(1.0, mantissa_bits - 4))
    error = np.abs(multiples - np.rint(multiples))
    near = telling & (
        error <= np.maximum(multiples * math.ldexp(1.0, 2 - mantissa_bits), math.ldexp(1.0, -mantissa_bits))
    )
    return near.sum(axis=1)


def _common_measure(magnitudes: F64, mantissa_bits: int, kernels: "Kernels") -> float | None:
    """Return the measure that pairs of numbers agree on, if any."""
    pairs = magnitudes[: magnitudes.size // 2 * 2].reshape(-1, 2)
    pairs = pairs[:: max(1, pairs.shape[0] // _PAIRS)]
    large, small = pairs.max(axis=1), pairs.min(axis=1)
    # Rounding errors grow with every quotient, so a quarter of the bits is not to be relied on.
    negligible = large * math.ldexp(1.0, mantissa_bits // 4 - mantissa_bits)
    rest = kernels.find_measures(large, small, negligible)
    # A measure as small as the rounding errors is no find.
    found = small[(small > 16.0 * negligible) & (rest <= negligible)]
    found.sort()
    if not found.size:
        return None
    agreeing = found.searchsorted(found * _AGREEMENT, side="right") - np.arange(found.size)
    best = int(agreeing.argmax())
    if agreeing[best] < 3 + found.size // 100:
        return None
    base = float(found[best + int(agreeing[best]) // 2])
    for reach in (2.0**6, 2.0**10, 2.0**14):
        base = _refine(base, magnitudes, reach)
    return _snap(base)


def _refine(base: float, magnitudes: F64, reach: float) -> float:
    """Return the median of what numbers of up to `reach` multiples say that the base is."""
    multiples = np.rint(magnitudes / base)
    telling = (multiples >= 1.0) & (multiples <= reach)
    telling &= np.abs(magnitudes / base - multiples) < 0.05
    if not telling.any():
        return base
    # The larger the multiple, the less a rounding error shows.
    chosen = np.argsort(-multiples[telling], kind="stable")[:64]
    estimates = np.sort(magnitudes[telling][chosen] / multiples[telling][chosen])
    return float(estimates[estimates.size // 2])


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
