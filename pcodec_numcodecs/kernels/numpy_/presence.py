"""Cells that are masked, and those that are not."""

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


def accumulate_changes(mask: U8, sizes: I64, strides: I64) -> None:
    """See `Kernels.accumulate_changes`."""
    start = 0
    for size, stride in zip(sizes.tolist(), strides.tolist(), strict=True):
        rows = mask[start : start + size].reshape(-1, stride)
        np.bitwise_xor.accumulate(rows, axis=0, out=rows)
        start += size
