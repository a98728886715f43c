"""Pages to latents: tANS codes and offsets, page by page, batch by batch."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import PADDING
from ...constants import ANS_INTERLEAVING, BATCH
from ..streams import DecodeStream
from .compiled import compiled, inlined
from .variables import by_width
from .words import load

I64 = npt.NDArray[np.int64]

_ONE, _THREE, _SEVEN = np.uint64(1), np.uint64(3), np.uint64(7)
_EIGHT, _BASE_SHIFT, _WORD_TOP = np.uint64(8), np.uint64(32), np.uint64(63)
_OFFSET_BITS = np.uint64(0xFF00)
_BYTE, _LOW_HALF = np.uint64(0xFF), np.uint64(0xFFFFFFFF)
_MASKS = np.array([(1 << w) - 1 for w in range(65)], np.uint64)
_NARROW = 57  # bits of a field that always lie within the 64-bit word at its first byte


def decode_pages(data: npt.NDArray[np.uint8], positions: I64, streams: tuple[DecodeStream, ...]) -> I64:
    """See `Kernels.decode_pages`."""
    ends = positions.copy()
    if len(streams) == 1:
        (one,) = streams
        tables = one.nbits, one.bases, one.lowers, one.offset_bits
        _decode_one(data, ends, *tables, one.first_slots, one.counts, one.out, one.out_starts)
        return ends
    # The tables of all variables end to end: then a slot says which table is meant.
    shifts = np.cumsum([0] + [stream.nbits.size for stream in streams])
    _decode_several(
        data,
        ends,
        np.concatenate([stream.nbits for stream in streams]),
        np.concatenate([stream.bases + shift for stream, shift in zip(streams, shifts, strict=False)]),
        np.concatenate([stream.lowers for stream in streams]),
        np.concatenate([stream.offset_bits for stream in streams]),
        np.stack([stream.first_slots + shift for stream, shift in zip(streams, shifts, strict=False)]),
        np.stack([stream.counts for stream in streams]),
        np.stack([stream.out_starts for stream in streams]),
        np.array([stream.out.itemsize for stream in streams]),
        *by_width(tuple(stream.out for stream in streams)),
    )
    return ends


@compiled
def _decode_one(
    data: Any,
    positions: Any,
    nbits: Any,
    bases: Any,
    lowers: Any,
    offset_bits: Any,
    first_slots: Any,
    counts: Any,
    out: Any,
    out_starts: Any,
) -> None:
    """Decode lanes of one variable; `positions` become their ends."""
    packed = _pack(nbits, bases, offset_bits)
    wide = _any_wide(offset_bits)
    limit = np.uint64(8 * (data.size - PADDING))
    states = np.empty(ANS_INTERLEAVING, np.uint64)
    entries = np.empty(BATCH, np.uint64)
    found = np.empty(BATCH, np.uint64)
    for lane in range(positions.size):
        position = np.uint64(positions[lane])
        for turn in range(ANS_INTERLEAVING):
            states[turn] = first_slots[lane, turn]
        start = np.uint64(out_starts[lane])
        left = counts[lane]
        if _stays(packed, states):
            slot = states[0]
            width = (packed[slot] >> _EIGHT) & _BYTE
            positions[lane] = _read_fixed(data, limit, position, width, lowers[slot], left, out, start)
            continue
        while left > 0 and position <= limit:
            n = min(left, BATCH)
            position, bits = _walk(data, limit, position, packed, lowers, states, n, entries, found)
            position = _read(data, limit, position, bits, entries, found, wide, n, out, start)
            start += np.uint64(BATCH)
            left -= n
        positions[lane] = _end(position, left, limit)


@compiled
def _decode_several(
    data: Any,
    positions: Any,
    nbits: Any,
    bases: Any,
    lowers: Any,
    offset_bits: Any,
    first_slots: Any,
    counts: Any,
    out_starts: Any,
    itemsizes: Any,
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
) -> None:
    """Decode lanes of several variables, which take turns batch by batch; `positions` become the lanes' ends."""
    packed = _pack(nbits, bases, offset_bits)
    wide = _any_wide(offset_bits)
    limit = np.uint64(8 * (data.size - PADDING))
    states = np.empty((itemsizes.size, ANS_INTERLEAVING), np.uint64)
    stays = np.empty(itemsizes.size, np.bool_)
    lengths = np.empty(itemsizes.size, np.int64)
    entries = np.empty(BATCH, np.uint64)
    found = np.empty(BATCH, np.uint64)
    for lane in range(positions.size):
        position = np.uint64(positions[lane])
        longest = 0
        for variable in range(itemsizes.size):
            own, n = states[variable], counts[variable, lane]
            for turn in range(ANS_INTERLEAVING):
                own[turn] = first_slots[variable, lane, turn]
            stays[variable] = _stays(packed, own)
            lengths[variable] = n
            longest = max(longest, n)
            if stays[variable] and not packed[own[0]] & _OFFSET_BITS:
                # No bits at all, so no turns to take.
                lengths[variable] = 0
                lower, some = lowers[own[0]], slice(out_starts[variable, lane], out_starts[variable, lane] + n)
                if itemsizes[variable] == 8:
                    _fill(u64[variable][some], lower)
                elif itemsizes[variable] == 4:
                    _fill(u32[variable][some], lower)
                elif itemsizes[variable] == 2:
                    _fill(u16[variable][some], lower)
                else:
                    _fill(u8[variable][some], lower)
        done = 0
        while done < longest and position <= limit:
            for variable in range(itemsizes.size):
                n = min(lengths[variable] - done, BATCH)
                if n <= 0 or position > limit:
                    continue
                own = states[variable]
                start = np.uint64(out_starts[variable, lane] + done)
                if stays[variable]:
                    bits = np.uint64(n) * ((packed[own[0]] >> _EIGHT) & _BYTE)
                    for i in range(n):
                        entries[i], found[i] = packed[own[0]], lowers[own[0]]
                else:
                    position, bits = _walk(data, limit, position, packed, lowers, own, n, entries, found)
                size = itemsizes[variable]
                if size == 8:
                    position = _read(data, limit, position, bits, entries, found, wide, n, u64[variable], start)
                elif size == 4:
                    position = _read(data, limit, position, bits, entries, found, False, n, u32[variable], start)
                elif size == 2:
                    position = _read(data, limit, position, bits, entries, found, False, n, u16[variable], start)
                else:
                    position = _read(data, limit, position, bits, entries, found, False, n, u8[variable], start)
            done += BATCH
        positions[lane] = _end(position, longest - done, limit)


