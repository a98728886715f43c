"""FloatMult: a float is a multiple of a base, give or take units in the last place.

The multiple is an integer held in a float; beyond the integers that the type can tell apart, the next floats are
counted one by one, so that every float, infinities and NaNs included, has its place.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, NumberType, to_latents
from ..metadata import FloatMult

if TYPE_CHECKING:
    from ..kernels import Kernels


def join(mode: FloatMult, primary: Latents, secondary: Latents, number_type: NumberType) -> Latents:
    """Return the latents of ``multiple * base``, moved by the units in the last place of `secondary`."""
    multiples = _multiples(primary, number_type)
    latents = to_latents(_times(multiples, mode.base(number_type), number_type), number_type)
    return np.add(np.add(latents, secondary, out=latents), number_type.latent.type(number_type.mid), out=latents)


def _times(multiples: npt.NDArray[Any], base: np.floating[Any], number_type: NumberType) -> npt.NDArray[Any]:
    """Multiply, rounding once; NaNs keep sign and payload and become quiet, on every platform."""
    with np.errstate(all="ignore"):
        products = multiples * base
    nan = np.isnan(multiples)
    if nan.any():
        quiet = number_type.latent.type(1 << (number_type.mantissa_bits - 1))
        products.view(number_type.latent)[nan] = multiples.view(number_type.latent)[nan] | quiet
    return products


def _exact_limit(number_type: NumberType) -> int:
    """Return the integer up to which the type holds every one."""
    return 1 << (number_type.mantissa_bits + 1)


def _multiples(primary: Latents, number_type: NumberType) -> npt.NDArray[Any]:
    """Return the float that each primary latent counts."""
    latent = number_type.latent.type
    mid = latent(number_type.mid)
    positive = primary >= mid
    magnitude = np.where(positive, primary - mid, (mid - latent(1)) - primary)
    limit = _exact_limit(number_type)
    floats = np.minimum(magnitude, latent(limit)).astype(number_type.dtype)
    bits = floats.view(number_type.latent)
    bits += np.where(magnitude > limit, magnitude - latent(limit), latent(0))
    bits |= np.where(positive, latent(0), mid)
    return floats


def split(mode: FloatMult, latents: Latents, number_type: NumberType, kernels: "Kernels") -> tuple[Latents, Latents]:
    """Invert `join`: the nearest multiple, and what it misses the number by."""
    primary, secondary = np.empty_like(latents), np.empty_like(latents)
    kernels.split_float_mult(latents, mode.base(number_type), primary, secondary)
    return primary, secondary
