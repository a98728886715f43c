"""Floats to multiples of a base, and what these miss them by."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import numpy_
from .compiled import compiled, inlined, read_only

Latents = npt.NDArray[np.unsignedinteger[Any]]

_BLOCK = 512  # numbers at a time: all that is made of them stays in the cache


def split_float_mult(
    words: Latents, is_ordered: bool, base: np.floating[Any], primary: Latents, secondary: Latents
) -> None:
    """See `Kernels.split_float_mult`."""
    if base.dtype.itemsize == 2:  # the compiler knows no such floats
        numpy_.split_float_mult(words, is_ordered, base, primary, secondary)
        return
    with np.errstate(all="ignore"):
        inverse = base.dtype.type(1) / base
    mantissa_bits = np.finfo(base.dtype).nmant
    multiples, products, ordered = (
        np.empty(_BLOCK, base.dtype),
        np.empty(_BLOCK, base.dtype),
        np.empty_like(words[:_BLOCK]),
    )
    _split(
        *(read_only(words), is_ordered, base, inverse, base.dtype.type(1 << (mantissa_bits + 1))),
        *(np.int64(mantissa_bits), multiples, multiples.view(words.dtype), products, products.view(words.dtype)),
        *(ordered, primary, secondary),
    )


@compiled
def _split(
    words: Any,
    is_ordered: Any,
    base: Any,
    inverse: Any,
    limit: Any,
    mantissa_bits: Any,
    multiples: Any,
    multiple_bits: Any,
    products: Any,
    product_bits: Any,
    ordered: Any,
    primary: Any,
    secondary: Any,
) -> None:
    """Split block by block; floats and their bits are two views of the same memory."""
    latent = words.dtype.type
    middle = latent(1 << (8 * words.itemsize - 1))
    for start in range(0, words.size, _BLOCK):
        n = min(_BLOCK, words.size - start)
        block, first, second = words[start : start + n], primary[start : start + n], secondary[start : start + n]
        if is_ordered:
            for i in range(n):
                ordered[i] = block[i]
                multiple_bits[i] = block[i] ^ middle if block[i] >= middle else ~block[i]
        else:
            for i in range(n):
                ordered[i] = ~block[i] if block[i] >= middle else block[i] ^ middle
                multiple_bits[i] = block[i]
        small = 0
        for i in range(n):
            multiples[i] = np.rint(multiples[i] * inverse)
            products[i] = multiples[i] * base
            small += abs(multiples[i]) < limit
        if small == n:
            for i in range(n):
                first[i] = latent(abs(multiples[i]))
        else:
            _count(multiples[:n], multiple_bits, product_bits, limit, mantissa_bits, middle, first)
        for i in range(n):
            counted = latent(first[i] + middle)
            first[i] = ~counted if multiple_bits[i] & middle else counted
            bits = product_bits[i]
            nearest = ~bits if bits & middle else bits ^ middle
            second[i] = latent(ordered[i] - nearest) + middle


@inlined
def _count(
    multiples: Any, multiple_bits: Any, product_bits: Any, limit: Any, mantissa_bits: Any, middle: Any, counts: Any
) -> None:
    """Count floats one by one beyond the integers that the type can tell apart; make products of NaNs quiet."""
    latent = multiple_bits.dtype.type
    exact = latent(limit)
    # The bits of a power of two: its exponent, biased.
    limit_bits = latent((middle >> latent(mantissa_bits + 1)) + latent(mantissa_bits)) << latent(mantissa_bits)
    for i in range(multiples.size):
        if abs(multiples[i]) < limit:
            counts[i] = latent(abs(multiples[i]))
        else:
            counts[i] = latent((multiple_bits[i] & ~middle) - limit_bits) + exact
        if multiples[i] != multiples[i]:
            product_bits[i] = multiple_bits[i] | latent(1) << latent(mantissa_bits - 1)
