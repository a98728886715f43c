"""Batches of latents from bits: the codes of one variable, then the offsets.

Latents, whatever their width, are held in 64 bits, of which the lower ones count. A batch lies in an array `cells` from
index `at`: first its latents, then what the table says of each (see `opening.make_table`). (A slice would cost as much
as some of the work; and one array takes fewer registers than two.)
"""

from typing import Any

import numpy as np

from ...constants import ANS_INTERLEAVING, BATCH
from .compiled import inlined, separate
from .words import load

BATCH_CELLS = 2 * BATCH

_ONE, _TWO, _THREE, _FOUR, _SEVEN = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4), np.uint64(7)
_EIGHT, _WORD_TOP = np.uint64(8), np.uint64(63)
_BYTE, _PAIR = np.uint64(0xFF), np.uint64(0xFFFF)
_NEXT, _WIDTH = np.uint64(32), np.uint64(16)
_ENTRY0, _ENTRY1, _ENTRY2, _ENTRY3 = (np.uint64(BATCH + i) for i in range(4))
NARROW = 57
"""Bits of a field that always lie within the 64-bit word at its first byte."""
_MASKS = np.array([(1 << w) - 1 for w in range(65)], np.uint64)


@inlined
def stays(table: Any, states: Any, own: Any) -> Any:
    """Tell whether no state ever leaves its slot: then there is one bin, and there are no codes."""
    moving = False
    for turn in range(ANS_INTERLEAVING):
        state = states[own + np.uint64(turn)]
        moving |= table[state] >> _NEXT != state or table[state] & _BYTE != 0
    return not moving


@inlined
def _low_bits(word: Any, width: Any) -> Any:
    return word & ((_ONE << width) - _ONE)


@inlined
def _step(entry: Any, word: Any) -> Any:
    """Return twice the next slot, and the word without the code."""
    # Processors shift by a byte, so no more than that need be masked out.
    width = entry & _BYTE
    return (entry >> _NEXT) + (_low_bits(word, width) << _ONE), word >> width


