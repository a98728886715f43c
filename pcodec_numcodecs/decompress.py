"""Chunk metadata and pages to numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .ans import DecodeTable, decode_table
from .bits import pad, read_fields
from .constants import ANS_INTERLEAVING, BATCH

from .errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from .kernels import DecodeStream, Kernels, Recipe, streams
from .metadata import ChunkMetadata
from .recipes import recipe

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class ChunkTables:
    """Chunk metadata with the tables that its pages are decoded by; built once, shared by threads."""

    metadata: ChunkMetadata

    @cached_property
    def tables(self) -> tuple[DecodeTable, ...]:
        """The tANS table of each latent variable; its lower bounds of differences are centred on 0."""
        made = []
        for variable, bins in zip(self.metadata.layout, self.metadata.bins, strict=True):
            table = decode_table(bins)
            if variable.state_length:
                middle = np.uint64(1 << (variable.latent_bits - 1))
                table = DecodeTable(table.nbits, table.bases, table.lowers ^ middle, table.offset_bits)
            made.append(table)
        return tuple(made)

    @cached_property
    def metadata_bits(self) -> int:
        """Bits of a page's metadata."""
        return sum(
            variable.state_length * variable.latent_bits + ANS_INTERLEAVING * bins.ans_log
            for variable, bins in zip(self.metadata.layout, self.metadata.bins, strict=True)
        )

    @cached_property
    def most_bits(self) -> int:
        """Bits that a number may take at the most."""
        return sum(bins.ans_log + int(bins.offset_bits.max(initial=0)) for bins in self.metadata.bins)

    def most_bytes(self, wanted: int) -> int:
        """Return the bytes that so many numbers of a page may take."""
        return (self.metadata_bits + wanted * self.most_bits) // 8 + 2  # metadata and body may each end within a byte


class PageRequest(NamedTuple):
    """One page to decode.

    Attributes
    ----------
    chunk
        The Pco chunk that it belongs to.
    source
        Bytes that begin with the page; more may follow.
    n
        Numbers in the page.
    wanted
        Numbers to decode from its start: `n`, or a multiple of 256 below it.
    """

    chunk: ChunkTables
    source: bytes | memoryview
    n: int
    wanted: int


class _Lanes(NamedTuple):
    """The pages of one Pco chunk within a call, and what their page metadata say of each latent variable."""

    chunk: ChunkTables
    recipe: Recipe
    delta_states: list[U64]
    first_slots: list[I64]


def decompress_pages(
    requests: Sequence[PageRequest], kernels: Kernels, out: npt.NDArray[Any] | None = None
) -> tuple[npt.NDArray[Any], list[int]]:
    """Decode pages side by side.

    Parameters
    ----------
    requests
        At least one; pages of one Pco chunk stand together. Chunks are of one number type and have the same latent
        variables.
    out
        1-D, contiguous, of the number type, to be filled from its start; by default a new array.

    Returns
    -------
    The wanted numbers of all pages, end to end, and the bytes read of each page.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When a page breaks the format or is cut short. Some numbers may be in `out` then.
    """
    first = requests[0].chunk.metadata
    groups = [(chunk, list(members)) for chunk, members in groupby(requests, key=lambda request: request.chunk)]
    _check_alike([chunk.metadata for chunk, _ in groups])
    data, starts = pad(*(_needed(request) for request in requests))
    byte_starts = np.array(starts, np.int64)
    limits = 8 * byte_starts[1:]
    n = np.array([request.n for request in requests], np.int64)
    wanted = np.array([request.wanted for request in requests], np.int64)
    # Latents that fall out of the batches that are read.
    batched = np.where(wanted < n, wanted, n)
    positions = np.empty(n.size, np.int64)
    counts = np.empty((len(first.layout), n.size), np.int64)
    lanes = []
    page = 0
    for chunk, members in groups:
        pages = slice(page, page + len(members))
        page = pages.stop
        _check_bins(chunk.metadata, int(n[pages].max()))
        found, positions[pages] = _read_page_metadata(data, byte_starts[pages], limits[pages], chunk)
        for index, variable in enumerate(chunk.metadata.layout):
            counts[index, pages] = np.minimum(np.maximum(n[pages] - variable.omitted, 0), batched[pages])
        lanes.append(found)

    ends_in = np.cumsum(wanted)
    numbers = np.empty(int(ends_in[-1]), first.number_type.dtype) if out is None else out[: int(ends_in[-1])]
    ends, faults = kernels.decode_pages(
        data,
        positions,
        tuple(_stream(lanes, index, counts[index]) for index in range(len(first.layout))),
        tuple(group.recipe for group in lanes),
        wanted,
        numbers.view(first.number_type.latent),
        ends_in - wanted,
    )
    _check_ends(data, ends, limits, finished=wanted >= n)
    if faults.any():
        _raise_fault(lanes, faults)
    read = np.where(wanted >= n, (ends + 7) >> 3, ends >> 3) - byte_starts[:-1]
    return numbers, read.tolist()


def _check_alike(chunks: list[ChunkMetadata]) -> None:
    """Check that pages of these chunks may be decoded together."""
    if len(chunks) == 1:
        return
    first, *others = ([(v.name, v.latent_bits, v.state_length) for v in chunk.layout] for chunk in chunks)
    if any(chunk.number_type is not chunks[0].number_type for chunk in chunks) or any(o != first for o in others):
        raise InvalidArgumentError("pages decoded together must have one number type and the same latent variables")


def _needed(request: PageRequest) -> bytes | memoryview:
    """Return what the page may take at the most: the rest of a long source is not copied."""
    most = request.chunk.most_bytes(request.wanted)
    return request.source if len(request.source) <= most else memoryview(request.source)[:most]


def _check_bins(metadata: ChunkMetadata, longest: int) -> None:
    for variable, bins in zip(metadata.layout, metadata.bins, strict=True):
        if not len(bins) and longest > metadata.delta.state_length:
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
    states = []
    first_slots = []
    position = begins[:, None]
    for variable, bins in zip(chunk.metadata.layout, chunk.metadata.bins, strict=True):
        place = position + variable.latent_bits * np.arange(variable.state_length)
        states.append(read_fields(data, place, variable.latent_bits))
        position = position + variable.latent_bits * variable.state_length
        place = position + bins.ans_log * np.arange(ANS_INTERLEAVING)
        first_slots.append(read_fields(data, place, bins.ans_log).view(np.int64))
        position = position + bins.ans_log * ANS_INTERLEAVING
    if size % 8 and read_fields(data, position[:, 0], -size % 8).any():
        raise CorruptionError("padding bits must be 0, got others at the end of page metadata")
    return _Lanes(chunk, recipe(chunk.metadata, byte_starts.size), states, first_slots), bodies


def _stream(groups: list[_Lanes], index: int, counts: I64) -> DecodeStream:
    """Lay the tables of all chunks end to end for one latent variable."""
    latent_bits = groups[0].chunk.metadata.layout[index].latent_bits
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
    if (ends > limits).any():
        page = int(np.flatnonzero(ends > limits)[0])
        raise InsufficientDataError(
            f"InsufficientData: the bytes of page {page} of this call end before its numbers do; pass the whole page"
        )
    last = np.minimum(ends, limits)[finished]
    if read_fields(data, last, -last % 8).any():
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
