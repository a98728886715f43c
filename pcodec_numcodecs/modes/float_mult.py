"""FloatMult: a float is a multiple of a base, give or take units in the last place.

The multiple is an integer held in a float; beyond the integers that the type can tell apart, the next floats are
counted one by one, so that every float, infinities and NaNs included, has its place.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, NumberType, from_latents, to_latents
from ..kernels.numpy_ import joins
from ..metadata import FloatMult


def _exact_limit(number_type: NumberType) -> int:
    """Return the integer up to which the type holds every one."""
    return 1 << (number_type.mantissa_bits + 1)


def split(mode: FloatMult, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Return the nearest multiples, counted, and what they miss the numbers by in units in the last place."""
    numbers = from_latents(latents, number_type)
    base = mode.base(number_type)
    # An inverse that is rounded again costs a wrong multiple now and then, which the secondary mends.
    with np.errstate(all="ignore"):
        multiples = np.rint(numbers * (number_type.dtype.type(1) / base))
    if (np.abs(multiples) < number_type.dtype.type(_exact_limit(number_type))).all():
        primary = _count_exact(multiples, number_type)
    else:
        primary = _count(multiples, number_type)
        multiples = joins.multiples(primary, number_type.mantissa_bits)
    approximations = to_latents(joins.times(multiples, base, number_type.mantissa_bits), number_type)
    secondary = np.subtract(latents, approximations, out=approximations)
    secondary += number_type.latent.type(number_type.mid)
    return primary, secondary


def _count_exact(multiples: npt.NDArray[Any], number_type: NumberType) -> Latents:
    """Do what `_count` does for integers that the type can tell apart, in fewer steps."""
    spread = multiples.view(f"i{multiples.itemsize}") >> (number_type.bits - 1)
    counted: Latents = np.abs(multiples).astype(number_type.latent)
    counted += number_type.latent.type(number_type.mid)
    return np.bitwise_xor(counted, spread.view(number_type.latent), out=counted)


def _count(multiples: npt.NDArray[Any], number_type: NumberType) -> Latents:
    """Invert `joins.multiples`."""
    latent = number_type.latent.type
    mid = latent(number_type.mid)
    bits = multiples.view(number_type.latent)
    negative = (bits & mid) != 0
    magnitude_bits = bits & ~mid
    limit = _exact_limit(number_type)
    limit_float = np.array(limit, number_type.dtype)
    small = np.abs(multiples) < limit_float
    with np.errstate(all="ignore"):
        integers = np.where(small, np.abs(multiples), 0).astype(number_type.latent)
    magnitude = np.where(small, integers, latent(limit) + (magnitude_bits - limit_float.view(number_type.latent)))
    return np.where(negative, (mid - latent(1)) - magnitude, mid + magnitude)
