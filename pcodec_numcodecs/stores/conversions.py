"""What a conversion tells when it is done."""

from dataclasses import dataclass
from typing import Any

from ..reports import Report, Reported, Table, Text, choice, count, factor, size, span

__all__ = ["Conversion", "ConvertedArray"]


@dataclass(frozen=True)
class ConvertedArray:
    """One array, converted.

    Attributes
    ----------
    path
        From the place that was asked for.
    raw_bytes, source_bytes, stored_bytes
        Size of its stored chunks in memory, in the source and in the destination.
    written, found, copied
        Objects that were written, that an earlier run had written and were found right, and that were copied as they
        are.
    kept
        Why its chunks were copied as they are, else None.
    """

    path: str
    raw_bytes: int
    source_bytes: int
    stored_bytes: int
    written: int
    found: int
    copied: int
    kept: str | None = None


@dataclass(frozen=True)
class Conversion(Reported):
    """A store, converted; every chunk was read back and is the same, bit for bit.

    Attributes
    ----------
    source, destination
        As they were given.
    arrays
        The arrays.
    resumed
        Whether an earlier run got a part of the way.
    seconds
        What it took.
    """

    source: str
    destination: str
    arrays: tuple[ConvertedArray, ...]
    resumed: bool
    seconds: float

    @property
    def source_bytes(self) -> int:
        """Size of all chunks in the source."""
        return sum(array.source_bytes for array in self.arrays)

    @property
    def stored_bytes(self) -> int:
        """Size of all chunks in the destination."""
        return sum(array.stored_bytes for array in self.arrays)

    def report(self) -> Report:
        """Return a table of the arrays."""
        rows = tuple(self._row(choice(a.path or "/"), a) for a in self.arrays)
        titles = ("array", "in memory", "before", "now", "ratio before", "ratio now", "written", "found", "copied")
        sums = {
            name: sum(getattr(a, name) for a in self.arrays)
            for name in ("raw_bytes", "source_bytes", "stored_bytes", "written", "found", "copied")
        }
        total = self._row(choice("all"), ConvertedArray("", **sums)) if len(rows) > 1 else None
        parts: list[Any] = [Table(titles, rows, total=total)]
        parts += [Text(f"{a.path or '/'} keeps its codecs: {a.kept}.") for a in self.arrays if a.kept]
        took = f"It took {span(self.seconds).text}" + (
            ", going on where an earlier run had stopped." if self.resumed else "."
        )
        parts.append(Text(f"Read back and compared: every chunk is the same as in the source, bit for bit. {took}"))
        if self.source_bytes and self.stored_bytes:
            change = 100 * (1 - self.stored_bytes / self.source_bytes)
            saved = f"{change:.1f} % smaller" if change >= 0 else f"{-change:.1f} % larger"
        else:
            saved = "nothing stored"
        return Report(f"{self.source} -> {self.destination}: {saved}", parts)

    @staticmethod
    def _row(name: Any, a: ConvertedArray) -> tuple[Any, ...]:
        return (
            name,
            size(a.raw_bytes),
            size(a.source_bytes),
            size(a.stored_bytes),
            factor(a.raw_bytes / a.source_bytes if a.source_bytes else None),
            factor(a.raw_bytes / a.stored_bytes if a.stored_bytes else None),
            count(a.written),
            count(a.found),
            count(a.copied),
        )
