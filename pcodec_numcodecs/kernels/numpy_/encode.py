"""Latents to pages: tANS codes and offsets of all pages side by side, then packed into bits."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...bits import masks, write_fields
from ...constants import ANS_INTERLEAVING, BATCH
from ...pages import page_starts
from ..streams import EncodeStream
from .lanes import lane_blocks
from .tables import EncodeTable, encode_table

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_GROUPS = BATCH // ANS_INTERLEAVING
_PACKED_CELLS = 1 << 15  # latents whose fields are packed at a time
_SIXTEEN = np.array(16, np.int64)


class _Stream(NamedTuple):
    """An `EncodeStream` with what its bins have, looked up by cell (see `EncodeTable`)."""

    latents: npt.NDArray[Any]
    assigned: npt.NDArray[np.uint16]
    counts: I64
    delta_states: U64
    latent_bits: int
    ans_log: int
    lowers: U64
    offset_bits: I64
    nbits_terms: I64
    slot_terms: I64
    next_states: I64

    @classmethod
    def of(cls, stream: EncodeStream) -> "_Stream":
        bins, cells = stream.bins, stream.cells
        nothing = np.zeros(0, np.int64)
        table = encode_table(bins) if len(bins) else EncodeTable(nothing, nothing, nothing)
        return cls(
            *(stream.latents, stream.assigned, stream.counts, stream.delta_states, stream.latent_bits, bins.ans_log),
            *(bins.lowers[cells], bins.offset_bits[cells], table.nbits_terms[cells], table.slot_terms[cells]),
            table.next_states,
        )


def encode_pages(streams: tuple[EncodeStream, ...], words: U64) -> tuple[I64, I64]:
    """See `Kernels.encode_pages`.

    The tANS encoder wants many lanes side by side; packing wants little at a time, so that it stays in the cache.
    """
    return _encode_pages(tuple(map(_Stream.of, streams)), words)


def _encode_pages(streams: tuple[_Stream, ...], words: U64) -> tuple[I64, I64]:
    words[...] = 0  # fields are added to them
    counts = np.max([stream.counts for stream in streams], axis=0)
    starts = np.zeros_like(counts)
    ends = np.zeros_like(counts)
    done = 0
    batches_of = -(-counts // BATCH)
    for lanes in lane_blocks(batches_of * BATCH):
        batches = int(batches_of[lanes[0]])
        codes = [_encode_codes(stream, lanes, batches) for stream in streams]
        step = max(1, _PACKED_CELLS // max(batches * BATCH, 1))
        for first in range(0, lanes.size, step):
            part = slice(first, first + step)
            few = lanes[part]
            bodies = [
                field
                for stream, code in zip(streams, codes, strict=True)
                for field in (_code_fields(code, part, batches), _offset_fields(stream, few, batches))
                if field is not None
            ]
            first_slots = [code.first_slots[part] for code in codes]
            page_ends = _write_pages(words, done, *_page_metadata(streams, first_slots, few), bodies)
            starts[few], ends[few] = np.concatenate((np.array([done]), page_ends[:-1])), page_ends
            done = int(page_ends[-1])
    return starts, ends


def _write_pages(words: U64, done: int, meta_values: U64, meta_widths: I64, bodies: list[tuple[U64, I64]]) -> I64:
    """Write the pages of some lanes one after another from byte `done`; return where each ends.

    Parameters
    ----------
    meta_values, meta_widths
        Fields of the page metadata, shape (lanes, fields) and (fields,).
    bodies
        Values and widths of the fields of each batch, in order, shape (lanes, batches, fields).
    """
    lanes = meta_values.shape[0]
    meta_ends = np.cumsum(meta_widths)
    meta_size = (int(meta_widths.sum()) + 7) // 8
    sizes = np.full(lanes, meta_size)
    if bodies:
        values = np.concatenate([values for values, _ in bodies], axis=2).reshape(lanes, -1)
        widths = np.concatenate([widths for _, widths in bodies], axis=2).reshape(lanes, -1)
        positions = np.cumsum(widths, axis=1)
        sizes += (positions[:, -1] + 7) // 8
    page_ends = done + np.cumsum(sizes)
    page_starts = page_ends - sizes
    write_fields(words, (8 * page_starts[:, None] + (meta_ends - meta_widths)).ravel(), meta_values.ravel())
    if bodies:
        positions -= widths
        positions += 8 * (page_starts + meta_size)[:, None]
        write_fields(words, positions.ravel(), values.ravel())
    return page_ends


def _page_metadata(streams: tuple[_Stream, ...], first_slots: list[I64], lanes: I64) -> tuple[U64, I64]:
    """Return the fields of the page metadata, shape (lanes, fields), and their widths, which all pages share."""
    values = []
    widths = []
    for stream, slots in zip(streams, first_slots, strict=True):
        values += [stream.delta_states[lanes], slots.view(np.uint64)]
        widths += [stream.latent_bits] * stream.delta_states.shape[1] + [stream.ans_log] * ANS_INTERLEAVING
    return np.concatenate(values, axis=1), np.array(widths, np.int64)


class _Codes(NamedTuple):
    """The tANS codes of one stream.

    Values and widths hold four codes to a field, shape (lanes, groups), None where there are no codes; `first_slots`
    says where decoding begins, shape (lanes, 4).
    """

    values: U64 | None
    widths: I64 | None
    first_slots: I64


def _code_fields(codes: _Codes, part: slice, batches: int) -> tuple[U64, I64] | None:
    if codes.values is None or codes.widths is None:
        return None
    values = codes.values[part]
    shape = (values.shape[0], batches, _GROUPS)
    return values.reshape(shape), codes.widths[part].reshape(shape)


def _cells(stream: _Stream, lanes: I64, batches: int) -> tuple[I64, npt.NDArray[np.bool_] | None]:
    """Return for each place of each lane the index of its latent; and which places are there, None for all."""
    place = np.arange(batches * BATCH)
    counts = stream.counts[lanes]
    index = page_starts(stream.counts)[lanes, None] + place
    if (counts == place.size).all():
        return index, None
    return np.minimum(index, stream.assigned.size - 1, out=index), place < counts[:, None]


def _offset_fields(stream: _Stream, lanes: I64, batches: int) -> tuple[U64, I64] | None:
    """Return the fields of the offsets, width 0 past a lane's end; None where no offset has any bits."""
    if not stream.counts[lanes].any() or not stream.offset_bits.any():
        return None
    index, valid = _cells(stream, lanes, batches)
    cells = stream.assigned.take(index)
    offsets = stream.latents.take(index).astype(np.uint64, copy=False)
    offsets -= stream.lowers.take(cells)
    widths = stream.offset_bits.take(cells)
    if valid is not None:
        offsets *= valid
        widths *= valid
    shape = (lanes.size, batches, BATCH)
    return offsets.reshape(shape), widths.reshape(shape)