@inlined
def _pack(nbits: Any, bases: Any, offset_bits: Any) -> Any:
    """Put what a slot says into one word: from the top next slot (32 bits), ..., offset width (8), bits to read (8)."""
    packed = np.empty(nbits.size, np.uint64)
    for slot in range(nbits.size):
        offset = np.uint64(offset_bits[slot]) << _EIGHT
        packed[slot] = (np.uint64(bases[slot]) << _BASE_SHIFT) | offset | np.uint64(nbits[slot])
    return packed


@inlined
def _any_wide(offset_bits: Any) -> Any:
    """Tell whether any field may reach into a ninth byte."""
    widest = 0
    for width in offset_bits:
        widest = max(widest, width)
    return widest > _NARROW


@inlined
def _stays(packed: Any, states: Any) -> Any:
    """Tell whether no state ever leaves its slot: then there is one bin, and there are no codes."""
    moving = False
    for state in states:
        moving |= packed[state] >> _BASE_SHIFT != state or packed[state] & _BYTE != 0
    return not moving


@inlined
def _end(position: Any, left: Any, limit: Any) -> Any:
    """Return where a lane ended: beyond the data, if it stopped before its latents were all read."""
    return np.int64(limit + _EIGHT if left > 0 else position)


@inlined
def _low_bits(word: Any, width: Any) -> Any:
    return word & ((_ONE << width) - _ONE)


