"""The header that precedes all chunks: the format's version."""

from dataclasses import dataclass
from typing import Self

from ..constants import FORMAT_VERSION, MAX_FORMAT_MAJOR
from ..errors import CorruptionError
from .fields import FieldReader


@dataclass(frozen=True)
class FormatVersion:
    """Version of the wrapped format; majors below 4 have no minor byte."""

    major: int
    minor: int

    @classmethod
    def read(cls, source: bytes | memoryview) -> tuple[Self, int]:
        """Read the version; return it and the count of bytes read.

        Raises
        ------
        CorruptionError
            For majors above 4. Minors above 1 are read as far as they are understood.
        InsufficientDataError
            When bytes are missing.
        """
        reader = FieldReader(source, "header")
        major = reader.read(8)
        minor = reader.read(8) if major >= MAX_FORMAT_MAJOR else 0
        if major > MAX_FORMAT_MAJOR:
            raise CorruptionError(f"format major version may not exceed {MAX_FORMAT_MAJOR}, got {major}.{minor}")
        return cls(major, minor), reader.bytes_read

    @property
    def has_int_mult(self) -> bool:
        """Whether mode 1 is IntMult: in version 0 it was another mode, since given up."""
        return self.major >= 1

    @property
    def has_delta_variants(self) -> bool:
        """Whether the delta encoding says its kind: before version 3 it was just an order."""
        return self.major >= 3

    @staticmethod
    def write() -> bytes:
        """Return the header of the newest version."""
        return bytes(FORMAT_VERSION)
