"""Bit fields in bytes, least significant bit first, many at a time.

A field of width w at bit position p is ``(little_endian_integer >> p) & (2**w - 1)``.
"""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from . import scratch

__all__ = [
    "PADDING",
    "SPARE",
    "allocate_words",
    "bit_lengths",
    "masks",
    "read_fields",
    "windows",
    "word_bytes",
    "write_fields",
]

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

PADDING = 1024
"""Zero bytes that kernels put after their data, so that a batch may run past the end unharmed."""

SPARE = 16
"""Bytes that `read_fields` wants from the first byte of the last field on."""

_WORD = np.dtype("<u8")
_FIELD_BLOCK = 1 << 15  # fields that are packed at a time: temporaries stay in the cache


def windows(data: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """View the 64-bit little-endian integer that starts at each byte of `data` (unaligned, overlapping)."""
    return np.ndarray((data.size - 8,), _WORD, data, strides=(1,))


_MASKS = np.array([(1 << w) - 1 for w in range(65)], np.uint64)


def masks(widths: npt.NDArray[Any]) -> U64:
    """Return ``2**width - 1`` for each width of 0 to 64."""
    return _MASKS.take(widths)


def bit_lengths(values: npt.NDArray[np.unsignedinteger[Any]]) -> I64:
    """Return the bit length of each unsigned integer, 0 for 0."""
    if values.itemsize == 8:
        # With the bit below the highest cleared, rounding to float64 cannot carry into the next power of two.
        values = values & ~(values >> np.uint64(1))
    exponents = values.astype(np.float64).view(np.int64)
    exponents >>= 52
    exponents -= 1022
    return np.maximum(exponents, 0, out=exponents)


def read_fields(data: npt.NDArray[np.uint8], positions: I64, widths: npt.NDArray[Any] | int) -> U64:
    """Read a field of `widths` bits (0 to 64) at each of the bit `positions`, as unsigned 64-bit integers.

    `data` has `SPARE` bytes after the last field's first byte.
    """
    window = windows(data)
    start = positions >> 3
    shift = (positions & 7).view(np.uint64)
    low: U64 = window[start] >> shift
    widest = widths if isinstance(widths, int) else int(widths.max(initial=0))
    if widest > 57:  # the field may reach into a ninth byte
        high = data[start + 8].astype(np.uint64)
        # Two shifts: one by 64 - shift would be undefined where shift is 0.
        low |= (high << np.uint64(1)) << (np.uint64(63) - shift)
    low &= np.uint64((1 << widths) - 1) if isinstance(widths, int) else masks(widths)
    return low


def allocate_words(bits: int) -> U64:
    """Make the buffer for a stream of `bits` bits, of any content: `write_fields` wants it zeroed."""
    return scratch.empty((bits + 63) // 64 + 2, np.uint64)


def write_fields(words: U64, positions: I64, values: U64) -> None:
    """Add fields that do not overlap to `words`, at ascending bit `positions`.

    A value is below ``2**width`` of its field (0 for a field of no width), so the widths are not needed.
    """
    for first in range(0, positions.size, _FIELD_BLOCK):
        block = slice(first, first + _FIELD_BLOCK)
        _write_block(words, positions[block], values[block])


def _write_block(words: U64, positions: I64, values: U64) -> None:
    word = positions >> 6
    shift = (positions & 63).view(np.uint64)
    lasts = np.flatnonzero(word[1:] != word[:-1])
    firsts = np.empty(lasts.size + 1, np.int64)
    firsts[0] = 0
    np.add(lasts, 1, out=firsts[1:])
    # Fields do not overlap, so a sum is an or.
    words[word[firsts]] += np.add.reduceat(values << shift, firsts)
    # Only the last field that starts in a word can reach into the next. No shift by 64, as in read_fields.
    lasts = np.append(lasts, word.size - 1)
    words[word[lasts] + 1] += (values[lasts] >> np.uint64(1)) >> (np.uint64(63) - shift[lasts])


def word_bytes(words: U64) -> npt.NDArray[np.uint8]:
    """View the words as the bytes of the stream."""
    if sys.byteorder == "big":
        words = words.byteswap()
    return words.view(np.uint8)
