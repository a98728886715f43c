"""Chunk metadata and pages to numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import deltas, modes
from .ans import DecodeTable, decode_table
from .bits import pad, read_fields
from .constants import ANS_INTERLEAVING, BATCH
from .dtypes import Latents, from_latents
from .errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from .kernels import DecodeStream, Kernels
from .metadata import ChunkMetadata

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ChunkTables:
    """Chunk metadata with the tables that its pages are decoded by; built once, shared by threads."""

    metadata: ChunkMetadata

    @cached_property
    def tables(self) -> tuple[DecodeTable, ...]:
        """The tANS table of each latent variable."""
        return tuple(decode_table(bins) for bins in self.metadata.bins)


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
    """The pages of one Pco chunk within a call."""

    chunk: ChunkTables
    pages: slice
    cells: slice
    delta_states: list[Latents]
    first_slots: list[I64]


def decompress_pages(requests: Sequence[PageRequest], kernels: Kernels) -> tuple[npt.NDArray[Any], list[int]]:
    """Decode pages side by side.

    Parameters
    ----------
    requests
        At least one; pages of one Pco chunk stand together. Chunks are of one number type and have the same latent
        variables.

    Returns
    -------
    The wanted numbers of all pages, end to end, and the bytes read of each page.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When a page breaks the format or is cut short.
    """
    first = requests[0].chunk.metadata
    layouts = first.layout
    for request in requests:
        other = request.chunk.metadata
        kinds = [(v.name, v.latent_bits) for v in other.layout]
        if other.number_type is not first.number_type or kinds != [(v.name, v.latent_bits) for v in layouts]:
            raise InvalidArgumentError("pages decoded together must have one number type and the same latent variables")

    data, byte_starts = pad(*(memoryview(request.source)[: _most_bytes(request)] for request in requests))
    limits = 8 * np.array(byte_starts[1:], np.int64)
    n = np.array([request.n for request in requests], np.int64)
    wanted = np.array([request.wanted for request in requests], np.int64)
    # Latents that fall out of the batches that are read; a delta state may add some to the numbers wanted.
    batched = np.where(wanted < n, wanted, n + BATCH)
    state_lengths = np.array([request.chunk.metadata.delta.state_length for request in requests], np.int64)
    cells = np.minimum(n, batched + state_lengths)
    cell_starts = np.cumsum(cells) - cells

    positions = np.empty(n.size, np.int64)
    outs = [np.zeros(int(cells.sum()), f"u{v.latent_bits // 8}") for v in layouts]
    counts = np.empty((len(layouts), n.size), np.int64)
    omitted = np.empty_like(counts)
    groups = []
    page = 0
    for _, group in groupby(requests, key=lambda request: id(request.chunk)):
        members = list(group)
        pages = slice(page, page + len(members))
        page = pages.stop
        start = int(cell_starts[pages.start])
        chunk = members[0].chunk
        _check_bins(chunk.metadata, int(n[pages].max()))
        states, starts, positions[pages] = _read_page_metadata(
            data, np.array(byte_starts[pages], np.int64), limits[pages], chunk.metadata
        )
        for index, variable in enumerate(chunk.metadata.layout):
            counts[index, pages] = np.minimum(np.maximum(n[pages] - variable.omitted, 0), batched[pages])
            omitted[index, pages] = np.minimum(variable.omitted, cells[pages])
        groups.append(_Lanes(chunk, pages, slice(start, start + int(cells[pages].sum())), states, starts))

    streams = tuple(
        _stream(groups, index, counts[index], outs[index], cell_starts + omitted[index])
        for index in range(len(layouts))
    )
    ends = kernels.decode_pages(data, positions, streams)
    _check_ends(data, ends, limits, finished=wanted >= n)

    parts = [
        _finish(lanes, cells[lanes.pages], wanted[lanes.pages], [out[lanes.cells] for out in outs], kernels)
        for lanes in groups
    ]
    read = np.where(wanted >= n, (ends + 7) >> 3, ends >> 3) - byte_starts[:-1]
    return parts[0] if len(parts) == 1 else np.concatenate(parts), [int(count) for count in read]


def _most_bytes(request: PageRequest) -> int:
    """Return what the page may take at the most: the rest of a long source is not copied."""
    metadata = request.chunk.metadata
    bits = 0
    for variable, bins in zip(metadata.layout, metadata.bins, strict=True):
        bits += variable.state_length * variable.latent_bits + ANS_INTERLEAVING * bins.ans_log
        bits += request.wanted * (bins.ans_log + int(bins.offset_bits.max(initial=0)))
    return bits // 8 + 2  # page metadata and body may each end within a byte


def _check_bins(metadata: ChunkMetadata, longest: int) -> None:
    for variable, bins in zip(metadata.layout, metadata.bins, strict=True):
        if not len(bins) and longest > metadata.delta.state_length:
            raise CorruptionError(f"a page of {longest} numbers needs bins for its {variable.name} latents, got none")


def _read_page_metadata(
    data: npt.NDArray[np.uint8], byte_starts: I64, limits: I64, metadata: ChunkMetadata
) -> tuple[list[Latents], list[I64], I64]:
    """Read the page metadata of one chunk's pages, which have it all in the same places.

    Returns
    -------
    Delta states of each variable, shape (pages, state length); first tANS slots, shape (pages, 4); and where the bodies
    begin, in bits.
    """
    variables = list(zip(metadata.layout, metadata.bins, strict=True))
    size = sum(v.state_length * v.latent_bits + ANS_INTERLEAVING * bins.ans_log for v, bins in variables)
    begins = 8 * byte_starts
    bodies = begins + -(-size // 8) * 8
    if (bodies > limits).any():
        page = int(np.flatnonzero(bodies > limits)[0])
        raise InsufficientDataError(
            f"InsufficientData: page metadata needs {-(-size // 8)} bytes, got {(limits - begins)[page] // 8}"
        )
    states = []
    starts = []
    position = begins[:, None]
    for variable, bins in variables:
        place = position + variable.latent_bits * np.arange(variable.state_length)
        states.append(read_fields(data, place, variable.latent_bits).astype(f"u{variable.latent_bits // 8}"))
        position = position + variable.latent_bits * variable.state_length
        place = position + bins.ans_log * np.arange(ANS_INTERLEAVING)
        starts.append(read_fields(data, place, bins.ans_log).view(np.int64))
        position = position + bins.ans_log * ANS_INTERLEAVING
    if read_fields(data, position[:, 0], -size % 8).any():
        raise CorruptionError("padding bits must be 0, got others at the end of page metadata")
    return states, starts, bodies


def _stream(groups: list[_Lanes], index: int, counts: I64, out: Latents, out_starts: I64) -> DecodeStream:
    """Lay the tables of all chunks end to end for one latent variable."""
    tables = [lanes.chunk.tables[index] for lanes in groups]
    shifts = np.cumsum([0] + [table.nbits.size for table in tables])
    return DecodeStream(
        nbits=np.concatenate([table.nbits for table in tables]),
        bases=np.concatenate([table.bases + shift for table, shift in zip(tables, shifts, strict=False)]),
        lowers=np.concatenate([table.lowers for table in tables]),
        offset_bits=np.concatenate([table.offset_bits for table in tables]),
        first_slots=np.concatenate(
            [lanes.first_slots[index] + shift for lanes, shift in zip(groups, shifts, strict=False)]
        ),
        counts=counts,
        out=out,
        out_starts=out_starts,
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


def _finish(lanes: _Lanes, cells: I64, wanted: I64, latents: list[Latents], kernels: Kernels) -> npt.NDArray[Any]:
    """Undo delta encoding and mode for the pages of one chunk; return the wanted numbers."""
    metadata = lanes.chunk.metadata
    variables = dict(zip([v.name for v in metadata.layout], zip(latents, lanes.delta_states, strict=True), strict=True))
    lookbacks = variables["delta"][0] if "delta" in variables else None
    primary, primary_states = variables["primary"]
    deltas.decode(metadata.delta, primary, lookbacks, cells, primary_states, kernels)
    secondary = None
    if "secondary" in variables:
        secondary, secondary_states = variables["secondary"]
        if secondary_states.shape[1]:
            deltas.decode(metadata.delta, secondary, lookbacks, cells, secondary_states, kernels)
    if (cells > wanted).any():
        # Latents that only a state implies may be corrupt: nobody asked for them, so they are not joined.
        place = np.arange(primary.size) - np.repeat(np.cumsum(cells) - cells, cells)
        asked = place < np.repeat(wanted, cells)
        primary = primary[asked]
        secondary = None if secondary is None else secondary[asked]
    return from_latents(modes.join(metadata.mode, primary, secondary, metadata.number_type), metadata.number_type)
