"""Chunk metadata and pages to numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arithmetic import check_float_arithmetic
from .bits import PADDING, pad
from .constants import ANS_INTERLEAVING
from .errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from .kernels import DecodeStream, Kernels, Recipe, Rows, streams
from .lazy import lazy_property
from .metadata import ChunkMetadata, FloatMult, VariableLayout
from .recipes import recipe

I64 = npt.NDArray[np.int64]


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

    def most_bytes(self, wanted: int) -> int:
        """Return the bytes that so many numbers of a page may take."""
        return (self.metadata_bits + wanted * self.most_bits) // 8 + 2  # metadata and body may each end within a byte


class Pages(NamedTuple):
    """Pages of one Pco chunk to decode, at least one.

    Attributes
    ----------
    chunk
        The Pco chunk that they belong to.
    sources
        For each page, bytes that begin with it; more may follow.
    n
        Numbers in each page.
    wanted
        Numbers to decode from the start of each: `n`, or a multiple of 256 below it.
    """

    chunk: ChunkTables
    sources: Sequence[bytes | memoryview]
    n: Sequence[int] | I64
    wanted: Sequence[int] | I64


def decompress_pages(
    chunks: Sequence[Pages], kernels: Kernels, out: npt.NDArray[Any] | None = None, rows: Rows | None = None
) -> tuple[npt.NDArray[Any], list[int]]:
    """Decode pages side by side.

    Parameters
    ----------
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
    if any(isinstance(pages.chunk.metadata.mode, FloatMult) for pages in chunks):
        check_float_arithmetic()
    _check_alike([pages.chunk for pages in chunks])
    data, bounds = _laid_out(chunks)
    starts, ends_of_pages = bounds[:-1], bounds[1:]
    n = _end_to_end([pages.n for pages in chunks])
    wanted = n if all(pages.wanted is pages.n for pages in chunks) else _end_to_end([pages.wanted for pages in chunks])
    ends_in_out = np.cumsum(wanted)
    recipes = tuple(recipe(pages.chunk.metadata, len(pages.n)) for pages in chunks)
    stop = 0
    for pages in chunks:
        own = slice(stop, stop + len(pages.n))
        stop = own.stop
        _check_bins(pages.chunk, int(n[own].max()))
        _check_page_metadata(data, starts[own], ends_of_pages[own], pages.chunk)

    numbers = np.empty(int(ends_in_out[-1]), first.metadata.number_type.dtype) if out is None else out
    if rows is None:
        numbers = numbers[: ends_in_out[-1]]
        rows = Rows(np.maximum(wanted, 1), np.arange(wanted.size), ends_in_out - wanted)
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
        numbers.view(first.metadata.number_type.latent),
        rows,
    )
    whole = wanted >= n
    _check_ends(data, ends, 8 * ends_of_pages, finished=whole)
    if faults.any():
        _raise_fault(recipes, faults)
    return numbers, (((ends + 7 * whole) >> 3) - starts).tolist()


def _end_to_end(parts: Sequence[Sequence[int] | I64]) -> I64:
    return (
        np.concatenate([np.asarray(part, np.int64) for part in parts])
        if len(parts) > 1
        else np.asarray(parts[0], np.int64)
    )


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


def _laid_out(chunks: Sequence[Pages]) -> tuple[npt.NDArray[np.uint8], I64]:
    """Return all pages in one array, padding included, and where each begins, with the end of the last."""
    if len(chunks) == 1 and len(chunks[0].n) == 1:
        (source,) = chunks[0].sources
        most = chunks[0].chunk.most_bytes(int(chunks[0].wanted[0]))
        if len(source) >= most + PADDING:
            # What follows the page will do for padding: nothing is copied.
            return np.frombuffer(source, np.uint8, most + PADDING), np.array([0, most])
    data, starts = pad(*(source for pages in chunks for source in _needed(pages)))
    return data, np.array(starts)


def _needed(pages: Pages) -> Sequence[bytes | memoryview]:
    """Return what pages may take at the most: the rest of a long source is not copied."""
    most = pages.chunk.most_bytes(int(max(pages.wanted)))
    if max(map(len, pages.sources)) <= most:
        return pages.sources
    return [memoryview(source)[:most] for source in pages.sources]


def _check_bins(chunk: ChunkTables, longest: int) -> None:
    for variable, bins in zip(chunk.layout, chunk.metadata.bins, strict=True):
        if not len(bins) and longest > chunk.metadata.delta.state_length:
            raise CorruptionError(f"a page of {longest} numbers needs bins for its {variable.name} latents, got none")


def _check_page_metadata(data: npt.NDArray[np.uint8], starts: I64, ends: I64, chunk: ChunkTables) -> None:
    """Check that page metadata lie within their pages and end with zeros."""
    size = chunk.metadata_bytes
    bodies = starts + size
    if (bodies > ends).any():
        page = int(np.flatnonzero(bodies > ends)[0])
        raise InsufficientDataError(f"InsufficientData: page metadata needs {size} bytes, got {(ends - starts)[page]}")
    used = chunk.metadata_bits % 8
    if used and (data[bodies - 1] >> used).any():
        raise CorruptionError("padding bits must be 0, got others at the end of page metadata")


def _check_ends(data: npt.NDArray[np.uint8], ends: I64, limits: I64, finished: npt.NDArray[np.bool_]) -> None:
    beyond = ends > limits
    if beyond.any():
        page = int(np.flatnonzero(beyond)[0])
        raise InsufficientDataError(
            f"InsufficientData: the bytes of page {page} of this call end before its numbers do; pass the whole page"
        )
    last = ends[finished]
    # What is left of the byte that the last bit is in.
    used = last & 7
    if ((data[last >> 3] >> used)[used > 0]).any():
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
