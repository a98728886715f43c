"""Cells that are masked, and those that are not."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Latents = npt.NDArray[np.unsignedinteger[Any]]


def keep_present(latents: Latents, absent: U8, out: Latents) -> None:
    """See `Kernels.keep_present`."""
    np.compress(absent == 0, latents, out=out)


def spread_present(latents: Latents, absent: U8, between: int, out: Latents) -> None:
    """See `Kernels.spread_present`."""
    held = latents.copy()
    out.fill(between)
    out[absent == 0] = held


def count_present(absent: U8, sizes: I64) -> I64:
    """See `Kernels.count_present`."""
    # Of bools, NumPy counts those that are true much faster than it adds up anything.
    bounds = pairwise((0, *np.cumsum(sizes).tolist()))
    masked = absent != 0
    return sizes - np.array([np.count_nonzero(masked[start:stop]) for start, stop in bounds], np.int64)


def fill_runs(runs: npt.NDArray[np.uint32], mask: U8) -> None:
    """See `Kernels.fill_runs`."""
    mask[:] = np.repeat((np.arange(runs.size) % 2).astype(np.uint8), runs)


def list_runs(mask: U8, runs: npt.NDArray[np.uint32]) -> int:
    """See `Kernels.list_runs`."""
    edges = np.flatnonzero(np.diff(mask.view(np.int8), prepend=np.int8(0)))
    runs[: edges.size + 1] = np.diff(edges, prepend=0, append=mask.size)
    return edges.size + 1


def take_changes(mask: U8, sizes: I64, strides: I64, out: U8) -> None:
    """See `Kernels.take_changes`."""
    np.copyto(out, mask)
    start = 0
    for size, stride in zip(sizes.tolist(), strides.tolist(), strict=True):
        stop = start + size
        out[start + stride : stop] ^= mask[start : stop - stride]
        start = stop


def accumulate_changes(mask: U8, sizes: I64, strides: I64) -> None:
    """See `Kernels.accumulate_changes`."""
    start = 0
    for size, stride in zip(sizes.tolist(), strides.tolist(), strict=True):
        rows = mask[start : start + size].reshape(-1, stride)
        np.bitwise_xor.accumulate(rows, axis=0, out=rows)
        start += size
