"""Codecs that the caller gives, on arrays that the caller gives: sizes and times."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..reports import Cell, Point, Report, Reported, Scatter, Table, Text, choice, factor, size, span, speed

__all__ = ["Comparison", "Contestant", "Measured", "compare"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Contestant:
    """A codec.

    Attributes
    ----------
    name, family
        What it is called, and what it belongs to.
    encode
        Array to bytes.
    decode
        Bytes, dtype and shape to an array.
    part
        Bytes, dtype, shape and a box of cells to these cells; None where all has to be decoded for them.
    """

    name: str
    family: str
    encode: Callable[[Array], Any]
    decode: Callable[[Any, np.dtype[Any], tuple[int, ...]], Array]
    part: Callable[[Any, np.dtype[Any], tuple[int, ...], tuple[slice, ...]], Array] | None = None


@dataclass(frozen=True)
class Measured:
    """One codec on one array.

    Attributes
    ----------
    array, codec, family
        Names.
    raw_bytes, stored_bytes
        Sizes.
    encode_seconds, decode_seconds, part_seconds
        Shortest of several times; the last for about a hundredth of the cells.
    failure
        Why there are no figures, as when a codec does not hold the dtype; else None.
    """

    array: str
    codec: str
    family: str
    raw_bytes: int
    stored_bytes: int = 0
    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    part_seconds: float = 0.0
    failure: str | None = None

    @property
    def ratio(self) -> float | None:
        """Raw over stored size."""
        return self.raw_bytes / self.stored_bytes if self.stored_bytes else None


@dataclass(frozen=True)
class Comparison(Reported):
    """Sizes and times of codecs on arrays.

    Attributes
    ----------
    rows
        One for each codec and array.
    notes
        What to know of them.
    """

    rows: tuple[Measured, ...]
    notes: tuple[str, ...] = ()

    @property
    def overall(self) -> tuple[Measured, ...]:
        """The sums over all arrays, of those codecs that hold all of them."""
        by_codec: dict[str, list[Measured]] = {}
        for row in self.rows:
            by_codec.setdefault(row.codec, []).append(row)
        together = [_together("all", rows) for rows in by_codec.values()]
        return tuple(row for row in together if not row.failure)

    def report(self) -> Report:
        """Return tables, overall and by array, and a scatter plot."""
        arrays = list(dict.fromkeys(row.array for row in self.rows))
        overall = self.overall
        parts: list[Any] = [_table(overall, "All arrays together." if len(arrays) > 1 else arrays[0] if arrays else "")]
        points = [
            Point(row.codec, row.raw_bytes / max(row.decode_seconds, 1e-9) / 1e6, row.ratio or 0.0, row.family)
            for row in overall
        ]
        if points:
            parts.append(
                Scatter(
                    "Ratio and speed of decoding, all arrays together; up and right is better.",
                    "decode MB/s",
                    "ratio",
                    tuple(points),
                )
            )
        if len(arrays) > 1:
            parts.append(_by_array(self.rows, arrays))
        parts += [Text(note) for note in self.notes]
        parts += [Text(f"{row.codec} does not hold {row.array}: {row.failure}") for row in self.rows if row.failure]
        return Report(
            f"{len(arrays)} array{'s' if len(arrays) != 1 else ''} through {len({r.codec for r in self.rows})} codecs",
            parts,
        )


def _together(name: str, rows: Sequence[Measured]) -> Measured:
    """Add up the rows of one codec."""
    failure = next((row.failure for row in rows if row.failure), None)
    raw = sum(row.raw_bytes for row in rows)
    if failure is not None:
        return Measured(name, rows[0].codec, rows[0].family, raw, failure=failure)
    return Measured(
        name,
        rows[0].codec,
        rows[0].family,
        raw,
        sum(row.stored_bytes for row in rows),
        sum(row.encode_seconds for row in rows),
        sum(row.decode_seconds for row in rows),
        sum(row.part_seconds for row in rows),
    )


def _table(rows: Sequence[Measured], caption: str) -> Table:
    titles = ("codec", "stored", "ratio", "encode", "decode", "1/100 of the cells")
    cells = [
        (
            choice(row.codec),
            size(row.stored_bytes),
            factor(row.ratio),
            speed(row.raw_bytes / max(row.encode_seconds, 1e-9)),
            speed(row.raw_bytes / max(row.decode_seconds, 1e-9)),
            span(row.part_seconds),
        )
        for row in sorted(rows, key=lambda row: -(row.ratio or 0))
    ]
    return Table(titles, tuple(cells), caption)


def _by_array(rows: Sequence[Measured], arrays: Sequence[str]) -> Table:
    codecs = list(dict.fromkeys(row.codec for row in rows))
    found = {(row.array, row.codec): row for row in rows}
    lines: list[tuple[Cell, ...]] = []
    for array in arrays:
        measured = [found.get((array, codec)) for codec in codecs]
        lines.append((choice(array), *(factor(row.ratio if row else None) for row in measured)))
    return Table(("ratio of", *codecs), tuple(lines))


def compare(
    arrays: Sequence[tuple[str, Sequence[Array]]],
    contestants: Sequence[Contestant],
    repeats: int = 3,
    progress: Callable[[str], None] = lambda name: None,
) -> Comparison:
    """Encode and decode arrays by codecs; every bit is compared.

    Parameters
    ----------
    arrays
        Names, and the chunks of each; a codec gets one chunk at a time.
    contestants
        The codecs.
    repeats
        How often each is timed; the shortest time counts.
    progress
        Called with the name of what is done next.

    Raises
    ------
    AssertionError
        When a codec does not give the same bits back.
    """
    rows = []
    for name, chunks in arrays:
        for contestant in contestants:
            progress(f"{name}: {contestant.name}")
            measured = [_measure(name, np.ascontiguousarray(chunk), contestant, repeats) for chunk in chunks]
            rows.append(_together(name, measured))
    return Comparison(tuple(rows))


def _measure(name: str, array: Array, contestant: Contestant, repeats: int) -> Measured:
    dtype, shape = array.dtype, array.shape
    try:
        encode_seconds, stored = _timed(lambda: contestant.encode(array), repeats)
    except (TypeError, ValueError, RuntimeError) as error:
        return Measured(name, contestant.name, contestant.family, array.nbytes, failure=str(error).splitlines()[0])
    decode_seconds, decoded = _timed(lambda: contestant.decode(stored, dtype, shape), repeats)
    box = part_of(shape)
    if contestant.part is None:
        part_seconds, part = _timed(lambda: contestant.decode(stored, dtype, shape)[box], repeats)
    else:
        read = contestant.part
        part_seconds, part = _timed(lambda: read(stored, dtype, shape, box), repeats)
    if (
        decoded.tobytes() != array.tobytes()
        or np.ascontiguousarray(part).tobytes() != np.ascontiguousarray(array[box]).tobytes()
    ):
        raise AssertionError(f"{contestant.name} gave other bits back for {name}; please report this as a bug")
    return Measured(
        name,
        contestant.name,
        contestant.family,
        array.nbytes,
        len(memoryview(stored).cast("B")),
        encode_seconds,
        decode_seconds,
        part_seconds,
    )


def part_of(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return a box in the middle of an array with about a hundredth of its cells."""
    side = 0.01 ** (1 / max(len(shape), 1))
    box = []
    for length in shape:
        cells = max(1, round(length * side))
        start = (length - cells) // 2
        box.append(slice(start, start + cells))
    return tuple(box)


def _timed(action: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    best, result = float("inf"), action()  # once without the clock: kernels may have to be loaded
    for _ in range(max(repeats, 1)):
        start = time.perf_counter()
        result = action()
        best = min(best, time.perf_counter() - start)
    return best, result
