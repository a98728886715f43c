"""Latents to bins: a histogram of about equal counts, its optimal merging, and weights for a tANS table.

The idea is the format's: a latent costs the bin's code, about log2(N / count) bits, and an offset that tells the
latents of the bin apart; wide bins save codes and narrow bins save offsets. All costs are in units of
`fixed_log.ONE_BIT`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .bits import bit_lengths
from .constants import MAX_ANS_LOG
from .dtypes import Latents
from .fixed_log import FRACTION_BITS, ONE_BIT, entropy, weight_logs
from .kernels import Kernels
from .metadata import Bins, bin_metadata_bits

I64 = npt.NDArray[np.int64]

USUAL_ANS_LOG = 12
"""log2 of the largest table made without need: larger ones leave the first-level caches of decoders."""
_QUICK_ANS_LOG = 9  # log2 of a table that decoders walk as fast as smaller ones
_TABLE_SAVING = 512  # what larger ones must save, as a part of all
_LARGE_ANS_LOG = 10  # the same of a table that leaves room beside it in the nearest cache
_LARGE_TABLE_SAVING = 128
_OFFSETS_SAVING = 256  # what bins of several values must save, as a part of all, beside bodies without offsets
_SINGLE_BIN_SLACK = ONE_BIT // 64  # bits a latent worth giving up for a body without codes


@dataclass(frozen=True, eq=False)
class Histogram:
    """Latents in ascending ranges that do not overlap; bounds are tight.

    Attributes
    ----------
    lowers, uppers
        Smallest and largest latent of each range, uint64.
    counts
        Latents in each, int64, at least 1.
    """

    lowers: npt.NDArray[np.uint64]
    uppers: npt.NDArray[np.uint64]
    counts: I64

    def merged(self, firsts: I64) -> "Histogram":
        """Merge neighbours into groups that begin at the ranges `firsts`."""
        lasts = np.concatenate((firsts[1:], np.array([self.counts.size]))) - 1
        return Histogram(self.lowers[firsts], self.uppers[lasts], np.add.reduceat(self.counts, firsts))


def histogram(latents: Latents, ranges: int, kernels: Kernels) -> Histogram:
    """Cut latents into ranges of about equal counts.

    Parameters
    ----------
    latents
        At least one latent, in any order.
    ranges
        How many ranges to aim for. Equal latents stay together, and a latent so frequent that it would fill more than
        half a range gets one of its own; there are at most twice as many ranges.
    """
    most = 2 * ranges
    lowers, uppers, counts = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.int64)
    size = kernels.cut_ranges(latents, ranges, lowers, uppers, counts)
    return Histogram(lowers[:size], uppers[:size], counts[:size])


def prices(latents: Latents, runs: I64, ranges: I64, n: int, fixed: I64, kernels: Kernels) -> list[int]:
    """Return what the bins cost that `merge` would find for the ranges of `n` latents, and for those of differences.

    Parameters
    ----------
    latents, runs
        A sample, and the lengths of the stretches that it is made of.
    ranges, fixed
        For the latents and each order of difference, as `histogram` gets them, and what `cost_of_bin` returns.
    n
        As many as there are in all.

    Returns
    -------
    Prices of orders 0 and more, up to the first that is no less than the one before.
    """
    return kernels.price_ranges(latents, runs, ranges, n, fixed, _SINGLE_BIN_SLACK).tolist()


def cost_of_bin(ans_log: int, latent_bits: int) -> int:
    """Return what a bin takes in the metadata, given the expected log2 of the tANS table's size."""
    return bin_metadata_bits(ans_log, latent_bits) << FRACTION_BITS


