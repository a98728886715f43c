"""What each twin offers for bins: `pcodec_numcodecs.kernels.Kernels` is this and more."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Binning"]

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class Binning(Protocol):
    """Latents to ranges, ranges to bins, and the bin of each latent."""

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

    def measure_bins(self, latents: Latents, bounds: U64, out: U16, lowers: U64, uppers: U64, counts: I64) -> None:
        """Do what `assign_bins` does, and find what each bin holds.

        Parameters
        ----------
        bounds
            Lower bounds, as `assign_bins` gets them.
        out
            Filled with the bins' indices.
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

    def price_ranges(self, latents: Latents, runs: I64, ranges: I64, n: int, fixed: I64, slack: int) -> I64:
        """Cut latents as `cut_ranges` does, and merge the ranges as `merge_ranges` does; so too with differences.

        Parameters
        ----------
        latents
            At least one.
        runs
            Lengths of the stretches of neighbours that the latents are; differences are taken within each, as
            `Kernels.difference_consecutive` does.
        ranges, fixed
            For the latents, for differences of order 1, and so on: the ranges to aim for, and what a bin costs.
        n
            Where there are fewer latents or differences, each count is multiplied by this and divided by theirs,
            rounded down.

        Returns
        -------
        For each order, up to the first that costs no less than the one before, what the cheapest bins cost; or what one
        bin does, whose latents need no codes, if that is at most `slack` a latent above. Where nothing is left, 0.
        """
