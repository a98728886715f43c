"""Batches of latents from bits: the codes of one variable, then the offsets.

Latents, whatever their width, are held in 64 bits, of which the lower ones count. Where a batch lies in the arrays is
given by its first index, as slices would cost as much as some of the work.
"""

from typing import Any

import numpy as np

from ...constants import ANS_INTERLEAVING, BATCH
from .compiled import inlined
from .words import load

_ONE, _TWO, _THREE, _SEVEN = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(7)
_EIGHT, _BASE_SHIFT, _WORD_TOP = np.uint64(8), np.uint64(32), np.uint64(63)
_BYTE, _LOW_HALF = np.uint64(0xFF), np.uint64(0xFFFFFFFF)
_CODE_BITS = np.uint64(0xF)
_TURNS = np.uint64(ANS_INTERLEAVING)
_NARROW = 57  # bits of a field that always lie within the 64-bit word at its first byte
_MASKS = np.array([(1 << w) - 1 for w in range(65)], np.uint64)


@inlined
def pack(nbits: Any, bases: Any, offset_bits: Any) -> Any:
    """Put what a slot says into one word: from the top next slot (32 bits), ..., offset width (8), bits to read (8)."""
    packed = np.empty(nbits.size, np.uint64)
    for slot in range(nbits.size):
        offset = np.uint64(offset_bits[slot]) << _EIGHT
        packed[slot] = (np.uint64(bases[slot]) << _BASE_SHIFT) | offset | np.uint64(nbits[slot])
    return packed


@inlined
def any_wide(offset_bits: Any) -> Any:
    """Tell whether any field may reach into a ninth byte."""
    widest = 0
    for width in offset_bits:
        widest = max(widest, width)
    return widest > _NARROW


@inlined
def stays(packed: Any, states: Any, at: Any) -> Any:
    """Tell whether no state ever leaves its slot: then there is one bin, and there are no codes."""
    moving = False
    for turn in range(ANS_INTERLEAVING):
        state = states[at + np.uint64(turn)]
        moving |= packed[state] >> _BASE_SHIFT != state or packed[state] & _BYTE != 0
    return not moving


@inlined
def _low_bits(word: Any, width: Any) -> Any:
    return word & ((_ONE << width) - _ONE)


@inlined
def _step(entry: Any, word: Any) -> Any:
    """Return the next slot, and the word without the code."""
    width = entry & _CODE_BITS
    return (entry >> _BASE_SHIFT) + _low_bits(word, width), word >> width


@inlined
def _offset_total(total: Any, code_bits: Any) -> Any:
    """Return the bits of offsets, from the sum of entries: 256 times these, and once the bits of codes."""
    return ((total & _LOW_HALF) - code_bits) >> _EIGHT


