"""What the decoder starts from: the table of each latent variable, and what page metadata say of a lane."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...constants import ANS_INTERLEAVING
from ..streams import DecodeStream
from .batches import wide_word
from .compiled import allocating, inlined_lightly
from .tables import spread
from .variables import MOST_VARIABLES
from .words import bit_length, clear

PRESENT, BITS, STATE_LENGTH, OMITTED, ANS_LOG, FIRST_BIN, END_BIN, FIRST_SLOT, WIDEST = range(9)
"""Columns of what `variables_of` tells of variables."""
WEIGHTS, LOWERS, OFFSET_BITS = range(3)
"""Rows of what it tells of bins."""

_THREE, _SEVEN, _TOP = np.uint64(3), np.uint64(7), np.uint64(64)
_NEXT, _WIDTH = np.uint64(32), np.uint64(16)


def variables_of(
    streams: tuple[DecodeStream, ...], chunk: int, has_lookbacks: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return what a kernel needs to know of the latent variables of a Pco chunk.

    Returns
    -------
    A row for each variable that there may be; and a column for each of the bins of all, end to end.
    """
    rows = np.zeros((MOST_VARIABLES, WIDEST + 1), np.int64)
    bins = np.empty((OFFSET_BITS + 1, sum(len(stream.bins[chunk]) for stream in streams)), np.uint64)
    first = 0
    for row, stream in zip(rows[0 if has_lookbacks else 1 :], streams, strict=False):
        own = stream.bins[chunk]
        last = first + len(own)
        row[:FIRST_SLOT] = 1, stream.latent_bits, stream.state_length, stream.omitted, own.ans_log, first, last
        bins[WEIGHTS, first:last], bins[LOWERS, first:last] = own.weights, own.lowers
        bins[OFFSET_BITS, first:last] = own.offset_bits
        first = last
    return rows, bins


@allocating
def make_table(variables: Any, bins: Any) -> Any:
    """Return the tables of all variables, end to end, and note in `variables` where each begins and its widest offset.

    There are two words a slot, one after the other, so that one look finds both. The first: twice the next slot (from
    bit 32), offset width (from bit 16), bits to read. The second: the lower bound; of differences, centred on 0.
    """
    slots = 0
    for variable in range(MOST_VARIABLES):
        if variables[variable, PRESENT]:
            variables[variable, FIRST_SLOT] = slots
            slots += 1 << variables[variable, ANS_LOG]
    table = clear(np.empty(2 * slots, np.uint64))
    for variable in range(MOST_VARIABLES):
        if variables[variable, PRESENT]:
            _fill_table(variables[variable], bins, table)
    return table


@allocating
def _fill_table(variable: Any, bins: Any, table: Any) -> None:
    size, begin, first = 1 << variable[ANS_LOG], variable[FIRST_SLOT], variable[FIRST_BIN]
    centre = np.uint64(1) << np.uint64(variable[BITS] - 1) if variable[STATE_LENGTH] else np.uint64(0)
    if first == variable[END_BIN]:  # a variable without bins has one slot that reads nothing
        table[2 * begin], table[2 * begin + 1] = np.uint64(2 * begin) << _NEXT, centre
        return
    owners = np.empty(size, np.int64)
    states = np.empty(variable[END_BIN] - first, np.int64)
    for own in range(states.size):
        states[own] = np.int64(bins[WEIGHTS, first + own])
        variable[WIDEST] = max(variable[WIDEST], np.int64(bins[OFFSET_BITS, first + own]))
    spread(states, owners)
    # A bin of weight w holds w slots; in order of slots they are its states w, w + 1, ..., 2 w - 1.
    for slot in range(size):
        own = owners[slot]
        state = states[own]
        states[own] += 1
        nbits = variable[ANS_LOG] + 1 - bit_length(np.uint64(state))
        following = np.uint64(2 * (begin + (state << nbits) - size)) << _NEXT
        at = 2 * (begin + slot)
        table[at] = following | (bins[OFFSET_BITS, first + own] << _WIDTH) | np.uint64(nbits)
        table[at + 1] = bins[LOWERS, first + own] ^ centre


@inlined_lightly
def page_metadata_bits(variables: Any) -> Any:
    """Return the bits of a page's metadata."""
    bits = 0
    for variable in range(MOST_VARIABLES):
        if variables[variable, PRESENT]:
            bits += variables[variable, STATE_LENGTH] * variables[variable, BITS]
            bits += ANS_INTERLEAVING * variables[variable, ANS_LOG]
    return bits


@inlined_lightly
def read_page_metadata(data: Any, position: Any, variables: Any, states: Any, history: Any, room: Any) -> Any:
    """Read delta states, as many as there is room for, and twice the slots that the tANS states begin with.

    Returns
    -------
    Bit at which the body begins.
    """
    for variable in range(MOST_VARIABLES):
        if not variables[variable, PRESENT]:
            continue
        width = np.uint64(variables[variable, BITS])
        for place in range(variables[variable, STATE_LENGTH]):
            if place < room:
                history[variable * room + place] = field(data, position, width)
            position += width
        width = np.uint64(variables[variable, ANS_LOG])
        for turn in range(ANS_INTERLEAVING):
            slot = np.uint64(variables[variable, FIRST_SLOT])
            if width:
                slot += field(data, position, width)
            states[variable * ANS_INTERLEAVING + turn] = slot + slot
            position += width
    return (position + _SEVEN) & ~_SEVEN


@inlined_lightly
def field(data: Any, position: Any, width: Any) -> Any:
    """Return a field of 1 to 64 bits."""
    unused = _TOP - width
    return (wide_word(data, position) << unused) >> unused
