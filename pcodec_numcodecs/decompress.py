"""Chunk metadata and pages to numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .ans import DecodeTable, decode_table
from .arithmetic import check_float_arithmetic
from .bits import PADDING, pad, read_fields
from .constants import ANS_INTERLEAVING
from .errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from .kernels import DecodeStream, Kernels, Recipe, Rows, streams
from .lazy import lazy_property
from .metadata import ChunkMetadata, FloatMult, VariableLayout
from .recipes import recipe

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class ChunkTables:
    """Chunk metadata with the tables that its pages are decoded by; built once, shared by threads."""

    metadata: ChunkMetadata

    @lazy_property
    def tables(self) -> tuple[DecodeTable, ...]:
        """The tANS table of each latent variable; its lower bounds of differences are centred on 0."""
        made = []
        for variable, bins in zip(self.layout, self.metadata.bins, strict=True):
            table = decode_table(bins)
            if variable.state_length:
                middle = np.uint64(1 << (variable.latent_bits - 1))
                table = DecodeTable(table.nbits, table.bases, table.lowers ^ middle, table.offset_bits)
            made.append(table)
        return tuple(made)

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
    n: Sequence[int]
    wanted: Sequence[int]


class _Lanes(NamedTuple):
    """The pages of one Pco chunk within a call, and what their page metadata say of each latent variable."""

    chunk: ChunkTables
    recipe: Recipe
    delta_states: list[U64]
    first_slots: list[I64]


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
    data, starts = _laid_out(chunks)
    byte_starts = np.array(starts, np.int64)
    limits = 8 * byte_starts[1:]
    n = np.array([n for pages in chunks for n in pages.n], np.int64)
    wanted = np.array([n for pages in chunks for n in pages.wanted], np.int64)
    ends_in_out = np.cumsum(wanted)
    positions = np.empty(n.size, np.int64)
    groups = []
    stop = 0
    for pages in chunks:
        own = slice(stop, stop + len(pages.n))
        stop = own.stop
        _check_bins(pages.chunk, int(n[own].max()))
        group, positions[own] = _read_page_metadata(data, byte_starts[own], limits[own], pages.chunk)
        groups.append(group)

    # Whole batches are read, and of a page that is not read whole no more than its first ones.
    counts = [np.minimum(np.maximum(n - variable.omitted, 0), wanted) for variable in first.layout]
    numbers = np.empty(int(ends_in_out[-1]), first.metadata.number_type.dtype) if out is None else out
    if rows is None:
        numbers = numbers[: ends_in_out[-1]]
        rows = Rows(np.maximum(wanted, 1), np.arange(wanted.size), ends_in_out - wanted)
    ends, faults = kernels.decode_pages(
        data,
        positions,
        tuple(_stream(groups, index, own) for index, own in enumerate(counts)),
        tuple(group.recipe for group in groups),
        wanted,
        numbers.view(first.metadata.number_type.latent),
        rows,
    )
    whole = wanted >= n
    _check_ends(data, ends, limits, finished=whole)
    if faults.any():
        _raise_fault(groups, faults)
    return numbers, (((ends + 7 * whole) >> 3) - byte_starts[:-1]).tolist()


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


def _laid_out(chunks: Sequence[Pages]) -> tuple[npt.NDArray[np.uint8], list[int]]:
    """Return all pages in one array, padding included, and where each begins, with the end of the last."""
    if len(chunks) == 1 and len(chunks[0].n) == 1:
        (source,) = chunks[0].sources
        most = chunks[0].chunk.most_bytes(chunks[0].wanted[0])
        if len(source) >= most + PADDING:
            # What follows the page will do for padding: nothing is copied.
            return np.frombuffer(source, np.uint8, most + PADDING), [0, most]
    return pad(*(source for pages in chunks for source in _needed(pages)))


def _needed(pages: Pages) -> Sequence[bytes | memoryview]:
    """Return what pages may take at the most: the rest of a long source is not copied."""
    most = pages.chunk.most_bytes(max(pages.wanted))
    if max(map(len, pages.sources)) <= most:
        return pages.sources
    return [memoryview(source)[:most] for source in pages.sources]


def _check_bins(chunk: ChunkTables, longest: int) -> None:
    for variable, bins in zip(chunk.layout, chunk.metadata.bins, strict=True):
        if not len(bins) and longest > chunk.metadata.delta.state_length:
            raise CorruptionError(f"a page of {longest} numbers needs bins for its {variable.name} latents, got none")


def _read_page_metadata(
    data: npt.NDArray[np.uint8], byte_starts: I64, limits: I64, chunk: ChunkTables
) -> tuple[_Lanes, I64]:
    """Read the page metadata of one chunk's pages, which have it all in the same places.

    Returns
    -------
    What they say: delta states of each variable, shape (pages, state length), and first tANS slots, shape (pages, 4).
    And where the bodies begin, in bits.
    """
    size = chunk.metadata_bits
    begins = 8 * byte_starts
    bodies = begins + -(-size // 8) * 8
    if (bodies > limits).any():
        page = int(np.flatnonzero(bodies > limits)[0])
        raise InsufficientDataError(
            f"InsufficientData: page metadata needs {-(-size // 8)} bytes, got {(limits - begins)[page] // 8}"
        )
    states: list[U64] = []
    first: list[U64] = []
    place = begins[:, None]
    for variable, bins in zip(chunk.layout, chunk.metadata.bins, strict=True):
        for found, width, length in (
            (states, variable.latent_bits, variable.state_length),
            (first, bins.ans_log, ANS_INTERLEAVING),
        ):
            if width and length:
                found.append(read_fields(data, place + width * np.arange(length), width))
                place = place + width * length
            else:
                found.append(np.zeros((byte_starts.size, length), np.uint64))
    if size % 8 and read_fields(data, place[:, 0], -size % 8).any():
        raise CorruptionError("padding bits must be 0, got others at the end of page metadata")
    return _Lanes(
        chunk, recipe(chunk.metadata, byte_starts.size), states, [slots.view(np.int64) for slots in first]
    ), bodies


def _stream(groups: list[_Lanes], index: int, counts: I64) -> DecodeStream:
    """Lay the tables of all chunks end to end for one latent variable."""
    latent_bits = groups[0].chunk.layout[index].latent_bits
    if len(groups) == 1:
        (group,) = groups
        table = group.chunk.tables[index]
        return DecodeStream(
            *(table.nbits, table.bases, table.lowers, table.offset_bits),
            *(group.first_slots[index], counts, group.delta_states[index], latent_bits),
        )
    tables = [group.chunk.tables[index] for group in groups]
    shifts = np.cumsum([0] + [table.nbits.size for table in tables])
    return DecodeStream(
        nbits=np.concatenate([table.nbits for table in tables]),
        bases=np.concatenate([table.bases + shift for table, shift in zip(tables, shifts, strict=False)]),
        lowers=np.concatenate([table.lowers for table in tables]),
        offset_bits=np.concatenate([table.offset_bits for table in tables]),
        first_slots=np.concatenate(
            [group.first_slots[index] + shift for group, shift in zip(groups, shifts, strict=False)]
        ),
        counts=counts,
        states=np.concatenate([group.delta_states[index] for group in groups]),
        latent_bits=latent_bits,
    )


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


def _raise_fault(groups: list[_Lanes], faults: I64) -> None:
    """Raise the error of the first lane that is not sound."""
    lane = int(np.flatnonzero(faults[:, 0])[0])
    kind, value = faults[lane].tolist()
    ends = np.cumsum([group.recipe.lanes for group in groups])
    made = groups[int(np.searchsorted(ends, lane, side="right"))].recipe
    if kind == streams.BAD_LOOKBACK:
        raise CorruptionError(f"lookbacks must be 1 to {made.window}, got {value}")
    raise CorruptionError(f"dictionary indices must be below {made.values.size}, got {value}")
