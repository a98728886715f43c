"""Pages to latents: tANS codes and offsets, batch by batch, all pages side by side."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...bits import PADDING, masks, read_fields
from ...constants import ANS_INTERLEAVING, BATCH
from .opening import Opened

I64 = npt.NDArray[np.int64]

_FIVE = np.array(5, np.int64)
_LOW_FIVE = np.array(31, np.int64)
_SURE_BITS = 33  # of a window, from any bit that it is for
_READ_CELLS = 1 << 14  # latents whose offsets are read at a time: temporaries stay in the cache
_WIDE_BLOCK = 1 << 16  # latents a lane decoded at a time where no tANS codes force batches


class Placed(NamedTuple):
    """Where latents of a variable go.

    Attributes
    ----------
    out
        Flat array of the latent dtype, to be filled.
    starts
        int64, one a lane: where in `out` a lane's first latent goes.
    """

    out: npt.NDArray[Any]
    starts: I64


def decode_latents(
    data: npt.NDArray[np.uint8], positions: I64, streams: tuple[Opened, ...], latents: Sequence[Placed]
) -> I64:
    """Decode the latents of all lanes into their places; return where lanes end, those that ran out beyond the data."""
    positions = positions.copy()
    end = 8 * (data.size - PADDING) + 8
    longest, by_length = _longest_first(np.max([stream.counts for stream in streams], axis=0))
    ordered = [_longest_first(stream.counts) for stream in streams]
    # Batches only matter where codes and offsets, or variables, take turns.
    plain = len(streams) == 1 and not streams[0].nbits.any()
    step = max(BATCH, _WIDE_BLOCK // positions.size // BATCH * BATCH) if plain and positions.size else BATCH
    window = _windows(data)
    states = [stream.first_slots.T.copy() for stream in streams]
    for done in range(0, int(longest.max(initial=0)), step):
        if (positions[by_length[: _above(longest, done)]] >= end).all():
            break  # every lane that is not done has run past the data: what would follow is arbitrary
        for stream, state, (lengths, order), placed in zip(streams, states, ordered, latents, strict=True):
            lanes = order[: _above(lengths, done)]
            if not lanes.size:
                continue
            counts = np.minimum(lengths[: lanes.size] - done, step)
            position = positions[lanes]
            position[position > end - 8] = end  # past the end, and to stay there: the caller sees that
            slots = _walk(window, stream, position, state, lanes, counts)
            starts = placed.starts[lanes] + done
            few = max(1, _READ_CELLS // slots.shape[1])
            for first in range(0, lanes.size, few):
                part = slice(first, first + few)
                _read_latents(
                    data, window, stream, slots[part], position[part], counts[part], placed.out, starts[part], end
                )
            positions[lanes] = position
    return positions


def _windows(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the 64-bit little-endian integer that starts at every fourth byte: aligned ones are picked faster."""
    words = data[: data.size // 4 * 4].view("<u4")
    window = np.empty((words.size - 1, 2), "<u4")
    window[:, 0] = words[:-1]
    window[:, 1] = words[1:]
    return window.reshape(-1).view("<u8").astype(np.uint64, copy=False)


def _longest_first(counts: I64) -> tuple[I64, I64]:
    """Return counts from the largest down, and the lanes that they belong to."""
    order = np.argsort(-counts, kind="stable")
    return counts[order], order


def _above(falling: I64, done: int) -> int:
    """Return how many of some falling counts are above `done`."""
    return falling.size - int(np.searchsorted(falling[::-1], done, side="right"))


def _read_latents(
    data: npt.NDArray[np.uint8],
    window: npt.NDArray[np.uint64],
    stream: Opened,
    slots: I64,
    position: I64,
    counts: I64,
    out: npt.NDArray[Any],
    out_starts: I64,
    end: int,
) -> None:
    """Read the offsets that follow the codes of some lanes, and store their latents; advances `position`."""
    widths = stream.offset_bits.take(slots)
    wanted = None
    if counts[-1] < widths.shape[1]:
        wanted = np.arange(widths.shape[1]) < counts[:, None]
        widths *= wanted
    starts = np.cumsum(widths, axis=1)
    starts += position[:, None]
    position[:] = starts[:, -1]
    starts -= widths
    if position.max() > end:
        np.minimum(starts, end, out=starts)
    if int(stream.offset_bits.max()) <= _SURE_BITS:
        values = window.take(starts >> 5, mode="clip")
        starts &= 31
        values >>= starts.view(np.uint64)
        values &= masks(widths)
    else:
        values = read_fields(data, starts, widths)
    values += stream.lowers.take(slots)
    target = out_starts[:, None] + np.arange(values.shape[1])
    if wanted is None:
        out[target] = values
    else:
        out[target[wanted]] = values[wanted]


def _walk(window: npt.NDArray[np.uint64], stream: Opened, position: I64, state: I64, lanes: I64, counts: I64) -> I64:
    """Walk the tANS table over one batch; return the slot of each latent, shape (lanes, latents).

    `counts` falls from lane to lane, so that lanes that are done drop off the end. Advances `position` and `state`.
    """
    most = int(counts[0])
    if not stream.nbits.any():
        return np.broadcast_to(state[0, lanes, None], (lanes.size, most))
    groups = -(-most // ANS_INTERLEAVING)
    slots = np.empty((groups + 1, ANS_INTERLEAVING, lanes.size), np.int64)
    slots[0] = state[:, lanes]
    if counts[-1] == most and most % ANS_INTERLEAVING == 0:
        _walk_groups(window, stream, position, slots, None)
    else:
        _walk_ragged(window, stream, position, slots, counts)
    state[:, lanes] = slots[-1]
    return np.ascontiguousarray(slots[:-1].reshape(groups * ANS_INTERLEAVING, -1)[:most].T)


def _walk_ragged(window: npt.NDArray[np.uint64], stream: Opened, position: I64, slots: I64, counts: I64) -> None:
    """Walk where lanes end at different latents: between two such ends all is regular."""
    groups = slots.shape[0] - 1
    whole, rest = np.divmod(counts, ANS_INTERLEAVING)
    cuts = np.unique(np.concatenate((whole, whole[rest > 0] + 1, np.zeros(1, np.int64))))
    for first, last in pairwise(cuts):
        active = int(np.count_nonzero(counts > ANS_INTERLEAVING * first))
        part = np.empty((last - first + 1, ANS_INTERLEAVING, active), np.int64)
        part[0] = slots[first, :, :active]
        valid = None
        if whole[active - 1] == first:  # some lane ends inside this group
            index = ANS_INTERLEAVING * first + np.arange(ANS_INTERLEAVING)
            valid = (index[:, None] < counts[:active]).astype(np.int64)
        lane_position = position[:active].copy()
        _walk_groups(window, stream, lane_position, part, valid)
        position[:active] = lane_position
        slots[first + 1 : last + 1, :, :active] = part[1:]
        slots[first + 1 : last + 1, :, active:] = slots[first, :, active:]
    assert cuts[-1] == groups


def _walk_groups(window: npt.NDArray[np.uint64], stream: Opened, position: I64, slots: I64, valid: I64 | None) -> None:
    """Fill `slots[1:]` from `slots[0]`, four codes of each lane a step: the inner loop of decoding.

    The four states of a page do not depend on each other, only their bit positions do.
    """
    lanes = position.size
    table = np.stack((stream.nbits, (1 << stream.nbits) - 1, stream.bases))
    row = np.empty((3, ANS_INTERLEAVING, lanes), np.int64)
    width, mask, base = row
    places = np.empty((ANS_INTERLEAVING, lanes), np.int64)
    place0, place1, place2, place3 = places
    width0, width1, width2, width3 = width
    word = np.empty_like(places)
    shift = np.empty_like(places)
    value = np.empty(places.shape, np.uint64)
    unsigned_shift, signed_value = shift.view(np.uint64), value.view(np.int64)
    place0[:] = position
    take, take_window = table.take, window.take
    add, bitwise_and, right_shift = np.add, np.bitwise_and, np.right_shift
    for group in range(slots.shape[0] - 1):
        take(slots[group], 1, row, "clip")
        if valid is not None:
            width *= valid
        add(place0, width0, place1)
        add(place1, width1, place2)
        add(place2, width2, place3)
        right_shift(places, _FIVE, word)
        bitwise_and(places, _LOW_FIVE, shift)
        add(place3, width3, place0)
        take_window(word, None, value, "clip")
        right_shift(value, unsigned_shift, value)
        bitwise_and(signed_value, mask, signed_value)
        add(signed_value, base, slots[group + 1])
    position[:] = place0
