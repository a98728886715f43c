"""Tabled asymmetric numeral systems: from bin weights to the tables that encoding and decoding walk.

Four states of a page take turns, so four tables' worth of walking can go on at once; all share one table.
See J. Duda, "Asymmetric numeral systems", arXiv:1311.2540, and the Pco format, section tANS, for the spread.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...metadata import Bins

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class EncodeTable:
    """What an encoder needs to go from state to state; states run from the table size T to 2 T - 1.

    In state x, bin b emits the low ``n = (x + nbits_terms[b]) >> 16`` bits of x and goes on to
    ``next_states[(x >> n) + slot_terms[b]]``.

    Attributes
    ----------
    nbits_terms, slot_terms
        One entry a bin, int64.
    next_states
        One entry a slot, int64.
    """

    nbits_terms: I64
    slot_terms: I64
    next_states: I64


@dataclass(frozen=True, eq=False)
class DecodeTable:
    """What each slot of a table says to a decoder; one entry a slot.

    Attributes
    ----------
    nbits
        Bits to read for the next slot, int64.
    bases
        Next slot, before those bits are added, int64.
    lowers
        Lower bound of the slot's bin, uint64.
    offset_bits
        Offset width of the slot's bin, int64.
    """

    nbits: I64
    bases: I64
    lowers: npt.NDArray[np.uint64]
    offset_bits: I64


def spread(weights: I64, ans_log: int) -> I64:
    """Return the bin of each table slot, for weights that add up to ``2**ans_log``."""
    slots = np.empty(1 << ans_log, np.int64)
    slots[_visited(ans_log)] = np.repeat(np.arange(weights.size), weights)
    return slots


@cache
def _visited(ans_log: int) -> I64:
    """Return the slots in the order in which bins take them."""
    size = 1 << ans_log
    stride = (3 * size // 5) | 1  # odd, so that it visits every slot once
    return np.arange(size, dtype=np.int64) * stride & (size - 1)


def decode_table(bins: Bins) -> DecodeTable:
    """Build the decoder's table; a variable without bins gets one slot that reads nothing."""
    if not len(bins):
        zero = np.zeros(1, np.int64)
        return DecodeTable(zero, zero, zero.view(np.uint64), zero)
    size = 1 << bins.ans_log
    slots = spread(bins.weights, bins.ans_log)
    # A bin of weight w holds w slots; in order of slots they are its states w, w + 1, ..., 2 w - 1.
    in_bins = np.argsort(slots.astype(np.uint16), kind="stable")  # 16 bits: they are sorted digit by digit
    states = np.empty(size, np.int64)
    firsts = np.cumsum(bins.weights) - bins.weights
    states[in_bins] = np.arange(size) + np.repeat(bins.weights - firsts, bins.weights)
    nbits = bins.ans_log + 1 - bit_lengths(states.view(np.uint64))
    return DecodeTable(nbits, (states << nbits) - size, bins.lowers[slots], bins.offset_bits[slots])


def encode_table(bins: Bins) -> EncodeTable:
    """Build the encoder's table, the inverse of the decoder's."""
    size = 1 << bins.ans_log
    weights = bins.weights
    most = bins.ans_log + 1 - bit_lengths((2 * weights - 1).view(np.uint64)) + 1
    # State x emits `most` bits if it is at least weight << most, else one fewer: the sum's high bits say which.
    nbits_terms = (most << 16) - (weights << most)
    firsts = np.cumsum(weights) - weights
    slots = spread(weights, bins.ans_log)
    next_states = np.argsort(slots.astype(np.uint16), kind="stable") + size  # 16 bits: they are sorted digit by digit
    return EncodeTable(nbits_terms, firsts - weights, next_states)
