"""Weights to slots, and bins to the tables that encoding walks; see `pcodec_numcodecs.kernels.numpy_.tables`."""

from typing import Any

import numpy as np

from ...constants import BATCH
from .compiled import allocating, compiled_allocating, inlined_lightly
from .words import bit_length, clear

BYTES, BITS, ANS_LOG, BINS, CELLS = range(5)
"""Of each variable: bytes and bits of a latent, log2 of its table's size, and counts."""


@inlined_lightly
def spread(weights: Any, owners: Any) -> None:
    """Fill `owners`, one for each slot of a table, with its bin."""
    # Bins take slots in this order, with an odd stride that visits each slot once.
    stride, place = (3 * owners.size // 5) | 1, np.int64(0)
    for own in range(weights.size):
        for _ in range(weights[own]):
            owners[place] = own
            place = (place + stride) & (owners.size - 1)


@compiled_allocating
def make_tables(counts: Any, sizes: Any, bin_lowers: Any, bin_offset_bits: Any, weights: Any, bins_of: Any) -> Any:
    """Return what `encode._encode` looks up.

    Parameters
    ----------
    counts
        Latents of each variable and lane.
    sizes
        A row for each variable; see `BYTES`.
    bin_lowers, bin_offset_bits, weights, bins_of
        Of all variables end to end: what bins have, and the bin of each cell.

    Returns
    -------
    The first latent of each variable and lane; the lanes, in order; where each variable begins, a row for cells and one
    for states; of all variables end to end, lower bounds, widths and the terms of `EncodeTable` by cell, and the next
    states; and each variable's widest offset.
    """
    variables, lanes = counts.shape
    shifts, firsts = np.empty((2, variables + 1), np.int64), np.empty((variables, lanes), np.int64)
    shifts[0, 0] = shifts[1, 0] = 0
    for variable in range(variables):
        shifts[0, variable + 1] = shifts[0, variable] + sizes[variable, CELLS]
        states = np.int64(1) << sizes[variable, ANS_LOG] if sizes[variable, BINS] else 0
        shifts[1, variable + 1] = shifts[1, variable] + states
        done = np.int64(0)
        for lane in range(lanes):
            firsts[variable, lane] = done
            done += counts[variable, lane]
    cells = bins_of.size
    lowers, offset_bits = np.empty(cells, np.uint64), np.empty(cells, np.int64)
    nbits_terms, slot_terms = np.empty(cells, np.int64), np.empty(cells, np.int64)
    next_states, widest = np.empty(shifts[1, variables], np.uint16), clear(np.empty(variables, np.int64))
    first = np.int64(0)
    for variable in range(variables):
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
    return firsts, _in_order(counts), shifts, lowers, offset_bits, nbits_terms, slot_terms, next_states, widest


@allocating
def _in_order(counts: Any) -> Any:
    """Return the lanes from the one of the most batches down, of equally many the first."""
    variables, lanes = counts.shape
    batches, most = np.empty(lanes, np.int64), np.int64(0)
    for lane in range(lanes):
        longest = np.int64(0)
        for variable in range(variables):
            longest = max(longest, counts[variable, lane])
        batches[lane] = (longest + (BATCH - 1)) // BATCH
        most = max(most, batches[lane])
    # Where those of so many batches begin.
    begins = clear(np.empty(most + 2, np.int64))
    for lane in range(lanes):
        begins[batches[lane]] += 1
    done = np.int64(0)
    for many in range(most, -1, -1):
        begins[many], done = done, done + begins[many]
    order = np.empty(lanes, np.int64)
    for lane in range(lanes):
        order[begins[batches[lane]]] = lane
        begins[batches[lane]] += 1
    return order


@allocating
def _fill_table(weights: Any, ans_log: Any, bins_of: Any, nbits_terms: Any, slot_terms: Any, next_states: Any) -> None:
    count, size = weights.size, np.int64(1) << ans_log
    owners, firsts = np.empty(size, np.int64), np.empty(count, np.int64)
    spread(weights, owners)
    done = np.int64(0)
    for own in range(count):
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
