"""Latents of a page to the bits of numbers, in place; one loop for each mode."""

from typing import Any

import numpy as np

from .compiled import inlined
from .words import integer_as_float, multiply_floats

_ONE = np.uint64(1)


@inlined
def order_as_numbers(page: Any, inverted: Any, toggled: Any) -> None:
    """Turn ordered latents into bits of numbers."""
    if not inverted | toggled:
        return
    top = np.uint64(8 * page.itemsize - 1)
    for i in range(page.size):
        latent = np.uint64(page[i])
        page[i] = latent ^ ((((latent >> top) - _ONE) & inverted) | toggled)


@inlined
def join_int_mult(page: Any, secondary: Any, base: Any, toggled: Any) -> None:
    """See `modes.int_mult.join`."""
    for i in range(page.size):
        page[i] = (np.uint64(page[i]) * base + np.uint64(secondary[i])) ^ toggled


@inlined
def join_float_quant(page: Any, secondary: Any, k: Any, inverted: Any, toggled: Any) -> None:
    """See `modes.float_quant.join`."""
    top = np.uint64(8 * page.itemsize - 1)
    low = (_ONE << k) - _ONE
    negative_below = (_ONE << top) >> k
    for i in range(page.size):
        primary, rest = np.uint64(page[i]), np.uint64(secondary[i])
        latent = page.dtype.type((primary << k) + (low - rest if primary < negative_below else rest))
        page[i] = latent ^ (((np.uint64(latent >> top) - _ONE) & inverted) | toggled)


@inlined
def join_float_mult(page: Any, secondary: Any, base: Any, mantissa_bits: Any, inverted: Any, toggled: Any) -> None:
    """See `modes.float_mult.join`. The product is rounded once; infinities and NaNs are settled on bits."""
    latent = page.dtype.type
    top = latent(8 * page.itemsize - 1)
    one, zero = latent(1), latent(0)
    mid = latent(one << top)
    limit = latent(latent(2) << latent(mantissa_bits))
    quiet = latent(one << latent(mantissa_bits - 1))
    infinity = latent(~((quiet << one) - one) & (mid - one))
    factor = latent(base)
    for i in range(page.size):
        primary = page[i]
        positive = primary >= mid
        magnitude = latent(primary - mid if positive else (mid - one) - primary)
        # Beyond the integers that the type tells apart, floats are counted one by one.
        beyond = latent(magnitude - limit if magnitude > limit else zero)
        multiple = latent(integer_as_float(latent(min(magnitude, limit))) + beyond)
        multiple = latent(multiple | (zero if positive else mid))
        product = multiply_floats(multiple, factor)
        product = latent(multiple | quiet if latent(multiple & (mid - one)) > infinity else product)
        ordered = latent(product ^ (latent(zero - latent(product >> top)) | mid))
        ordered = latent(ordered + secondary[i] + mid)
        page[i] = ordered ^ (((np.uint64(ordered >> top) - _ONE) & inverted) | toggled)


@inlined
def join_dict(page: Any, indices: Any, values: Any) -> Any:
    """Look numbers up, unless an index is beyond the last; return the largest index, -1 where there is none."""
    most = np.uint32(0)
    for i in range(page.size):
        most = max(most, indices[i])
    if np.uint64(most) < np.uint64(values.size):
        for i in range(page.size):
            page[i] = values[np.uint64(indices[i])]
    return np.int64(most) if page.size else np.int64(-1)
