"""Which lanes to put side by side."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]

_BLOCK_CELLS = 1 << 21


def lane_blocks(lengths: I64) -> Iterator[I64]:
    """Cut lanes into blocks whose padding to the longest lane costs at most as much as the lanes themselves.

    Parameters
    ----------
    lengths
        Cells that each lane takes by itself.

    Yields
    ------
    Indices of lanes, longest first; lanes of equal length keep their order. A block of several lanes has at most 2**21
    cells, padding included.
    """
    order = np.argsort(-lengths, kind="stable")
    ordered = lengths[order]
    totals = np.cumsum(ordered)
    first = 0
    while first < order.size:
        longest = int(ordered[first])
        most = max(1, _BLOCK_CELLS // max(longest, 1))
        candidates = slice(first, min(first + most, order.size))
        sizes = longest * np.arange(1, candidates.stop - first + 1)
        held = totals[candidates] - (totals[first] - longest)
        last = first + max(1, int(np.count_nonzero(sizes <= 2 * held)))
        yield order[first:last]
        first = last
