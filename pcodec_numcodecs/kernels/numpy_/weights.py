"""Cells to bins and their weights in a tANS table."""

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...fixed_log import FRACTION_BITS, weight_logs
from ...metadata import Bins
from ..bin_costs import LARGE_ANS_LOG, LARGE_TABLE_SAVING, QUICK_ANS_LOG, TABLE_SAVING, USUAL_ANS_LOG
from ..binning import BinFit
from .ranges import firsts_of_bins

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


def fit_bins(lowers: U64, uppers: U64, counts: I64, fixed: int, is_patient: bool) -> BinFit:
    """See `Kernels.fit_bins`."""
    used = np.flatnonzero(counts)
    low, high, held = lowers[used], uppers[used], counts[used]
    firsts = firsts_of_bins(low, high, held, fixed, is_patient)
    lasts = np.concatenate((firsts[1:], np.array([used.size]))) - 1
    cells = np.zeros(counts.size, np.int64)
    cells[used] = np.searchsorted(firsts, np.arange(used.size), side="right") - 1
    bin_lowers, totals = low[firsts], np.add.reduceat(held, firsts)
    offset_bits = bit_lengths(high[lasts] - bin_lowers)
    offsets = int((totals * offset_bits).sum())
    ans_log, weights, codes = _share(totals, offsets << FRACTION_BITS, is_patient)
    return BinFit(Bins(ans_log, weights, bin_lowers, offset_bits), cells, codes, offsets)


def _share(totals: I64, offsets: int, is_patient: bool) -> tuple[int, I64, int]:
    """Choose a table; return log2 of its size, the weights, and what codes and weights cost."""
    count = totals.size
    if count == 1:
        return 0, np.ones(1, np.int64), 0
    least = (count - 1).bit_length()
    # Slots beyond as many as there are latents cost more bits in the metadata than they save.
    enough = min(USUAL_ANS_LOG, int(totals.sum()).bit_length())
    logs = np.arange(max(least, enough), least - 1, -1)
    weights_of = quantize_weights(totals, logs)
    codes = (totals * ((logs << FRACTION_BITS)[:, None] - weight_logs()[weights_of])).sum(axis=1)
    chosen, best = 0, 0
    costs = (codes + (logs * count << FRACTION_BITS)).tolist()
    for place, cost in enumerate(costs):
        if not place or cost < best:
            best = cost
        elif cost - best > _forgone(best + offsets, int(logs[place]), is_patient):
            break  # each halving of the table costs the codes more than the one before
        chosen = place
    ans_log, weights = int(logs[chosen]), weights_of[chosen]
    while ans_log and not (weights & 1).any():
        weights >>= 1
        ans_log -= 1
    return ans_log, weights, costs[chosen]


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
    if ans_log >= LARGE_ANS_LOG and not is_patient:
        return cost // LARGE_TABLE_SAVING
    return cost // TABLE_SAVING if ans_log >= QUICK_ANS_LOG else 0
