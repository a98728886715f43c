"""The standalone container's own fields: the file header, and the header of each chunk."""

from dataclasses import dataclass

from ..constants import (
    MAX_CHUNK_NUMBERS,
    MAX_STANDALONE_VERSION,
    STANDALONE_MAGIC,
    STANDALONE_TERMINATOR,
    STANDALONE_VERSION,
)
from ..dtypes import BY_BYTE, NumberType
from ..errors import CorruptionError, insufficient
from .fields import FieldReader, FieldWriter
from .header import FormatVersion

_BITS_COUNT = 24
_BITS_VARINT_WIDTH = 6
_CHUNK_HEADER = "standalone chunk header"


@dataclass(frozen=True)
class FileHeader:
    """What precedes the chunks of a standalone file.

    Attributes
    ----------
    version
        Version of the wrapped format inside.
    uniform_type
        Number type that all chunks share, where the file says so.
    hint
        How many numbers to expect, or 0. Whoever wrote the file may have had it wrong.
    """

    version: FormatVersion
    uniform_type: NumberType | None
    hint: int = 0

    @classmethod
    def read(cls, source: memoryview) -> tuple["FileHeader", int]:
        """Read the header; return it and the count of bytes read.

        Raises
        ------
        CorruptionError
            When this is no standalone file, or one of an unknown version or type.
        InsufficientDataError
            When bytes are missing.
        """
        reader = FieldReader(source, "standalone header")
        magic = reader.read(8 * len(STANDALONE_MAGIC)).to_bytes(len(STANDALONE_MAGIC), "little")
        if magic != STANDALONE_MAGIC:
            raise CorruptionError(f"magic header must be {STANDALONE_MAGIC!r}, got {magic!r}")
        version = reader.read(8)
        if version > MAX_STANDALONE_VERSION:
            raise CorruptionError(f"standalone version may not exceed {MAX_STANDALONE_VERSION}, got {version}")
        uniform_type = None
        if version < 2:
            # The byte is the wrapped format's version as well.
            return cls(FormatVersion(version, 0), None), reader.bytes_read
        if version >= 3 and (byte := reader.read(8)) != STANDALONE_TERMINATOR:
            uniform_type = _number_type(byte)
        hint = reader.read(reader.read(_BITS_VARINT_WIDTH) + 1)
        reader.align()
        format_version, size = FormatVersion.read(source[reader.bytes_read :])
        return cls(format_version, uniform_type, hint), reader.bytes_read + size

    @staticmethod
    def write(n: int) -> bytes:
        """Return the header of the newest version for a file of `n` numbers."""
        writer = FieldWriter()
        writer.write(int.from_bytes(STANDALONE_MAGIC, "little"), 8 * len(STANDALONE_MAGIC))
        writer.write(STANDALONE_VERSION, 8)
        writer.write(0, 8)
        width = max(1, n.bit_length())
        writer.write(width - 1, _BITS_VARINT_WIDTH)
        writer.write(n, width)
        return writer.getvalue() + FormatVersion.write()


@dataclass(frozen=True)
class ChunkHeader:
    """What precedes the metadata of a chunk.

    Attributes
    ----------
    number_type
        Type of its numbers.
    n
        Count of its numbers, all in one page.
    """

    number_type: NumberType
    n: int

    @classmethod
    def read(cls, source: memoryview, uniform_type: NumberType | None) -> tuple["ChunkHeader | None", int]:
        """Read a chunk's header, None at the end of the file; return it and the count of bytes read.

        Raises
        ------
        CorruptionError
            When the number type is unknown, or not the uniform one.
        InsufficientDataError
            When bytes are missing.
        """
        if not len(source):
            raise insufficient(8, 0, _CHUNK_HEADER)
        byte = source[0]
        if byte == STANDALONE_TERMINATOR:
            return None, 1
        if uniform_type is not None and byte != uniform_type.byte:
            raise CorruptionError(
                f"chunk's number type of {byte} does not match file's uniform number type of "
                f"{uniform_type.name.upper()}"
            )
        number_type, size = _number_type(byte), 1 + _BITS_COUNT // 8
        if len(source) < size:
            raise insufficient(8 * size, 8 * len(source), _CHUNK_HEADER)
        return cls(number_type, int.from_bytes(source[1:size], "little") + 1), size

    def write(self) -> bytes:
        """Return the bytes of the header."""
        assert 1 <= self.n <= MAX_CHUNK_NUMBERS
        return bytes([self.number_type.byte]) + (self.n - 1).to_bytes(_BITS_COUNT // 8, "little")


def _number_type(byte: int) -> NumberType:
    try:
        return BY_BYTE[byte]
    except KeyError:
        raise CorruptionError(f"number type byte must be 1 to {max(BY_BYTE)}, got {byte}") from None