@inlined
def walk(data: Any, position: Any, table: Any, states: Any, own: Any, n: Any, cells: Any, at: Any) -> Any:
    """Walk the tANS table over a batch that begins within the data; latents become lower bounds.

    States are twice their slots. The four do not depend on each other, only their bit positions do; four codes of at
    most 14 bits that start within a byte end within the 64-bit word there. Codes of a batch take at most 448 bytes, and
    the padding is longer.

    Returns
    -------
    Bit after the codes, and the bits that the offsets take.
    """
    total = np.uint64(0)
    first, second, third, fourth = states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE]
    i = at
    for _ in range(n // ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        entry0, entry1, entry2, entry3 = table[first], table[second], table[third], table[fourth]
        cells[i], cells[i + _ONE] = table[first + _ONE], table[second + _ONE]
        cells[i + _TWO], cells[i + _THREE] = table[third + _ONE], table[fourth + _ONE]
        cells[i + _ENTRY0], cells[i + _ENTRY1], cells[i + _ENTRY2], cells[i + _ENTRY3] = entry0, entry1, entry2, entry3
        first, word = _step(entry0, word)
        second, word = _step(entry1, word)
        third, word = _step(entry2, word)
        fourth, word = _step(entry3, word)
        # The sum's low byte counts the bits of four codes, which are too few to carry.
        entry0 = (entry0 + entry1) + (entry2 + entry3)
        position += entry0 & _BYTE
        total += entry0
        i += _FOUR
    states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE] = first, second, third, fourth
    for turn in range(n % ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        place = own + np.uint64(turn)
        entry = table[states[place]]
        cells[i], cells[i + _ENTRY0] = table[states[place] + _ONE], entry
        states[place], word = _step(entry, word)
        position += entry & _BYTE
        total += entry
        i += _ONE
    return position, (total >> _WIDTH) & _PAIR


@inlined
def walk_differences(
    data: Any, position: Any, table: Any, states: Any, own: Any, cells: Any, at: Any, history: Any, kept: Any
) -> Any:
    """Do what `walk` does for a whole batch of a variable without offsets, and undo differences of neighbours.

    The sums are made while codes are waited for. `history` holds the first latent; nothing is said of the bins.

    Returns
    -------
    Bit after the codes, and the bits that the offsets take: none.
    """
    first, second, third, fourth = states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE]
    value, i = history[kept], at
    for _ in range(BATCH // ANS_INTERLEAVING):
        word = load(data, position >> _THREE) >> (position & _SEVEN)
        entry0, entry1, entry2, entry3 = table[first], table[second], table[third], table[fourth]
        cells[i] = value
        value += table[first + _ONE]
        cells[i + _ONE] = value
        value += table[second + _ONE]
        cells[i + _TWO] = value
        value += table[third + _ONE]
        cells[i + _THREE] = value
        value += table[fourth + _ONE]
        first, word = _step(entry0, word)
        second, word = _step(entry1, word)
        third, word = _step(entry2, word)
        fourth, word = _step(entry3, word)
        position += ((entry0 + entry1) + (entry2 + entry3)) & _BYTE
        i += _FOUR
    states[own], states[own + _ONE], states[own + _TWO], states[own + _THREE] = first, second, third, fourth
    history[kept] = value
    return position, np.uint64(0)


@separate
def read_offsets(data: Any, position: Any, widest: Any, n: Any, cells: Any, at: Any) -> None:
    """Add the offsets of a batch, which lie within the data, to its lower bounds."""
    if 2 * widest <= NARROW:
        _read_pairs(data, position, True, n, cells, at)
    elif widest <= NARROW:
        _read_pairs(data, position, False, n, cells, at)
    else:
        for i in range(n):
            place = at + np.uint64(i)
            width = (cells[place + _ENTRY0] >> _WIDTH) & _PAIR
            # Whether this one is narrow cannot be foreseen: to ask would take longer.
            cells[place] += wide_word(data, position) & _MASKS[width]
            position += width


@separate
def read_differences(
    data: Any, position: Any, widest: Any, cells: Any, at: Any, history: Any, kept: Any, order: Any
) -> None:
    """Do what `read_offsets` does for a whole batch, and undo differences of neighbours on the way.

    For offsets that are not wide, and orders 1 and 2; `history` holds the first value of each order of difference.
    """
    if 2 * widest <= NARROW:
        if order == 1:
            _read_first_differences(data, position, True, cells, at, history, kept)
        else:
            _read_second_differences(data, position, True, cells, at, history, kept)
    elif order == 1:
        _read_first_differences(data, position, False, cells, at, history, kept)
    else:
        _read_second_differences(data, position, False, cells, at, history, kept)


@inlined
def _pair(data: Any, position: Any, narrow: Any, cells: Any, i: Any) -> Any:
    """Return two latents, and the bit after their offsets."""
    width, width1 = (cells[i + _ENTRY0] >> _WIDTH) & _PAIR, (cells[i + _ENTRY1] >> _WIDTH) & _PAIR
    word = load(data, position >> _THREE) >> (position & _SEVEN)
    latent = cells[i] + _low_bits(word, width)
    position += width
    word = word >> width if narrow else load(data, position >> _THREE) >> (position & _SEVEN)
    return latent, cells[i + _ONE] + _low_bits(word, width1), position + width1


@inlined
def _read_pairs(data: Any, position: Any, narrow: Any, n: Any, cells: Any, at: Any) -> None:
    for pair in range(n // 2):
        i = at + _TWO * np.uint64(pair)
        cells[i], cells[i + _ONE], position = _pair(data, position, narrow, cells, i)
    if n % 2:
        i = at + np.uint64(n - 1)
        width = (cells[i + _ENTRY0] >> _WIDTH) & _PAIR
        cells[i] += _low_bits(load(data, position >> _THREE) >> (position & _SEVEN), width)


@inlined
def _read_first_differences(
    data: Any, position: Any, narrow: Any, cells: Any, at: Any, history: Any, kept: Any
) -> None:
    value = history[kept]
    for pair in range(BATCH // 2):
        i = at + _TWO * np.uint64(pair)
        first, second, position = _pair(data, position, narrow, cells, i)
        cells[i], cells[i + _ONE] = value, value + first
        value += first + second
    history[kept] = value


@inlined
def _read_second_differences(
    data: Any, position: Any, narrow: Any, cells: Any, at: Any, history: Any, kept: Any
) -> None:
    value, step = history[kept], history[kept + _ONE]
    for pair in range(BATCH // 2):
        i = at + _TWO * np.uint64(pair)
        first, second, position = _pair(data, position, narrow, cells, i)
        after = value + step
        cells[i], cells[i + _ONE] = value, after
        step += first
        value = after + step
        step += second
    history[kept], history[kept + _ONE] = value, step


@inlined
def wide_word(data: Any, position: Any) -> Any:
    """Return the 64 bits from a position."""
    byte, shift = position >> _THREE, position & _SEVEN
    # Two shifts: one by 64 - shift would be undefined where shift is 0.
    return (load(data, byte) >> shift) | ((load(data, byte + _EIGHT) << _ONE) << (_WORD_TOP - shift))


@inlined
def read_fixed(data: Any, position: Any, width: Any, lower: Any, n: Any, cells: Any, at: Any) -> None:
    """Read latents of one bin, whose offsets lie within the data."""
    if not width:
        for i in range(n):
            cells[at + np.uint64(i)] = lower
    else:
        mask = _MASKS[width]
        for i in range(n):
            cells[at + np.uint64(i)] = (wide_word(data, position) & mask) + lower
            position += width
