"""A reader of the UK Met Office's PP files, as far as the test data needs one.

A PP file is a run of fields. Each field is two Fortran unformatted records, big-endian, each framed by its
length in bytes: a header of 64 words, then the data, row by row. The words' names and numbers are those of
Unified Model Documentation Paper F03. Only 32-bit files of unpacked real fields are read, others refused.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

HEADER_WORDS = 64
# Positions of the header words, counted from 0 (the paper counts from 1).
LBROW, LBNPT, LBEXT, LBPACK, LBUSER1, LBUSER4 = 17, 18, 19, 20, 38, 41
REAL = 1  # the value of LBUSER1 for a field of floats


def read_pp(path: Path, item: int | None = None) -> np.ndarray:
    """Read the fields of a PP file as one stack.

    Parameters
    ----------
    path : Path
        The file.
    item : int, optional
        The STASH item code (header word LBUSER4) of the fields to keep; all fields when not given.

    Returns
    -------
    ndarray of float32, shape (fields, rows, columns)
        The fields in the file's order. Missing data keeps the file's fill value.

    Raises
    ------
    ValueError
        If the file is cut short or is not a 32-bit PP file, or if the fields asked for are packed, are not
        real numbers, differ in shape or do not exist.
    """
    fields = [_values(header, data) for header, data in _fields(path) if item in (None, header[LBUSER4])]
    if not fields:
        raise ValueError(f"{path} has no field of item {item}")
    return np.stack(fields, dtype=np.float32)


def _fields(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the header and the data of each field, both as big-endian 32-bit words."""
    words = np.frombuffer(path.read_bytes(), ">i4")
    start = 0
    while start < words.size:
        header, start = _record(words, start)
        if header.size != HEADER_WORDS:
            raise ValueError(f"a PP header should be {HEADER_WORDS} words of 32 bits, got {header.size}")
        data, start = _record(words, start)
        yield header, data


def _record(words: np.ndarray, start: int) -> tuple[np.ndarray, int]:
    """Return what the record at word `start` holds, and the word after it."""
    length = int(words[start]) if start < words.size else -1
    stop = start + 1 + length // 4
    if length < 0 or length % 4 or stop >= words.size or words[stop] != length:
        raise ValueError(f"the record at byte {4 * start} is not framed by its length")
    return words[start + 1 : stop], stop + 1


def _values(header: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return a field's data as big-endian float32 (rows, columns), without the extra data after it."""
    if header[LBPACK] != 0:
        raise ValueError(f"LBPACK of a field should be 0 (unpacked), got {header[LBPACK]}")
    if header[LBUSER1] != REAL:
        raise ValueError(f"LBUSER1 of a field should be {REAL} (real), got {header[LBUSER1]}")
    rows, columns, extra = (int(header[word]) for word in (LBROW, LBNPT, LBEXT))
    if data.size != rows * columns + extra:
        raise ValueError(f"a field's data should be {rows} x {columns} + {extra} words, got {data.size}")
    return data[: rows * columns].view(">f4").reshape(rows, columns)
