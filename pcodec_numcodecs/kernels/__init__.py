"""The hot loops, behind one protocol that each twin fulfils with the same results to the bit.

Kernels see unsigned integers, positions and tables; no user dtypes, configuration or exceptions, and no floats but
where these are split into multiples of a base. Inputs are contiguous, outputs are given by the caller or returned as
positions. A *lane* is one page; lanes that share no data are worked on side by side.
"""

from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from .choice import Backend, backend, module
from .streams import DecodeStream, EncodeStream

__all__ = ["Backend", "DecodeStream", "EncodeStream", "Kernels", "backend", "load"]

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class Kernels(Protocol):
    """What every twin offers."""

    def decode_pages(self, data: npt.NDArray[np.uint8], positions: I64, streams: tuple[DecodeStream, ...]) -> I64:
        """Decode the bodies of pages.

        Parameters
        ----------
        data
            All pages, followed by `pcodec_numcodecs.bits.PADDING` zero bytes.
        positions
            Bit at which each lane's body begins.
        streams
            The latent variables in the order of the wire. Their `out` arrays are filled.

        Returns
        -------
        Bit at which each lane ended. A lane that needed more than there is ends beyond the data, its latents are
        arbitrary.
        """

    def encode_pages(self, streams: tuple[EncodeStream, ...], words: U64) -> tuple[I64, I64]:
        """Encode pages, page metadata included.

        Parameters
        ----------
        streams
            The latent variables in the order of the wire.
        words
            Zeroed, and large enough for all pages; see `pcodec_numcodecs.bits.word_bytes`.

        Returns
        -------
        First byte of each lane's page, and the byte after its last.
        """

    def assign_bins(self, latents: Latents, lowers: U64, out: U16) -> None:
        """Find the last bin whose lower bound is not above each latent.

        Parameters
        ----------
        latents
            None below the first bound.
        lowers
            Lower bounds, ascending, 1 to 2**16.
        out
            Filled with the bins' indices.
        """

    def measure_bins(self, latents: Latents, bins: U16, lowers: U64, uppers: U64, counts: I64) -> None:
        """Find what each bin holds.

        Parameters
        ----------
        bins
            Bin of each latent.
        lowers, uppers
            One a bin; each is lowered, or raised, to the smallest, or largest, latent of the bin.
        counts
            One a bin; each is raised by the count of its latents.
        """

    def cut_ranges(self, latents: Latents, ranges: int, lowers: U64, uppers: U64, counts: I64) -> int:
        """Cut the span of latents into ranges of about equal counts.

        There are as many cuts as would make equal counts. One within a run of equal latents goes to its nearer end, the
        lower one of two; if the run alone would fill more than half a range, to both. Of no more distinct latents than
        twice the ranges, each gets a range of its own.

        Parameters
        ----------
        latents
            At least one.
        lowers, uppers, counts
            Room for ``2 * ranges``; the first are filled.

        Returns
        -------
        How many ranges there are.
        """

    def merge_ranges(self, lowers: U64, uppers: U64, counts: I64, fixed: int, costs: I64, origins: I64) -> None:
        """Find the cheapest way to merge neighbouring ranges into bins, for the first range, the first two, and so on.

        A bin costs `fixed`, and for each latent ``log2(all / count)`` and the bit length of its span, in units of
        `pcodec_numcodecs.fixed_log.ONE_BIT`.

        Parameters
        ----------
        lowers, uppers, counts
            Of each range, as in `pcodec_numcodecs.binning.Histogram`.
        costs
            One more than ranges. The entry after a range gets the cost up to it, the first is 0.
        origins
            Like `costs`: the first range of the last bin; of equally cheap ones the earliest.
        """

    def difference_consecutive(self, latents: Latents, counts: I64, stored: Latents, states: Latents) -> None:
        """Take differences of neighbours, as often as there are `states` of a lane.

        Parameters
        ----------
        latents
            Lanes end to end.
        counts
            Latents of each lane.
        stored
            Filled with the differences of all lanes end to end, but for those that the states imply; the middle is
            toggled (see `pcodec_numcodecs.deltas.toggle_center`).
        states
            Shape (lanes, order), zeroed: gets the first value of each order of difference, as far as the lane goes.
        """

    def difference_lookback(
        self, latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, stored: Latents
    ) -> None:
        """Take differences to earlier latents.

        Parameters
        ----------
        latents, counts
            As in `difference_consecutive`.
        lookbacks
            One for each latent, none beyond its lane; those of the first latents of lanes do not matter. Moved to the
            front, so that there is one for each of `stored`.
        stored
            Filled with the differences of all but the first latents of lanes, the middle toggled.
        """

    def index_values(self, latents: Latents, most: int, indices: npt.NDArray[np.uint32]) -> tuple[Latents, I64] | None:
        """List the distinct latents and tell for each latent which of them it is.

        Parameters
        ----------
        latents
            At least one.
        most
            With more distinct latents than this, the work ends early.
        indices
            One for each latent: filled.

        Returns
        -------
        The distinct latents, the most frequent first and equal ones by value, and how often each appears; None if they
        are too many, and then `indices` is arbitrary.
        """

    def split_float_mult(self, latents: Latents, base: np.floating[Any], primary: Latents, secondary: Latents) -> None:
        """Split floats into multiples of a base and what these miss them by; see `pcodec_numcodecs.modes.float_mult`.

        One of the kernels that see floats: a product with the rounded inverse of the base, the nearest integer, and the
        product of that with the base, each rounded once.

        Parameters
        ----------
        latents
            Ordered latents of floats of the type of `base`.
        primary, secondary
            One for each latent: filled.
        """

    def undo_consecutive(self, latents: Latents, counts: I64, states: Latents) -> None:
        """Undo differences of neighbours, in place.

        Parameters
        ----------
        latents
            Lanes end to end; the differences (centred on 0) of a lane follow room for `order` values.
        counts
            Latents of each lane, that room included; lanes may be shorter than it.
        states
            Shape (lanes, order): the first value of each order of difference.
        """

    def undo_lookback(self, latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, states: Latents) -> None:
        """Undo differences to earlier latents, in place.

        Parameters
        ----------
        latents, counts
            As in `undo_consecutive`, with room for the states.
        lookbacks
            One for each latent, at least 1; those in the room for the states do not matter. A reference before the
            start of the lane counts as 0.
        states
            Shape (lanes, state length): the first latents.
        """

    def undo_conv1(
        self, latents: Latents, counts: I64, states: Latents, weights: I64, bias: int, quantization: int
    ) -> None:
        """Undo differences to a linear prediction, in place; latents of at most 32 bits.

        The prediction is ``max(bias + sum(weights * the latents before, oldest first), 0) >> quantization``, modulo
        the latent width.
        """

    def find_lookbacks(self, latents: Latents, counts: I64, window_log: int, out: npt.NDArray[np.uint32]) -> None:
        """Choose for each latent a distance, 1 to ``2**window_log``, at which a similar one lies in its lane.

        `out` is filled; what it gets for the first latent of a lane does not matter.
        """


def load(numbers: int = 0, name: str | None = None) -> Kernels:
    """Return the kernels to use, as a module; the one place that chooses.

    Parameters
    ----------
    numbers
        Count of numbers that are about to be coded: Numba is imported when a process has enough to do.
    name
        ``"numba"`` or ``"numpy"``; by default what the environment variable PCODEC_NUMCODECS_KERNELS says, and
        otherwise Numba's where that is installed and worth it.
    """
    return cast(Kernels, module(name, numbers))
