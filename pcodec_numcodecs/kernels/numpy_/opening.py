"""What the decoder starts from: the tables of each latent variable, and what page metadata say of each lane."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...bits import read_fields
from ...constants import ANS_INTERLEAVING
from ..streams import DecodeStream, Recipe
from .tables import decode_table

I64 = npt.NDArray[np.int64]


class Opened(NamedTuple):
    """One latent variable of every lane, ready to be decoded.

    Tables of several Pco chunks lie end to end; `first_slots` and `bases` count slots from the start of all, so that a
    lane finds its own table by its slot.

    Attributes
    ----------
    nbits, bases, offset_bits
        int64, one entry a slot (see `tables.DecodeTable`).
    lowers
        uint64, one entry a slot; those of differences are centred on 0.
    first_slots
        int64, shape (lanes, 4): where the four tANS states begin.
    counts
        int64, one a lane: latents to decode.
    states
        uint64, shape (lanes, state length): the delta state.
    latent_bits
        Width of the latents.
    """

    nbits: I64
    bases: I64
    lowers: npt.NDArray[np.uint64]
    offset_bits: I64
    first_slots: I64
    counts: I64
    states: npt.NDArray[np.uint64]
    latent_bits: int


def open_pages(
    data: npt.NDArray[np.uint8],
    starts: I64,
    numbers: I64,
    wanted: I64,
    streams: tuple[DecodeStream, ...],
    recipes: tuple[Recipe, ...],
) -> tuple[I64, tuple[Opened, ...]]:
    """Read the page metadata of all lanes; return the bit at which each lane's body begins, and the variables."""
    positions = np.empty_like(starts)
    states = [np.empty((starts.size, stream.state_length), np.uint64) for stream in streams]
    slots = [np.empty((starts.size, ANS_INTERLEAVING), np.int64) for _ in streams]
    tables = [[decode_table(bins) for bins in stream.bins] for stream in streams]
    shifts = [np.cumsum([0, *(table.nbits.size for table in made)]).tolist() for made in tables]
    first = 0
    for chunk, recipe in enumerate(recipes):
        lanes = slice(first, first + recipe.lanes)
        first = lanes.stop
        place = 8 * starts[lanes, None]
        for stream, own_states, own_slots, shift in zip(streams, states, slots, shifts, strict=True):
            ans_log = stream.bins[chunk].ans_log
            own_states[lanes] = _fields(data, place, stream.latent_bits, stream.state_length)
            place = place + stream.latent_bits * stream.state_length
            own_slots[lanes] = _fields(data, place, ans_log, ANS_INTERLEAVING) + np.uint64(shift[chunk])
            place = place + ans_log * ANS_INTERLEAVING
        positions[lanes] = (place[:, 0] + 7) & ~7
    opened = []
    for stream, own_states, own_slots, made, shift in zip(streams, states, slots, tables, shifts, strict=True):
        lowers = np.concatenate([table.lowers for table in made])
        opened.append(
            Opened(
                np.concatenate([table.nbits for table in made]),
                np.concatenate([table.bases + own for table, own in zip(made, shift, strict=False)]),
                lowers ^ np.uint64(1 << (stream.latent_bits - 1)) if stream.state_length else lowers,
                np.concatenate([table.offset_bits for table in made]),
                own_slots,
                np.minimum(np.maximum(numbers - stream.omitted, 0), wanted),
                own_states,
                stream.latent_bits,
            )
        )
    return positions, tuple(opened)


def _fields(data: npt.NDArray[np.uint8], place: I64, width: int, count: int) -> npt.NDArray[Any]:
    if not width or not count:
        return np.zeros((place.size, count), np.uint64)
    return read_fields(data, place + width * np.arange(count), width)
