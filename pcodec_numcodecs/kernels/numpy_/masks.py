"""Masks from the lengths of runs."""

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


def lay_masks(runs: npt.NDArray[np.uint32], code: int, counts: I64, strides: I64, out: npt.NDArray[np.uint8]) -> None:
    """See `Kernels.lay_masks`."""
    mask = np.repeat(np.arange(runs.size) % 2 == 1, runs)
    for own_strides in strides:
        start = 0
        for count, stride in zip(counts.tolist(), own_strides.tolist(), strict=True):
            page = mask[start : start + count].reshape(-1, stride)
            np.logical_xor.accumulate(page, axis=0, out=page)
            start += count
    out[mask] = code
