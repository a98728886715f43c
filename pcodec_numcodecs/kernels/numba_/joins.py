"""Latents to numbers, a batch at a time: undo the mode, then the order-preserving map, and store.

Latents are held in 64 bits, of which as many count as numbers have (`mask`). The one mode that computes with floats,
FloatMult, multiplies once and rounds once; NaNs are settled on bits.
"""

from typing import Any

import numpy as np

from ..streams import DICT, FLOAT_MULT, FLOAT_QUANT, INT_MULT
from .batches import BATCH_CELLS
from .compiled import inlined, inlined_lightly, separate
from .rows import copy_rows
from .words import bits_of, float_of, item_bytes, items, prefetch

_CELLS = np.uint64(BATCH_CELLS)
_ONE = np.uint64(1)
_HALF_INFINITY = np.uint32(0x7C00)
_SINGLE_INFINITY = np.uint32(0x7F800000)
_HALF_SHIFT = np.uint32(13)  # mantissa bits that a float32 has more than a float16
_HALF_REBIAS = np.uint32((127 - 15) << 23)
_LEAST_NORMAL_HALF = np.uint32((127 - 14) << 23)
_HALF_OF_ONE = np.float32(0.5)  # one unit in its last place is the least float16
_ROUND = np.uint32(0xFFF)
_LINE = 64  # bytes of a cache line


@inlined
def join(cells: Any, n: Any, mode: Any, base: Any, mask: Any, values: Any) -> Any:
    """Do what `join_numbers` does; the dictionary is of the numbers' width."""
    return join_numbers(cells, n, mode, base, mask, item_bytes(values), values, values.size)


@inlined
def join_numbers(cells: Any, n: Any, mode: Any, base: Any, mask: Any, size: Any, values: Any, count: Any) -> Any:
    """Undo the mode of a batch; return an unsound index, or else -1.

    Of three parts of the cells, the first is free, the second gets what the others become, the third is secondary.
    """
    primary, secondary = _CELLS, _CELLS + _CELLS
    if mode == INT_MULT:
        join_int_mult(cells, primary, n, secondary, base)
    elif mode == FLOAT_MULT:
        join_float_mult(cells, primary, n, secondary, base, size, mask)
    elif mode == FLOAT_QUANT:
        join_float_quant(cells, primary, n, secondary, base, mask)
    elif mode == DICT:
        return join_dictionary(cells, primary, n, values, count)
    return -1


@inlined
def store(
    cells: Any,
    at: Any,
    n: Any,
    out: Any,
    scratch: Any,
    done: Any,
    length: Any,
    first: Any,
    starts: Any,
    mask: Any,
    flip: Any,
    turned: Any,
) -> None:
    """Store the bits of numbers: latents with the bits of `flip` toggled, and where the top bit is 0, of `turned`.

    They go to the rows of a lane, of which `done` numbers are there (`length`, `first` and `starts` are of `Rows`).
    """
    row, place = first + done // length, done % length
    if place + n <= length:
        store_bits(items(cells), at, n, items(out), np.uint64(starts[row] + place), flip, turned)
        return
    # Loops over whole batches are faster than some over parts, even with a copy.
    store_bits(items(cells), at, n, items(scratch), np.uint64(0), flip, turned)
    copy_rows(scratch, n, out, 1, done, length, first, starts)


@separate
def store_bits(cells: Any, at: Any, n: Any, out: Any, start: Any, flip: Any, turned: Any) -> None:
    """Store the bits of numbers end to end (see `store`)."""
    top = np.uint64(8 * item_bytes(out) - 1)
    if turned:
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            # All ones where the top bit is 0.
            low = ((latent >> top) & _ONE) - _ONE
            out[start + np.uint64(i)] = latent ^ flip ^ (low & turned)
    else:
        for i in range(n):
            out[start + np.uint64(i)] = cells[at + np.uint64(i)] ^ flip


