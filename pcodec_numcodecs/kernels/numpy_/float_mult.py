"""Floats to multiples of a base, and what these miss them by."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...dtypes import bits_of_ordered, order_floats

Latents = npt.NDArray[np.unsignedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]

_BLOCK = 1 << 13  # numbers at a time: temporaries stay in the cache


def split_float_mult(
    words: Latents, is_ordered: bool, base: np.floating[Any], primary: Latents, secondary: Latents
) -> None:
    """See `Kernels.split_float_mult`."""
    # An inverse that is rounded again costs a wrong multiple now and then, which the secondary mends.
    with np.errstate(all="ignore"):
        inverse = base.dtype.type(1) / base
        for start in range(0, words.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            if is_ordered:
                latents, bits = words[block], bits_of_ordered(words[block])
            else:
                latents, bits = _ordered(words[block]), words[block]
            _split(latents, bits, base, inverse, primary[block], secondary[block])


def _ordered(bits: Latents) -> Latents:
    latents = np.empty_like(bits)
    order_floats(bits, latents)
    return latents


def _split(
    latents: Latents,
    bits: Latents,
    base: np.floating[Any],
    inverse: np.floating[Any],
    primary: Latents,
    secondary: Latents,
) -> None:
    latent, signed, shift = latents.dtype.type, f"i{latents.itemsize}", 8 * latents.itemsize - 1
    middle = latent(1 << shift)
    multiples = np.rint(bits.view(base.dtype) * inverse)
    limit = base.dtype.type(1 << (np.finfo(base.dtype).nmant + 1))
    magnitudes = np.abs(multiples)
    small = magnitudes < limit
    products = multiples * base
    if small.all():
        primary[:] = magnitudes.astype(latents.dtype)
    else:
        # Beyond the integers that the type can tell apart, the next floats are counted one by one.
        counted = magnitudes.view(latents.dtype) - (limit.view(latents.dtype) - latent(limit))
        primary[:] = np.where(small, np.where(small, magnitudes, 0).astype(latents.dtype), counted)
        # NaNs keep sign and payload and become quiet, on every platform.
        nan = np.isnan(multiples)
        quiet = latent(1 << (np.finfo(base.dtype).nmant - 1))
        products.view(latents.dtype)[nan] = multiples.view(latents.dtype)[nan] | quiet
    primary += middle
    primary ^= (multiples.view(signed) >> shift).view(latents.dtype)
    np.subtract(latents, _ordered(products.view(latents.dtype)), out=secondary)
    secondary += middle
