"""Latents to pages: tANS codes and offsets of all pages side by side, then packed into bits."""

import numpy as np
import numpy.typing as npt

from ...bits import masks, write_fields
from ...constants import ANS_INTERLEAVING, BATCH
from ..streams import EncodeStream
from .lanes import lane_blocks

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_GROUPS = BATCH // ANS_INTERLEAVING
_SIXTEEN = np.array(16, np.int64)


def encode_pages(streams: tuple[EncodeStream, ...], words: U64) -> tuple[I64, I64]:
    """See `Kernels.encode_pages`."""
    counts = np.max([stream.counts for stream in streams], axis=0)
    starts = np.zeros_like(counts)
    ends = np.zeros_like(counts)
    done = 0
    for lanes in lane_blocks(counts):
        batches = -(-int(counts[lanes[0]]) // BATCH)
        codes = [_encode_codes_and_offsets(stream, lanes, batches) for stream in streams]
        body_widths = np.concatenate([widths for _, widths, _ in codes], axis=2).reshape(lanes.size, -1)
        body_values = np.concatenate([values for values, _, _ in codes], axis=2).reshape(lanes.size, -1)
        meta_values, meta_widths = _page_metadata(streams, [last for _, _, last in codes], lanes)
        meta_ends = np.cumsum(meta_widths)
        meta_size = (int(meta_widths.sum()) + 7) // 8
        body_ends = np.cumsum(body_widths, axis=1)
        body_sizes = (body_ends[:, -1] + 7) // 8 if body_ends.shape[1] else np.zeros(lanes.size, np.int64)
        page_ends = done + np.cumsum(meta_size + body_sizes)
        page_starts = page_ends - meta_size - body_sizes
        write_fields(words, (8 * page_starts[:, None] + (meta_ends - meta_widths)).ravel(), meta_values.ravel())
        body_ends -= body_widths
        body_ends += 8 * (page_starts + meta_size)[:, None]
        write_fields(words, body_ends.ravel(), body_values.ravel())
        starts[lanes], ends[lanes] = page_starts, page_ends
        done = int(page_ends[-1])
    return starts, ends


def _page_metadata(streams: tuple[EncodeStream, ...], last: list[I64], lanes: I64) -> tuple[U64, I64]:
    """Return the fields of the page metadata, shape (lanes, fields), and their widths, which all pages share."""
    values = []
    widths = []
    for stream, states in zip(streams, last, strict=True):
        values += [stream.states[lanes], states.view(np.uint64)]
        widths += [stream.latent_bits] * stream.states.shape[1] + [stream.ans_log] * ANS_INTERLEAVING
    return np.concatenate(values, axis=1), np.array(widths, np.int64)


def _encode_codes_and_offsets(stream: EncodeStream, lanes: I64, batches: int) -> tuple[U64, I64, I64]:
    """Return values and widths of the fields of each batch, shape (lanes, batches, fields), and the last states.

    Fields are the tANS codes, four to a field, and the offsets; either is left out where it has no bits at all.
    Latents past a lane's end have width 0.
    """
    counts = stream.counts[lanes]
    place = np.arange(batches * BATCH)
    firsts = (np.cumsum(stream.counts) - stream.counts)[lanes]
    valid = place < counts[:, None]
    index = np.minimum(firsts[:, None] + place, max(stream.bins.size - 1, 0))
    shape = (lanes.size, batches, BATCH)
    values: list[U64] = []
    widths: list[I64] = []
    last = np.zeros((lanes.size, ANS_INTERLEAVING), np.int64)
    if stream.bins.size and batches:
        bins = stream.bins.take(index)
        if stream.ans_log:
            code_values, code_widths, last = _encode_codes(stream, bins, valid)
            values.append(code_values.reshape(lanes.size, batches, _GROUPS))
            widths.append(code_widths.reshape(lanes.size, batches, _GROUPS))
        if stream.offset_bits.any():
            offsets = stream.latents.take(index).astype(np.uint64)
            offsets -= stream.lowers.take(bins)
            offsets *= valid
            values.append(offsets.reshape(shape))
            widths.append((stream.offset_bits.take(bins) * valid).reshape(shape))
    empty = np.zeros((lanes.size, batches, 0), np.uint64)
    return np.concatenate([empty, *values], axis=2), np.concatenate([empty.view(np.int64), *widths], axis=2), last


def _encode_codes(stream: EncodeStream, bins: I64, valid: npt.NDArray[np.bool_]) -> tuple[U64, I64, I64]:
    """Run the tANS encoder of each lane from its end to its start.

    Parameters
    ----------
    bins, valid
        Shape (lanes, latents), latents a multiple of 4.

    Returns
    -------
    Values and widths of the codes, four to a field, shape (lanes, latents / 4), and the slots to start decoding at,
    shape (lanes, 4).
    """
    size = 1 << stream.ans_log
    lanes = bins.shape[0]
    # One bin more, for latents that are not there: no bits, and the state stays.
    if not valid.all():
        bins = np.where(valid, bins, stream.offset_bits.size)
    by_group = bins.T.copy().reshape(-1, ANS_INTERLEAVING, lanes)
    nothing = np.zeros(1, np.int64)
    nbits_terms = np.concatenate((stream.nbits_terms, nothing)).take(by_group)
    slot_terms = np.concatenate((stream.slot_terms, nothing)).take(by_group)
    next_states = np.concatenate((stream.next_states, np.arange(size, 2 * size)))
    groups = by_group.shape[0]
    nbits = by_group  # its memory, no longer needed, takes the widths
    states = np.empty((groups + 1, ANS_INTERLEAVING, lanes), np.int64)
    states[-1] = size
    term = np.empty((ANS_INTERLEAVING, lanes), np.int64)
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
    return np.ascontiguousarray(value.T).view(np.uint64), np.ascontiguousarray(widths.T), (states[0] - size).T
