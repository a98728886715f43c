"""Which neighbouring ranges of latents are cheapest in one bin."""

import numpy as np
import numpy.typing as npt

from ...bits import bit_lengths
from ...fixed_log import FRACTION_BITS, fixed_log2

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_COLUMN_CELLS = 1 << 18  # cells of the matrix of costs that are worked out at a time


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
