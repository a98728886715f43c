"""CRC-32C of many stretches by NumPy alone."""

from functools import cache

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78  # bit-reversed
_ONES = 0xFFFFFFFF
_WORD = 8

HAS_FAST_CRC32C = False


def crc32c_of_stretches(data: U8, starts: I64, stops: I64) -> U32:
    """See `Kernels.crc32c_of_stretches`.

    A CRC without its final and initial inversions is linear over XOR, and leading zeros do not change it. So
    each 8-byte word gets its own by table, all at once, and neighbours are joined in a tree: the left one is
    advanced over the length of the right one, by table again, and the two are XORed.
    """
    sizes = stops - starts
    crcs = np.zeros(sizes.size, np.uint32)
    classes = np.array([int(size).bit_length() for size in sizes])
    for one in np.unique(classes[sizes > 0]):
        members = np.flatnonzero(classes == one)
        width = -(-int(sizes[members].max()) // _WORD) * _WORD
        rows = np.zeros((members.size, width), np.uint8)
        for row, member in zip(rows, members.tolist(), strict=True):
            content = data[starts[member] : stops[member]]
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
