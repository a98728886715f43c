"""A cursor over bit fields: one at a time, or records of equal shape by the thousand."""

from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ..bits import SPARE, read_fields
from ..errors import CorruptionError, insufficient

_RECORDS = 1 << 12  # records that are written at a time: each bit takes a byte meanwhile; so many fill whole bytes


class FieldReader:
    """Read bit fields in order from bytes.

    Parameters
    ----------
    source
        C-contiguous buffer of bytes.
    part
        What is read, for error messages.
    """

    def __init__(self, source: bytes | memoryview, part: str) -> None:
        self._source = memoryview(source).cast("B")
        self._part = part
        self._end = 8 * len(self._source)
        self.position = 0
        """Bits read so far."""

    @property
    def bytes_read(self) -> int:
        """Bytes read so far, the last one perhaps in part."""
        return (self.position + 7) // 8

    def read(self, width: int) -> int:
        """Read one field of any width.

        Raises
        ------
        InsufficientDataError
            When the source ends before the field does.
        """
        start, end = self.position, self.position + width
        if end > self._end:
            raise insufficient(end, self._end, self._part)
        self.position = end
        covering = self._source[start >> 3 : (end + 7) >> 3]
        return (int.from_bytes(covering, "little") >> (start & 7)) & ((1 << width) - 1)

    def read_records(self, count: int, widths: tuple[int, ...]) -> tuple[npt.NDArray[np.uint64], ...]:
        """Read `count` records whose fields have these widths (each at most 64); one column a field."""
        size = sum(widths)
        start, end = self.position, self.position + count * size
        if end > self._end:
            raise insufficient(end, self._end, self._part)
        self.position = end
        data = np.frombuffer(bytes(self._source[start >> 3 : (end + 7) >> 3]) + bytes(SPARE), np.uint8)
        # All at once: of few records, NumPy's calls cost more than the work that they do.
        of_field = np.array([list(accumulate(widths, initial=start & 7))[:-1], widths], np.int64)[..., None]
        return tuple(read_fields(data, of_field[0] + np.arange(count) * size, of_field[1]))

    def align(self) -> None:
        """Skip to the next byte.

        Raises
        ------
        CorruptionError
            When a skipped bit is not 0.
        """
        if self.read(-self.position % 8):
            raise CorruptionError(f"padding bits must be 0, got others at the end of {self._part}")


class FieldWriter:
    """Write bit fields in order to bytes."""

    def __init__(self) -> None:
        self._value = 0
        self._bits = 0

    def write(self, value: int, width: int) -> None:
        """Write one field, `value` below ``2**width``."""
        self._value |= value << self._bits
        self._bits += width

    def write_records(self, columns: tuple[npt.NDArray[np.uint64], ...], widths: tuple[int, ...]) -> None:
        """Write records, given as one column a field."""
        count, parts = columns[0].size, []
        for first in range(0, count, _RECORDS):
            some = [column[first : first + _RECORDS] for column in columns]
            words = np.stack(some, axis=1).astype("<u8", copy=False)
            bits = np.unpackbits(words.view(np.uint8).reshape(*words.shape, 8), axis=2, bitorder="little")
            fields = [bits[:, place, :width] for place, width in enumerate(widths)]
            parts.append(np.packbits(np.concatenate(fields, axis=1), bitorder="little").tobytes())
        self.write(int.from_bytes(b"".join(parts), "little"), count * sum(widths))

    def align(self) -> None:
        """Fill up to the next byte with zeros."""
        self._bits += -self._bits % 8

    def getvalue(self) -> bytes:
        """Return the bytes written so far, the last one filled with zeros."""
        return self._value.to_bytes((self._bits + 7) // 8, "little")
