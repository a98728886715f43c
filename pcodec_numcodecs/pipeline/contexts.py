"""Contexts: residuals near large residuals go to other streams than those near small ones.

Sizes of neighbourhoods are counted on a ladder of a few steps an octave, and the ladder is cut into the contexts of
least cost, by dynamic programming over all ways to cut it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..fixed_log import FRACTION_BITS
from .scoring import LENGTHS, code_cost, residual_lengths

__all__ = ["LADDER", "cut"]

I64 = npt.NDArray[np.int64]

MOST_CONTEXTS: Final = 8
_STEPS: Final = 4
_OCTAVES: Final = 58

LADDER: Final = np.array(
    sorted({((_STEPS + step) << octave) // _STEPS for octave in range(_OCTAVES) for step in range(_STEPS)}), np.uint64
)
"""Thresholds to count by: a few an octave."""


def cut(residuals: Latents, rungs: npt.NDArray[np.uint8], scale: int, page_cost: int) -> tuple[tuple[int, ...], int]:
    """Find thresholds for contexts.

    Parameters
    ----------
    residuals
        Stored residuals of a sample, flat.
    rungs
        Context of each by the ladder.
    scale
        How many residuals of the array stand behind each one, in 1/65536.
    page_cost
        What a further context costs in all pages, its metadata included.

    Returns
    -------
    The thresholds, and what they save.
    """
    lengths = residual_lengths(residuals)
    counts = np.bincount(rungs.astype(np.int64) * LENGTHS + lengths, minlength=(LADDER.size + 1) * LENGTHS)
    table = counts.reshape(-1, LENGTHS)
    used = np.flatnonzero(table.any(axis=1))
    ends = np.concatenate((np.zeros((1, LENGTHS), np.int64), np.cumsum(table[used], axis=0)))
    size = used.size
    best = np.full((MOST_CONTEXTS + 1, size + 1), np.iinfo(np.int64).max // 2)
    origin = np.zeros((MOST_CONTEXTS + 1, size + 1), np.int64)
    best[0, 0] = 0
    for stop in range(1, size + 1):
        cost = (code_cost(ends[stop] - ends[:stop]) * scale >> 16) + page_cost
        for contexts in range(1, MOST_CONTEXTS + 1):
            total = best[contexts - 1, :stop] + cost
            origin[contexts, stop] = np.argmin(total)
            best[contexts, stop] = total[origin[contexts, stop]]
    contexts = int(np.argmin(best[:, size]))
    saved = int(best[1, size] - best[contexts, size])
    thresholds = []
    place = size
    for left in range(contexts, 1, -1):
        place = int(origin[left, place])
        thresholds.append(int(LADDER[used[place] - 1]))
    return tuple(thresholds[::-1]), saved


PAGE_COST: Final = (11 * 8) << FRACTION_BITS
"""What a further stream of a page takes: count, size, states of the coder, and room at its end."""
METADATA_COST: Final = (160 * 8) << FRACTION_BITS
"""What a further Pco chunk's metadata take, about."""