@inlined
def announce(out: Any, n: Any, done: Any, length: Any, first: Any, starts: Any) -> None:
    """Have the processor fetch what `store` will write to while it works on the bits: else it would wait for memory."""
    announce_bytes(out, 1, n, done, length, first, starts)


@inlined
def announce_bytes(memory: Any, size: Any, n: Any, done: Any, length: Any, first: Any, starts: Any) -> None:
    """Do what `announce` does; so many items of the memory make one number."""
    a_line = _LINE // (item_bytes(memory) * size)
    row, place = first + done // length, done % length
    while n > 0:
        few = min(n, length - place)
        start = starts[row] + place
        for line in range(-(-few // a_line)):
            prefetch(memory, np.uint64((start + line * a_line) * size))
        n -= few
        row += 1
        place = 0


@inlined
def join_int_mult(cells: Any, at: Any, n: Any, secondary: Any, base: Any) -> None:
    """See `Recipe.mode`."""
    for i in range(n):
        place = np.uint64(i)
        cells[at + place] = cells[at + place] * base + cells[secondary + place]


@inlined
def join_float_quant(cells: Any, at: Any, n: Any, secondary: Any, k: Any, mask: Any) -> None:
    """See `Recipe.mode`."""
    low_mask = (_ONE << k) - _ONE
    middle = (mask ^ (mask >> _ONE)) >> k
    for i in range(n):
        primary, low = cells[at + np.uint64(i)] & mask, cells[secondary + np.uint64(i)]
        low = low if primary >= middle else low_mask - low
        cells[at + np.uint64(i)] = (primary << k) + low


@inlined
def join_dictionary(cells: Any, at: Any, n: Any, values: Any, count: Any) -> Any:
    """Look latents up; return the first index beyond the dictionary, -1 if there is none."""
    size = np.uint64(count)
    for i in range(n):
        index = cells[at + np.uint64(i)] & np.uint64(0xFFFFFFFF)
        if index >= size:
            return np.int64(index)
        cells[at + np.uint64(i)] = values[index]
    return -1


@separate
def join_float_mult(cells: Any, at: Any, n: Any, secondary: Any, base: Any, size: Any, mask: Any) -> None:
    """Turn primary latents into floats times the base, moved by the units in the last place of the secondary ones.

    `size` is that of a float in bytes. Multiples beyond the integers that floats can tell apart, NaNs among them, are
    counted float by float.
    """
    mantissa_bits = 52 if size == 8 else 23 if size == 4 else 10
    top, rest = mask ^ (mask >> _ONE), mask >> _ONE
    limit = _ONE << np.uint64(mantissa_bits + 1)
    infinity = rest ^ ((_ONE << np.uint64(mantissa_bits)) - _ONE)
    # The bits of the limit, as a float: its exponent is `mantissa_bits + 1`, and the bias. What is multiplied, `above`,
    # is as many floats further as the count is above the limit.
    least = ((infinity >> np.uint64(mantissa_bits + 1)) + np.uint64(mantissa_bits + 1)) << np.uint64(mantissa_bits)
    largest = np.uint64(0)
    for i in range(n):
        largest = max(largest, _magnitude(cells[at + np.uint64(i)], top, rest))
    if size == 8 and largest < limit:
        factor = float_of(base)
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            bits = bits_of(np.float64(_magnitude(latent, top, rest)) * factor) ^ (~latent & top)
            cells[at + np.uint64(i)] = _moved(bits, cells[secondary + np.uint64(i)], top, mask)
    elif size == 8:
        factor = float_of(base)
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            count = _magnitude(latent, top, rest)
            above = least + (count - limit)
            product = bits_of((float_of(above & rest) if count >= limit else np.float64(count)) * factor)
            bits = _signed_product(product, latent, count, above, limit, infinity, mantissa_bits, top, rest)
            cells[at + np.uint64(i)] = _moved(bits, cells[secondary + np.uint64(i)], top, mask)
    elif size == 4 and largest < limit:
        single_factor = float_of(np.uint32(base))
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            single = np.float32(np.int32(_magnitude(latent, top, rest)))
            bits = np.uint64(bits_of(single * single_factor)) ^ (~latent & top)
            cells[at + np.uint64(i)] = _moved(bits, cells[secondary + np.uint64(i)], top, mask)
    elif size == 4:
        single_factor = float_of(np.uint32(base))
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            count = _magnitude(latent, top, rest)
            above = least + (count - limit)
            single = float_of(np.uint32(above & rest)) if count >= limit else np.float32(np.int32(count))
            product = np.uint64(bits_of(single * single_factor))
            bits = _signed_product(product, latent, count, above, limit, infinity, mantissa_bits, top, rest)
            cells[at + np.uint64(i)] = _moved(bits, cells[secondary + np.uint64(i)], top, mask)
    else:
        half_factor = single_of_half(np.uint32(base))
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            count = _magnitude(latent, top, rest)
            above = least + (count - limit)
            single = np.float32(np.int32(count))
            if count >= limit:
                single = single_of_half(np.uint32(above & rest))
            product = np.uint64(_half_of_single(bits_of(single * half_factor)))
            bits = _signed_product(product, latent, count, above, limit, infinity, mantissa_bits, top, rest)
            cells[at + np.uint64(i)] = _moved(bits, cells[secondary + np.uint64(i)], top, mask)


@inlined
def _magnitude(latent: Any, top: Any, rest: Any) -> Any:
    """Return the size of a multiple; negative ones count down from -0, the one below the middle."""
    return (latent if latent & top != 0 else ~latent) & rest


@inlined
def _moved(bits: Any, units: Any, top: Any, mask: Any) -> Any:
    """Return the latent of a float, moved."""
    ordered = bits ^ (mask if bits & top != 0 else top)
    return ordered + units + top


@inlined
def _signed_product(
    product: Any,
    latent: Any,
    count: Any,
    above: Any,
    limit: Any,
    infinity: Any,
    mantissa_bits: Any,
    top: Any,
    rest: Any,
) -> Any:
    """Return the bits of a product with its sign; NaNs, which are not multiplied, become quiet.

    `above` has the bits of what is multiplied if `count` is no less than the limit. All is worked out whether it is
    needed or not, so that the processor can work on some numbers at once.
    """
    low, sign = above & rest, ~latent & top
    is_odd = count >= limit
    quiet = low | (_ONE << np.uint64(mantissa_bits - 1))
    return (quiet if is_odd and low > infinity else product) ^ ((above & top) | sign if is_odd else sign)


@inlined_lightly
def single_of_half(half: Any) -> Any:
    """Return the float32 that equals a float16, no NaN, given by its bits."""
    sign = (half & np.uint32(0x8000)) << np.uint32(16)
    magnitude = half & np.uint32(0x7FFF)
    if magnitude < np.uint32(0x400):  # subnormal: so many of the least ones
        bits = bits_of(np.float32(np.int32(magnitude)) * np.float32(2.0**-24))
    elif magnitude >= _HALF_INFINITY:
        bits = _SINGLE_INFINITY
    else:
        bits = (magnitude << _HALF_SHIFT) + _HALF_REBIAS
    return float_of(np.uint32(bits | sign))


@inlined_lightly
def _half_of_single(single: Any) -> Any:
    """Return the bits of the float16 nearest to a float32, no NaN, given by its bits; of equally near ones the even."""
    sign = (single >> np.uint32(16)) & np.uint32(0x8000)
    magnitude = single & np.uint32(0x7FFFFFFF)
    if magnitude < _LEAST_NORMAL_HALF:
        # The sum has the float16's units in its last place, and its rounding.
        half = np.uint32(bits_of(np.float32(float_of(np.uint32(magnitude)) + _HALF_OF_ONE)) - bits_of(_HALF_OF_ONE))
    else:
        odd = (magnitude >> _HALF_SHIFT) & np.uint32(1)
        half = min((magnitude - _HALF_REBIAS + _ROUND + odd) >> _HALF_SHIFT, _HALF_INFINITY)
    return np.uint32(half | sign)
