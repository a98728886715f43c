"""What each twin offers for bins: `pcodec_numcodecs.kernels.Kernels` is this and more."""

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..metadata import Bins

__all__ = ["BinFit", "Binning"]

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class BinFit(NamedTuple):
    """Bins for all latents.

    Attributes
    ----------
    bins
        Bins and weights.
    cells
        Bin of each cell, int64; of those without latents, any.
    codes
        What codes and weights cost, in units of `pcodec_numcodecs.fixed_log.ONE_BIT`.
    offsets
        Bits of all offsets.
    """

    bins: Bins
    cells: I64
    codes: int
    offsets: int


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

    def find_bounds(self, latents: Latents, places: I64, ranges: int, fixed: int, is_patient: bool) -> U64:
        """Find the bins that suit a sample: cut it as `cut_ranges` does, and merge neighbours where that is cheaper.

        Of all ways to merge, one of least cost is taken, the one whose last bin begins the earliest, then the one
        before, and so on. A bin costs `fixed`, and for each latent ``log2(all / count)`` and the bit length of its
        span, in units of `pcodec_numcodecs.fixed_log.ONE_BIT`. One bin will do where its offsets, without codes, cost
        no more than `SINGLE_BIN_SLACK` a latent above that.

        Parameters
        ----------
        latents
            At least one.
        places
            Those of a sample, the counts of which are multiplied by that of all latents and divided by that of the
            sample, rounded down; of none, all latents are taken. Read-only.
        ranges
            How many ranges to aim for.
        is_patient
            Whether size is all that matters; else ranges of one value each stay alone where they all are such and that
            hardly costs more, as bodies without offsets are read faster.

        Returns
        -------
        0, the bins' lower bounds, and what follows their upper bounds: so what no bin holds is a cell of its own. No
        more than the largest table has slots; the last are left out.
        """

    def fit_bins(self, lowers: U64, uppers: U64, counts: I64, fixed: int, is_patient: bool) -> BinFit:
        """Merge cells as `find_bounds` merges ranges, and share a table among the bins.

        A bin of several cells saves its share of the metadata. Weights are the counts' shares of the table's slots, at
        least one each, rounded by the largest remainders, of equal ones the first. Of tables of up to as many slots as
        there are latents or `USUAL_ANS_LOG` allows, or as bins need, the smallest is taken that costs hardly more than
        the cheapest; large ones take readers more time, which matters less to the patient.

        Parameters
        ----------
        lowers, uppers, counts
            What `measure_bins` finds, of no more cells than the largest table has slots; those without latents do not
            matter.
        fixed
            What a bin costs, as `find_bounds` gets it.
        """

    def price_ranges(self, latents: Latents, runs: I64, ranges: I64, n: int, fixed: I64) -> I64:
        """Price the bins that `find_bounds` would find for latents, and for differences of these.

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
        For each order, up to the first that costs no less than the one before, what the cheapest bins cost, or the one
        that will do. Where nothing is left, 0.
        """
