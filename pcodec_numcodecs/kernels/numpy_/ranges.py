"""Latents to ranges of about equal counts, and these to the cheapest bins."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...fixed_log import FRACTION_BITS, fixed_log2
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


def merge_ranges(lowers: U64, uppers: U64, counts: I64, fixed: int, costs: I64, origins: I64) -> None:
    """See `Kernels.merge_ranges`."""
    size = counts.size
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


def price_ranges(
    latents: npt.NDArray[np.unsignedinteger[Any]], runs: I64, ranges: I64, n: int, fixed: I64, slack: int
) -> I64:
    """See `Kernels.price_ranges`."""
    prices: list[int] = []
    for order, (most, metadata) in enumerate(zip(ranges.tolist(), fixed.tolist(), strict=True)):
        stored = latents
        if order:
            stored = np.empty(int(np.maximum(runs - order, 0).sum()), latents.dtype)
            difference_consecutive(latents, runs, stored, np.empty((runs.size, order), latents.dtype))
        prices.append(_price(stored, most, n, metadata, slack) if stored.size else 0)
        if order and prices[-1] >= prices[-2]:
            break
    return np.array(prices, np.int64)


def _price(latents: npt.NDArray[np.unsignedinteger[Any]], ranges: int, n: int, fixed: int, slack: int) -> int:
    most = 2 * ranges
    lowers, uppers, counts = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.int64)
    size = cut_ranges(latents, ranges, lowers, uppers, counts)
    if n > latents.size:
        counts[:size] = counts[:size] * n // latents.size
    costs, origins = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    merge_ranges(lowers[:size], uppers[:size], counts[:size], fixed, costs, origins)
    best, total = int(costs[size]), int(counts[:size].sum())
    single = fixed + total * (int(uppers[size - 1] - lowers[0]).bit_length() << FRACTION_BITS)
    return single if single <= best + slack * total else best
