"""Cells that are masked, and those that are not."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, read_only
from .words import load, store

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_FAR = np.uint64(32)
"""From how far on a word is not one that was just written, for which the processor would have to wait."""


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
    size, eight = np.uint64(out.size), np.uint64(8)
    taken, at = np.uint64(0), np.uint64(0)
    while at + eight <= size and taken + eight <= np.uint64(latents.size):
        # Masked cells lie together: most stretches are all masked, or not at all.
        codes = load(absent, at)
        if codes == 0:
            for k in range(eight):
                out[at + k] = latents[taken + k]
            taken += eight
        else:
            for k in range(eight):
                present = absent[at + k] == 0
                out[at + k] = latents[taken] if present else between
                taken += np.uint64(present)
        at += eight
    last = np.int64(latents.size - 1)
    while at < size:
        present = absent[at] == 0
        out[at] = latents[min(np.int64(taken), last)] if present and last >= 0 else between
        taken += np.uint64(present)
        at += np.uint64(1)


@compiled
def _accumulate(mask: Any, sizes: Any, strides: Any) -> None:
    start, eight = np.uint64(0), np.uint64(8)
    for page in range(sizes.size):
        stride = np.uint64(strides[page])
        at, end = start + stride, start + np.uint64(sizes[page])
        if stride >= _FAR:
            while at + eight <= end:
                store(mask, at, load(mask, at) ^ load(mask, at - stride))
                at += eight
        while at < end:
            mask[at] ^= mask[at - stride]
            at += np.uint64(1)
        start = end
