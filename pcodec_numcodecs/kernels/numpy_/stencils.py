"""Predictors by weighted sums of integers, on many slabs side by side."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction
from .differences import rows_before
from .rows import LEFT, RIGHT, Row, apart, pad_row, rows, side_by_side

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Latents = npt.NDArray[Any]


def predict_weights(
    cells: Latents, absent: Mask | None, prediction: Prediction, lanes: I64, reference: Any, mid: Any
) -> Latents:
    """Return residuals; cells are signed, absent ones become their prediction."""
    shape = cells.shape[1:]
    bits = 8 * cells.itemsize
    slab = np.empty((*shape[:3], LEFT + shape[3] + RIGHT, cells.shape[0]), np.int64)
    slab[..., LEFT:-RIGHT, :] = side_by_side(cells - reference)
    slab[..., :LEFT, :] = slab[..., LEFT : LEFT + 1, :]
    slab[..., -RIGHT:, :] = slab[..., -RIGHT - 1 : -RIGHT, :]
    hidden = None if absent is None else side_by_side(absent)
    residuals = np.empty((*shape, cells.shape[0]), cells.dtype)
    for row in rows(shape, prediction, lanes):
        line = slab[row.at]
        inner, out = line[LEFT:-RIGHT], residuals[row.at]
        gone = None if hidden is None or not hidden[row.at].any() else hidden[row.at]
        base = rows_before(slab[..., LEFT:-RIGHT, :], row.at, 0)
        if row.taps is None:
            if gone is not None:
                _fill_face(inner, base, gone)
                _wrap(inner, bits)
            inner_differences = inner - base
            out[0] = inner_differences[0]
            np.subtract(inner_differences[1:], inner_differences[:-1], out=out[1:], casting="unsafe")
        else:
            if gone is not None:
                np.copyto(inner[0], base[0], where=gone[0])
                _wrap(inner[0], bits)
                line[:LEFT] = inner[0]
            out[0] = inner[0] - base[0]
            sums = _Sums(slab, row, prediction.shift)
            if gone is None:
                np.subtract(inner[1:], sums.predictions(line), out=out[1:], casting="unsafe")
            else:
                for i in range(1, shape[3]):
                    guess = sums.prediction(line, i)
                    _wrap(guess, bits)
                    np.copyto(inner[i], guess, where=gone[i])
                    np.subtract(inner[i], guess, out=out[i], casting="unsafe")
        if gone is not None:
            pad_row(line)
    if absent is not None:
        cells[...] = apart(slab[..., LEFT:-RIGHT, :].astype(cells.dtype)) + reference
    return apart(residuals) + mid


def restore_weights(residuals: Latents, prediction: Prediction, lanes: I64, reference: Any, mid: Any) -> Latents:
    """Undo `predict_weights`; cells are returned."""
    shape = residuals.shape[1:]
    bits = 8 * residuals.itemsize
    slab = np.empty((*shape[:3], LEFT + shape[3] + RIGHT, residuals.shape[0]), np.int64)
    slab[..., LEFT:-RIGHT, :] = side_by_side(residuals - mid)
    for row in rows(shape, prediction, lanes):
        line = slab[row.at]
        inner = line[LEFT:-RIGHT]
        base = rows_before(slab[..., LEFT:-RIGHT, :], row.at, 0)
        if row.taps is None:
            np.add.accumulate(inner, axis=0, out=inner)
            inner += base
            _wrap(inner, bits)
        else:
            inner[0] += base[0]
            _wrap(inner[0], bits)
            line[:LEFT] = inner[0]
            sums = _Sums(slab, row, prediction.shift)
            for i in range(1, shape[3]):
                inner[i] += sums.prediction(line, i)
                _wrap(inner[i], bits)
        pad_row(line)
    return apart(slab[..., LEFT:-RIGHT, :].astype(residuals.dtype)) + reference


def _wrap(numbers: I64, bits: int) -> None:
    """Make the low bits a signed number."""
    if bits < 64:
        np.left_shift(numbers, 64 - bits, out=numbers)
        np.right_shift(numbers, 64 - bits, out=numbers)


def _fill_face(inner: I64, base: I64, gone: Mask) -> None:
    """Give absent cells of a row on a face their prediction."""
    line = np.zeros((inner.shape[0] + 1, inner.shape[1]), np.int64)
    line[1:] = inner - base
    source = np.zeros(line.shape, np.int64)
    source[1:] = np.where(gone, 0, np.arange(1, line.shape[0])[:, None])
    np.maximum.accumulate(source, axis=0, out=source)
    inner[...] = np.take_along_axis(line, source, axis=0)[1:] + base


class _Sums:
    """What the cells of a row but the first are predicted from."""

    def __init__(self, slab: I64, row: Row, shift: int) -> None:
        assert row.taps is not None
        n = slab.shape[3] - LEFT - RIGHT
        self._shift = shift
        self._total: Any = np.int64(0)
        self._within = []
        self._others = np.full((max(n - 1, 0), slab.shape[-1]), (1 << shift) >> 1, np.int64)
        product = np.empty_like(self._others)
        for tap in row.taps:
            if tap.row != row.at:
                there = slab[tap.row][LEFT + tap.beside + 1 : LEFT + tap.beside + n]
                self._others += np.multiply(there, tap.weights, out=product)
            elif tap.beside != -1:
                self._within.append((tap.beside, tap.weights))
            else:
                continue
            self._total = self._total + tap.weights
        self._product = np.empty(slab.shape[-1], np.int64)

    def predictions(self, line: I64) -> I64:
        """Return the predictions of all cells but the first, where all of them are there."""
        n = line.shape[0] - LEFT - RIGHT
        sums = self._others
        for beside, weights in self._within:
            sums += line[LEFT + beside + 1 : LEFT + beside + n] * weights
        west = line[LEFT : LEFT + n - 1]
        sums -= west * self._total
        sums >>= self._shift
        sums += west
        return sums

    def prediction(self, line: I64, i: int) -> I64:
        """Return the prediction of one cell of each slab, from those before."""
        total = self._others[i - 1]
        for beside, weights in self._within:
            total += np.multiply(line[LEFT + i + beside], weights, out=self._product)
        west = line[LEFT + i - 1]
        total -= np.multiply(west, self._total, out=self._product)
        total >>= self._shift
        total += west
        return total
