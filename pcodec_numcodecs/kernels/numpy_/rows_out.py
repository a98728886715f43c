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
        levels = _nested(starts) if whole else None
        if levels is not None:
            # Rows of a tile are evenly spread along each of its axes: one strided copy.
            counts, strides = [count for count, _ in levels], [stride * out.itemsize for _, stride in levels]
            cut = out[int(starts[0]) :]
            there: npt.NDArray[Any] = np.ndarray((*counts, length), out.dtype, cut, 0, (*strides, step * out.itemsize))
            there[...] = own[: whole * length].reshape(there.shape)
        else:
            for row, start in enumerate(starts.tolist()):
                out[start : start + length * step : step] = own[row * length : (row + 1) * length]
        if n % length:
            start = int(rows.starts[first + whole])
            out[start : start + n % length * step : step] = own[whole * length :]


def _nested(starts: I64) -> list[tuple[int, int]] | None:
    """Return counts and distances, outermost first, of starts that are evenly spread group by group; else None."""
    levels: list[tuple[int, int]] = []
    while starts.size > 1:
        steps = np.diff(starts)
        step = int(steps[0])
        count = int(np.append(steps != step, True).argmax()) + 1
        if step <= 0 or starts.size % count:
            return None
        groups = starts.reshape(-1, count)
        if (np.diff(groups, axis=1) != step).any():
            return None
        levels.insert(0, (count, step))
        starts = groups[:, 0]
    return levels
