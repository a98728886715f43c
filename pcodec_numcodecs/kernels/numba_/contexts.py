"""Contexts of residuals: how large those around a cell are."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled_allocating, inlined, read_only
from .differences import longest_row
from .prediction import spare_bits, widened

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_MOST = np.uint64(1 << 56)
_NEVER = np.int64((1 << 63) - 1)
_FEW = 7  # thresholds that are compared with at once


def assign_contexts(residuals: Latents, shapes: I64, axes: int, thresholds: U64, out: U8) -> None:
    """See `Kernels.assign_contexts`."""
    spare = spare_bits(residuals)
    limits = _limits(thresholds, spare)[: thresholds.size]
    wide = widened(residuals) if spare else residuals
    _assign(read_only(wide), read_only(shapes), axes, limits, _mid(wide), out)


def merge_contexts(
    sorted_residuals: Latents, starts: I64, absent: U8, shapes: I64, axes: int, thresholds: U64, out: Latents
) -> I64:
    """See `Kernels.merge_contexts`."""
    spare = spare_bits(out)
    if not sorted_residuals.size:
        sorted_residuals = _mid(out)[None]
    wide = widened(sorted_residuals) if spare else sorted_residuals
    found = np.empty(out.size, np.uint32) if spare else out
    places = starts.copy()
    limits = _limits(thresholds[: starts.shape[1] - 1], spare)
    _merge(read_only(wide), places, read_only(absent), read_only(shapes), axes, limits, _mid(found), found)
    if spare:
        out[...] = found >> spare
    places -= starts
    return places


def _mid(residuals: Latents) -> Any:
    return residuals.dtype.type(1 << (8 * residuals.itemsize - 1))


def _limits(thresholds: U64, spare: int) -> I64:
    """Return thresholds for widened residuals, signed, and filled up to as many as are compared with at once."""
    limits = np.full(max(_FEW, thresholds.size), _NEVER)
    limits[: thresholds.size] = np.minimum(thresholds, np.uint64(_NEVER >> spare)) << np.uint64(spare)
    return limits


@compiled_allocating
def _assign(residuals: Any, shapes: Any, axes: Any, limits: Any, mid: Any, out: Any) -> None:
    sums, sizes = np.empty(longest_row(shapes), np.int64), np.empty(_roomiest(shapes), residuals.dtype)
    start = np.uint64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], np.uint64(shapes[lane, 4])
        for _ in range(shapes[lane, 0]):
            here = np.int64(1)
            for _ in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        _sum_rows(sizes, here, n3, axes, i1, i2, n2, sums)
                        at = np.uint64(here)
                        for i in range(n3):
                            sizes[at + i] = _size(residuals[start + i], mid)
                        _pad(sizes, at, n3)
                        for i in range(np.uint64(1), n3):
                            sums[i] += np.int64(sizes[at + i - np.uint64(1)]) << 1
                        for i in range(n3):
                            out[start + i] = 0
                        for limit in limits:
                            for i in range(n3):
                                out[start + i] += np.uint8(limit <= sums[i])
                        start += n3
                        here += np.int64(n3) + 2


@compiled_allocating
def _merge(
    sorted_residuals: Any, places: Any, absent: Any, shapes: Any, axes: Any, limits: Any, mid: Any, out: Any
) -> None:
    sums, sizes = np.empty(longest_row(shapes), np.int64), np.empty(_roomiest(shapes), out.dtype)
    start = np.uint64(0)
    for lane in range(shapes.shape[0]):
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], np.uint64(shapes[lane, 4])
        own = places[lane]
        for _ in range(shapes[lane, 0]):
            here = np.int64(1)
            for _ in range(n0):
                for i1 in range(n1):
                    for i2 in range(n2):
                        _sum_rows(sizes, here, n3, axes, i1, i2, n2, sums)
                        at = np.uint64(here)
                        _merge_row(sorted_residuals, own, absent, start, n3, limits, mid, sums, sizes, at, out)
                        _pad(sizes, at, n3)
                        start += n3
                        here += np.int64(n3) + 2


@inlined
def _merge_row(
    sorted_residuals: Any,
    places: Any,
    absent: Any,
    start: Any,
    n: Any,
    limits: Any,
    mid: Any,
    sums: Any,
    sizes: Any,
    at: Any,
    out: Any,
) -> None:
    last = np.uint64(sorted_residuals.size - 1)
    a, b, c, d, e, f, g = limits[0], limits[1], limits[2], limits[3], limits[4], limits[5], limits[6]
    west = np.int64(0)
    for i in range(n):
        if absent.size and absent[start + i]:
            out[start + i] = mid
            sizes[at + i] = 0
            west = np.int64(0)
            continue
        total = sums[i] + west
        context = np.uint64(a <= total) + np.uint64(b <= total) + np.uint64(c <= total) + np.uint64(d <= total)
        context += np.uint64(e <= total) + np.uint64(f <= total) + np.uint64(g <= total)
        for k in range(_FEW, limits.size):
            context += np.uint64(limits[k] <= total)
        place = places[context]
        places[context] = place + 1
        residual = sorted_residuals[min(np.uint64(place), last)]
        size = _size(residual, mid)
        out[start + i] = residual
        sizes[at + i] = size
        west = np.int64(size) << 1


@inlined
def _size(residual: Any, mid: Any) -> Any:
    """Return how far a residual is from 0."""
    distance = np.uint64(residual) - np.uint64(mid) if residual >= mid else np.uint64(mid) - np.uint64(residual)
    return min(distance, _MOST)


@inlined
def _roomiest(shapes: Any) -> Any:
    """Return the cells of the largest slab, with the room around its rows."""
    most = np.int64(0)
    for lane in range(shapes.shape[0]):
        most = max(most, shapes[lane, 1] * shapes[lane, 2] * shapes[lane, 3] * (shapes[lane, 4] + 2))
    return most


@inlined
def _pad(sizes: Any, at: Any, n: Any) -> None:
    """Repeat the ends of a row: beyond them, the nearest cell counts."""
    sizes[at - np.uint64(1)] = sizes[at]
    sizes[at + n] = sizes[at + n - np.uint64(1)]


@inlined
def _sum_rows(sizes: Any, here: Any, n: Any, axes: Any, i1: Any, i2: Any, n2: Any, sums: Any) -> None:
    """Sum the residuals' sizes in other rows, weighted."""
    one = np.uint64(1)
    pitch = np.int64(n) + 2
    if axes >= 2 and i2 > 0:
        north = np.uint64(here - pitch)
        for i in range(n):
            j = north + i
            sums[i] = (np.int64(sizes[j]) << 1) + np.int64(sizes[j - one]) + np.int64(sizes[j + one])
    else:
        for i in range(n):
            sums[i] = 0
    if axes >= 3 and i1 > 0:
        top = np.uint64(here - n2 * pitch)
        south = top + np.uint64(pitch) if i2 + 1 < n2 else top
        for i in range(n):
            j = top + i
            sums[i] += (np.int64(sizes[j]) << 1) + np.int64(sizes[j + one]) + np.int64(sizes[south + i])
