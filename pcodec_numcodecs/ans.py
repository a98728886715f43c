"""Tabled asymmetric numeral systems: from bin weights to the tables that encoding walks.

Four states of a page take turns, so four tables' worth of walking can go on at once; all share one table.
See J. Duda, "Asymmetric numeral systems", arXiv:1311.2540, and the Pco format, section tANS, for the spread.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .bits import bit_lengths
from .kernels.numpy_.tables import spread
from .metadata import Bins

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
