"""Masks from the lengths of runs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, read_only

I64 = npt.NDArray[np.int64]


def lay_masks(runs: npt.NDArray[np.uint32], code: int, counts: I64, strides: I64, out: npt.NDArray[np.uint8]) -> None:
    """See `Kernels.lay_masks`."""
    _lay(read_only(runs), np.uint8(code), counts, strides, out)


@compiled
def _lay(runs: Any, code: Any, counts: Any, strides: Any, out: Any) -> None:
    mask = np.empty(out.size, np.uint8)
    value = np.uint8(0)
    done = np.uint64(0)
    for run in runs:
        after = done + np.uint64(run)
        for i in range(done, after):
            mask[i] = value
        done = after
        value ^= np.uint8(1)
    for step in range(strides.shape[0]):
        start = np.int64(0)
        for page in range(counts.size):
            stride, stop = strides[step, page], start + counts[page]
            for row in range(start + stride, stop, stride):
                here, before = np.uint64(row), np.uint64(row - stride)
                for i in range(np.uint64(min(stride, stop - row))):
                    mask[here + i] ^= mask[before + i]
            start = stop
    for i in range(np.uint64(out.size)):
        out[i] = code if mask[i] else out[i]
