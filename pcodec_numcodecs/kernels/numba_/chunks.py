"""Pco chunks as most are, metadata included: Python would take as long for these as for many numbers.

What is read here is checked by the same rules as `pcodec_numcodecs.metadata`; whatever is unusual, and whatever breaks
a rule, is left to that, which also says why.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...constants import (
    ANS_INTERLEAVING,
    BITS_ANS_LOG,
    BITS_BIN_COUNT,
    BITS_DELTA,
    BITS_DELTA_ORDER,
    BITS_MODE,
    BITS_QUANT_K,
    BITS_STATE_LOG,
    BITS_WINDOW_LOG,
    MAX_ANS_LOG,
    MAX_CHUNK_NUMBERS,
    MAX_WINDOW_LOG,
)
from ..streams import (
    CLASSIC,
    CONSECUTIVE,
    FLOAT_MULT,
    FLOAT_QUANT,
    INT_MULT,
    LOOKBACK,
    NO_DELTA,
    ChunkPages,
    Rows,
    UsualChunk,
)
from .arithmetic import has_float_arithmetic
from .compiled import compiled, compiled_allocating, inlined_lightly, read_only, separate
from .decode import USUAL_STATES, decode_lanes, lane_arguments, making
from .opening import (
    ANS_LOG,
    BITS,
    END_BIN,
    FIRST_BIN,
    LOWERS,
    OFFSET_BITS,
    OMITTED,
    PRESENT,
    STATE_LENGTH,
    WEIGHTS,
    WIDEST,
    field,
)
from .variables import MOST_VARIABLES
from .words import bit_length, items

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_MODE, _BASE, _PAGE_BITS, _MOST_BITS, _SIZE, _FREE, _BINS = range(7)
_FOUND = 7
_DELTA_FIELDS = 7
_PLACE, _DONE, _PENDING, _MOST, _TYPE, _BITS, _MANTISSA_BITS, _FLOATS = range(8)
_HEADER_BYTES = 4
_LOOKBACKS, _PRIMARY, _SECONDARY = range(MOST_VARIABLES)
_LOOKBACK_BITS = 32
_MOST_BINS = 1 << 12
_AHEAD = 128
"""Bits that may be read beyond a field."""
_MOST_BYTES = 1 << 16
"""Of metadata."""


def open_usual_chunk(source: U8, start: int, bits: int, mantissa_bits: int, signed: bool) -> UsualChunk | None:
    """See `Kernels.open_usual_chunk`."""
    found, delta, variables, bins = _room()
    if not _read_metadata(_readable(source[start:]), 0, bits, mantissa_bits, found, delta, variables, bins):
        return None
    mode, base, page_bits, most_bits, size, free, last = found.tolist()
    made = making(mode, base, bits // 8, signed or mantissa_bits > 0, mantissa_bits > 0)
    return UsualChunk(size, page_bits, most_bits, free, delta, made, variables, bins[:, :last].copy())


def decode_usual_chunk(chunk: UsualChunk, pages: ChunkPages, out: Latents, rows: Rows) -> I64 | None:
    """See `Kernels.decode_usual_chunk`."""
    if chunk.made[0] == FLOAT_MULT and not has_float_arithmetic():
        return None
    data, starts, stops, numbers = pages
    ends, faults = np.empty_like(starts), np.zeros((starts.size, 2), np.int64)
    # Decoding notes something in the variables, and many threads may decode pages of a chunk.
    arguments = lane_arguments(
        *(data, starts, numbers, numbers, chunk.variables.copy(), chunk.bins, chunk.delta, chunk.made),
        *(out, rows, ends, faults),
    )
    decode_lanes(*arguments)
    limits = chunk.page_bits, chunk.free
    return ends if _are_sound(read_only(data), starts, stops, numbers, faults, *limits, ends) else None


def decode_usual_file(
    data: U8, place: int, type_byte: int, mantissa_bits: int, signed: bool, out: Latents, done: int
) -> tuple[int, int]:
    """See `Kernels.decode_usual_file`."""
    found, delta, variables, bins = _room()
    made = making(0, 0, out.itemsize, signed or mantissa_bits > 0, mantissa_bits > 0)
    one, ends, faults = np.zeros((3, 1), np.int64), np.zeros(1, np.int64), np.zeros((1, 2), np.int64)
    starts, numbers, row_starts = one
    source = read_only(data)
    arguments = lane_arguments(
        *(data, starts, numbers, numbers, variables, bins, delta, made),
        *(out, Rows(numbers, np.zeros(1, np.int64), row_starts), ends, faults),
    )
    state = np.array((place, done, 0, out.size, type_byte, 8 * out.itemsize, mantissa_bits, has_float_arithmetic()))
    while _advance(source, state, found, delta, variables, bins, made, starts, numbers, row_starts, ends, faults):
        decode_lanes(*arguments)
    return int(state[_PLACE]), int(state[_DONE])


def _room() -> tuple[U64, I64, I64, U64]:
    """Return arrays for what `_read_metadata` finds."""
    return (
        np.empty(_FOUND, np.uint64),
        np.zeros(_DELTA_FIELDS, np.int64),
        np.zeros((MOST_VARIABLES, WIDEST + 1), np.int64),
        np.empty((OFFSET_BITS + 1, _MOST_BINS), np.uint64),
    )


def _readable(source: U8) -> U8:
    """Return metadata with so much behind them that each field can be read."""
    if source.size > _MOST_BYTES:
        return read_only(source[:_MOST_BYTES])
    padded = np.zeros(source.size + _AHEAD // 8, np.uint8)
    padded[: source.size] = source
    return read_only(padded)


@compiled
def _are_sound(
    data: Any, starts: Any, stops: Any, numbers: Any, faults: Any, metadata_bits: Any, free: Any, ends: Any
) -> Any:
    """Tell whether pages are whole, with zeros where bytes are filled up; make bytes of the bits that they end at."""
    for lane in range(starts.size):
        body, end, stop = 8 * starts[lane] + metadata_bits, ends[lane], 8 * stops[lane]
        # The order matters: what lies beyond is not looked at.
        if faults[lane, 0] or body > stop or end > stop or _rest(data, body) or _rest(data, end):
            return False
        if numbers[lane] > free:
            return False
        ends[lane] = (end + 7) >> 3
    return True


@compiled_allocating
def _advance(
    data: Any,
    state: Any,
    found: Any,
    delta: Any,
    variables: Any,
    bins: Any,
    made: Any,
    starts: Any,
    numbers: Any,
    row_starts: Any,
    ends: Any,
    faults: Any,
) -> Any:
    """Look at the page that was decoded, if any, and open the next chunk of a file; return whether that is a usual one.

    `state` says where the chunk begins, how many numbers there are, and, if its page was decoded, one more than the
    bits of the page's metadata; then how many numbers there may be, and of what type they are.
    """
    if state[_PENDING]:
        stops = np.full(1, data.size)
        if not _are_sound(data, starts, stops, numbers, faults, state[_PENDING] - 1, numbers[0], ends):
            return False
        state[_PLACE], state[_DONE], state[_PENDING] = ends[0], state[_DONE] + numbers[0], 0
    header = state[_PLACE]
    start = header + _HEADER_BYTES
    if start > data.size or data[header] != state[_TYPE]:
        return False
    n = np.int64(data[header + 1]) + (np.int64(data[header + 2]) << 8) + (np.int64(data[header + 3]) << 16) + 1
    if n > state[_MOST] - state[_DONE]:
        return False
    delta[:], variables[:, :], faults[0, 0] = 0, 0, 0
    if not _read_metadata(data, start, state[_BITS], state[_MANTISSA_BITS], found, delta, variables, bins):
        return False
    if (found[_MODE] == FLOAT_MULT and not state[_FLOATS]) or n > found[_FREE]:
        return False
    if variables[_PRIMARY, STATE_LENGTH] > USUAL_STATES:
        return False
    made[0], made[1] = found[_MODE], found[_BASE]
    starts[0], numbers[0], row_starts[0] = start + np.int64(found[_SIZE]), n, state[_DONE]
    state[_PENDING] = np.int64(found[_PAGE_BITS]) + 1
    return True


@separate
def _taken(data: Any, position: Any, width: Any) -> Any:
    """Read a field of 1 to 64 bits; return it and the bit after it."""
    return field(data, np.uint64(position), np.uint64(width)), position + width


@compiled
def _read_metadata(
    data: Any,
    start: Any,
    bits: Any,
    mantissa_bits: Any,
    found: Any,
    deltas: Any,
    variables: Any,
    bins: Any,
) -> Any:
    """Read chunk metadata; return whether all is sound and usual."""
    limit = 8 * data.size - _AHEAD
    position, free = 8 * np.int64(start), np.int64(MAX_CHUNK_NUMBERS)
    if position + BITS_MODE + bits + BITS_QUANT_K + BITS_DELTA + BITS_DELTA_ORDER + 1 > limit:
        return False
    mode, position = _taken(items(data), position, np.int64(BITS_MODE))
    base = np.uint64(0)
    if mode == INT_MULT:
        base, position = _taken(items(data), position, bits)
        if mantissa_bits or not base:
            return False
    elif mode == FLOAT_MULT:
        base, position = _taken(items(data), position, bits)
        top = np.uint64(1) << np.uint64(bits - 1)
        # From the latent's order to the bits of the float.
        base ^= top if base & top else top | (top - np.uint64(1))
        exponents = ((top >> np.uint64(mantissa_bits)) - np.uint64(1)) << np.uint64(mantissa_bits)
        if not mantissa_bits or not 0 < base & (top - np.uint64(1)) < exponents:
            return False
    elif mode == FLOAT_QUANT:
        base, position = _taken(items(data), position, np.int64(BITS_QUANT_K))
        if not 1 <= base <= np.uint64(mantissa_bits):
            return False
    elif mode != CLASSIC:
        return False
    delta, position = _taken(items(data), position, np.int64(BITS_DELTA))
    order = window = secondary_too = np.uint64(0)
    if delta == CONSECUTIVE:
        order, position = _taken(items(data), position, np.int64(BITS_DELTA_ORDER))
        secondary_too, position = _taken(items(data), position, np.int64(1))
        if not order:
            return False
    elif delta == LOOKBACK:
        window, position = _taken(items(data), position, np.int64(BITS_WINDOW_LOG))
        order, position = _taken(items(data), position, np.int64(BITS_STATE_LOG))
        secondary_too, position = _taken(items(data), position, np.int64(1))
        if window >= np.uint64(MAX_WINDOW_LOG) or order > window + np.uint64(1):
            return False
        window, order = np.uint64(2) << window, np.uint64(1) << order
    elif delta != NO_DELTA:
        return False
    first = np.int64(0)
    page_bits = most_bits = np.int64(0)
    for variable in range(_PRIMARY - (delta == LOOKBACK), _SECONDARY + (mode != CLASSIC)):
        own_bits = _LOOKBACK_BITS if variable == _LOOKBACKS else bits
        length = np.int64(order) if variable == _PRIMARY or (secondary_too and variable == _SECONDARY) else 0
        if position + BITS_ANS_LOG + BITS_BIN_COUNT > limit:
            return False
        ans_log, position = _taken(items(data), position, np.int64(BITS_ANS_LOG))
        count, position = _taken(items(data), position, np.int64(BITS_BIN_COUNT))
        last = _read_bins(data, position, limit, own_bits, ans_log, count, first, bins)
        if last < 0:
            return False
        if not count:
            free = min(free, np.int64(length))
        row = variables[variable]
        row[PRESENT], row[BITS], row[STATE_LENGTH], row[OMITTED] = 1, own_bits, length, length
        if variable == _LOOKBACKS:
            row[OMITTED] = order
            for own in range(first, last):
                if not 1 <= bins[LOWERS, own] <= window:
                    return False
        row[ANS_LOG], row[FIRST_BIN], row[END_BIN] = ans_log, first, last
        position += np.int64(count) * (np.int64(ans_log) + own_bits + bit_length(np.uint64(own_bits)))
        page_bits += length * own_bits + ANS_INTERLEAVING * np.int64(ans_log)
        widest = np.int64(0)
        for own in range(first, last):
            widest = max(widest, np.int64(bins[OFFSET_BITS, own]))
        most_bits += np.int64(ans_log) + widest
        first = last
    if _rest(data, position):
        return False
    found[_MODE], found[_BASE], found[_PAGE_BITS], found[_SIZE] = mode, base, page_bits, (position + 7) // 8 - start
    found[_MOST_BITS], found[_FREE], found[_BINS] = most_bits, free, first
    deltas[0], deltas[1], deltas[2], deltas[3] = delta, order, window, secondary_too
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
    found: Any,
) -> Any:
    """Read the bins of a variable; return the place after the last, or -1 where they break a rule."""
    size = 1 << np.int64(ans_log)
    widths = bit_length(np.uint64(bits))
    last = first + np.int64(count)
    if last > _MOST_BINS or count > size or (count == 1 and ans_log) or ans_log > MAX_ANS_LOG:
        return -1
    if position + np.int64(count) * (np.int64(ans_log) + bits + widths) > limit:
        return -1
    total = np.uint64(0)
    for own in range(first, last):
        weight = np.uint64(0)
        if ans_log:
            weight, position = _taken(items(data), position, np.int64(ans_log))
        found[LOWERS, own], position = _taken(items(data), position, bits)
        found[OFFSET_BITS, own], position = _taken(items(data), position, widths)
        found[WEIGHTS, own] = weight + np.uint64(1)
        total += found[WEIGHTS, own]
        if found[OFFSET_BITS, own] > bits:
            return -1
    if np.int64(total) != (size if count else 1) or (not count and size != 1):
        return -1
    return last
