"""Sums of products, of which least squares are made."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only


def sum_moments(columns: npt.NDArray[np.int32], out: npt.NDArray[np.int64]) -> None:
    """See `Kernels.sum_moments`."""
    _sum_moments(read_only(columns), out)


_BLOCK = 2048  # columns at a time: what is multiplied stays in the cache


@compiled
def _sum_moments(columns: Any, out: Any) -> None:
    rows, n = columns.shape
    out[:] = 0
    for first in range(0, n, _BLOCK):
        count = min(_BLOCK, n - first)
        for i in range(rows):
            j = i
            while j + 4 <= rows:
                _add_four(columns, i, j, first, count, out)
                j += 4
            while j < rows:
                _add_one(columns, i, j, first, count, out)
                j += 1
    for i in range(rows):
        for j in range(i):
            out[i, j] = out[j, i]


@inlined
def _add_four(columns: Any, i: Any, j: Any, first: Any, count: Any, out: Any) -> None:
    """Multiply a row with four others."""
    i, j, at = np.uint64(i), np.uint64(j), np.uint64(first)
    a = b = c = d = np.int64(0)
    for k in range(at, at + np.uint64(count)):
        number = np.int64(columns[i, k])
        a += number * np.int64(columns[j, k])
        b += number * np.int64(columns[j + np.uint64(1), k])
        c += number * np.int64(columns[j + np.uint64(2), k])
        d += number * np.int64(columns[j + np.uint64(3), k])
    out[i, j] += a
    out[i, j + np.uint64(1)] += b
    out[i, j + np.uint64(2)] += c
    out[i, j + np.uint64(3)] += d


@inlined
def _add_one(columns: Any, i: Any, j: Any, first: Any, count: Any, out: Any) -> None:
    i, j, at = np.uint64(i), np.uint64(j), np.uint64(first)
    total = np.int64(0)
    for k in range(at, at + np.uint64(count)):
        total += np.int64(columns[i, k]) * np.int64(columns[j, k])
    out[i, j] += total
