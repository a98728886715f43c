"""The hot loops, behind one protocol that each twin fulfils with the same results to the bit.

Kernels see unsigned integers, positions and tables; no user dtypes, configuration or exceptions, and no floats but
where these are split into multiples of a base, made of these, or predicted from each other, and where weights are
fitted. Inputs are contiguous, outputs are given by the caller or returned as positions. A *lane* is one page, or the
one tile that fills it; lanes that share no data are worked on side by side.
"""

from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from .binning import Binning
from .choice import Backend, backend, module
from .coding import Coding
from .masking import Masking
from .predictions import Prediction
from .streams import ChunkPages, DecodeStream, EncodeStream, Recipe, Rows, UsualChunk
from .surveys import FloatSurvey

__all__ = [
    "Backend",
    "ChunkPages",
    "DecodeStream",
    "EncodeStream",
    "FloatSurvey",
    "Kernels",
    "Prediction",
    "Recipe",
    "Rows",
    "UsualChunk",
    "backend",
    "load",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class Kernels(Binning, Coding, Masking, Protocol):
    """What every twin offers."""

    HAS_FAST_CRC32C: bool
    """Whether checksums are a matter of a few bytes a cycle."""

    def crc32c_of_stretches(self, data: U8, starts: I64, stops: I64) -> U32:
        """Return the CRC-32C (RFC 3720, appendix B.4) of the bytes from each start up to its stop."""

    def order_floats(self, bits: Latents, out: Latents) -> None:
        """Map floats to latents of equal order: the sign is toggled, or all bits are where it is set.

        Parameters
        ----------
        bits
            Of the floats, flat.
        out
            As many: filled.
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
            One for each latent; one beyond the start of its lane refers to 0, and those of the first latents of lanes
            do not matter. Moved to the front, so that there is one for each of `stored`.
        stored
            Filled with the differences of all but the first latents of lanes, the middle toggled.
        """

    def index_values(
        self, latents: Latents, most: int, indices: npt.NDArray[np.uint32], by_value: bool
    ) -> tuple[Latents, I64] | None:
        """List the distinct latents and tell for each latent which of them it is.

        Parameters
        ----------
        latents
            At least one.
        most
            With more distinct latents than this, the work ends early.
        indices
            One for each latent: filled.
        by_value
            Whether distinct latents are to ascend; else the most frequent are first, and equally frequent ones ascend.

        Returns
        -------
        The distinct latents, and how often each appears; None if they are too many, and then `indices` is arbitrary.
        """

    def split_float_mult(
        self, words: Latents, is_ordered: bool, base: np.floating[Any], primary: Latents, secondary: Latents
    ) -> None:
        """Split floats into multiples of a base and what these miss them by; see `pcodec_numcodecs.modes.float_mult`.

        One of the kernels that see floats: a product with the rounded inverse of the base, the nearest integer, and the
        product of that with the base, each rounded once.

        Parameters
        ----------
        words, is_ordered
            Ordered latents of floats of the type of `base`, or their bits.
        primary, secondary
            One for each latent: filled.
        """

    def survey_floats(self, latents: Latents, mantissa_bits: int, is_glance: bool) -> FloatSurvey:
        """Find what floats have in common; a common measure of pairs is not looked for at a glance.

        One of the kernels that see floats: each product and each difference is rounded once, and remainders are exact.

        Parameters
        ----------
        latents
            Ordered latents of floats, some hundreds.
        """

    def find_lookbacks(self, latents: Latents, counts: I64, window_log: int, out: npt.NDArray[np.uint32]) -> None:
        """Choose for each latent a distance, 1 to ``2**window_log``, at which a similar one lies in its lane.

        `out` is filled; what it gets for the first latent of a lane does not matter.
        """

    def predict_tiles(self, cells: Latents, absent: U8, prediction: Prediction, residuals: Latents) -> None:
        """Replace the cells of tiles by their differences to predictions from cells before them.

        A residual is ``cell - prediction + 2**(width - 1)``, modulo the latent width like all integers here. No
        neighbour is in another slab. Neighbours are given by offsets, the last axis last; along the *used* axes alone.

        `LORENZO`
            The sum of the neighbours at -1 along each nonempty set of those used axes along which there is one: plus
            for an odd number of axes, minus for an even one. Residuals are differences along each axis in turn.
        `MED`
            Differences along all used axes but the last two; these are predicted by the neighbour before in the first
            row, by that above in the first column, else by the median of west, north and west + north - northwest.
        `WEIGHTS`
            ``west + ((sum(weight * (neighbour - west)) + half) >> shift)``, in integers of 64 bits that wrap, where
            `half` is half of ``2**shift``, 0 for `shift` 0. Coordinates beyond an end of an axis are moved to that end;
            neighbours before the first channel do not count. A cell that has no neighbour at -1 along some used axis,
            the channel axis excepted, is predicted as by `LORENZO`.
        `FLOAT_WEIGHTS`
            ``sum(weight * 2.0**-shift * neighbour)`` in float64, where the cells are ordered latents of floats of 32
            or 64 bits. Products are added to 0.0 in the order of the neighbours, each operation rounded once, and the
            sum is rounded to the width. Cells and sums that are not finite count as 0.0. Where `WEIGHTS` are not used,
            `LORENZO`'s terms are added: first those with offset 0 along the last axis, then those with others, last
            the one with the last axis alone; among the first, as well as the second, sets of axes as if counting in
            binary, the last axis but one being the lowest digit. Residuals are differences of latents.

        For all but the last, cells are signed differences to `reference`, and so are predictions; in each slab the
        first one's prediction is `reference` itself.

        Parameters
        ----------
        cells
            Tiles end to end, of each its slabs, in C order. Absent ones become their prediction.
        absent
            1 for absent cells, else 0; or empty.
        residuals
            Filled; ``2**(width - 1)`` for absent cells.
        """

    def restore_tiles(self, residuals: Latents, prediction: Prediction) -> None:
        """Undo `predict_tiles`, in place."""

    def place_numbers(
        self,
        primary: Latents,
        secondary: Latents | None,
        counts: I64,
        recipe: Recipe,
        absent: U8,
        fills: U64,
        out: Latents,
        rows: Rows,
    ) -> None:
        """Turn latents of tiles into numbers, and put these where they belong; `out` and `rows` as in `decode_pages`.

        Parameters
        ----------
        primary, secondary
            Lanes end to end, of the numbers' width; `counts` are those of each lane.
        recipe
            How latents become numbers; of its mode alone, which is none with a dictionary.
        absent
            For each latent 0, or one more than the place in `fills`, two at the most, of the one that stands there
            instead; or empty.
        """

    def place_values(
        self,
        places: Latents,
        counts: I64,
        first: int,
        spans: I64,
        recipe: Recipe,
        absent: U8,
        fills: U64,
        out: Latents,
        rows: Rows,
    ) -> int:
        """Do what `place_numbers` does (see there) with latents looked up in a list; each lane has one at least.

        Parameters
        ----------
        places, first
            Lanes end to end, 8 or 16 bits wide, of absent cells anything; and the place of ``recipe.values[0]``.
        spans
            Shape (lanes, 2): the least and the largest place that a lane may have, both within these values.

        Returns
        -------
        The first lane that has another place, or -1. What `out` gets of all lanes is arbitrary then.
        """

    def assign_contexts(self, residuals: Latents, shapes: I64, axes: int, thresholds: U64, out: U8) -> None:
        """Find out how large the residuals before each one are.

        A residual's size is its distance to ``2**(width - 1)``, at most ``2**56``. Sizes of neighbours in the slab are
        added: twice west and north, northwest, northeast; of three axes or more also, in the plane before, twice that
        in the same place, that to the east, and that to the south. Where northwest, northeast, east or south are beyond
        the end of a row or column, their place is taken by what they lie beside: north, or the cell in the same place.
        A context is the number of thresholds that are not above the sum.

        Parameters
        ----------
        residuals, shapes
            As in `predict_tiles` and `Prediction`.
        axes
            How many of the last axes neighbours are looked for along: 1 for west alone, 2 or 3; 4 is like 3.
        thresholds
            Ascending; at most 255.
        out
            Filled with the contexts.
        """

    def merge_contexts(
        self, sorted_residuals: Latents, starts: I64, absent: U8, shapes: I64, axes: int, thresholds: U64, out: Latents
    ) -> I64:
        """Undo the sorting of residuals by context.

        Parameters
        ----------
        sorted_residuals
            Those of a lane and context follow one another; absent ones are left out.
        starts
            Shape (lanes, contexts): where they begin.
        absent, shapes, axes, thresholds
            As in `predict_tiles` and `assign_contexts`; there is one context more than thresholds.
        out
            Filled with the residuals, ``2**(width - 1)`` for absent ones.

        Returns
        -------
        Shape (lanes, contexts): how many were taken. Where that is more than there were, residuals are arbitrary, but
        the same from every twin: indices beyond the end stay at the last.
        """

    def cost_by_lengths(self, residuals: Latents, chosen: U8, ends: I64, costs: I64) -> None:
        """Find what residuals cost: the entropy of their sizes, and the bits below the leading one.

        The size of one that is ``r`` above the middle of its width is the bit length of ``2 * r``, and of one that is
        ``r`` below, of ``2 * r - 1``.

        Parameters
        ----------
        chosen
            1 for each residual that counts, 0 for others.
        ends
            The first residual after each stretch of them; the next one begins there.
        costs
            One a stretch, in units of `pcodec_numcodecs.fixed_log.ONE_BIT`: filled.
        """

    def fit_neighbours(self, cells: I64, places: I64, sizes: I64, strides: I64, offsets: I64, out: F64) -> bool:
        """Fit weights to neighbours of cells, all of them less the last one's.

        These are the sums of products of all neighbours, in whole numbers, and then elimination, in the order of the
        neighbours, each operation rounded once. In rounds after the first, a cell's sums count by ``floor / (miss +
        floor)``, `miss` being what the weights before missed the cell by, `floor` half of the middle of all misses,
        about. Constants are those of `pcodec_numcodecs.kernels.fits`.

        Parameters
        ----------
        cells
            A flat array.
        places
            Which cells are to be predicted; 1 to ``2**15``.
        sizes, strides
            Of the axes that offsets are along: cells, and the distance of neighbours in the flat array.
        offsets
            Shape (neighbours, axes): -3 to 3. The last but one are the cells themselves. Beyond an end of an axis the
            nearest cell stands for a neighbour.
        out
            Weights of all but the last two: filled.

        Returns
        -------
        Whether there are any; else what `out` gets is arbitrary.
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
