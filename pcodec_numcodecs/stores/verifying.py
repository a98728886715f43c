"""Whether everything in a store is as it was written."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .. import frame
from ..constants import STANDALONE_MAGIC
from ..diagnostics import summarize
from ..diagnostics.summary import as_cells
from ..errors import PcoError
from ..reports import Report, Reported, Table, Text, choice, count, size
from .access import get
from .chunks import ArrayChunks, Inner, codec_names
from .errors import StoreError
from .inspecting import Progress, relative
from .nodes import Node, nodes_of, open_array
from .opening import Place, file_content, open_place
from .windows import in_windows

__all__ = ["Damage", "Verification", "VerifiedArray", "verify"]

_WRAPPED: Final = ("numcodecs.pcodec", "numcodecs.zfpy")
"""Array-to-bytes codecs of numcodecs, whose wrapper in Zarr before 3.3 keeps no order of cells."""
_SMOOTHER: Final = 0.7
"""How much smaller differences between neighbours must be in the other order to tell that cells are mixed up."""


@dataclass(frozen=True)
class Damage:
    """A damaged part of a store.

    Attributes
    ----------
    array, chunk
        Path of the array, and name of its chunk; of what shards hold, with the place within.
    page
        Number of the page in a frame; None where all of the chunk is concerned.
    cells
        Of the array, those that cannot be read.
    reason
        What is wrong.
    """

    array: str
    chunk: str
    page: int | None
    cells: str
    reason: str

    @property
    def line(self) -> str:
        """All of it in a line."""
        page = "" if self.page is None else f", page {self.page}"
        cells = f", cells {self.cells} of the array" if self.cells else ""
        return f"{self.array or '/'}: chunk {self.chunk}{page}{cells}: {self.reason}"


@dataclass(frozen=True)
class VerifiedArray:
    """One array, looked through.

    Attributes
    ----------
    path
        From the place that was asked for.
    chunks
        Stored chunks that were looked at, those inside shards counted one by one.
    stored_bytes
        Their size.
    method
        ``"checksums"`` where those of frames were compared; ``"decoded"`` for what has none, and for other codecs.
    damages
        What is damaged.
    warning
        Why the array may hold wrong numbers although nothing is damaged; else None.
    """

    path: str
    chunks: int
    stored_bytes: int
    method: str
    damages: tuple[Damage, ...]
    warning: str | None = None


@dataclass(frozen=True)
class Verification(Reported):
    """A store, looked through.

    Attributes
    ----------
    name
        As it was given.
    arrays
        The arrays.
    """

    name: str
    arrays: tuple[VerifiedArray, ...]

    @property
    def damages(self) -> tuple[Damage, ...]:
        """All that is damaged."""
        return tuple(damage for array in self.arrays for damage in array.damages)

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damages

    def report(self) -> Report:
        """Return a table of the arrays, and one of what is damaged."""
        rows = tuple(
            (choice(a.path or "/"), choice(a.method), count(a.chunks), size(a.stored_bytes), count(len(a.damages)))
            for a in self.arrays
        )
        parts: list[Any] = [Table(("array", "by", "chunks", "stored", "damaged parts"), rows)]
        if self.damages:
            damaged = tuple(
                (choice(d.array or "/"), choice(d.chunk), count(d.page), choice(d.cells), choice(d.reason))
                for d in self.damages
            )
            parts.append(
                Table(("array", "chunk", "page", "cells", "what is wrong"), damaged, "Damaged; all else can be read.")
            )
        parts += [Text(f"{a.path or '/'}: {a.warning}", warning=True) for a in self.arrays if a.warning]
        chunks = sum(array.chunks for array in self.arrays)
        verdict = f"damaged parts: {len(self.damages)}" if self.damages else "nothing is damaged"
        return Report(f"{self.name}: {verdict}; chunks: {chunks:,}, arrays: {len(self.arrays)}", parts)


def verify(
    location: Any,
    *,
    options: Mapping[str, Any] | None = None,
    workers: int = 4,
    progress: Progress = lambda done, of, name: None,
) -> Verification:
    """Look through all chunks of a store, or of a group or array of it, or through a file.

    Frames are compared with their checksums and not decoded. What has none is decoded, which notices some damage.

    Parameters
    ----------
    location, options
        See `open_place`.
    workers
        How many objects are read at a time.
    progress
        Called with what is done, what there is to do, and its name.

    Raises
    ------
    StoreError
        When it cannot be opened or read.
    """
    if (content := file_content(location)) is not None:
        name = str(location)
        inner = Inner(name, None, (), memoryview(content), None, len(content))
        faults = tuple(Damage("", name, f[0], f[1], f[2]) for f in _faults(inner, None))
        return Verification(name, (VerifiedArray("", 1, len(content), _method(inner), faults),))
    place = open_place(location, options)
    nodes = [node for node in nodes_of(place) if node.kind == "array"]
    with ThreadPoolExecutor(workers) as pool:
        return Verification(place.name, tuple(_verify_array(place, node, pool, progress) for node in nodes))


def _verify_array(place: Place, node: Node, pool: ThreadPoolExecutor, progress: Progress) -> VerifiedArray:
    path = relative(place, node)
    try:
        array = open_array(place, node)
        chunks = ArrayChunks(array)
    except StoreError as error:
        return VerifiedArray(path, 0, 0, "not opened", (Damage(path, "", None, "", str(error)),))
    look = _look_into if chunks.is_pco else _decode
    damages: list[Damage] = []
    seen = stored = 0
    methods: set[str] = set()
    tasks = ((place, chunks, at) for at in chunks.coordinates())
    for done, found in enumerate(in_windows(pool, look, tasks), 1):
        progress(done, chunks.objects, path)
        seen += found.chunks
        stored += found.stored_bytes
        methods |= found.methods
        damages += [Damage(path, *rest) for rest in found.damages]
    method = "checksums" if methods <= {"checksums"} and chunks.is_pco else "decoded"
    return VerifiedArray(path, seen, stored, method, tuple(damages), _warning(place, chunks))


@dataclass(frozen=True)
class _Found:
    chunks: int
    stored_bytes: int
    methods: frozenset[str]
    damages: tuple[tuple[str, int | None, str, str], ...]


def _look_into(place: Place, chunks: ArrayChunks, at: tuple[int, ...]) -> _Found:
    """Compare the checksums of an object's frames."""
    content = get(place, chunks.key(at))
    if content is None:
        return _Found(0, 0, frozenset(), ())
    damages: list[tuple[str, int | None, str, str]] = []
    methods = set()
    inner = list(chunks.inner(at, content))
    for one in inner:
        methods.add(_method(one))
        damages += [(one.name, page, cells, text) for page, cells, text in _faults(one, chunks)]
    return _Found(len(inner), len(content), frozenset(methods), tuple(damages))


