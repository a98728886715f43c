"""Cells that are masked, and those that are not."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, read_only

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Latents = npt.NDArray[np.unsignedinteger[Any]]


def keep_present(latents: Latents, absent: U8, out: Latents) -> None:
    """See `Kernels.keep_present`."""
    _keep(read_only(latents), read_only(absent), out)


def spread_present(latents: Latents, absent: U8, between: int, out: Latents) -> None:
    """See `Kernels.spread_present`."""
    _spread(read_only(latents), read_only(absent), out.dtype.type(between), out)


def accumulate_changes(mask: U8, sizes: I64, strides: I64) -> None:
    """See `Kernels.accumulate_changes`."""
    _accumulate(mask, sizes, strides)


@compiled
def _keep(latents: Any, absent: Any, out: Any) -> None:
    # One more store than is kept: the next overwrites it, so nothing has to be predicted.
    last = np.int64(out.size - 1)
    kept = np.int64(0)
    if last < 0:
        return
    for i in range(latents.size):
        out[np.uint64(min(kept, last))] = latents[i]
        kept += absent[i] == 0
        if kept > last:
            break


@compiled
def _spread(latents: Any, absent: Any, between: Any, out: Any) -> None:
    last = np.int64(latents.size - 1)
    taken = np.int64(0)
    for i in range(out.size):
        present = absent[i] == 0
        out[i] = latents[np.uint64(min(taken, last))] if present and last >= 0 else between
        taken += present


@compiled
def _accumulate(mask: Any, sizes: Any, strides: Any) -> None:
    start = np.int64(0)
    for page in range(sizes.size):
        stride = strides[page]
        for row in range(start + stride, start + sizes[page], stride):
            for i in range(row, min(row + stride, start + sizes[page])):
                mask[np.uint64(i)] ^= mask[np.uint64(i - stride)]
        start += sizes[page]
