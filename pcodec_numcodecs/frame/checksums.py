"""CRC-32C (Castagnoli), the checksum of all parts of a frame; RFC 3720, appendix B.4."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

__all__ = ["crc32c", "crc32c_of_each"]

_POLYNOMIAL = 0x82F63B78  # bit-reversed
_ONES = 0xFFFFFFFF
_WORD = 8
_COPIED = 1 << 15
"""Up to so many bytes, a copy takes less time than a view."""


def _compiled() -> Callable[[Any], int] | None:
    """Find the compiled function that Zarr brings along, where it is more than slow Python."""
    try:
        import google_crc32c
    except ImportError:
        return None
    return google_crc32c.value if google_crc32c.implementation == "c" else None


_value = _compiled()


def crc32c(part: bytes | memoryview) -> int:
    """Return the CRC-32C of some bytes."""
    return int(crc32c_of_each([part])[0])


def crc32c_of_each(parts: Sequence[bytes | memoryview]) -> U32:
    """Return the CRC-32C of each of many parts."""
    if _value is None:
        return vectorised(parts)
    return np.array([_value(_unchanging(part)) for part in parts], np.uint32)


def _unchanging(part: bytes | memoryview) -> Any:
    """Return bytes as the compiled function wants them: such that nothing could change under its hands."""
    if len(part) <= _COPIED:
        return bytes(part)
    view = np.frombuffer(part, np.uint8)
    view.flags.writeable = False
    return view


def vectorised(parts: Sequence[bytes | memoryview]) -> U32:
    """Return the CRC-32C of each part by NumPy alone.

    A CRC without its final and initial inversions is linear over XOR, and leading zeros do not change it. So
    each 8-byte word gets its own by table, all at once, and neighbours are joined in a tree: the left one is
    advanced over the length of the right one, by table again, and the two are XORed.
    """
    sizes = np.array([len(part) for part in parts], np.int64)
    crcs = np.zeros(sizes.size, np.uint32)
    classes = np.array([int(size).bit_length() for size in sizes])
    for one in np.unique(classes[sizes > 0]):
        members = np.flatnonzero(classes == one)
        width = -(-int(sizes[members].max()) // _WORD) * _WORD
        rows = np.zeros((members.size, width), np.uint8)
        for row, member in zip(rows, members.tolist(), strict=True):
            content = np.frombuffer(parts[member], np.uint8)
            row[width - content.size :] = content
            # The initial inversion is that of the first four bytes.
            row[width - content.size :][:4] ^= 0xFF
        crcs[members] = _raw(rows)
    short = np.flatnonzero((sizes > 0) & (sizes < 4))
    # Of fewer bytes than four, the rest of the inversion has still to leave the register.
    crcs[short] ^= np.uint32(_ONES) >> (8 * sizes[short]).astype(np.uint32)
    return np.where(sizes > 0, crcs ^ np.uint32(_ONES), np.uint32(0))


def _raw(rows: U8) -> U32:
    """Return the linear part of the CRC of each row; rows are whole words."""
    tables = _byte_tables()
    words = rows.reshape(rows.shape[0], -1, _WORD)
    crcs = tables[_WORD - 1][words[..., 0]]
    for place in range(1, _WORD):
        crcs ^= tables[_WORD - 1 - place][words[..., place]]
    level = 0
    while crcs.shape[1] > 1:
        if crcs.shape[1] % 2:
            crcs = np.concatenate((np.zeros((crcs.shape[0], 1), np.uint32), crcs), axis=1)
        crcs = _advance(crcs[:, ::2], level) ^ crcs[:, 1::2]
        level += 1
    return crcs[:, 0]


def _advance(crcs: U32, level: int) -> U32:
    """Advance each CRC over ``2**level`` words of zeros."""
    table = _advance_tables(level)
    advanced = table[0][crcs & np.uint32(0xFF)]
    for place in range(1, 4):
        advanced ^= table[place][(crcs >> np.uint32(8 * place)) & np.uint32(0xFF)]
    return advanced


@cache
def _byte_tables() -> U32:
    """Return the CRC of each byte when 0 to 7 zero bytes follow it, shape (8, 256)."""
    crcs = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crcs = (crcs >> np.uint32(1)) ^ np.where(crcs & np.uint32(1), np.uint32(_POLYNOMIAL), np.uint32(0))
    tables = [crcs]
    while len(tables) < _WORD:
        last = tables[-1]
        tables.append((last >> np.uint32(8)) ^ crcs[last & np.uint32(0xFF)])
    return np.stack(tables)


@cache
def _advance_tables(level: int) -> U32:
    """Return what each byte of a CRC, lowest first, becomes over ``2**level`` words of zeros, shape (4, 256)."""
    if level:
        bits = _advance(_advance(_BITS, level - 1), level - 1)
    else:
        bits = _BITS
        for _ in range(_WORD):
            bits = (bits >> np.uint32(8)) ^ _byte_tables()[0][bits & np.uint32(0xFF)]
    # The operation is linear: a byte becomes the XOR of what its bits become.
    tables = np.zeros((4, 256), np.uint32)
    values = np.arange(256)
    for bit in range(32):
        tables[bit // 8] ^= np.where(values >> (bit % 8) & 1, bits[bit], np.uint32(0))
    return tables


_BITS: U32 = np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))