def _method(one: Inner) -> str:
    """Tell how a chunk is looked through: a .pco file has no checksums."""
    return "decoded" if one.content is not None and one.content[:4] == STANDALONE_MAGIC else "checksums"


def _faults(one: Inner, chunks: ArrayChunks | None) -> Iterator[tuple[int | None, str, str]]:
    """Yield page, cells and reason of all that is wrong with a chunk; without an array, with a file."""
    shape = None if chunks is None else chunks.chunk
    whole = (
        ""
        if chunks is None or shape is None
        else as_cells(_placed(one.origin, tuple(slice(0, n) for n in shape), chunks))
    )
    if one.content is None:
        yield None, whole, one.failure or "unreadable"
        return
    if bytes(one.content[: len(frame.MAGIC)]) == frame.MAGIC:
        wrong = False
        for fault in frame.check(one.content):
            wrong = True
            cells = whole
            if fault.cells is not None:
                cells = as_cells(fault.cells if chunks is None else _placed(one.origin, fault.cells, chunks))
            yield fault.page, cells, fault.reason
        if not wrong and chunks is not None and (found := _misplaced(one.content, chunks)):
            yield None, whole, found
        return
    try:
        summary = summarize(one.content)
        if shape is not None and prod(summary.shape) != prod(shape):
            yield None, whole, f"the chunk must hold {prod(shape)} numbers, got {prod(summary.shape)}"
    except PcoError as error:
        yield None, whole, str(error)


