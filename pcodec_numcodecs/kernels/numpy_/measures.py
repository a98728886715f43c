"""Common measures of two floats, by Euclid's algorithm."""

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

MOST_STEPS = 40


def find_measures(large: F64, small: F64, negligible: F64) -> F64:
    """See `Kernels.find_measures`."""
    rests, other, going = np.empty_like(large), np.empty_like(large), np.empty(large.size, np.bool_)
    with np.errstate(all="ignore"):
        for _ in range(MOST_STEPS):
            np.fmod(large, small, out=rests)
            np.minimum(rests, np.subtract(small, rests, out=other), out=rests)
            np.greater(rests, negligible, out=going)
            if not np.count_nonzero(going):
                break
            np.copyto(large, small, where=going)
            np.copyto(small, rests, where=going)
    return rests
