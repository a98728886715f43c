"""Latents of a given mode and delta encoding to bins and their cost.

The idea is the format's: a latent costs the bin's code, about log2(N / count) bits, and an offset that tells the
latents of the bin apart; wide bins save codes and narrow bins save offsets. A histogram of about equal counts is merged
to the bins of least cost, and these share the slots of a tANS table.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from . import scratch
from .constants import ANS_INTERLEAVING, BITS_ANS_LOG, BITS_BIN_COUNT, DEFAULT_LEVEL, MAX_ANS_LOG
from .dtypes import Latents
from .estimates import dense_places
from .fixed_log import FRACTION_BITS
from .kernels import Kernels
from .kernels.bin_costs import USUAL_ANS_LOG
from .metadata import Bins, bin_metadata_bits

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]

SECONDARY_LEVEL = 6
"""The most that secondary latents are trained at: corrections are noise or nothing, and more bins have not helped."""
_FEW = 64  # latents that show at once that not all are equal


@dataclass(frozen=True, eq=False)
class TrainedVariable:
    """The bins of one latent variable.

    Attributes
    ----------
    bins
        Bins and weights.
    assigned
        Cell of each latent, uint16: a bin, or a part of one.
    cells
        Bin of each cell, int64.
    most_bits
        What codes and offsets take at the most.
    cost
        Expected size of metadata, codes and offsets, in units of `fixed_log.ONE_BIT`; without delta states.
    """

    bins: Bins
    assigned: U16
    cells: I64
    most_bits: int
    cost: int


def histogram_log(level: int, n: int) -> int:
    """Return log2 of the ranges to start from: the level, or less for few latents."""
    fitting = max(0, n.bit_length() - 1 - 4)
    return level if level <= fitting else fitting + (level - fitting) // 2


def train(latents: Latents, level: int, pages: int, kernels: Kernels) -> TrainedVariable:
    """Find the bins for the latents that a variable stores in all pages of a chunk.

    Parameters
    ----------
    latents
        Flat, in any order, perhaps none.
    level
        Compression level, 0 to 12: log2 of the histogram's ranges.
    pages
        Pages of the chunk: each repeats the tANS states.
    """
    fixed = BITS_ANS_LOG + BITS_BIN_COUNT
    if not latents.size:
        return TrainedVariable(Bins.none(), np.zeros(0, np.uint16), np.zeros(0, np.int64), 0, fixed << FRACTION_BITS)
    few = latents[:: 1 + latents.size // _FEW]
    if (few == few[0]).all() and (latents == few[0]).all():
        fixed += bin_metadata_bits(0, 8 * latents.itemsize)
        one = Bins(0, np.ones(1, np.int64), few[:1].astype(np.uint64), np.zeros(1, np.int64))
        return TrainedVariable(one, np.zeros(latents.size, np.uint16), np.zeros(1, np.int64), 0, fixed << FRACTION_BITS)
    places, is_patient = dense_places(latents.size), level > DEFAULT_LEVEL
    ranges_log = histogram_log(level, places.size or latents.size)
    bits = 8 * latents.itemsize
    metadata = _cost_of_bin(_expected_ans_log(ranges_log, latents.size), bits)
    bounds = kernels.find_bounds(latents, places, 1 << ranges_log, metadata, is_patient)
    # What the sample did not show may lie between its bins. A bin stretched over that would cost all its latents more
    # bits, so the gaps are cells of their own, and only where it pays are they merged with a neighbour.
    assigned, counts = scratch.empty(latents.size, np.uint16), np.zeros(bounds.size, np.int64)
    lowers, uppers = np.full(bounds.size, np.iinfo(latents.dtype).max, np.uint64), np.zeros(bounds.size, np.uint64)
    kernels.measure_bins(latents, bounds, assigned, lowers, uppers, counts)
    if places.size:
        metadata = _cost_of_bin(_expected_ans_log(USUAL_ANS_LOG, latents.size), bits)
    found = kernels.fit_bins(lowers, uppers, counts, metadata, is_patient)
    bins = found.bins
    assert bins.ans_log <= MAX_ANS_LOG
    fixed += len(bins) * bin_metadata_bits(0, bits) + pages * ANS_INTERLEAVING * bins.ans_log
    return TrainedVariable(
        bins=bins,
        assigned=assigned,
        cells=found.cells,
        most_bits=found.offsets + latents.size * bins.ans_log,
        cost=found.codes + ((found.offsets + fixed) << FRACTION_BITS),
    )


def estimate(latents: Latents, level: int, n: int, kernels: Kernels) -> int:
    """Return roughly what `train` would find `n` latents to cost, sooner, from a sample of them."""
    if not latents.size:
        return 0
    runs = np.array((latents.size,))
    ranges, fixed = _expected((latents.size,), level, n, 8 * latents.itemsize)
    return int(kernels.price_ranges(latents, runs, ranges, n, fixed)[0])


def estimate_differences(
    latents: Latents, runs: I64, level: int, n: int, most_order: int, kernels: Kernels
) -> list[int]:
    """Do what `estimate` does for latents, and for differences of order 1 and more, while these cost less.

    Parameters
    ----------
    runs
        Lengths of the stretches of neighbours that make up the sample.

    Returns
    -------
    The costs of orders 0 and more; the last may be no less than the one before.
    """
    if not latents.size:
        return [0]
    sizes = np.maximum(runs - np.arange(most_order + 1)[:, None], 0).sum(axis=1).tolist()
    ranges, fixed = _expected(tuple(sizes), level, n, 8 * latents.itemsize)
    return kernels.price_ranges(latents, runs, ranges, n, fixed).tolist()


@lru_cache(64)
def _expected(sizes: tuple[int, ...], level: int, n: int, latent_bits: int) -> tuple[I64, I64]:
    """Return for samples of these sizes, of `n` latents, the ranges to aim for and what a bin costs."""
    logs = [histogram_log(level, size) for size in sizes]
    costs = [_cost_of_bin(_expected_ans_log(log, n), latent_bits) for log in logs]
    return 1 << np.array(logs, np.int64), np.array(costs, np.int64)


def _expected_ans_log(ranges_log: int, n: int) -> int:
    return min(ranges_log + 2, USUAL_ANS_LOG, (n - 1).bit_length())


def _cost_of_bin(ans_log: int, latent_bits: int) -> int:
    """Return what a bin takes in the metadata, given the expected log2 of the tANS table's size."""
    return bin_metadata_bits(ans_log, latent_bits) << FRACTION_BITS
