"""Undo predictions by weighted sums of integers: plane by plane, cells in waves, all slabs at once."""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction
from .differences import accumulate_slices
from .padded import Axes, Block, Reach, axes_of, padded_blocks
from .waves import Skewed, Wave

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[Any]

_NEAR = 1 << 15  # numbers that are summed at a time: they stay in a near cache


class Tap(NamedTuple):
    """A neighbour: how far its plane, its row and its column are, and its weights, one a slab or one for all."""

    planes: tuple[int, int]
    within: tuple[int, int]
    weights: Any


class Step(NamedTuple):
    """The cells of a wave, what their predictions are made of, and room to make them in."""

    cells: I64
    sums: I64
    first: tuple[I64, Any]
    others: list[tuple[I64, Any]]
    total: I64
    product: I64
    west: I64
    residuals: I64
    copies: list[tuple[I64, I64]]


def restore_weights(residuals: Latents, prediction: Prediction, reference: Any, mid: Any) -> None:
    """Undo `predict_weights` on all tiles, in place; residuals are signed."""
    prediction, axes = axes_of(prediction)
    for block in padded_blocks(prediction.shapes):
        _Planes(block, prediction, axes, 8 * residuals.itemsize).restore(residuals, reference, mid)


class _Planes:
    """The planes of a block of slabs."""

    def __init__(self, block: Block, prediction: Prediction, axes: Axes, bits: int) -> None:
        self._block, self._prediction, self._axes, self._bits = block, prediction, axes, bits
        # The cell before is looked at always.
        self._reach = block.reach(prediction.offsets, Reach(0, 0, 1, 0))
        self._weights = prediction.weights[prediction.sets[block.lanes]]
        self._first_row = int(2 in axes.of_faces)
        rows, columns = block.shape[2] - self._first_row, block.shape[3] - 1
        self._inner = slice(self._reach.above + self._first_row, None), slice(self._reach.left + 1, None)
        channels = 1 if axes.channel is None else block.shape[axes.channel]
        self._taps = [self._taps_of(place) for place in range(channels)]
        near = [tap.within for taps in self._taps for tap in taps if tap.planes == (0, 0)]
        self._skewed = Skewed.of(*block.shape[2:], near)
        self._wraps = False
        self._has_cells = rows > 0 and columns > 0
        if self._has_cells:
            self._sums = np.empty((rows, columns, block.size), np.int64)
            self._product = np.empty_like(self._sums)
            self._woven, self._woven_sums = (self._skewed.empty(block.size, np.int64) for _ in range(2))
            self._woven_residuals = self._skewed.empty(block.size if bits == 64 else 0, np.int64)
            self._steps: dict[int, list[Step]] = {}

    def _taps_of(self, place: int) -> list[Tap]:
        """Return the neighbours that count at a place of the channel, the cell before last."""
        found = []
        total: Any = np.array(0 if self._bits == 64 else 1 << self._prediction.shift)
        same = bool((self._weights == self._weights[:1]).all())
        for k, offset in enumerate(self._prediction.offsets.tolist()):
            column = self._weights[:, min(place, self._weights.shape[1] - 1), k]
            skipped = self._axes.channel is not None and place + offset[self._axes.channel] < 0
            if skipped or offset == [0, 0, 0, -1] or not column.any():
                continue
            weights = np.array(column[0]) if same else column.copy()
            total = total - weights
            found.append(Tap((offset[0], offset[1]), (offset[2], offset[3]), weights))
        # A weighted difference to the cell before counts as much less of that; and narrow cells are added themselves.
        return [*found, Tap((0, 0), (0, -1), np.asarray(total))]

    def restore(self, cells: Latents, reference: Any, mid: Any) -> None:
        """Turn the residuals of the block's slabs into cells."""
        self._cells = self._block.load(cells, self._reach, mid, np.dtype(np.int64))
        self._restore_faces()
        n0, n1, _, _ = self._block.shape
        for place in product(range(n0), range(n1)) if self._has_cells else ():
            self._block.pad_before(self._cells[place], self._reach)
            if not any(place[axis] == 0 for axis in self._axes.of_faces if axis < 2):
                self._restore_plane(place)
            self._block.pad_behind(self._cells, place, self._reach)
        self._block.store(self._cells, self._reach, reference, cells)

    def _restore_faces(self) -> None:
        """Undo Lorenzo's predictions, where a cell has no neighbour along some axis."""
        _, _, n2, n3 = self._block.shape
        above, _, left, _ = self._reach
        inside = self._cells[:, :, above : above + n2, left : left + n3]
        faces = [np.moveaxis(inside, axis, 0)[0] for axis in self._axes.of_faces]
        restored = []
        for face in faces:
            made = face.copy()
            accumulate_slices(made)
            self._wrap(made)
            restored.append(made)
        for face, made in zip(faces, restored, strict=True):
            face[...] = made

    def _restore_plane(self, place: tuple[int, int]) -> None:
        key = 0 if self._axes.channel is None else place[self._axes.channel]
        self._sum_planes(place, self._taps[key])
        skewed, reach = self._skewed, self._reach
        plane = self._cells[place][reach.above - skewed.above :, reach.left - skewed.left :]
        plane = plane[: skewed.rows, : skewed.columns + skewed.right]
        first = skewed.above + self._first_row
        inner = np.s_[first:, skewed.left + 1 : skewed.columns]
        woven = skewed.straight(self._woven, plane.shape[1])
        woven[:first] = plane[:first]
        woven[:, : skewed.left + 1] = plane[:, : skewed.left + 1]
        half = (1 << self._prediction.shift) >> 1
        np.add(self._sums, half, skewed.straight(self._woven_sums, plane.shape[1])[inner])
        if self._bits == 64:
            skewed.straight(self._woven_residuals, plane.shape[1])[inner] = plane[inner]
        if key not in self._steps:
            self._steps[key] = [
                self._step(wave, self._taps[key]) for wave in self._block.waves(self._skewed, self._first_row)
            ]
        self._take(self._steps[key])
        plane[inner] = woven[inner]
        if self._bits < 64 and not self._wraps:
            self._block.pad_behind(self._cells, place, reach)
            most = 1 << (self._bits - 1)
            if self._cells[place].min() < -most or self._cells[place].max() >= most:
                # Few predictions leave the range of cells; from here on, all are brought back.
                self._wraps = True
                self._take(self._steps[key])
                plane[inner] = woven[inner]

    def _sum_planes(self, place: tuple[int, int], taps: list[Tap]) -> None:
        """Sum what cells of a plane get from those of planes before; of narrow cells, with the residuals."""
        n0, n1, n2, n3 = self._block.shape
        above, left = self._reach.above, self._reach.left
        shift = self._prediction.shift
        step = max(1, _NEAR // (self._sums.shape[1] * self._sums.shape[2]))
        before = []
        for tap in taps:
            if tap.planes != (0, 0):
                there = tuple(min(max(i + o, 0), n - 1) for i, o, n in zip(place, tap.planes, (n0, n1), strict=True))
                row, column = tap.within
                before.append((self._cells[there][:, left + 1 + column : left + n3 + column], row, tap.weights))
        own = self._cells[place][:, left + 1 : left + n3]
        for first in range(self._first_row, n2, step):
            last = min(first + step, n2)
            part = slice(first - self._first_row, last - self._first_row)
            sums, made = self._sums[part], self._product[part]
            if self._bits < 64:
                np.left_shift(own[above + first : above + last], shift, sums)
            else:
                sums[...] = 0
            for plane, row, weights in before:
                np.multiply(plane[above + first + row : above + last + row], weights, made)
                np.add(sums, made, sums)

    def _step(self, wave: Wave, taps: list[Tap]) -> Step:
        cells = self._skewed.cells
        near = [(cells(self._woven, wave, tap.within), tap.weights) for tap in taps if tap.planes == (0, 0)]
        count = wave.rows.stop - wave.rows.start
        total, made = (room.reshape(-1, self._block.size)[:count] for room in (self._sums, self._product))
        west, residuals = cells(self._woven, wave, (0, -1)), cells(self._woven_residuals, wave)
        sums = cells(self._woven_sums, wave)
        return Step(
            cells(self._woven, wave), sums, near[0], near[1:], total, made, west, residuals, wave.copied(self._woven)
        )

    def _take(self, steps: list[Step]) -> None:
        """Make the cells of all waves."""
        shift, wide, wraps = np.array(self._prediction.shift), self._bits == 64, self._wraps
        multiply, add, right_shift, copyto = np.multiply, np.add, np.right_shift, np.copyto
        for cells, sums, (first, weight), others, total, made, west, residuals, copies in steps:
            multiply(first, weight, total)
            add(total, sums, total)
            for neighbours, weights in others:
                multiply(neighbours, weights, made)
                add(total, made, total)
            if wide:
                right_shift(total, shift, total)
                add(total, west, total)
                add(total, residuals, cells)
            else:
                right_shift(total, shift, cells)
                if wraps:
                    self._wrap(cells)
            for there, here in copies:
                copyto(there, here)

    def _wrap(self, numbers: I64) -> None:
        """Make the low bits a signed number."""
        if self._bits < 64:
            np.left_shift(numbers, 64 - self._bits, out=numbers)
            np.right_shift(numbers, 64 - self._bits, out=numbers)
