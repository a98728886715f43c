"""The hot loops, behind one protocol that each twin fulfils with the same results to the bit.

Kernels see unsigned integers, positions and tables; no user dtypes, floats, configuration or exceptions. Inputs are
contiguous, outputs are given by the caller or returned as positions. A *lane* is one page; lanes that share no data are
worked on side by side.
"""

from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from .choice import Backend, backend, module
from .streams import DecodeStream, EncodeStream, Recipe, Rows

__all__ = ["Backend", "DecodeStream", "EncodeStream", "Kernels", "Recipe", "Rows", "backend", "load"]

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class Kernels(Protocol):
    """What every twin offers."""

    def decode_pages(
        self,
        data: npt.NDArray[np.uint8],
        positions: I64,
        streams: tuple[DecodeStream, ...],
        recipes: tuple[Recipe, ...],
        wanted: I64,
        out: Latents,
        rows: Rows,
    ) -> tuple[I64, I64]:
        """Decode the bodies of pages to numbers.

        Parameters
        ----------
        data
            All pages, followed by `pcodec_numcodecs.bits.PADDING` bytes that do not matter.
        positions
            Bit at which each lane's body begins.
        streams
            The latent variables in the order of the wire: lookbacks, if any; primary; secondary, if the mode has any.
        recipes
            How latents become numbers, for the lanes of one Pco chunk after another.
        wanted
            Numbers to make of each lane, from its start.
        out
            Flat array of the latent dtype, to be filled with the bits of numbers.
        rows
            Where in `out` the numbers of lanes go.

        Returns
        -------
        Bit at which each lane ended; a lane that needed more than there is ends beyond the data. And the faults, shape
        (lanes, 2): `streams.SOUND`, or what is wrong and the first value that is. What `out` gets of a lane that is not
        sound is arbitrary.
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
