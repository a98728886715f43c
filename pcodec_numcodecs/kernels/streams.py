"""What a kernel call gets for one latent variable of many lanes (a lane is one page)."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class DecodeStream(NamedTuple):
    """One latent variable of every lane, to be decoded.

    Tables of several Pco chunks lie end to end; `first_slots` and `bases` count slots from the start of all, so that a
    lane finds its own table by its slot.

    Attributes
    ----------
    nbits, bases, offset_bits
        int64, one entry a slot (see `pcodec_numcodecs.ans.DecodeTable`).
    lowers
        uint64, one entry a slot.
    first_slots
        int64, shape (lanes, 4): where the four tANS states begin.
    counts
        int64, one a lane: latents to decode.
    out
        Flat array of the latent dtype, to be filled.
    out_starts
        int64, one a lane: where in `out` a lane's first latent goes.
    """

    nbits: npt.NDArray[np.int64]
    bases: npt.NDArray[np.int64]
    lowers: npt.NDArray[np.uint64]
    offset_bits: npt.NDArray[np.int64]
    first_slots: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    out: npt.NDArray[Any]
    out_starts: npt.NDArray[np.int64]


class EncodeStream(NamedTuple):
    """One latent variable of every lane, to be encoded; all lanes share its bins.

    Attributes
    ----------
    latents
        Flat array of the latent dtype: the stored latents of all lanes end to end.
    bins
        Bin of each latent, uint16.
    counts
        int64, one a lane.
    delta_states
        Delta states, uint64 of shape (lanes, state length); each value takes `latent_bits` bits.
    latent_bits
        Width of the latents.
    lowers, offset_bits
        uint64 and int64, one entry a bin.
    ans_log
        log2 of the tANS table's size.
    nbits_terms, slot_terms, next_states
        int64 (see `pcodec_numcodecs.ans.EncodeTable`).
    """

    latents: npt.NDArray[Any]
    bins: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.int64]
    delta_states: npt.NDArray[np.uint64]
    latent_bits: int
    lowers: npt.NDArray[np.uint64]
    offset_bits: npt.NDArray[np.int64]
    ans_log: int
    nbits_terms: npt.NDArray[np.int64]
    slot_terms: npt.NDArray[np.int64]
    next_states: npt.NDArray[np.int64]