def _encode_codes(stream: _Stream, lanes: I64, batches: int) -> _Codes:
    """Run the tANS encoder of each lane from its end to its start."""
    if not stream.counts[lanes].any() or not stream.ans_log:
        return _Codes(None, None, np.zeros((lanes.size, ANS_INTERLEAVING), np.int64))
    size = 1 << stream.ans_log
    index, valid = _cells(stream, lanes, batches)
    cells = stream.assigned.take(index)
    if valid is not None:
        # One cell more, for latents that are not there: no bits, and the state stays.
        cells[~valid] = stream.offset_bits.size
    by_group = cells.T.astype(np.int64, order="C").reshape(-1, ANS_INTERLEAVING, lanes.size)
    nothing = np.zeros(1, np.int64)
    nbits_terms = np.concatenate((stream.nbits_terms, nothing)).take(by_group)
    slot_terms = np.concatenate((stream.slot_terms, nothing)).take(by_group)
    next_states = np.concatenate((stream.next_states, np.arange(size, 2 * size)))
    groups = by_group.shape[0]
    nbits = by_group  # its memory, no longer needed, takes the widths
    states = np.empty((groups + 1, ANS_INTERLEAVING, lanes.size), np.int64)
    states[-1] = size
    term = np.empty((ANS_INTERLEAVING, lanes.size), np.int64)
    add, right_shift, take = np.add, np.right_shift, next_states.take
    for group in range(groups - 1, -1, -1):
        state, width = states[group + 1], nbits[group]
        add(state, nbits_terms[group], term)
        right_shift(term, _SIXTEEN, width)
        right_shift(state, width, term)
        add(term, slot_terms[group], term)
        take(term, None, states[group], "clip")
    codes = states[1:]
    codes &= masks(nbits).view(np.int64)
    value = codes[:, 3]
    for turn in (2, 1, 0):
        value = (value << nbits[:, turn]) | codes[:, turn]
    widths = nbits.sum(axis=1)
    return _Codes(value.T.copy().view(np.uint64), widths.T.copy(), (states[0] - size).T)
