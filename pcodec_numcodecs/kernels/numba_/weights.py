"""Cells to bins and their weights in a tANS table."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...fixed_log import FRACTION_BITS, mantissa_logs, weight_logs
from ...metadata import Bins
from ..bin_costs import LARGE_ANS_LOG, LARGE_TABLE_SAVING, QUICK_ANS_LOG, TABLE_SAVING, USUAL_ANS_LOG
from ..binning import BinFit
from .compiled import allocating, compiled_allocating, inlined_lightly
from .merge import mark_bins
from .words import bit_length

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_MOST_BITS = 62  # of products of excess and slots


def fit_bins(lowers: U64, uppers: U64, counts: I64, fixed: int, is_patient: bool) -> BinFit:
    """See `Kernels.fit_bins`."""
    bin_lowers, (offset_bits, weights, cells) = np.empty(counts.size, np.uint64), np.empty((3, counts.size), np.int64)
    logs = mantissa_logs(), weight_logs()
    count, ans_log, codes, offsets = _fit(
        lowers, uppers, counts, fixed, is_patient, *logs, bin_lowers, offset_bits, weights, cells
    )
    bins = Bins(ans_log, weights[:count], bin_lowers[:count], offset_bits[:count])
    return BinFit(bins, cells, codes, offsets)


@compiled_allocating
def _fit(
    lowers: Any,
    uppers: Any,
    counts: Any,
    fixed: Any,
    is_patient: Any,
    logs: Any,
    weight_logs: Any,
    bin_lowers: Any,
    offset_bits: Any,
    weights: Any,
    cells: Any,
) -> Any:
    """Fill what bins have, and return how many there are, log2 of the table's size, and what `BinFit` says of costs."""
    low, high, held = np.empty_like(lowers), np.empty_like(uppers), np.empty_like(counts)
    used = 0
    for cell in range(counts.size):
        if counts[cell]:
            low[used], high[used], held[used] = lowers[cell], uppers[cell], counts[cell]
            used += 1
    begins = np.empty(used, np.bool_)
    mark_bins(low[:used], high[:used], held[:used], fixed, is_patient, logs, begins)
    bins, used = -1, 0
    for cell in range(counts.size):
        cells[cell] = 0
        if counts[cell]:
            if begins[used]:
                bins += 1
                bin_lowers[bins], held[bins] = lowers[cell], 0
            cells[cell] = bins
            high[bins] = uppers[cell]
            held[bins] += counts[cell]  # of cells at this place or before it
            used += 1
    bins += 1
    offsets = np.int64(0)
    for i in range(bins):
        offset_bits[i] = bit_length(high[i] - bin_lowers[i])
        offsets += held[i] * offset_bits[i]
    ans_log, codes = _share(held[:bins], offsets << FRACTION_BITS, is_patient, weight_logs, weights)
    return bins, ans_log, codes, offsets


@allocating
def _share(totals: Any, offsets: Any, is_patient: Any, logs: Any, weights: Any) -> Any:
    """Choose a table and fill the weights; return log2 of its size, and what codes and weights cost."""
    count, n = totals.size, np.int64(0)
    for total in totals:
        n += total
    weights[0] = 1
    if count == 1:
        return 0, np.int64(0)
    least = bit_length(np.uint64(count - 1))
    # Slots beyond as many as there are latents cost more bits in the metadata than they save.
    largest = max(least, min(USUAL_ANS_LOG, bit_length(np.uint64(n))))
    tried, remainders = np.empty(count, np.int64), np.empty(count, np.int64)
    chosen, codes, best = largest, np.int64(0), np.int64(0)
    for ans_log in range(largest, least - 1, -1):
        _quantize(totals, n, ans_log, tried, remainders)
        cost = np.int64(ans_log * count << FRACTION_BITS)
        for i in range(count):
            cost += totals[i] * ((ans_log << FRACTION_BITS) - logs[tried[i]])
        if ans_log == largest or cost < best:
            best = cost
        elif cost - best > _forgone(best + offsets, ans_log, is_patient):
            break  # each halving of the table costs the codes more than the one before
        chosen, codes = ans_log, cost
        for i in range(count):
            weights[i] = tried[i]
    while chosen and not _any_odd(weights, count):
        for i in range(count):
            weights[i] >>= 1
        chosen -= 1
    return chosen, codes


@inlined_lightly
def _any_odd(weights: Any, count: Any) -> Any:
    odd = np.int64(0)
    for i in range(count):
        odd |= weights[i]
    return odd & 1


@inlined_lightly
def _forgone(cost: Any, ans_log: Any, is_patient: Any) -> Any:
    """Return how much more than the least cost a table of some size may cost: smaller ones are walked faster."""
    if ans_log >= LARGE_ANS_LOG and not is_patient:
        return cost // LARGE_TABLE_SAVING
    return cost // TABLE_SAVING if ans_log >= QUICK_ANS_LOG else 0


@inlined_lightly
def _quantize(totals: Any, n: Any, ans_log: Any, weights: Any, remainders: Any) -> None:
    """Share the slots of a table among bins by their totals, at least one each, by the largest remainders."""
    size, count = np.int64(1) << ans_log, totals.size
    spare, excess = size - count, np.int64(0)
    for i in range(count):
        remainders[i] = max(totals[i] * size - n, 0)
        excess += remainders[i]
    # Shifted until a product with the spare slots fits.
    shift = max(bit_length(np.uint64(excess)) + ans_log - _MOST_BITS, 0)
    excess = np.int64(0)
    for i in range(count):
        remainders[i] >>= shift
        excess += remainders[i]
    excess += excess == 0  # with a slot for each bin, there is none
    left, largest = size, np.int64(0)
    for i in range(count):
        product = remainders[i] * spare
        share = product // excess
        weights[i], remainders[i] = share + 1, product - share * excess
        left -= share + 1
        largest = max(largest, remainders[i])
    # The least remainder that still gets a slot, found by halving: sorting takes long to compile.
    low, high = np.int64(0), largest + 1
    while high - low > 1:
        middle = (low + high) >> 1
        above = np.int64(0)
        for i in range(count):
            above += remainders[i] >= middle
        if above >= left:
            low = middle
        else:
            high = middle
    for i in range(count):
        if remainders[i] > low:
            weights[i] += 1
            left -= 1
    for i in range(count):
        if left and remainders[i] == low:
            weights[i] += 1
            left -= 1
