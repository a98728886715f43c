"""Chunk metadata and pages to numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arithmetic import check_float_arithmetic
from .constants import ANS_INTERLEAVING
from .dtypes import NumberType
from .errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from .kernels import ChunkPages, DecodeStream, Kernels, Recipe, Rows, UsualChunk, streams
from .lazy import lazy_property
from .metadata import ChunkMetadata, FloatMult, FormatVersion, VariableLayout
from .recipes import recipe

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

_FIRST = np.zeros(1, np.int64)


@dataclass(frozen=True, eq=False)
class ChunkTables:
    """Chunk metadata with what follows from them for pages, found out once; shared by threads."""

    metadata: ChunkMetadata

    @lazy_property
    def layout(self) -> tuple[VariableLayout, ...]:
        """The latent variables."""
        return self.metadata.layout

    @lazy_property
    def metadata_bits(self) -> int:
        """Bits of a page's metadata."""
        return sum(
            variable.state_length * variable.latent_bits + ANS_INTERLEAVING * bins.ans_log
            for variable, bins in zip(self.layout, self.metadata.bins, strict=True)
        )

    @lazy_property
    def metadata_bytes(self) -> int:
        """Bytes of a page's metadata, the last one perhaps in part."""
        return (self.metadata_bits + 7) // 8

    @lazy_property
    def most_bits(self) -> int:
        """Bits that a number may take at the most."""
        return sum(bins.ans_log + int(bins.offset_bits.max(initial=0)) for bins in self.metadata.bins)

    @lazy_property
    def recipe(self) -> Recipe:
        """How latents become numbers, of no pages yet."""
        return recipe(self.metadata, 0)

    def most_bytes(self, wanted: int) -> int:
        """Return the bytes that so many numbers of a page may take."""
        return streams.most_bytes(self.metadata_bits, self.most_bits, wanted)


class Pages(NamedTuple):
    """Pages of one Pco chunk to decode, at least one; all int64, one entry a page.

    Attributes
    ----------
    chunk
        The Pco chunk that they belong to.
    starts, stops
        First byte of each page in the data, and the byte after its last; bytes of something else may lie before that.
    n
        Numbers in each page.
    wanted
        Numbers to decode from the start of each: `n`, or a multiple of 256 below it.
    """

    chunk: ChunkTables
    starts: I64
    stops: I64
    n: I64
    wanted: I64


def laid_out(
    chunk: ChunkTables,
    sources: Sequence[bytes | memoryview],
    n: Sequence[int],
    wanted: Sequence[int] | None = None,
) -> tuple[U8, Pages]:
    """Bring pages of one Pco chunk into one piece, each from the start of some bytes: the data, and where they are."""
    numbers = np.array(n, np.int64)
    asked = numbers if wanted is None else np.array(wanted, np.int64)
    data, starts, stops = joined(sources, chunk.most_bytes(int(asked.max())))
    return data, Pages(chunk, starts, stops, numbers, asked)


def joined(sources: Sequence[bytes | memoryview], most: int) -> tuple[U8, I64, I64]:
    """Bring pages into one piece, each from the start of some bytes, of which so many may be its own.

    Returns
    -------
    The data; and for each page, its first byte and the byte after what may be its last.
    """
    lengths = list(map(len, sources))
    if len(sources) > 1 and max(lengths) > most:  # the rest of a long source is not copied
        sources = [memoryview(source)[:most] for source in sources]
        lengths = list(map(len, sources))
    sizes = np.array(lengths, np.int64)
    stops = np.cumsum(sizes)
    data = sources[0] if len(sources) == 1 else b"".join(sources)
    return np.frombuffer(data, np.uint8), stops - sizes, stops


def decompress_pages(
    data: U8, chunks: Sequence[Pages], kernels: Kernels, out: npt.NDArray[Any] | None = None, rows: Rows | None = None
) -> tuple[npt.NDArray[Any], I64]:
    """Decode pages side by side.

    Parameters
    ----------
    data
        Bytes in which the pages lie.
    chunks
        The pages of each Pco chunk. Chunks are of one number type and have the same latent variables.
    out
        1-D, contiguous, of the number type, to be filled; by default a new array.
    rows
        Where in `out` the numbers of each page go; by default end to end, from the start.

    Returns
    -------
    The wanted numbers of all pages, or `out` as it is, if rows are given; and the bytes read of each page.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When a page breaks the format or is cut short. Some numbers may be in `out` then.
    FloatModeError
        When numbers are products of floats, and these are not what they are elsewhere.
    """
    first = chunks[0].chunk
    number_type = first.metadata.number_type
    _check_alike([pages.chunk for pages in chunks])
    for pages in chunks:
        if isinstance(pages.chunk.metadata.mode, FloatMult):
            check_float_arithmetic()
        _check_bins(pages.chunk, int(pages.n.max()))
        _check_page_metadata(data, pages)
    starts, stops, n, wanted = chunks[0][1:] if len(chunks) == 1 else _end_to_end(chunks)
    if rows is None:
        total = int(wanted.sum())
        numbers = np.empty(total, number_type.dtype) if out is None else out[:total]
        rows = Rows.end_to_end(wanted)
    else:
        assert out is not None
        numbers = out
    recipes = tuple(pages.chunk.recipe._replace(lanes=pages.n.size) for pages in chunks)
    ends, faults = kernels.decode_pages(
        data,
        starts,
        n,
        wanted,
        tuple(
            DecodeStream(
                tuple(pages.chunk.metadata.bins[index] for pages in chunks),
                *(variable.latent_bits, variable.state_length, variable.omitted),
            )
            for index, variable in enumerate(first.layout)
        ),
        recipes,
        numbers.view(number_type.latent),
        rows,
    )
    whole = wanted >= n
    _check_ends(data, ends, stops, finished=whole)
    if faults.any():
        _raise_fault(recipes, faults)
    return numbers, ((ends + 7 * whole) >> 3) - starts


