"""What residuals cost by their bit lengths."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...fixed_log import FRACTION_BITS, fixed_log2

I64 = npt.NDArray[np.int64]

_LENGTHS = 65


def cost_by_lengths(
    residuals: npt.NDArray[np.unsignedinteger[Any]], chosen: npt.NDArray[np.uint8], ends: I64, costs: I64
) -> None:
    """See `Kernels.cost_by_lengths`."""
    middle = np.uint64(1 << (8 * residuals.itemsize - 1))
    below_leading = np.maximum(np.arange(_LENGTHS) - 1, 0) << FRACTION_BITS
    start = 0
    for part, end in enumerate(ends.tolist()):
        distances = residuals[start:end][chosen[start:end] != 0].astype(np.uint64) - middle
        signed = distances.view(np.int64)
        lengths = bit_lengths((signed ^ (signed >> 63)).view(np.uint64)) + (signed != 0)
        counts = np.bincount(lengths, minlength=_LENGTHS)
        total = counts.sum(keepdims=True)
        costs[part] = (total * fixed_log2(total))[0] + (counts * (below_leading - fixed_log2(counts))).sum()
        start = end
