"""Why an array compresses as it does: what was tried, and what would change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import frame
from ..constants import DEFAULT_LEVEL
from ..reports import Report, Reported, Table, Text, choice, count, factor, size
from .numbers import Features, features, rounded
from .summary import ChunkSummary, as_shape, summarize

__all__ = ["Advice", "Explanation", "Try", "explain"]

Array = npt.NDArray[Any]

_WORTH = 0.95
"""What an advice must bring the size down to."""


@dataclass(frozen=True)
class Try:
    """A pipeline that was priced.

    Attributes
    ----------
    split, masked, predictor, contexts, tile
        What it does; see `pcodec_numcodecs.frame.PipelineInfo`.
    estimated_bytes
        What it was taken to cost.
    part
        Which part of complex elements; else 0.
    """

    split: str
    masked: int
    predictor: str
    contexts: int
    tile: tuple[int, ...]
    estimated_bytes: int
    part: int


@dataclass(frozen=True)
class Advice:
    """What could be changed, and the size that the sample would then have.

    Attributes
    ----------
    about
        ``"chunks"``, ``"rounding"``, ``"fill values"`` or ``"dtype"``.
    text
        What to do.
    stored_bytes
        What the sample would take; None where that is not known.
    changes_data
        Whether numbers would no longer be the same.
    """

    about: str
    text: str
    stored_bytes: int | None
    changes_data: bool


@dataclass(frozen=True)
class Explanation(Reported):
    """Why an array compresses as it does.

    Attributes
    ----------
    name
        Of the array.
    summary
        What is in the frame of the sample, or of the part that is one chunk.
    numbers
        What its numbers are like.
    tried
        What was priced, the best first.
    advice
        What would change the ratio, each tried on the sample.
    """

    name: str
    summary: ChunkSummary
    numbers: Features
    tried: tuple[Try, ...]
    advice: tuple[Advice, ...]

    def report(self) -> Report:
        """Return why, what was tried, and what to change."""
        s = self.summary
        parts: list[Any] = [Text(text) for text in self._reasons()]
        rows = [
            (
                choice(t.split),
                count(t.masked),
                choice(t.predictor),
                count(t.contexts),
                choice(as_shape(t.tile)),
                size(t.estimated_bytes),
                factor(s.raw_bytes / t.estimated_bytes if t.estimated_bytes else None),
            )
            for t in self.tried[:12]
        ]
        caption = "What was tried on a sample of the chunk, with the size that it was taken to have."
        titles = ("split", "masked values", "predictor", "contexts", "tile", "estimated", "ratio")
        parts.append(Table(titles, tuple(rows), caption))
        if self.advice:
            advised = [
                (
                    choice(a.about),
                    choice(a.text),
                    factor(s.raw_bytes / a.stored_bytes if a.stored_bytes else None),
                    choice("yes" if a.changes_data else "no"),
                )
                for a in self.advice
            ]
            caption = f"What could be changed; the ratio is {s.ratio:.2f} now."
            parts.append(Table(("about", "change", "ratio", "changes the data"), tuple(advised), caption))
        else:
            parts.append(
                Text("Nothing that was tried would make it much smaller: not chunks, rounding, fill values or dtype.")
            )
        parts += [part for part in s.report().parts if not isinstance(part, Text)]
        return Report(f"{self.name}: {s.dtype} {as_shape(s.shape)}, ratio {s.ratio:.2f}", parts)

    def _reasons(self) -> Iterator[str]:
        s, numbers = self.summary, self.numbers
        if s.storage == "constant":
            yield "All elements are the same, so one element stands for all."
            return
        cells = int(s.page_cells.sum())
        mean = 8 * s.stored_bytes / max(cells, 1)
        width = 8 * np.dtype(s.dtype).itemsize
        yield f"A number of {width} bits takes {mean:.2f} bits. {numbers.text}"
        steps = s.steps
        done = [f"{name} {text}" for name, text in steps.items() if text and name not in ("contexts", "bins")]
        yield f"Of what was tried, this was the cheapest: {'; '.join(done)}."
        overhead = (s.head_bytes + s.stream_bytes) / s.stored_bytes
        if overhead > 0.1:
            yield f"{100 * overhead:.0f} % of the bytes are header, index and shared by pages; larger chunks take less."


def explain(
    array: Array, name: str = "array", chunks: tuple[int, ...] | None = None, level: int = DEFAULT_LEVEL
) -> Explanation:
    """Tell why an array compresses as it does, and try what could be changed.

    Parameters
    ----------
    array
        A sample of the data. Where it is larger than a chunk, larger chunks are tried as well.
    name
        What to call it.
    chunks
        Shape of a chunk; that of the array by default.
    level
        Of the compression.

    Raises
    ------
    TypeError, InvalidArgumentError
        As `frame.write`.
    """
    array = np.ascontiguousarray(array)
    shape = tuple(map(min, chunks, array.shape)) if chunks is not None else array.shape
    chunk = array[tuple(slice(0, length) for length in shape)]
    tried = [
        Try(t.split, t.fills, t.predictor, t.contexts, t.tile, t.size, part)
        for part, found in enumerate(frame.explain(chunk, level=level))
        for t in found
    ]
    summary = summarize(frame.write(chunk, level=level))
    found = features(chunk)
    advice = sorted(
        _advice(array, chunk, found, summary.stored_bytes, level), key=lambda a: (a.changes_data, a.stored_bytes or 0)
    )
    return Explanation(name, summary, found, tuple(sorted(tried, key=lambda t: t.estimated_bytes)), tuple(advice))


def _advice(array: Array, chunk: Array, found: Features, now: int, level: int) -> Iterator[Advice]:
    if array.shape != chunk.shape:
        yield from _larger(array, chunk, now, level)
    if chunk.size < 1 << 14 and array.shape == chunk.shape:
        yield Advice(
            "chunks",
            f"a chunk has {chunk.size:,} numbers; give it at least {1 << 14:,}, better {1 << 18:,}",
            None,
            False,
        )
    if found.narrower is not None:
        stored = len(frame.write(chunk.astype(found.narrower), level=level))
        if stored < now * _WORTH:
            yield Advice("dtype", f"store as {found.narrower}: every number is the same in it", stored, False)
    if found.fill is not None and not found.fill_is_nan and chunk.dtype.kind == "f":
        filled = np.where(chunk == chunk.dtype.type(found.fill), np.array(np.nan, chunk.dtype), chunk)
        stored = len(frame.write(filled, level=level))
        if stored < now * _WORTH:
            yield Advice("fill values", f"mark missing cells by NaN in place of {found.fill:g}", stored, True)
    if chunk.dtype.kind == "f" and chunk.dtype.itemsize >= 4:
        for step, numbers in rounded(chunk):
            stored = len(frame.write(numbers, level=level))
            if stored < now * _WORTH:
                yield Advice("rounding", f"round to steps of {step:g}, if the last digits are noise", stored, True)


def _larger(array: Array, chunk: Array, now: int, level: int) -> Iterator[Advice]:
    """Compare chunks as they are with one that is longer along the axes where the sample has more."""
    whole = len(frame.write(array, level=level))
    apart = 0
    for corner in product(*(range(0, cells, length) for cells, length in zip(array.shape, chunk.shape, strict=True))):
        part = array[tuple(slice(start, start + length) for start, length in zip(corner, chunk.shape, strict=True))]
        apart += len(frame.write(part, level=level))
    if whole < apart * _WORTH:
        shape = as_shape(array.shape)
        yield Advice(
            "chunks", f"chunks of {shape} in place of {as_shape(chunk.shape)}", round(now * whole / apart), False
        )
