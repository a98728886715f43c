"""Latents to ranges of about equal counts, and these to the cheapest bins."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...constants import MAX_ANS_LOG
from ...fixed_log import FRACTION_BITS, entropy, fixed_log2
from ..bin_costs import OFFSETS_SAVING, SINGLE_BIN_SLACK
from .differencing import difference_consecutive

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_COLUMN_CELLS = 1 << 18  # cells of the matrix of costs that are worked out at a time


def cut_ranges(
    latents: npt.NDArray[np.unsignedinteger[Any]], ranges: int, lowers: U64, uppers: U64, counts: I64
) -> int:
    """See `Kernels.cut_ranges`."""
    ordered = np.sort(latents)
    n = ordered.size
    rises = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if rises.size < 2 * ranges:
        firsts = np.concatenate((np.zeros(1, np.int64), rises))
    else:
        cuts = np.arange(1, ranges, dtype=np.int64) * n // ranges
        edges = np.concatenate((np.zeros(1, np.int64), rises, np.array([n])))
        run = np.searchsorted(edges, cuts, side="right") - 1
        begins, ends = edges[run], edges[run + 1]
        frequent = 2 * ranges * (ends - begins) > n
        nearest = np.where(cuts - begins <= ends - cuts, begins, ends)
        firsts = np.unique(np.concatenate((np.zeros(1, np.int64), nearest, begins[frequent], ends[frequent])))
        firsts = firsts[firsts < n]
    lasts = np.concatenate((firsts[1:], np.array([n])))
    size = firsts.size
    lowers[:size], uppers[:size], counts[:size] = ordered[firsts], ordered[lasts - 1], lasts - firsts
    return size


def find_bounds(
    latents: npt.NDArray[np.unsignedinteger[Any]], places: I64, ranges: int, fixed: int, is_patient: bool
) -> U64:
    """See `Kernels.find_bounds`."""
    cut = _cut(latents[places] if places.size else latents, ranges, latents.size)
    firsts = firsts_of_bins(*cut, fixed, is_patient)
    lasts = np.concatenate((firsts[1:], np.array([cut[0].size]))) - 1
    lowers, uppers = cut[0][firsts], cut[1][lasts]
    after = uppers[uppers < np.iinfo(latents.dtype).max] + np.uint64(1)
    return np.unique(np.concatenate((np.zeros(1, np.uint64), lowers, after)))[: 1 << MAX_ANS_LOG]


def firsts_of_bins(lowers: U64, uppers: U64, counts: I64, fixed: int, is_patient: bool) -> I64:
    """Return the ranges at which the bins begin that neighbours are merged to."""
    costs, origins = _cheapest(lowers, uppers, counts, fixed)
    size, n = counts.size, int(counts.sum())
    best = int(costs[size])
    if _one(lowers, uppers, n, fixed) <= best + SINGLE_BIN_SLACK * n:
        return np.zeros(1, np.int64)
    if not is_patient and (lowers == uppers).all():
        unmerged = entropy(counts) + fixed * size
        if unmerged <= best + best // OFFSETS_SAVING:
            return np.arange(size)
    place, begins = size, origins.tolist()
    firsts = []
    while place:
        place = begins[place]
        firsts.append(place)
    return np.array(firsts[::-1], np.int64)


def _cut(latents: npt.NDArray[np.unsignedinteger[Any]], ranges: int, n: int) -> tuple[U64, U64, I64]:
    """Cut latents; return lower and upper bounds of the ranges, and counts of `n` latents if there are fewer."""
    most = 2 * ranges
    lowers, uppers, counts = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.int64)
    size = cut_ranges(latents, ranges, lowers, uppers, counts)
    if n > latents.size:
        counts[:size] = counts[:size] * n // latents.size
    return lowers[:size], uppers[:size], counts[:size]


def _one(lowers: U64, uppers: U64, n: int, fixed: int) -> int:
    """Return what one bin for all costs."""
    return fixed + n * (int(uppers[-1] - lowers[0]).bit_length() << FRACTION_BITS)


def _cheapest(lowers: U64, uppers: U64, counts: I64, fixed: int) -> tuple[I64, I64]:
    """Find the cheapest bins for the first range, the first two, and so on, by dynamic programming.

    Returns
    -------
    Costs, 0 of no ranges being the first; and where the last bin begins, of equally cheap ones the earliest.
    """
    size = counts.size
    costs, origins = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    ends = np.cumsum(counts)
    total_log = int(fixed_log2(ends[-1:])[0])
    before = ends - counts
    columns = max(1, _COLUMN_CELLS // size)
    for first in range(0, size, columns):
        last = min(first + columns, size)
        # matrix[j, i]: ranges i to j in one bin.
        together = np.maximum(ends[first:last, None] - before[None, :last], 1)
        matrix = bit_lengths(uppers[first:last, None] - lowers[None, :last])
        matrix <<= FRACTION_BITS
        matrix += total_log
        matrix -= fixed_log2(together)
        matrix *= together
        matrix += fixed
        for j in range(first, last):
            row = matrix[j - first, : j + 1]
            row += costs[: j + 1]
            i = int(row.argmin())
            costs[j + 1] = row[i]
            origins[j + 1] = i
    return costs, origins


def price_ranges(latents: npt.NDArray[np.unsignedinteger[Any]], runs: I64, ranges: I64, n: int, fixed: I64) -> I64:
    """See `Kernels.price_ranges`."""
    prices: list[int] = []
    for order, (most, metadata) in enumerate(zip(ranges.tolist(), fixed.tolist(), strict=True)):
        stored = latents
        if order:
            stored = np.empty(int(np.maximum(runs - order, 0).sum()), latents.dtype)
            difference_consecutive(latents, runs, stored, np.empty((runs.size, order), latents.dtype))
        prices.append(_price(stored, most, n, metadata) if stored.size else 0)
        if order and prices[-1] >= prices[-2]:
            break
    return np.array(prices, np.int64)


def _price(latents: npt.NDArray[np.unsignedinteger[Any]], ranges: int, n: int, fixed: int) -> int:
    lowers, uppers, counts = _cut(latents, ranges, n)
    best, total = int(_cheapest(lowers, uppers, counts, fixed)[0][-1]), int(counts.sum())
    one = _one(lowers, uppers, total, fixed)
    return one if one <= best + SINGLE_BIN_SLACK * total else best
