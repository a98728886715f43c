"""What is in a store: sizes, ratios and choices, for each array, chunk and page."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from ..diagnostics import ChunkSummary, summarize
from ..diagnostics.summary import as_shape, axes_map, brief, longest_two
from ..errors import PcoError
from ..reports import HeatMap, Report, Reported, Table, Text, choice, count, factor, size
from .access import get, sizes
from .chunks import ArrayChunks, codec_names
from .errors import StoreError
from .nodes import Node, nodes_of, open_array
from .opening import Place, file_content, open_place
from .windows import batches

__all__ = ["ArrayInspection", "ChunkInspection", "StoreInspection", "inspect", "inspect_chunk"]

Progress = Callable[[int, int, str], None]
"""Called with what is done, what there is to do, and its name."""

_SAMPLED: Final = 8
"""Objects of an array that are looked into for what was done."""
_LISTED_BYTES: Final = 4096
"""Of smaller arrays, one sees the format's fixed costs only."""
_MOST_ROWS: Final = 256
"""Objects of an array along an axis up to which each has a place of its own in the map of bits."""


@dataclass(frozen=True)
class ArrayInspection:
    """One array of a store.

    Attributes
    ----------
    path
        From the place that was asked for.
    shape, dtype, chunks, shards
        As Zarr tells them.
    codecs
        Names of what chunks go through.
    raw_bytes, stored_bytes
        Size of the stored chunks in memory, and in the store.
    objects, stored_objects
        How many objects there may be, and are; those that hold nothing but the fill value are not stored.
    steps
        For Pco, what was done in how many of the chunks looked into: by step, a count of each choice.
    looked_into
        How many chunks these are.
    warning
        What to know of it, or why it cannot be opened; else None.
    bits_map
        Of an array that was inspected alone, bits a number in each object.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    codecs: str
    raw_bytes: int
    stored_bytes: int
    objects: int
    stored_objects: int
    steps: dict[str, dict[str, int]]
    looked_into: int
    warning: str | None = None
    bits_map: HeatMap | None = field(default=None, repr=False)

    @property
    def ratio(self) -> float | None:
        """Size in memory over that in the store."""
        return self.raw_bytes / self.stored_bytes if self.stored_bytes else None

    def usual(self, step: str) -> str:
        """Return what was mostly done in a step."""
        found = self.steps.get(step, {})
        return max(found, key=lambda name: found[name]) if found else "-"


@dataclass(frozen=True)
class StoreInspection(Reported):
    """What is in a store.

    Attributes
    ----------
    name
        As it was given.
    groups
        How many there are.
    arrays
        The arrays.
    """

    name: str
    groups: int
    arrays: tuple[ArrayInspection, ...]

    @property
    def raw_bytes(self) -> int:
        """Size in memory of all chunks that are stored."""
        return sum(array.raw_bytes for array in self.arrays)

    @property
    def stored_bytes(self) -> int:
        """Size of all chunks in the store."""
        return sum(array.stored_bytes for array in self.arrays)

    def report(self) -> Report:
        """Return a table of the arrays, and what was done to those that Pco holds."""
        rows = [
            (
                choice(a.path or "/"),
                factor(a.ratio),
                size(a.stored_bytes),
                size(a.raw_bytes),
                choice(a.dtype),
                choice(as_shape(a.shape)),
                choice(as_shape(a.shards or a.chunks) + (f" of {as_shape(a.chunks)}" if a.shards else "")),
                choice(a.codecs),
                count(a.stored_objects),
            )
            for a in self.arrays
        ]
        blank = choice("")
        total = (
            choice("all"),
            factor(self.raw_bytes / self.stored_bytes if self.stored_bytes else None),
            size(self.stored_bytes),
            size(self.raw_bytes),
            *(blank,) * 4,
            count(sum(a.stored_objects for a in self.arrays)),
        )
        titles = ("array", "ratio", "stored", "in memory", "dtype", "shape", "chunks", "codecs", "objects")
        parts: list[Any] = [Table(titles, tuple(rows), total=total if len(rows) > 1 else None)]
        if len(self.arrays) == 1:
            parts += _one(self.arrays[0])
        else:
            parts += _many([a for a in self.arrays if a.looked_into and a.raw_bytes >= _LISTED_BYTES])
        if not self.arrays:
            parts.append(Text("There are no arrays in it."))
        parts += [Text(f"{a.path or '/'}: {a.warning}", warning=True) for a in self.arrays if a.warning]
        groups = f" in {self.groups} groups" if self.groups > 1 else ""
        arrays = f"{len(self.arrays)} array{'s' if len(self.arrays) != 1 else ''}"
        return Report(f"{self.name}: {arrays}{groups}", parts)


def _one(array: ArrayInspection) -> Iterator[Table | HeatMap]:
    rows = [
        (choice(step), choice(done), count(n))
        for step, counts in array.steps.items()
        for done, n in sorted(counts.items(), key=lambda item: -item[1])
    ]
    caption = f"What Pco did in {array.looked_into} chunks, spread over the array."
    yield Table(("step", "choice", "chunks"), tuple(rows), caption)
    if array.bits_map is not None:
        yield array.bits_map


def _many(arrays: list[ArrayInspection]) -> Iterator[Table]:
    steps = ("split", "mask", "predictor", "mode", "delta", "bins")
    done = tuple((choice(a.path or "/"), *(choice(brief(a.usual(step))) for step in steps)) for a in arrays)
    caption = f"What Pco mostly did to arrays of {_LISTED_BYTES:,} bytes and more."
    yield Table(("array", *steps), done, caption)


@dataclass(frozen=True)
class ChunkInspection(Reported):
    """One chunk of a store.

    Attributes
    ----------
    name
        Array and chunk.
    summary
        What is in it.
    """

    name: str
    summary: ChunkSummary

    def report(self) -> Report:
        """Return what is in it."""
        found = self.summary.report()
        return replace(found, title=f"{self.name}: {found.title}")


def inspect(
    location: Any,
    *,
    options: Mapping[str, Any] | None = None,
    progress: Progress = lambda done, of, name: None,
) -> "StoreInspection | ChunkInspection":
    """Tell what is in a store, or in a group or array of it; or in a file, a frame or a .pco file.

    Parameters
    ----------
    location, options
        See `open_place`.
    progress
        Called with what is done, what there is to do, and its name.

    Raises
    ------
    StoreError
        When it cannot be opened or read.
    """
    if (content := file_content(location)) is not None:
        return ChunkInspection(os.fspath(location), summarize(content))
    place = open_place(location, options)
    nodes = list(nodes_of(place))
    arrays = [node for node in nodes if node.kind == "array"]
    found = []
    for i, node in enumerate(arrays):
        progress(i, len(arrays), relative(place, node))
        try:
            found.append(_inspect_array(place, node, alone=len(arrays) == 1))
        except StoreError as error:
            found.append(_unopened(place, node, str(error)))
    progress(len(arrays), len(arrays), "")
    return StoreInspection(place.name, len(nodes) - len(arrays), tuple(found))


def relative(place: Place, node: Node) -> str:
    """Return the path of a node from the place that was asked for."""
    return node.path[len(place.path) :].strip("/")


def _inspect_array(place: Place, node: Node, alone: bool) -> ArrayInspection:
    array = open_array(place, node)
    chunks = ArrayChunks(array)
    stored: list[tuple[tuple[int, ...], int]] = []
    for batch in batches(chunks.coordinates()):
        found = sizes(place, [chunks.key(at) for at in batch])
        stored += [(at, n) for at, n in zip(batch, found, strict=True) if n is not None]
    steps, looked_into, warning = _steps(place, chunks, [at for at, _ in stored])
    if chunks.is_pco and chunks.followers:
        warning = (
            f"{chunks.followers[0]} after Pco compresses what is compressed, and makes every read one of whole chunks; "
            "write it with compressors=None"
        )
    cells = sum(chunks.cells(at) for at, _ in stored)
    return ArrayInspection(
        path=relative(place, node),
        shape=tuple(array.shape),
        dtype=str(array.dtype),
        chunks=chunks.chunk,
        shards=chunks.shard,
        codecs=codec_names(array.metadata),
        raw_bytes=cells * array.dtype.itemsize,
        stored_bytes=sum(n for _, n in stored),
        objects=chunks.objects,
        stored_objects=len(stored),
        steps=steps,
        looked_into=looked_into,
        warning=warning,
        bits_map=_bits_map(chunks, stored) if alone and len(stored) > 1 else None,
    )


def _bits_map(chunks: ArrayChunks, stored: list[tuple[tuple[int, ...], int]]) -> HeatMap:
    """Show bits a number in each object along the two axes with the most of them."""
    axes = longest_two(chunks.grid)
    steps = [max(1, -(-chunks.grid[axis] // _MOST_ROWS)) for axis in axes]
    shape = [-(-chunks.grid[axis] // step) for axis, step in zip(axes, steps, strict=True)]
    bits, cells = np.zeros(shape), np.zeros(shape)
    for at, n in stored:
        place = tuple(at[axis] // step for axis, step in zip(axes, steps, strict=True))
        bits[place] += 8 * n
        cells[place] += chunks.cells(at)
    rows = [
        [b / c if c else None for b, c in zip(*pair, strict=True)]
        for pair in zip(np.atleast_2d(bits).tolist(), np.atleast_2d(cells).tolist(), strict=True)
    ]
    what = "shard" if chunks.shard else "chunk"
    return axes_map(f"Bits a number in each {what}", what, axes, len(chunks.grid), rows)


def _steps(
    place: Place, chunks: ArrayChunks, stored: list[tuple[int, ...]]
) -> tuple[dict[str, dict[str, int]], int, str | None]:
    """Count what was done in some of the chunks, spread over all."""
    if not chunks.is_pco:
        return {}, 0, None
    counts: dict[str, Counter[str]] = {}
    looked_into, warning = 0, None
    for at in stored[:: max(1, -(-len(stored) // _SAMPLED))]:
        content = get(place, chunks.key(at))
        for inner in chunks.inner(at, content or b""):
            try:
                if inner.content is None:
                    raise StoreError(inner.failure or "not stored")
                summary = summarize(inner.content)
            except (PcoError, StoreError) as error:
                warning = f"{inner.name}: {error}; see `pcodec-numcodecs verify`"
                continue
            looked_into += 1
            for step, done in summary.steps.items():
                counts.setdefault(step, Counter())[done or summary.storage] += 1
            if looked_into >= _SAMPLED:
                return {k: dict(v) for k, v in counts.items()}, looked_into, warning
    return {k: dict(v) for k, v in counts.items()}, looked_into, warning


def _unopened(place: Place, node: Node, text: str) -> ArrayInspection:
    metadata = node.metadata
    shape = tuple(metadata.get("shape", ()))
    return ArrayInspection(relative(place, node), shape, "?", (), None, "?", 0, 0, 0, 0, {}, 0, text)


def inspect_chunk(
    location: Any, chunk: str | None = None, *, options: Mapping[str, Any] | None = None
) -> ChunkInspection:
    """Tell what is in one chunk of an array.

    Parameters
    ----------
    location, options
        Of the array; see `open_place`.
    chunk
        Its numbers in the grid of chunks, such as ``"0.0"``, also inside shards; the first that is stored by default.

    Raises
    ------
    StoreError
        When there is no such array or chunk, or Pco did not write it.
    PcoError
        When it is damaged.
    """
    place = open_place(location, options)
    node = next(nodes_of(place))
    if node.kind != "array":
        raise StoreError(f"{place.name}: a chunk is of an array, got a group; add the path of an array to it")
    chunks = ArrayChunks(open_array(place, node))
    if not chunks.is_pco:
        raise StoreError(f"{place.name}: chunks must be Pco's to be looked into, got {codec_names(chunks.metadata)}")
    per = tuple(o // c for o, c in zip(chunks.outer, chunks.chunk, strict=True))
    if chunk is None:
        for at in chunks.coordinates():
            content = get(place, chunks.key(at))
            for inner in chunks.inner(at, content) if content else ():
                number = ".".join(str(o // c) for o, c in zip(inner.origin, chunks.chunk, strict=True))
                return _chunk(place, number, inner)
        raise StoreError(f"{place.name}: no chunk is stored; all cells are the fill value")
    wanted = _numbers(chunk, chunks)
    at = tuple(i // n for i, n in zip(wanted, per, strict=True))
    content = get(place, chunks.key(at))
    origin = tuple(i * c for i, c in zip(wanted, chunks.chunk, strict=True))
    for inner in chunks.inner(at, content) if content else ():
        if inner.origin == origin:
            return _chunk(place, chunk, inner)
    raise StoreError(f"{place.name}: chunk {chunk} is not stored; all its cells are the fill value")


def _numbers(chunk: str, chunks: ArrayChunks) -> tuple[int, ...]:
    counts = tuple(-(-s // c) for s, c in zip(chunks.array.shape, chunks.chunk, strict=True))
    try:
        wanted = tuple(int(part) for part in chunk.replace("/", ".").removeprefix("c.").split(".") if part)
    except ValueError:
        wanted = (-1,)
    if len(wanted) != len(counts) or not all(0 <= i < n for i, n in zip(wanted, counts, strict=True)):
        last = ".".join(str(n - 1) for n in counts)
        raise StoreError(f"chunk must be numbers from {'.'.join('0' * len(counts))} to {last}, got {chunk!r}")
    return wanted


def _chunk(place: Place, number: str, inner: Any) -> ChunkInspection:
    if inner.content is None:
        raise StoreError(f"{place.name}: {inner.name}: {inner.failure}")
    return ChunkInspection(f"{place.name}, chunk {number}", summarize(inner.content))