def _misplaced(content: Any, chunks: ArrayChunks) -> str | None:
    """Tell whether a frame is of another array."""
    found = frame.info(content)
    expected = chunks.chunk
    if any(kind == "filter" for _, kind in chunks._codecs):
        return None  # which shape they leave behind, only they know
    if found.shape != expected or found.dtype.newbyteorder("=") != chunks.array.dtype.newbyteorder("="):
        return (
            f"the chunk must have shape {expected} and dtype {chunks.array.dtype}, got {found.shape} and {found.dtype}"
        )
    return None


def _placed(origin: tuple[int, ...], cells: tuple[slice, ...], chunks: ArrayChunks) -> tuple[slice, ...]:
    """Return cells of a chunk as cells of the array, cut at its ends."""
    return tuple(
        slice(min(o + part.start, size), min(o + part.stop, size))
        for o, part, size in zip(origin, cells, chunks.array.shape, strict=True)
    )


def _decode(place: Place, chunks: ArrayChunks, at: tuple[int, ...]) -> _Found:
    """Decode an object by Zarr, as nothing else tells what its codecs made of it."""
    content = get(place, chunks.key(at))
    if content is None:
        return _Found(0, 0, frozenset(), ())
    key = chunks.metadata.encode_chunk_key(at)
    region = chunks.region(at)
    damages: tuple[tuple[str, int | None, str, str], ...] = ()
    try:
        chunks.array[region]
    except Exception as error:
        # Each codec has errors of its own for damaged bytes.
        text = f"{codec_names(chunks.metadata)} cannot decode it: {str(error) or type(error).__name__}"
        damages = ((key, None, as_cells(region), text.splitlines()[0]),)
    return _Found(1, len(content), frozenset({"decoded"}), damages)


def _warning(place: Place, chunks: ArrayChunks) -> str | None:
    """Warn of arrays whose cells Zarr before 3.3 may have mixed up, without any error."""
    names = [codec["name"] for codec in _codec_dicts(chunks.metadata)]
    wrapped = [name for name in names if name in _WRAPPED]
    if not wrapped or sum(length > 1 for length in chunks.chunk) < 2:
        return None
    about = f"releases of Zarr before 3.3 mix up the cells of chunks in Fortran order when they write {wrapped[0]}"
    if "transpose" in names:
        return f"{about}, and `transpose` comes before it here: unless a later release wrote it, its numbers are wrong"
    mixed = _mixed_up(place, chunks)
    if mixed:
        return f"{about}, and chunk {mixed} looks as if that had happened; compare it with where it came from"
    return f"{about}; whether they did, the store does not tell; where you can, compare it with where it came from"


def _codec_dicts(metadata: Any) -> Iterator[dict[str, Any]]:
    if metadata.zarr_format == 2:
        return
    for codec in metadata.codecs:
        found = codec.to_dict()
        yield found
        yield from found.get("configuration", {}).get("codecs", ())


def _mixed_up(place: Place, chunks: ArrayChunks) -> str | None:
    """Look for a chunk whose numbers are much smoother if they are taken to be in Fortran order."""
    looked = 0
    for at in chunks.coordinates():
        if get(place, chunks.key(at)) is None:
            continue
        try:
            cells = np.asarray(
                chunks.array[
                    tuple(slice(p.start, p.start + c) for p, c in zip(chunks.region(at), chunks.chunk, strict=True))
                ]
            )
        except Exception:
            return None  # damage is told of elsewhere
        if cells.shape == chunks.chunk and cells.dtype.kind in "iuf":
            other = cells.reshape(-1).reshape(cells.shape, order="F")
            if _roughness(other) < _SMOOTHER * _roughness(cells):
                return str(chunks.metadata.encode_chunk_key(at))
        looked += 1
        if looked == 4:
            return None
    return None


def _roughness(cells: npt.NDArray[Any]) -> float:
    """Return the mean difference between neighbours, along the axis where it is least and the one where it is most."""
    wide = cells.astype(np.float64)
    total = 0.0
    for axis, length in enumerate(cells.shape):
        if length > 1:
            steps = np.abs(np.diff(wide, axis=axis))
            steps = steps[np.isfinite(steps)]
            total += float(steps.mean()) if steps.size else 0.0
    return total
