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
        base = rows_before(slab[..., LEFT : -RIGHT if row.taps is None else LEFT + 1, :], row.at, 0)
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
        n, slabs = slab.shape[3] - LEFT - RIGHT, slab.shape[-1]
        self._shift = shift
        self._total = np.zeros(slabs, np.int64)
        self._within = np.zeros((LEFT, slabs), np.int64)  # weights of the cells three, two and one before
        self._others = np.full((max(n - 1, 0), slabs), (1 << shift) >> 1, np.int64)
        product = np.empty_like(self._others)
        for tap in row.taps:
            if tap.row != row.at:
                there = slab[tap.row][LEFT + tap.beside + 1 : LEFT + tap.beside + n]
                np.multiply(there, tap.weights, product)
                np.add(self._others, product, self._others)
            elif tap.beside != -1:
                self._within[tap.beside] += tap.weights
            else:
                continue
            self._total += tap.weights
        self._within[-1] = -self._total

    def predictions(self, line: I64) -> I64:
        """Return the predictions of all cells but the first, where all of them are there."""
        n = line.shape[0] - LEFT - RIGHT
        sums = self._others
        for place in range(LEFT):
            if self._within[place].any():
                sums += line[place + 1 : place + n] * self._within[place]
        sums >>= self._shift
        sums += line[LEFT : LEFT + n - 1]
        return sums

    def prediction(self, line: I64, i: int) -> I64:
        """Return the prediction of one cell of each slab, from those before."""
        total: I64 = self._others[i - 1]
        total += (line[i : i + LEFT] * self._within).sum(axis=0)
        total >>= self._shift
        total += line[LEFT + i - 1]
        return total