@inlined
def walk(
    data: Any, position: Any, packed: Any, lowers: Any, states: Any, own: Any, n: Any, entries: Any, latents: Any, at: Any
) -> Any:
    """Walk the tANS table over a batch that begins within the data.

    Fills `entries` with the packed words and `latents` with the lower bounds of the slots passed. The four states do
    not depend on each other, only their bit positions do; four codes of at most 14 bits that start within a byte end
    within the 64-bit word there. Codes of a batch take at most 448 bytes, and the padding is longer.

    Returns
    -------
    Bit after the codes, and the bits that the offsets take.
    """
    begin = position
    total = np.uint64(0)
    first, second, third, fourth = states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE]
    i = np.uint64(0)
    for _ in range(n // ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        entry0, entry1, entry2, entry3 = packed[first], packed[second], packed[third], packed[fourth]
        entries[i], latents[at + i] = entry0, lowers[first]
        entries[i + _ONE], latents[at + i + _ONE] = entry1, lowers[second]
        entries[i + _TWO], latents[at + i + _TWO] = entry2, lowers[third]
        entries[i + _THREE], latents[at + i + _THREE] = entry3, lowers[fourth]
        first, word = _step(entry0, word)
        second, word = _step(entry1, word)
        third, word = _step(entry2, word)
        fourth, word = _step(entry3, word)
        # The sum's low byte counts the bits of four codes, which are too few to carry.
        entry0 += entry1 + (entry2 + entry3)
        position += entry0 & _BYTE
        total += entry0
        i += _TURNS
    states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE] = first, second, third, fourth
    for turn in range(n % ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        place = own + np.uint64(turn)
        entry = packed[states[place]]
        entries[i], latents[at + i] = entry, lowers[states[place]]
        states[place], word = _step(entry, word)
        position += entry & _BYTE
        total += entry
        i += _ONE
    return position, _offset_total(total, position - begin)


@inlined
def walk_two(
    data: Any,
    position: Any,
    other: Any,
    packed: Any,
    lowers: Any,
    states: Any,
    own: Any,
    others: Any,
    entries: Any,
    latents: Any,
    at: Any,
    other_at: Any,
) -> Any:
    """Do what `walk` does for whole batches of two lanes: while one waits for its bits, the other goes on."""
    begin, other_begin = position, other
    total, other_total = np.uint64(0), np.uint64(0)
    a0, a1, a2, a3 = states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE]
    b0, b1, b2, b3 = states[others], states[others + _ONE], states[others + _TWO], states[others + _THREE]
    i, j = np.uint64(0), np.uint64(BATCH)
    for _ in range(BATCH // ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        entry0, entry1, entry2, entry3 = packed[a0], packed[a1], packed[a2], packed[a3]
        entries[i], latents[at + i] = entry0, lowers[a0]
        entries[i + _ONE], latents[at + i + _ONE] = entry1, lowers[a1]
        entries[i + _TWO], latents[at + i + _TWO] = entry2, lowers[a2]
        entries[i + _THREE], latents[at + i + _THREE] = entry3, lowers[a3]
        a0, word = _step(entry0, word)
        a1, word = _step(entry1, word)
        a2, word = _step(entry2, word)
        a3, word = _step(entry3, word)
        entry0 += entry1 + (entry2 + entry3)
        position += entry0 & _BYTE
        total += entry0

        word = load(data, other >> _THREE) >> (other & _SEVEN)
        entry0, entry1, entry2, entry3 = packed[b0], packed[b1], packed[b2], packed[b3]
        entries[j], latents[other_at + i] = entry0, lowers[b0]
        entries[j + _ONE], latents[other_at + i + _ONE] = entry1, lowers[b1]
        entries[j + _TWO], latents[other_at + i + _TWO] = entry2, lowers[b2]
        entries[j + _THREE], latents[other_at + i + _THREE] = entry3, lowers[b3]
        b0, word = _step(entry0, word)
        b1, word = _step(entry1, word)
        b2, word = _step(entry2, word)
        b3, word = _step(entry3, word)
        entry0 += entry1 + (entry2 + entry3)
        other += entry0 & _BYTE
        other_total += entry0
        i += _TURNS
        j += _TURNS
    states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE] = a0, a1, a2, a3
    states[others], states[others + _ONE], states[others + _TWO], states[others + _THREE] = b0, b1, b2, b3
    bits = _offset_total(total, position - begin)
    return position, bits, other, _offset_total(other_total, other - other_begin)


@inlined
def read_offsets(
    data: Any, position: Any, entries: Any, first: Any, wide: Any, n: Any, latents: Any, at: Any
) -> None:
    """Add the offsets of a batch, which lie within the data, to the lower bounds in `latents`."""
    if wide:
        for i in range(n):
            width = (np.uint64(entries[first + np.uint64(i)]) >> _EIGHT) & _BYTE
            byte, shift = position >> _THREE, position & _SEVEN
            # Two shifts: one by 64 - shift would be undefined where shift is 0.
            high = (load(data, byte + _EIGHT) << _ONE) << (_WORD_TOP - shift)
            latents[at + np.uint64(i)] += ((load(data, byte) >> shift) | high) & _MASKS[width]
            position += width
    else:
        for i in range(n):
            width = (np.uint64(entries[first + np.uint64(i)]) >> _EIGHT) & _BYTE
            word = load(data, position >> _THREE) >> (position & _SEVEN)
            latents[at + np.uint64(i)] += _low_bits(word, width)
            position += width


@inlined
def read_fixed(data: Any, position: Any, width: Any, lower: Any, n: Any, latents: Any, at: Any) -> None:
    """Read latents of one bin, whose offsets lie within the data."""
    if not width:
        for i in range(n):
            latents[at + np.uint64(i)] = lower
    elif width > np.uint64(_NARROW):
        for i in range(n):
            byte, shift = position >> _THREE, position & _SEVEN
            high = (load(data, byte + _EIGHT) << _ONE) << (_WORD_TOP - shift)
            latents[at + np.uint64(i)] = (((load(data, byte) >> shift) | high) & _MASKS[width]) + lower
            position += width
    else:
        mask = _MASKS[width]
        for i in range(n):
            word = load(data, position >> _THREE) >> (position & _SEVEN)
            latents[at + np.uint64(i)] = (word & mask) + lower
            position += width
