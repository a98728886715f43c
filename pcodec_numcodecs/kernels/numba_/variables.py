"""Arrays of several latent variables as arguments of one type, whatever their widths are."""

from typing import Any

import numpy as np
import numpy.typing as npt

MOST_VARIABLES = 3
"""Delta, primary, secondary: kernels always get so many, of which the last may be empty."""

Arrays = tuple[npt.NDArray[Any], ...]

_NOTHING = tuple(np.zeros(0, dtype) for dtype in (np.uint8, np.uint16, np.uint32, np.uint64))


def each_width(
    array: npt.NDArray[Any],
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return an array for each width, of which one is the given one: so one kernel serves them all."""
    found = list(_NOTHING)
    found[array.itemsize.bit_length() - 1] = array
    u8, u16, u32, u64 = found
    return u8, u16, u32, u64


def by_width(arrays: Arrays) -> tuple[Arrays, Arrays, Arrays, Arrays]:
    """Sort flat arrays of unsigned integers by width: 8, 16, 32, 64 bits.

    Each result has an entry for each variable: the array where it has that width, an empty one elsewhere.
    """
    u8, u16, u32, u64 = (
        tuple(_or_nothing(array, nothing) for array in (*arrays, *[None] * (MOST_VARIABLES - len(arrays))))
        for nothing in _NOTHING
    )
    return u8, u16, u32, u64


def _or_nothing(array: npt.NDArray[Any] | None, nothing: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return nothing if array is None or array.dtype != nothing.dtype else array
