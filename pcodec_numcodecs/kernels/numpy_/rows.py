"""Rows of slabs in the order in which stencils work on them, and their neighbours.

Slabs lie side by side, shape (n0, n1, n2, LEFT + n3 + RIGHT, slabs): a row has a copy of its first cell `LEFT` times
before it, and of its last one `RIGHT` times behind, which are the neighbours beyond its ends.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction

LEFT: Final = 3
RIGHT: Final = 2


class Tap(NamedTuple):
    """A neighbour of a row's cells: its row, its place beside a cell, and its weights, one a slab or one for all."""

    row: tuple[int, ...]
    beside: int
    weights: Any


class Row(NamedTuple):
    """A row: where it is, and its neighbours in order, None where it lies on a face."""

    at: tuple[int, ...]
    taps: list[Tap] | None


def side_by_side(slabs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy whose last axis is the first, that of the slabs."""
    return slabs.reshape(slabs.shape[0], -1).T.copy().reshape(*slabs.shape[1:], -1)


def apart(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Undo `side_by_side`."""
    return cells.reshape(-1, cells.shape[-1]).T.copy().reshape(-1, *cells.shape[:-1])


def pad_row(row: npt.NDArray[Any]) -> None:
    """Fill the room around a row."""
    row[:LEFT] = row[LEFT]
    row[-RIGHT:] = row[-RIGHT - 1]


def rows(shape: tuple[int, ...], prediction: Prediction, lanes: npt.NDArray[np.int64]) -> Iterator[Row]:
    """Yield all rows of slabs of such a shape."""
    used = range(4 - prediction.axes, 3)
    counted = used[1:] if prediction.by_plane else used
    weights = prediction.weights[prediction.sets[lanes]]
    m0, m1, m2 = (n - 1 for n in shape[:3])
    before = -1
    found: list[tuple[list[int], Any]] = []
    for at in product(*map(range, shape[:3])):
        if any(at[axis] == 0 for axis in counted):
            yield Row(at, None)
            continue
        plane = at[used[0]] if prediction.by_plane else 0
        if plane != before:
            found, before = used_taps(prediction, weights, plane), plane
        i0, i1, i2 = at
        taps = [
            Tap((min(max(i0 + a, 0), m0), min(max(i1 + b, 0), m1), min(max(i2 + c, 0), m2)), beside, column)
            for (a, b, c, beside), column in found
        ]
        yield Row(at, taps)


def used_taps(prediction: Prediction, weights: npt.NDArray[np.int64], plane: int) -> list[tuple[list[int], Any]]:
    """Return offsets and weights, one a slab or one for all, of the neighbours that count in a plane of a channel."""
    same = bool((weights == weights[:1]).all())
    found = []
    for k, offset in enumerate(prediction.offsets.tolist()):
        column = weights[:, min(plane, weights.shape[1] - 1), k]
        skipped = prediction.by_plane and plane + offset[4 - prediction.axes] < 0
        if not skipped and column.any():
            found.append((offset, np.array(column[0]) if same else column.copy()))
    return found