@inlined
def _walk(
    data: Any, limit: Any, position: Any, packed: Any, lowers: Any, states: Any, n: Any, entries: Any, found: Any
) -> Any:
    """Walk the tANS table over a batch that begins within the data.

    Fills `entries` with the packed words and `found` with the lower bounds of the slots passed. The four states do not
    depend on each other, only their bit positions do; four codes of at most 14 bits that start within a byte end within
    the 64-bit word there. Codes of a batch take at most 448 bytes, and the padding is longer.

    Returns
    -------
    Bit after the codes, and the bits that the offsets take.
    """
    begin = position
    total = np.uint64(0)
    first, second, third, fourth = states[0], states[1], states[2], states[3]
    at = np.uint64(0)
    for _ in range(n // ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        entry0, entry1, entry2, entry3 = packed[first], packed[second], packed[third], packed[fourth]
        entries[at], found[at] = entry0, lowers[first]
        entries[at + _ONE], found[at + _ONE] = entry1, lowers[second]
        entries[at + np.uint64(2)], found[at + np.uint64(2)] = entry2, lowers[third]
        entries[at + _THREE], found[at + _THREE] = entry3, lowers[fourth]
        first = (entry0 >> _BASE_SHIFT) + _low_bits(word, entry0 & _BYTE)
        word >>= entry0 & _BYTE
        second = (entry1 >> _BASE_SHIFT) + _low_bits(word, entry1 & _BYTE)
        word >>= entry1 & _BYTE
        third = (entry2 >> _BASE_SHIFT) + _low_bits(word, entry2 & _BYTE)
        word >>= entry2 & _BYTE
        fourth = (entry3 >> _BASE_SHIFT) + _low_bits(word, entry3 & _BYTE)
        # The sum's low byte counts the bits of four codes, which are too few to carry.
        entry0 += entry1 + (entry2 + entry3)
        position += entry0 & _BYTE
        total += entry0
        at += np.uint64(ANS_INTERLEAVING)
    states[0], states[1], states[2], states[3] = first, second, third, fourth
    for turn in range(n % ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        entry = packed[states[turn]]
        entries[at], found[at] = entry, lowers[states[turn]]
        states[turn] = (entry >> _BASE_SHIFT) + _low_bits(word, entry & _BYTE)
        position += entry & _BYTE
        total += entry
        at += _ONE
    # The low half of the sum of entries: 256 times the bits of the offsets, and once those of the codes.
    return position, ((total & _LOW_HALF) - (position - begin)) >> _EIGHT


@inlined
def _read(
    data: Any,
    limit: Any,
    position: Any,
    bits: Any,
    entries: Any,
    found: Any,
    wide: Any,
    n: Any,
    out: Any,
    start: Any,
) -> Any:
    """Read a batch of offsets, unless they reach beyond the data; return the bit after them."""
    end = position + bits
    if end > limit:
        return end
    if not bits:
        for i in range(n):
            out[start + np.uint64(i)] = found[i]
    elif wide:
        for i in range(n):
            width = (entries[i] >> _EIGHT) & _BYTE
            byte, shift = position >> _THREE, position & _SEVEN
            # Two shifts: one by 64 - shift would be undefined where shift is 0.
            high = (load(data, byte + _EIGHT) << _ONE) << (_WORD_TOP - shift)
            out[start + np.uint64(i)] = (((load(data, byte) >> shift) | high) & _MASKS[width]) + found[i]
            position += width
    else:
        for i in range(n):
            width = (entries[i] >> _EIGHT) & _BYTE
            word = load(data, position >> _THREE) >> (position & _SEVEN)
            out[start + np.uint64(i)] = _low_bits(word, width) + found[i]
            position += width
    return end


@inlined
def _fill(out: Any, value: Any) -> None:
    for i in range(out.size):
        out[i] = value


@inlined
def _read_fixed(data: Any, limit: Any, position: Any, width: Any, lower: Any, n: Any, out: Any, start: Any) -> Any:
    """Read offsets of one width, unless they reach beyond the data; return the bit after them."""
    if position > limit:
        return np.int64(limit + _EIGHT if n > 0 else position)
    end = position + np.uint64(n) * width
    if end > limit:
        return np.int64(end)
    if not width:
        for i in range(n):
            out[start + np.uint64(i)] = lower
    elif width > np.uint64(_NARROW):
        for i in range(n):
            byte, shift = position >> _THREE, position & _SEVEN
            high = (load(data, byte + _EIGHT) << _ONE) << (_WORD_TOP - shift)
            out[start + np.uint64(i)] = (((load(data, byte) >> shift) | high) & _MASKS[width]) + lower
            position += width
    else:
        mask = _MASKS[width]
        for i in range(n):
            word = load(data, position >> _THREE) >> (position & _SEVEN)
            out[start + np.uint64(i)] = (word & mask) + lower
            position += width
    return np.int64(end)
