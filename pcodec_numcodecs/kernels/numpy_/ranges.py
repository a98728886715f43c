"""Latents to ranges of about equal counts."""

from typing import Any

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


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
