"""What a kernel call gets for one latent variable of many lanes (a lane is one page), and what numbers are made by."""

from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from ..metadata import Bins

NO_DELTA: Final = 0
CONSECUTIVE: Final = 1
LOOKBACK: Final = 2
CONV1: Final = 3

CLASSIC: Final = 0
INT_MULT: Final = 1
FLOAT_MULT: Final = 2
FLOAT_QUANT: Final = 3
DICT: Final = 4

SOUND: Final = 0
BAD_LOOKBACK: Final = 1
BAD_INDEX: Final = 2


class DecodeStream(NamedTuple):
    """One latent variable of every lane, to be decoded.

    Attributes
    ----------
    bins
        Its bins, one entry for each Pco chunk.
    latent_bits
        Width of the latents; sums of lower bounds and offsets wrap there.
    state_length
        Values of the delta state in each page; of differences, the middle is toggled.
    omitted
        Latents of each page that are not stored.
    """

    bins: tuple[Bins, ...]
    latent_bits: int
    state_length: int
    omitted: int


class Recipe(NamedTuple):
    """How latents of a Pco chunk become numbers.

    Attributes
    ----------
    lanes
        Lanes of the chunk; those of one chunk follow each other.
    delta
        `NO_DELTA`, `CONSECUTIVE`, `LOOKBACK` or `CONV1`.
    window
        The largest lookback.
    weights, bias, quantization
        Of Conv1; weights are int64.
    mode
        `CLASSIC`, `INT_MULT`, `FLOAT_MULT`, `FLOAT_QUANT` or `DICT`.
    base
        Of IntMult, the base; of FloatMult, the bits of the float; of FloatQuant, k.
    values
        Latents of the dictionary, of the numbers' width.
    signed
        Whether latents are numbers with their top bit toggled.
    mantissa_bits
        Explicit mantissa bits of floats, 0 for integers. Latents of negative floats are all their bits, toggled.
    """

    lanes: int
    delta: int
    window: int
    weights: npt.NDArray[np.int64]
    bias: int
    quantization: int
    mode: int
    base: int
    values: npt.NDArray[Any]
    signed: bool
    mantissa_bits: int


class Rows(NamedTuple):
    """Where numbers of lanes go: a lane is cut into rows, each of which lies in one piece, or evenly spread.

    Attributes
    ----------
    lengths
        int64, one a lane: numbers in each of its rows but perhaps the last; at least 1.
    firsts
        int64, one a lane: which one its first row is.
    starts
        int64, one a row: where it begins.
    step
        How far a number is from the next one of its row; 1 for kernels that decode pages.
    """

    lengths: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    step: int = 1

    @classmethod
    def end_to_end(cls, counts: npt.NDArray[np.int64]) -> Self:
        """Return rows of so many numbers, one a lane, each after the one before."""
        return cls(np.maximum(counts, 1), np.arange(counts.size), counts.cumsum() - counts)


class ChunkPages(NamedTuple):
    """All that is decoded of one Pco chunk.

    Attributes
    ----------
    data
        Bytes in which the pages lie.
    starts, stops
        int64, one a page: its first byte and the byte after its last.
    numbers
        int64, one a page: numbers in it, at least 1.
    """

    data: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]


class UsualChunk(NamedTuple):
    """A Pco chunk for whose metadata and pages compiled code has a short way.

    Attributes
    ----------
    size
        Bytes of its metadata.
    page_bits, most_bits
        Bits of a page's metadata; and those that a number may take at the most.
    free
        Numbers that a page may have at the most because a variable has no bins.
    delta, made, variables, bins
        Of the compiled code.
    """

    size: int
    page_bits: int
    most_bits: int
    free: int
    delta: npt.NDArray[np.int64]
    made: npt.NDArray[np.uint64]
    variables: npt.NDArray[np.int64]
    bins: npt.NDArray[np.uint64]

    def most_bytes(self, wanted: int) -> int:
        """Return the bytes that so many numbers of a page may take."""
        return most_bytes(self.page_bits, self.most_bits, wanted)


def most_bytes(page_bits: int, most_bits: int, wanted: int) -> int:
    """Return the bytes that so many numbers of a page may take, given the bits of its metadata and of a number."""
    return (page_bits + wanted * most_bits) // 8 + 2  # metadata and body may each end within a byte


class EncodeStream(NamedTuple):
    """One latent variable of every lane, to be encoded; all lanes share its bins.

    Attributes
    ----------
    latents
        Flat array of the latent dtype: the stored latents of all lanes end to end.
    assigned
        Cell of each latent, uint16: a bin, or a part of one.
    counts
        int64, one a lane.
    delta_states
        Delta states, uint64 of shape (lanes, state length); each value takes `latent_bits` bits.
    latent_bits
        Width of the latents.
    bins
        Bins and weights.
    cells
        Bin of each cell, int64: what is looked up by bin may as well be looked up by cell, so no latent needs its bin.
    """

    latents: npt.NDArray[Any]
    assigned: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.int64]
    delta_states: npt.NDArray[np.uint64]
    latent_bits: int
    bins: Bins
    cells: npt.NDArray[np.int64]
