"""Contexts of residuals: how large those around a cell are. Slabs of one shape are worked on side by side."""

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from .rows import side_by_side
from .slabs import slab_blocks

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_MOST = 1 << 56


def assign_contexts(residuals: Latents, shapes: I64, axes: int, thresholds: U64, out: U8) -> None:
    """See `Kernels.assign_contexts`."""
    limits = _limits(thresholds)
    for slabs in slab_blocks(shapes):
        sizes = _sizes(slabs.take(residuals))
        contexts = np.zeros(sizes.shape, np.uint8)
        for row in product(*map(range, sizes.shape[1:4])):
            here: Any = (slice(None), *row)
            total = _sum_rows(np.moveaxis(sizes, 0, -1), row, axes)
            total[1:] += 2 * sizes[here].T[:-1]
            found = contexts[here].T
            for limit in limits:
                found += limit <= total
        slabs.put(out, contexts)


def merge_contexts(
    sorted_residuals: Latents, starts: I64, absent: U8, shapes: I64, axes: int, thresholds: U64, out: Latents
) -> I64:
    """See `Kernels.merge_contexts`."""
    contexts = starts.shape[1]
    limits = _limits(thresholds[: contexts - 1])
    mid: Any = out.dtype.type(1 << (8 * out.itemsize - 1))
    if not sorted_residuals.size:
        sorted_residuals = mid[None]
    places = starts.copy().reshape(-1)
    for slabs in slab_blocks(shapes):
        # Slabs of one tile take from the same numbers, one slab after the other.
        for turn in _turns(slabs.lanes):
            some = slabs.chosen(turn)
            hidden = side_by_side(some.take(absent).astype(np.bool_)) if absent.size else None
            found = np.empty((*some.shape, some.starts.size), out.dtype)
            _merge(sorted_residuals, places, some.lanes * contexts, hidden, axes, limits, mid, found)
            some.put(out, np.moveaxis(found, -1, 0))
    return places.reshape(starts.shape) - starts


def _turns(lanes: I64) -> list[npt.NDArray[np.bool_]]:
    """Return the first slab of each lane, the second one of each, and so on; slabs of a lane follow one another."""
    first = np.append(True, lanes[1:] != lanes[:-1])
    since = np.arange(lanes.size) - np.maximum.accumulate(np.where(first, np.arange(lanes.size), 0))
    return [since == turn for turn in range(int(since.max()) + 1)]


def _merge(
    sorted_residuals: Latents,
    places: I64,
    bases: I64,
    hidden: npt.NDArray[np.bool_] | None,
    axes: int,
    limits: I64,
    mid: Any,
    out: Latents,
) -> None:
    sizes = np.zeros(out.shape, np.int64)
    last = np.uint64(sorted_residuals.size - 1)
    for row in product(*map(range, out.shape[:3])):
        totals, line, residuals = _sum_rows(sizes, row, axes), sizes[row], out[row]
        for i in range(out.shape[3]):
            total = totals[i]
            if i:
                total += line[i - 1]
                total += line[i - 1]
            slots = limits.searchsorted(total, side="right")
            slots += bases
            place = places[slots]
            found = sorted_residuals[np.minimum(place.view(np.uint64), last).view(np.int64)]
            if hidden is None:
                place += 1
            else:
                gone = hidden[row][i]
                found[gone] = mid
                place += ~gone
            places[slots] = place
            residuals[i] = found
            line[i] = _sizes(found)


def _sizes(residuals: Latents) -> I64:
    """Return how far residuals are from 0."""
    mid = residuals.dtype.type(1 << (8 * residuals.itemsize - 1))
    distances = np.maximum(residuals, mid) - np.minimum(residuals, mid)
    if residuals.itemsize == 8:
        np.minimum(distances, np.uint64(_MOST), out=distances)
    return distances.astype(np.int64)


def _limits(thresholds: U64) -> I64:
    """Return the thresholds as signed integers; no sum is above the largest of these."""
    return np.minimum(thresholds, np.uint64((1 << 63) - 1)).astype(np.int64)


def _sum_rows(sizes: I64, row: tuple[int, ...], axes: int) -> I64:
    """Sum the residuals' sizes in other rows, weighted, for a row's cells; slabs lie along the last axis."""
    i0, i1, i2 = row
    n2 = sizes.shape[2]
    total = np.zeros(sizes.shape[3:], np.int64)
    if axes >= 2 and i2:
        north = sizes[i0, i1, i2 - 1]
        total += 2 * north
        total[1:] += north[:-1]
        total[0] += north[0]
        total[:-1] += north[1:]
        total[-1] += north[-1]
    if axes >= 3 and i1:
        top = sizes[i0, i1 - 1, i2]
        total += 2 * top
        total[:-1] += top[1:]
        total[-1] += top[-1]
        total += sizes[i0, i1 - 1, min(i2 + 1, n2 - 1)]
    return total