def merge(ranges: Histogram, latent_bits: int, ans_log: int, is_patient: bool, kernels: Kernels) -> Histogram:
    """Merge neighbouring ranges into the bins of least cost, by dynamic programming over all ways to do it.

    Parameters
    ----------
    ans_log
        Expected log2 of the tANS table's size, as each weight's share of the metadata.
    is_patient
        Whether size is all that matters; else ranges of one value each stay alone where that hardly costs more, as
        bodies without offsets are read faster.
    """
    size = ranges.counts.size
    fixed = cost_of_bin(ans_log, latent_bits)
    costs, origins = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    kernels.merge_ranges(ranges.lowers, ranges.uppers, ranges.counts, fixed, costs, origins)
    best, n = int(costs[size]), int(ranges.counts.sum())
    single = fixed + n * (int(ranges.uppers[-1] - ranges.lowers[0]).bit_length() << FRACTION_BITS)
    if single <= best + _SINGLE_BIN_SLACK * n:
        return ranges.merged(np.zeros(1, np.int64))
    if not is_patient and (ranges.lowers == ranges.uppers).all():
        unmerged = entropy(ranges.counts) + fixed * size
        if unmerged <= best + best // _OFFSETS_SAVING:
            return ranges
    # For each end of a bin, the range in which it begins.
    place, begins = size, origins.tolist()
    firsts = []
    while place:
        place = begins[place]
        firsts.append(place)
    return ranges.merged(np.array(firsts[::-1], np.int64))


def quantize_weights(counts: I64, ans_logs: I64) -> I64:
    """Share the slots of tables among bins by their counts, at least one each, by the largest remainders.

    Parameters
    ----------
    counts
        Latents of each bin.
    ans_logs
        log2 of the sizes of the tables, none smaller than there are bins.

    Returns
    -------
    Slots of each bin, a row for each table.
    """
    sizes = np.int64(1) << ans_logs[:, None]
    spare = sizes - counts.size
    excess = np.maximum(counts * sizes - counts.sum(), 0)
    total = excess.sum(axis=1, keepdims=True)
    # Shifted until a product with the spare slots fits into 63 bits.
    excess >>= np.maximum(bit_lengths(total.view(np.uint64)) + ans_logs[:, None] - 62, 0)
    # With a slot for each bin, there is no excess.
    shares, remainders = np.divmod(excess * spare, np.maximum(excess.sum(axis=1, keepdims=True), 1))
    weights = shares + 1
    left = sizes - weights.sum(axis=1, keepdims=True)
    places = np.argsort(-remainders, axis=1, kind="stable") + np.arange(0, weights.size, counts.size)[:, None]
    weights.reshape(-1)[places[np.arange(counts.size) < left]] += 1
    return weights


def _forgone(cost: int, ans_log: int, is_patient: bool) -> int:
    """Return how much more than the least cost a table of some size may cost: smaller ones are walked faster."""
    if ans_log >= _LARGE_ANS_LOG and not is_patient:
        return cost // _LARGE_TABLE_SAVING
    return cost // _TABLE_SAVING if ans_log >= _QUICK_ANS_LOG else 0


def bins_of(ranges: Histogram, is_patient: bool) -> tuple[Bins, int]:
    """Choose table size and weights for bins; return them and what codes, offsets and weights cost.

    Large tables take readers more time, which matters less to the patient.
    """
    offset_bits = bit_lengths(ranges.uppers - ranges.lowers)
    offsets = int((ranges.counts * offset_bits).sum()) << FRACTION_BITS
    count = ranges.counts.size
    if count == 1:
        return Bins(0, np.ones(1, np.int64), ranges.lowers, offset_bits), offsets
    least = (count - 1).bit_length()
    # Slots beyond as many as there are latents cost more bits in the metadata than they save.
    enough = min(USUAL_ANS_LOG, int(ranges.counts.sum()).bit_length())
    logs = np.arange(max(least, enough), least - 1, -1)
    weights_of = quantize_weights(ranges.counts, logs)
    codes = (ranges.counts * ((logs << FRACTION_BITS)[:, None] - weight_logs()[weights_of])).sum(axis=1)
    chosen, best = 0, 0
    costs = (codes + (logs * count << FRACTION_BITS)).tolist()
    for place, cost in enumerate(costs):
        if not place or cost < best:
            best = cost
        elif cost - best > _forgone(best + offsets, int(logs[place]), is_patient):
            break  # each halving of the table costs the codes more than the one before
        chosen = place
    cost, ans_log, weights = costs[chosen], int(logs[chosen]), weights_of[chosen]
    assert ans_log <= MAX_ANS_LOG
    while ans_log and not (weights & 1).any():
        weights >>= 1
        ans_log -= 1
    return Bins(ans_log, weights, ranges.lowers, offset_bits), cost + offsets
