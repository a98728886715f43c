"""Chunks of .pco files as most are, metadata included: Python would take as long for these as for many numbers.

What is read here is checked by the same rules as `pcodec_numcodecs.metadata`; whatever is unusual, and whatever breaks
a rule, is left to that, which also says why.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...arithmetic import has_float_arithmetic
from ...constants import (
    ANS_INTERLEAVING,
    BITS_ANS_LOG,
    BITS_BIN_COUNT,
    BITS_DELTA,
    BITS_DELTA_ORDER,
    BITS_MODE,
    BITS_QUANT_K,
    MAX_ANS_LOG,
)
from ..streams import CLASSIC, CONSECUTIVE, FLOAT_MULT, FLOAT_QUANT, INT_MULT, NO_DELTA, Recipe, Rows
from .compiled import compiled, inlined_lightly, read_only
from .decode import decode_lanes
from .opening import ANS_LOG, BITS, END_BIN, FIRST_BIN, OMITTED, PRESENT, STATE_LENGTH, WIDEST, field
from .variables import MOST_VARIABLES
from .words import bit_length

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_LEFT = -1
_ZERO, _NO_WEIGHTS = np.zeros(1, np.int64), np.zeros(0, np.int64)
_MODE, _BASE, _DELTA, _ORDER, _SECONDARY_TOO, _PAGE, _BINS = range(7)
_PRIMARY, _SECONDARY = 1, 2
_MOST_BINS = 1 << 12
_AHEAD = 128
"""Bits that may be read beyond a field."""


def decode_file_chunk(data: U8, start: int, mantissa_bits: int, signed: bool, out: Latents) -> int:
    """See `Kernels.decode_file_chunk`."""
    bits = 8 * out.itemsize
    found, variables = np.zeros(_BINS + 1, np.uint64), np.zeros((MOST_VARIABLES, WIDEST + 1), np.int64)
    weights, offset_bits = np.empty(_MOST_BINS, np.int64), np.empty(_MOST_BINS, np.int64)
    lowers = np.empty(_MOST_BINS, np.uint64)
    if not _read_metadata(
        read_only(data), start, out.size, bits, mantissa_bits, found, variables, weights, offset_bits, lowers
    ):
        return _LEFT
    mode, base, delta, order, secondary_too, page, last = found.tolist()
    if mode == FLOAT_MULT and not has_float_arithmetic():
        return _LEFT
    recipe = Recipe(
        *(1, delta, 0, _NO_WEIGHTS, 0, 0, mode, base),
        *(out[:0], signed or mantissa_bits > 0, mantissa_bits),
    )
    sizes, ends, faults = np.array([out.size]), np.empty(1, np.int64), np.zeros((1, 2), np.int64)
    decode_lanes(
        *(data, np.array([page]), sizes, sizes),
        (variables, read_only(weights[:last]), read_only(lowers[:last]), read_only(offset_bits[:last])),
        *(order, bool(secondary_too), bits, recipe),
        *(out, Rows(sizes, _ZERO, _ZERO), ends, faults),
    )
    end = int(ends[0])
    used = end & 7
    # With these modes and delta encodings, there is nothing that makes a lane faulty.
    if end > 8 * data.size or (used and data[end >> 3] >> used):
        return _LEFT
    return (end + 7) >> 3


@inlined_lightly
def _taken(data: Any, position: Any, width: Any) -> Any:
    """Read a field of 1 to 64 bits; return it and the bit after it."""
    return field(data, np.uint64(position), np.uint64(width)), position + width


@compiled
def _read_metadata(
    data: Any,
    start: Any,
    n: Any,
    bits: Any,
    mantissa_bits: Any,
    found: Any,
    variables: Any,
    weights: Any,
    offset_bits: Any,
    lowers: Any,
) -> Any:
    """Read chunk metadata and look at the metadata of the page behind; return whether all is sound and usual."""
    limit = 8 * data.size - _AHEAD
    position = 8 * start
    if position + BITS_MODE + bits + BITS_QUANT_K + BITS_DELTA + BITS_DELTA_ORDER + 1 > limit:
        return False
    mode, position = _taken(data, position, BITS_MODE)
    base = np.uint64(0)
    if mode == INT_MULT:
        base, position = _taken(data, position, bits)
        if mantissa_bits or not base:
            return False
    elif mode == FLOAT_MULT:
        base, position = _taken(data, position, bits)
        top = np.uint64(1) << np.uint64(bits - 1)
        # From the latent's order to the bits of the float.
        base ^= top if base & top else top | (top - np.uint64(1))
        exponents = ((top >> np.uint64(mantissa_bits)) - np.uint64(1)) << np.uint64(mantissa_bits)
        if not mantissa_bits or not 0 < base & (top - np.uint64(1)) < exponents:
            return False
    elif mode == FLOAT_QUANT:
        base, position = _taken(data, position, BITS_QUANT_K)
        if not 1 <= base <= np.uint64(mantissa_bits):
            return False
    elif mode != CLASSIC:
        return False
    delta, position = _taken(data, position, BITS_DELTA)
    order = secondary_too = np.uint64(0)
    if delta == CONSECUTIVE:
        order, position = _taken(data, position, BITS_DELTA_ORDER)
        secondary_too, position = _taken(data, position, 1)
        if not order:
            return False
    elif delta != NO_DELTA:
        return False
    first = 0
    metadata_bits = 0
    for variable in range(_PRIMARY, _SECONDARY + (mode != CLASSIC)):
        length = np.int64(order) if variable == _PRIMARY or secondary_too else 0
        if position + BITS_ANS_LOG + BITS_BIN_COUNT > limit:
            return False
        ans_log, position = _taken(data, position, BITS_ANS_LOG)
        count, position = _taken(data, position, BITS_BIN_COUNT)
        last = _read_bins(data, position, limit, bits, ans_log, count, first, weights, offset_bits, lowers)
        if last < 0 or (not count and n > length):
            return False
        row = variables[variable]
        row[PRESENT], row[BITS], row[STATE_LENGTH], row[OMITTED] = 1, bits, length, length
        row[ANS_LOG], row[FIRST_BIN], row[END_BIN] = ans_log, first, last
        position += np.int64(count) * (np.int64(ans_log) + bits + bit_length(np.uint64(bits)))
        metadata_bits += length * bits + ANS_INTERLEAVING * np.int64(ans_log)
        first = last
    page = (position + 7) // 8
    body = 8 * page + metadata_bits
    # What fills up the last byte of the metadata of either.
    if body > limit or _rest(data, position) or _rest(data, body):
        return False
    found[_MODE], found[_BASE], found[_DELTA], found[_ORDER] = mode, base, delta, order
    found[_SECONDARY_TOO], found[_PAGE], found[_BINS] = secondary_too, page, first
    return True


@inlined_lightly
def _rest(data: Any, position: Any) -> Any:
    """Return the bits from a position to the end of the byte that it is in; 0 at the beginning of one."""
    return data[position >> 3] >> (position & 7) if position & 7 else 0


@inlined_lightly
def _read_bins(
    data: Any,
    position: Any,
    limit: Any,
    bits: Any,
    ans_log: Any,
    count: Any,
    first: Any,
    weights: Any,
    offset_bits: Any,
    lowers: Any,
) -> Any:
    """Read the bins of a variable; return the place after the last, or -1 where they break a rule."""
    size = 1 << np.int64(ans_log)
    widths = bit_length(np.uint64(bits))
    bins = np.int64(count)
    if first + bins > lowers.size or bins > size or (bins == 1 and ans_log) or ans_log > MAX_ANS_LOG:
        return -1
    if position + bins * (np.int64(ans_log) + bits + widths) > limit:
        return -1
    total = 0
    for own in range(first, first + bins):
        weight = np.uint64(0)
        if ans_log:
            weight, position = _taken(data, position, np.int64(ans_log))
        lowers[own], position = _taken(data, position, bits)
        wide, position = _taken(data, position, widths)
        weights[own], offset_bits[own] = np.int64(weight) + 1, wide
        total += weights[own]
        if offset_bits[own] > bits:
            return -1
    if total != (size if bins else 1) or (not bins and size != 1):
        return -1
    return first + bins
