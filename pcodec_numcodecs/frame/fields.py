"""Bytes, and integers of seven bits a byte (unsigned LEB128), of a frame's head and pages."""

from ..errors import CorruptionError

__all__ = ["MAX_VARINT_BYTES", "Fields", "varint"]

MAX_VARINT_BYTES = 9  # 63 bits


def varint(value: int) -> bytes:
    """Write an integer, seven bits a byte, lowest first; all bytes but the last have the top bit set."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Fields:
    """Reads the fields of a head or a page, whose checksum has been found right, one by one.

    Each method raises `CorruptionError` when there is too little for the field or the value is out of its limits.
    """

    def __init__(self, source: memoryview, name: str = "the head") -> None:
        self._source = source
        self._name = name
        self._place = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._source) - self._place

    def since(self, left: int) -> memoryview:
        """Return what has been read since so many bytes were left."""
        return self._source[len(self._source) - left : self._place]

    def has(self, count: int) -> bool:
        """Tell whether so many bytes are left."""
        return count <= self.left

    def take(self, count: int) -> memoryview:
        """Read some bytes."""
        if not self.has(count):
            raise CorruptionError(f"a field of {count} bytes must lie within {self._name}, got {self.left} bytes")
        self._place += count
        return self._source[self._place - count : self._place]

    def follow(self, expected: bytes) -> bool:
        """Read just these bytes, if they are the ones that follow; tell whether they were."""
        place = self._place + len(expected)
        found = self._source[self._place : place] == expected
        if found:
            self._place = place
        return found

    def any_byte(self) -> int:
        """Read one byte, whatever it is."""
        place = self._place
        if place == len(self._source):
            raise CorruptionError(f"a field of 1 bytes must lie within {self._name}, got 0 bytes")
        self._place = place + 1
        return self._source[place]

    def byte(self, name: str, least: int = 0, most: int = 255) -> int:
        """Read one byte."""
        return _checked(self.any_byte(), name, least, most)

    def varint(self, name: str, least: int = 0, most: int | None = None) -> int:
        """Read an integer that `varint` wrote."""
        value = self.any_byte()
        if value < 0x80:  # as most are
            return _checked(value, name, least, most)
        value &= 0x7F
        for place in range(1, MAX_VARINT_BYTES):
            byte = self.any_byte()
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return _checked(value, name, least, most)
        raise CorruptionError(f"{name} may not exceed 63 bits, got more than {MAX_VARINT_BYTES} bytes")

    def finish(self) -> None:
        """Refuse bytes that nothing accounts for."""
        if self.left:
            raise CorruptionError(f"{self._name} must end with its last field, got {self.left} bytes more")


def _checked(value: int, name: str, least: int, most: int | None) -> int:
    if value < least:
        raise CorruptionError(f"{name} may not be below {least}, got {value}")
    if most is not None and value > most:
        raise CorruptionError(f"{name} may not exceed {most}, got {value}")
    return value
