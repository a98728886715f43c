"""Latents of a given mode and delta encoding to bins and their cost."""

from dataclasses import dataclass

import numpy as np

from .binning import USUAL_ANS_LOG, Histogram, bins_of, histogram, merge
from .constants import ANS_INTERLEAVING, BITS_ANS_LOG, BITS_BIN_COUNT
from .dtypes import Latents
from .fixed_log import FRACTION_BITS
from .metadata import Bins, bin_metadata_bits

SECONDARY_LEVEL = 6
"""The most that secondary latents are trained at: corrections are noise or nothing, and more bins have not helped."""


@dataclass(frozen=True, eq=False)
class TrainedVariable:
    """The bins of one latent variable.

    Attributes
    ----------
    bins
        Bins and weights.
    cost
        Expected size of metadata, codes and offsets, in units of `fixed_log.ONE_BIT`; without delta states.
    """

    bins: Bins
    cost: int


def histogram_log(level: int, n: int) -> int:
    """Return log2 of the ranges to start from: the level, or less for few latents."""
    fitting = max(0, n.bit_length() - 1 - 4)
    return level if level <= fitting else fitting + (level - fitting) // 2


def train(latents: Latents, level: int, pages: int) -> TrainedVariable:
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
        return TrainedVariable(Bins.none(), fixed << FRACTION_BITS)
    ranges, _ = _merged(latents, level, 1)
    bins, cost = bins_of(ranges)
    fixed += len(bins) * bin_metadata_bits(0, 8 * latents.itemsize) + pages * ANS_INTERLEAVING * bins.ans_log
    return TrainedVariable(bins, cost + (fixed << FRACTION_BITS))


def estimate(latents: Latents, level: int, scale: int = 1) -> int:
    """Return roughly what `train` would find the latents to cost, sooner, were there `scale` times as many."""
    if not latents.size:
        return 0
    return _merged(latents, level, scale)[1]


def _merged(latents: Latents, level: int, scale: int) -> tuple[Histogram, int]:
    """Return the merged bins of latents, were there `scale` times as many, and their cost."""
    ranges_log = histogram_log(level, latents.size)
    ranges = histogram(np.sort(latents), 1 << ranges_log)
    ranges = Histogram(ranges.lowers, ranges.uppers, ranges.counts * scale)
    ans_log = min(ranges_log + 2, USUAL_ANS_LOG, (latents.size * scale - 1).bit_length())
    return merge(ranges, 8 * latents.itemsize, ans_log)
