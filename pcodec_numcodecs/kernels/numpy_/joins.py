"""Latents to numbers: undo the mode, then the order-preserving map.

The one mode that computes with floats, FloatMult, multiplies once and rounds once; NaNs are settled on bits.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..streams import CLASSIC, DICT, FLOAT_MULT, INT_MULT, Recipe

Latents = npt.NDArray[np.unsignedinteger[Any]]

__all__ = ["join", "multiples", "numbers_of", "times"]


def join(recipe: Recipe, latents: Sequence[Latents]) -> Latents:
    """Return the ordered latents of numbers from the primary and, if the mode has any, the secondary latents.

    Indices are below the dictionary's size.
    """
    primary = latents[0]
    if recipe.mode == CLASSIC:
        return primary
    if recipe.mode == DICT:
        found: Latents = recipe.values[primary]
        return found
    secondary = latents[1]
    latent = primary.dtype.type
    if recipe.mode == INT_MULT:
        return np.add(primary * latent(recipe.base), secondary)
    if recipe.mode == FLOAT_MULT:
        return _join_float_mult(recipe, primary, secondary)
    # FloatQuant: mirrored for negative numbers.
    k = recipe.base
    low_mask = latent((1 << k) - 1)
    negative = primary < latent(_middle(primary) >> k)
    low = np.where(negative, low_mask - secondary, secondary)
    return np.add(primary << latent(k), low)


def numbers_of(latents: Latents, recipe: Recipe) -> Latents:
    """Return the bits of numbers from their ordered latents."""
    if not recipe.signed:
        return latents
    middle = latents.dtype.type(_middle(latents))
    if not recipe.mantissa_bits:
        return np.bitwise_xor(latents, middle)
    spread = (latents.view(f"i{latents.itemsize}") >> (8 * latents.itemsize - 1)).view(latents.dtype)
    np.invert(spread, out=spread)
    spread |= middle
    return np.bitwise_xor(spread, latents, out=spread)


def _middle(latents: Latents) -> int:
    return 1 << (8 * latents.itemsize - 1)


def _join_float_mult(recipe: Recipe, primary: Latents, secondary: Latents) -> Latents:
    """Return the latents of ``multiple * base``, moved by the units in the last place of `secondary`."""
    base = np.array([recipe.base], primary.dtype).view(f"f{primary.itemsize}")
    bits = times(multiples(primary, recipe.mantissa_bits), base, recipe.mantissa_bits).view(primary.dtype)
    middle = primary.dtype.type(_middle(primary))
    spread = (bits.view(f"i{bits.itemsize}") >> (8 * bits.itemsize - 1)).view(bits.dtype)
    spread |= middle
    bits ^= spread
    bits += secondary
    bits += middle
    return bits


def times(multiples: npt.NDArray[Any], base: Any, mantissa_bits: int) -> npt.NDArray[Any]:
    """Multiply, rounding once; NaNs keep sign and payload and become quiet, on every platform."""
    with np.errstate(all="ignore"):
        products: npt.NDArray[Any] = multiples * base
    nan = np.isnan(multiples)
    if nan.any():
        latent = f"u{multiples.itemsize}"
        quiet = np.dtype(latent).type(1 << (mantissa_bits - 1))
        products.view(latent)[nan] = multiples.view(latent)[nan] | quiet
    return products


def multiples(primary: Latents, mantissa_bits: int) -> npt.NDArray[Any]:
    """Return the float that each primary latent counts.

    That is an integer; beyond those that the type can tell apart, the next floats are counted one by one.
    """
    latent = primary.dtype.type
    middle = latent(_middle(primary))
    positive = primary >= middle
    magnitude = np.where(positive, primary - middle, (middle - latent(1)) - primary)
    limit = latent(1 << (mantissa_bits + 1))
    floats = np.minimum(magnitude, limit).astype(f"f{primary.itemsize}")
    bits = floats.view(primary.dtype)
    bits += np.where(magnitude > limit, magnitude - limit, latent(0))
    bits |= np.where(positive, latent(0), middle)
    return floats
