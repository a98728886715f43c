"""Common measures of two floats, by Euclid's algorithm."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..numpy_.measures import MOST_STEPS
from .compiled import compiled

F64 = npt.NDArray[np.float64]


def find_measures(large: F64, small: F64, negligible: F64) -> F64:
    """See `Kernels.find_measures`."""
    rests = np.empty_like(large)
    _find(large, small, negligible, rests)
    return rests


@compiled
def _find(large: Any, small: Any, negligible: Any, rests: Any) -> None:
    for pair in range(large.size):
        rest: Any = np.float64(0)
        for _ in range(MOST_STEPS):
            divisor = small[pair]
            rest = np.fmod(large[pair], divisor)
            rest = min(rest, divisor - rest)
            if not rest > negligible[pair]:
                break
            large[pair], small[pair] = divisor, rest
        rests[pair] = rest
