"""Bins to the tables that encoding walks; see `pcodec_numcodecs.kernels.numpy_.tables.EncodeTable`."""

from typing import Any

import numpy as np

from .compiled import allocating
from .words import bit_length

BYTES, BITS, ANS_LOG, BINS, CELLS = range(5)
"""Of each variable: bytes and bits of a latent, log2 of its table's size, and counts."""


@allocating
def fill_tables(
    sizes: Any,
    bin_lowers: Any,
    bin_offset_bits: Any,
    weights: Any,
    bins_of: Any,
    shifts: Any,
    widest: Any,
    lowers: Any,
    offset_bits: Any,
    nbits_terms: Any,
    slot_terms: Any,
    next_states: Any,
) -> None:
    """Fill, of variables end to end, what is looked up by cell, and the next states.

    `shifts` say where a variable begins: a row for cells, one for states. `widest` gets its widest offsets.
    """
    first = np.int64(0)
    for variable in range(sizes.shape[0]):
        begin, end = shifts[0, variable], shifts[0, variable + 1]
        for cell in range(begin, end):
            index = first + bins_of[cell]
            lowers[cell], offset_bits[cell] = bin_lowers[index], bin_offset_bits[index]
            widest[variable] = max(widest[variable], offset_bits[cell])
        count = sizes[variable, BINS]
        if count:
            _fill_table(
                *(weights[first : first + count], sizes[variable, ANS_LOG], bins_of[begin:end]),
                *(nbits_terms[begin:end], slot_terms[begin:end], next_states[shifts[1, variable] :]),
            )
        first += count


@allocating
def _fill_table(weights: Any, ans_log: Any, bins_of: Any, nbits_terms: Any, slot_terms: Any, next_states: Any) -> None:
    count, size = weights.size, np.int64(1) << ans_log
    # Bins take slots in this order, with an odd stride that visits each slot once.
    stride, place = (3 * size // 5) | 1, np.int64(0)
    owners, firsts = np.empty(size, np.uint16), np.empty(count, np.int64)
    done = np.int64(0)
    for own in range(count):
        for _ in range(weights[own]):
            owners[place] = own
            place = (place + stride) & (size - 1)
        firsts[own] = done
        done += weights[own]
    for cell in range(bins_of.size):
        own = bins_of[cell]
        weight = weights[own]
        most = ans_log + 2 - bit_length(np.uint64(2 * weight - 1))
        # State x emits `most` bits if it is at least weight << most, else one fewer: the sum's high bits say which.
        nbits_terms[cell] = (most << 16) - (weight << most)
        slot_terms[cell] = firsts[own] - weight
    for slot in range(size):
        own = owners[slot]
        next_states[firsts[own]] = size + slot
        firsts[own] += 1
