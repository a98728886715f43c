"""Numbers of lanes to the rows of an array."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...pages import page_starts
from ..streams import Rows

I64 = npt.NDArray[np.int64]


def place(numbers: npt.NDArray[Any], wanted: I64, out: npt.NDArray[Any], rows: Rows) -> None:
    """Store the numbers of lanes, end to end, where they belong."""
    if not numbers.size:
        return
    begins, step = page_starts(wanted), rows.step
    if step == 1 and (wanted <= rows.lengths).all() and wanted.all():
        starts = rows.starts[rows.firsts]
        if (begins == starts - starts[0]).all():
            out[starts[0] : starts[0] + numbers.size] = numbers
            return
    for begin, n, length, first in zip(
        begins.tolist(), wanted.tolist(), rows.lengths.tolist(), rows.firsts.tolist(), strict=True
    ):
        whole = n // length
        own = numbers[begin : begin + n]
        starts = rows.starts[first : first + whole]
        steps = np.diff(starts)
        if whole > 1 and (steps == steps[0]).all() and steps[0] > 0:
            # Equally far apart, as rows of a tile are: one strided copy.
            strides = int(steps[0]) * out.itemsize, step * out.itemsize
            cut = out[int(starts[0]) :]
            np.ndarray((whole, length), out.dtype, cut, 0, strides)[...] = own[: whole * length].reshape(whole, length)
        else:
            for row, start in enumerate(starts.tolist()):
                out[start : start + length * step : step] = own[row * length : (row + 1) * length]
        if n % length:
            start = int(rows.starts[first + whole])
            out[start : start + n % length * step : step] = own[whole * length :]
