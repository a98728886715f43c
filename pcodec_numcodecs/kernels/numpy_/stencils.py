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


def restore_weights(residuals: Latents, prediction: Prediction, lanes: I64, reference: Any, mid: Any) -> Latents:
    """Undo `predict_weights`; cells are returned."""
    shape = residuals.shape[1:]
    bits = 8 * residuals.itemsize
    slab = np.empty((*shape[:3], LEFT + shape[3] + RIGHT, residuals.shape[0]), np.int64)
    slab[..., LEFT:-RIGHT, :] = side_by_side(residuals - mid)
    for row in rows(shape, prediction, lanes):
        line = slab[row.at]
        inner = line[LEFT:-RIGHT]
        base = rows_before(slab[..., LEFT : -RIGHT if row.taps is None else LEFT + 1, :], row.at, 0)
        if row.taps is None:
            np.add.accumulate(inner, axis=0, out=inner)
            inner += base
            _wrap(inner, bits)
        else:
            inner[0] += base[0]
            _wrap(inner[0], bits)
            line[:LEFT] = inner[0]
            _Sums(slab, row, prediction.shift).accumulate(line, bits)
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

    def accumulate(self, line: I64, bits: int) -> None:
        """Turn a row's differences into cells; the first is one."""
        if bits == 64:
            self._accumulate_wide(line)
            return
        # A difference is part of what is shifted, and so is the cell before: 64 bits have room for that.
        self._others += line[LEFT + 1 : -RIGHT] << self._shift
        self._within[-1] += 1 << self._shift
        self._accumulate_narrow(line, 0)
        # Few rows have a number that wraps; these are done again with more steps.
        most = 1 << (bits - 1)
        if line[LEFT:-RIGHT].min() < -most or line[LEFT:-RIGHT].max() >= most:
            self._accumulate_narrow(line, 64 - bits)

    def _accumulate_narrow(self, line: I64, spare: int) -> None:
        weights, windows = self._windows(line)
        products, total = np.empty_like(weights), np.empty_like(weights[0])
        shift, up = np.array(self._shift), np.array(spare)
        multiply, add, right_shift = np.multiply, np.add, np.right_shift
        deep, first, rest = len(weights) > 1, products[0], list(products[1:])
        for cell, window, others in zip(line[LEFT + 1 :], windows, self._others, strict=False):
            if deep:
                multiply(window, weights, products)
                for product in rest:
                    add(first, product, first)
                add(first, others, total)
            else:
                multiply(window[0], weights[0], total)
                add(total, others, total)
            right_shift(total, shift, cell)
            if spare:
                np.left_shift(cell, up, cell)
                right_shift(cell, up, cell)

    def _accumulate_wide(self, line: I64) -> None:
        weights, windows = self._windows(line)
        products, total = np.empty_like(weights), np.empty_like(weights[0])
        shift = np.array(self._shift)
        multiply, add = np.multiply, np.add
        for cell, window, others in zip(line[LEFT + 1 :], windows, self._others, strict=False):
            multiply(window, weights, products)
            add(products[0], others, total)
            for product in products[1:]:
                add(total, product, total)
            np.right_shift(total, shift, total)
            add(total, window[-1], total)
            add(cell, total, cell)

    def _windows(self, line: I64) -> tuple[I64, list[I64]]:
        """Return the weights of cells before, from the first that is not 0 on; and these cells, for each cell."""
        unused = next((place for place in range(LEFT) if self._within[place].any()), LEFT - 1)
        return self._within[unused:].copy(), [line[i + unused : i + LEFT] for i in range(1, self._others.shape[0] + 1)]
