"""Lorenzo's predictor and the median edge detector, on many slabs side by side."""

from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from .rows import apart, side_by_side
from .waves import Skewed

Latents = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

# Slabs have shape (slabs, n0, n1, n2, n3) here; latents may be unsigned, or viewed as signed.


def difference(cells: Latents, axes: tuple[int, ...]) -> Latents:
    """Return the cells' differences to those before them along some axes, one after the other."""
    for axis in axes:
        if cells.shape[axis] > 1:
            rest = [slice(None)] * cells.ndim
            rest[axis] = slice(1, None)
            before = list(rest)
            before[axis] = slice(None, -1)
            differences = cells.copy()
            differences[tuple(rest)] -= cells[tuple(before)]
            cells = differences
    return cells


def accumulate(cells: Latents, axes: tuple[int, ...]) -> None:
    """Undo `difference`, in place."""
    for axis in axes:
        if cells.shape[axis] > 1:
            np.add.accumulate(cells, axis=axis, dtype=cells.dtype, out=cells)


def accumulate_slices(cells: Latents) -> None:
    """Undo differences along all axes but the last, in place."""
    for axis in range(cells.ndim - 1):
        slices = np.moveaxis(cells, axis, 0)
        for before, own in pairwise(slices):
            np.add(own, before, own)


def predict_lorenzo(cells: Latents, reference: Any, mid: Any) -> Latents:
    """Return residuals."""
    residuals = difference(cells, (1, 2, 3, 4))
    residuals = residuals.copy() if residuals is cells else residuals
    residuals[:, 0, 0, 0, 0] -= reference
    residuals += mid
    return residuals


def restore_lorenzo(residuals: Latents, reference: Any, mid: Any) -> Latents:
    """Undo `predict_lorenzo`; cells are returned."""
    cells = side_by_side(residuals)
    cells -= mid
    accumulate_slices(cells)
    cells += reference
    return apart(cells)


def impute_lorenzo(cells: Latents, absent: Mask, reference: Any, mid: Any) -> Latents:
    """Return residuals; absent cells become their prediction."""
    residuals = np.empty_like(cells)
    places = np.arange(cells.shape[-1])
    for row in product(*map(range, cells.shape[1:4])):
        here: Any = (slice(None), *row)
        base = rows_before(cells, row)
        # A cell that is differenced to the rows before is predicted by the last one that is there.
        line = np.zeros((cells.shape[0], cells.shape[-1] + 1), cells.dtype)
        line[:, 0] = 0 if any(row) else reference
        line[:, 1:] = cells[here] - base
        source = np.zeros(line.shape, np.int64)
        source[:, 1:] = np.where(absent[here], 0, places + 1)
        np.maximum.accumulate(source, axis=1, out=source)
        line = np.take_along_axis(line, source, axis=1)
        cells[here] = line[:, 1:] + base
        residuals[here] = line[:, 1:] - line[:, :-1] + mid
    return residuals


def rows_before(cells: Latents, row: tuple[Any, ...], first_axis: int = 1) -> Latents:
    """Return Lorenzo's prediction along axes before the last, for a row of each slab.

    Parameters
    ----------
    cells
        The axes of a row's index come from `first_axis` on.
    row
        Its index along these axes.
    """
    lead: tuple[Any, ...] = (slice(None),) * first_axis
    total = np.zeros_like(cells[lead + row])
    for terms in product(*((0, 1) if i else (0,) for i in row)):
        if any(terms):
            before = tuple(i - back for i, back in zip(row, terms, strict=True))
            term = cells[lead + before]
            if sum(terms) % 2:
                total += term
            else:
                total -= term
    return total


def predict_med(cells: Latents, axes: int, reference: Any, mid: Any) -> Latents:
    """Return residuals; cells are signed."""
    planes = difference(cells - reference, tuple(range(5 - axes, 3)))
    prediction = np.zeros_like(planes)
    west, north, corner = planes[..., 1:, :-1], planes[..., :-1, 1:], planes[..., :-1, :-1]
    prediction[..., 0, 1:] = planes[..., 0, :-1]
    prediction[..., 1:, 0] = planes[..., :-1, 0]
    prediction[..., 1:, 1:] = _edge(west, north, corner, *(np.empty_like(west) for _ in range(3)))
    planes -= prediction
    planes += mid
    return planes


def _edge(west: Latents, north: Latents, corner: Latents, low: Latents, high: Latents, out: Latents) -> Latents:
    """Return the median of west, north, and west + north - corner, which may overflow where it is not the median."""
    np.minimum(west, north, out=low)
    np.maximum(west, north, out=high)
    np.subtract(north, corner, out=out)
    np.add(out, west, out=out)
    np.copyto(out, high, where=corner <= low)
    np.copyto(out, low, where=corner >= high)
    return out


def restore_med(residuals: Latents, axes: int, reference: Any, mid: Any) -> Latents:
    """Undo `predict_med`; cells are returned."""
    slabs, n0, n1, n2, n3 = residuals.shape
    # All planes side by side: what differs between them comes after.
    apart_planes = (residuals - mid).reshape(-1, n2, n3)
    skewed = Skewed.of(n2, n3, [(0, -1), (-1, -1)])
    woven = skewed.empty(apart_planes.shape[0], residuals.dtype)
    planes = skewed.straight(woven, n3 + 1)[1:, 1:]
    planes[...] = apart_planes.transpose(1, 2, 0)
    np.add.accumulate(planes[0], axis=0, dtype=planes.dtype, out=planes[0])
    np.add.accumulate(planes[:, 0], axis=0, dtype=planes.dtype, out=planes[:, 0])
    low, high, edge = np.empty((3, n2, planes.shape[2]), planes.dtype)
    for wave in skewed.order(1, []):
        here = skewed.cells(woven, wave)
        rooms = (room[: here.shape[0]] for room in (low, high, edge))
        here += _edge(*(skewed.cells(woven, wave, back) for back in ((0, -1), (-1, 0), (-1, -1))), *rooms)
    cells: Latents = np.ascontiguousarray(planes.transpose(2, 0, 1)).reshape(slabs, n0, n1, n2, n3)
    accumulate(cells, tuple(range(5 - axes, 3)))
    cells += reference
    return cells


def impute_med(cells: Latents, absent: Mask, reference: Any, mid: Any) -> Latents:
    """Return residuals; cells are signed, absent ones become their prediction."""
    _, n0, n1, n2, n3 = cells.shape
    moved, hidden = side_by_side(cells), side_by_side(absent)
    moved -= reference
    residuals = np.empty_like(moved)
    low, high, edge = (np.empty_like(moved[0, 0, 0, 0]) for _ in range(3))
    for i0, i1 in product(range(n0), range(n1)):
        base = rows_before(moved, (i0, i1), 0)
        plane, gone = moved[i0, i1] - base, hidden[i0, i1]
        for row, i in product(range(n2), range(n3)):
            if row and i:
                prediction = _edge(plane[row, i - 1], plane[row - 1, i], plane[row - 1, i - 1], low, high, edge)
            elif row or i:
                prediction = plane[row - 1, i] if row else plane[row, i - 1]
            else:
                prediction = np.zeros_like(low)
            np.copyto(plane[row, i], prediction, where=gone[row, i])
            np.subtract(plane[row, i], prediction, out=residuals[i0, i1, row, i])
        moved[i0, i1] = plane + base
    residuals += mid
    moved += reference
    cells[...] = apart(moved)
    return apart(residuals)