def open_usual(
    source: U8, start: int, number_type: NumberType, version: FormatVersion, kernels: Kernels
) -> UsualChunk | None:
    """Read chunk metadata; see `Kernels.open_usual_chunk`. Where it returns None, `ChunkMetadata.read` is to do it."""
    if not version.has_delta_variants:
        return None
    return kernels.open_usual_chunk(source, start, number_type.bits, number_type.mantissa_bits, number_type.is_signed)


def decompress_usual_chunk(
    source: U8, start: int, number_type: NumberType, version: FormatVersion, kernels: Kernels, out: npt.NDArray[Any]
) -> int | None:
    """Decode a chunk whose metadata are followed by its one page of as many numbers as there is room for.

    Returns
    -------
    Byte after the page; None where `ChunkMetadata.read` and `decompress_pages` are to do it.
    """
    chunk = open_usual(source, start, number_type, version, kernels)
    if chunk is None:
        return None
    numbers = np.array((out.size,))
    pages = ChunkPages(source, np.array((start + chunk.size,)), np.array((source.size,)), numbers)
    ends = kernels.decode_usual_chunk(chunk, pages, out.view(number_type.latent), Rows(numbers, _FIRST, _FIRST))
    return None if ends is None else int(ends[0])


def _end_to_end(chunks: Sequence[Pages]) -> tuple[I64, ...]:
    """Return what is known of all pages."""
    columns = list(zip(*chunks, strict=True))[1:]
    return tuple(np.concatenate(column) for column in columns)


def _check_alike(chunks: list[ChunkTables]) -> None:
    """Check that pages of these chunks may be decoded together."""
    if len(chunks) == 1:
        return
    types, layouts = ({read(chunk) for chunk in chunks} for read in (_type_name, _variables))
    if len(types) > 1 or len(layouts) > 1:
        raise InvalidArgumentError("pages decoded together must have one number type and the same latent variables")


def _type_name(chunk: ChunkTables) -> str:
    return chunk.metadata.number_type.name


def _variables(chunk: ChunkTables) -> tuple[tuple[str, int, int], ...]:
    return tuple((v.name, v.latent_bits, v.state_length) for v in chunk.layout)


def _check_bins(chunk: ChunkTables, longest: int) -> None:
    for variable, bins in zip(chunk.layout, chunk.metadata.bins, strict=True):
        if not len(bins) and longest > chunk.metadata.delta.state_length:
            raise CorruptionError(f"a page of {longest} numbers needs bins for its {variable.name} latents, got none")


def _check_page_metadata(data: U8, pages: Pages) -> None:
    """Check that page metadata lie within their pages and end with zeros."""
    size = pages.chunk.metadata_bytes
    bodies = pages.starts + size
    short = bodies > pages.stops
    if short.any():
        page = int(np.flatnonzero(short)[0])
        raise InsufficientDataError(
            f"InsufficientData: page metadata needs {size} bytes, got {(pages.stops - pages.starts)[page]}"
        )
    used = pages.chunk.metadata_bits % 8
    if used and (data[bodies - 1] >> used).any():
        raise CorruptionError("padding bits must be 0, got others at the end of page metadata")


def _check_ends(data: U8, ends: I64, stops: I64, finished: npt.NDArray[np.bool_]) -> None:
    beyond = ends > 8 * stops
    if beyond.any():
        page = int(beyond.argmax())
        raise InsufficientDataError(
            f"InsufficientData: the bytes of page {page} of this call end before its numbers do; pass the whole page"
        )
    inside = np.flatnonzero(finished & ((ends & 7) > 0))
    last = ends[inside]
    # What is left of the byte that the last bit is in.
    if (data[last >> 3] >> (last & 7)).any():
        raise CorruptionError("padding bits must be 0, got others at the end of a page")


def _raise_fault(recipes: Sequence[Recipe], faults: I64) -> None:
    """Raise the error of the first lane that is not sound."""
    lane = int(np.flatnonzero(faults[:, 0])[0])
    kind, value = faults[lane].tolist()
    ends = np.cumsum([made.lanes for made in recipes])
    made = recipes[int(np.searchsorted(ends, lane, side="right"))]
    if kind == streams.BAD_LOOKBACK:
        raise CorruptionError(f"lookbacks must be 1 to {made.window}, got {value}")
    raise CorruptionError(f"dictionary indices must be below {made.values.size}, got {value}")
