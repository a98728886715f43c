"""Predictors by weighted sums of floats, on many slabs side by side.

Each product and sum is one operation, rounded correctly, in the order that `Kernels.predict_tiles` states; what is not
finite is told by its bits. `weighing_floats` undoes them.
"""

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction
from .rows import LEFT, RIGHT, Row, Tap, apart, pad_row, rows, side_by_side

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Latents = npt.NDArray[Any]

_EXPONENTS = {4: 0x7F80_0000, 8: 0x7FF0_0000_0000_0000}


def predict_floats(cells: Latents, absent: Mask | None, prediction: Prediction, lanes: I64) -> Latents:
    """Return residuals; absent cells become their prediction."""
    with np.errstate(all="ignore"):
        return _predict(cells, absent, prediction, lanes)


def _predict(cells: Latents, absent: Mask | None, prediction: Prediction, lanes: I64) -> Latents:
    latents = side_by_side(cells)
    hidden = None if absent is None else side_by_side(absent)
    slab = _padded(cells)
    slab[..., LEFT:-RIGHT, :] = _numbers(latents)
    slab[..., :LEFT, :] = slab[..., LEFT : LEFT + 1, :]
    slab[..., -RIGHT:, :] = slab[..., -RIGHT - 1 : -RIGHT, :]
    guesses = np.empty_like(latents)
    for row in rows(cells.shape[1:], prediction, lanes):
        line, values, guess = slab[row.at], latents[row.at], guesses[row.at]
        taps = face_taps(row.at) if row.taps is None else row.taps
        gone = None if hidden is None or not hidden[row.at].any() else hidden[row.at]
        guess[0] = _first(slab, row, prediction.reference, cells.dtype)
        if gone is None:
            guess[1:] = _latents(_sum(slab, taps, prediction.shift * (row.taps is not None)), cells.dtype)
            continue
        split = _split(row, taps)
        shift = prediction.shift * (row.taps is not None)
        sums = _sum(slab, taps[:split], shift)
        for i in range(values.shape[0]):
            if i:
                guess[i] = _latents(_finish(line, i, sums[i - 1], slab, taps[split:], shift), cells.dtype)
            np.copyto(values[i], guess[i], where=gone[i])
            line[LEFT + i] = _numbers(values[i])
            if i == 0:
                line[:LEFT] = line[LEFT]
        pad_row(line)
    if absent is not None:
        cells[...] = apart(latents)
    latents -= guesses
    latents += cells.dtype.type(1 << (8 * cells.itemsize - 1))
    return apart(latents)


def _padded(cells: Latents) -> F64:
    slabs, n0, n1, n2, n3 = cells.shape
    return np.empty((n0, n1, n2, LEFT + n3 + RIGHT, slabs), np.float64)


def _numbers(latents: Latents) -> F64:
    """Return the floats of latents, 0.0 for those that are not finite."""
    dtype = latents.dtype.type
    top, exponent = dtype(1 << (8 * latents.itemsize - 1)), dtype(_EXPONENTS[latents.itemsize])
    bits = np.where(latents & top, latents ^ top, ~latents)
    bits[bits & exponent == exponent] = 0
    return bits.view(f"f{latents.itemsize}").astype(np.float64)


def _latents(numbers: F64, dtype: npt.DTypeLike) -> Latents:
    """Round floats to the latents' width and return their latents; what is not finite counts as 0.0."""
    size = np.dtype(dtype).itemsize
    bits = numbers.astype(f"f{size}").view(f"u{size}")
    top, exponent = bits.dtype.type(1 << (8 * size - 1)), bits.dtype.type(_EXPONENTS[size])
    bits[bits & exponent == exponent] = 0
    return np.where(bits & top, ~bits, bits ^ top)


def face_taps(index: tuple[int, ...]) -> list[Tap]:
    """Return Lorenzo's terms: those of a row's first cell, then those beside a cell to the left, itself last."""
    near = [axis for axis in (2, 1, 0) if index[axis]]
    terms = []
    for chosen in product((0, 1), repeat=len(near)):
        there = list(index)
        for axis, back in zip(near, reversed(chosen), strict=True):
            there[axis] -= back
        sign = 1.0 if sum(chosen) % 2 else -1.0
        terms.append((tuple(there), sign))
    leading = [Tap(row, 0, sign) for row, sign in terms[1:]]
    return [*leading, *(Tap(row, -1, -sign) for row, sign in terms[1:]), Tap(index, -1, 1.0)]


def _first(slab: F64, row: Row, reference: int, dtype: Any) -> Latents:
    """Return the prediction of a row's first cell."""
    if not any(row.at):
        return np.full(slab.shape[-1], reference, dtype)
    total = np.zeros(slab.shape[-1])
    for tap in face_taps(row.at):
        if tap.beside == 0:
            total += tap.weights * slab[tap.row][LEFT]
    return _latents(total, dtype)


def _split(row: Row, taps: list[Tap]) -> int:
    """Return how many neighbours come before the first one of the same row."""
    return next((k for k, tap in enumerate(taps) if tap.row == row.at), len(taps))


def _sum(slab: F64, taps: list[Tap], shift: int) -> F64:
    """Return the weighted neighbours' sums, for all cells of a row but the first."""
    n = slab.shape[3] - LEFT - RIGHT
    sums = np.zeros((n - 1, slab.shape[-1]))
    for tap in taps:
        sums += slab[tap.row][LEFT + tap.beside + 1 : LEFT + tap.beside + n] * (tap.weights * (1.0 / (1 << shift)))
    return sums


def _finish(line: F64, i: int, total: F64, slab: F64, taps: list[Tap], shift: int) -> F64:
    """Return a cell's sum with the other neighbours."""
    for tap in taps:
        total = total + slab[tap.row][LEFT + i + tap.beside] * (tap.weights * (1.0 / (1 << shift)))
    return total
