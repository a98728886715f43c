"""Undo predictions by weighted sums of floats: plane by plane, cells in waves, all slabs at once.

Each product and sum is one operation, rounded correctly, in the order that `Kernels.predict_tiles` states.
"""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction
from .floats import face_taps
from .padded import Axes, Block, Reach, axes_of, padded_blocks
from .rows import used_taps
from .waves import Skewed, Wave

F64 = npt.NDArray[np.float64]
Latents = npt.NDArray[Any]
Place = tuple[int, int]

_NO_REACH = Reach(0, 0, 0, 0)


class Tap(NamedTuple):
    """A neighbour: how far its plane, its row and its column are, and what it is multiplied by."""

    planes: Place
    within: Place
    factor: Any

    @property
    def is_near(self) -> bool:
        """Whether it is in the same plane."""
        return self.planes == (0, 0)


class Step(NamedTuple):
    """Cells that are made at once: their residuals, which they replace, and their numbers; and the sums for these.

    What comes after `sums` is added in turn: neighbours times factors, or sums of a plane before, without a factor.
    """

    latents: Latents
    numbers: F64
    sums: F64
    added: list[tuple[F64, Any]]
    copies: list[tuple[F64, F64]]


def restore_floats(residuals: Latents, prediction: Prediction) -> None:
    """Undo `predict_floats` on all tiles, in place."""
    prediction, axes = axes_of(prediction)
    with np.errstate(all="ignore"):
        for block in padded_blocks(prediction.shapes):
            _FloatPlanes(block, prediction, axes, residuals.dtype).restore(residuals)


class _FloatPlanes:
    """The planes of a block of slabs."""

    def __init__(self, block: Block, prediction: Prediction, axes: Axes, dtype: np.dtype[Any]) -> None:
        self._block, self._prediction, self._axes = block, prediction, axes
        self._reach = block.reach(prediction.offsets, Reach(int(2 in axes.of_faces), 0, 1, 0))
        self._weights = prediction.weights[prediction.sets[block.lanes]]
        n0, n1, n2, n3 = block.shape
        near = [(row, column) for a, b, row, column in prediction.offsets.tolist() if not a and not b]
        self._skewed = Skewed.of(n2, n3, [*near, (0, -1), (-1, -1)] if n2 > 1 else [*near, (0, -1)])
        above, below, left, right = self._reach
        self._numbers = np.zeros((n0, n1, above + n2 + below, left + n3 + right, block.size))
        self._woven, self._woven_sums = (self._skewed.empty(block.size, np.float64) for _ in range(2))
        self._woven_latents = self._skewed.empty(block.size, dtype)
        self._further: list[F64] = []
        self._steps: dict[Any, list[Step]] = {}
        room = max(n2, n3), block.size
        self._total, self._product = np.empty(room), np.empty(room)
        self._floats, self._spread = np.empty(room, f"f{dtype.itemsize}"), np.empty(room, dtype)
        self._strange = np.empty(room, np.bool_)
        self._signed = np.dtype(f"i{dtype.itemsize}")
        self._top = np.array(1 << (8 * dtype.itemsize - 1), dtype)
        self._sign = np.array(8 * dtype.itemsize - 1, self._signed)

    def restore(self, cells: Latents) -> None:
        """Turn the residuals of the block's slabs into cells."""
        self._latents = self._block.load(cells, _NO_REACH, self._top, cells.dtype)
        n0, n1, n2, n3 = self._block.shape
        for place in product(range(n0), range(n1)):
            is_face = any(place[axis] == 0 for axis in self._axes.of_faces if axis < 2)
            self._restore_sides(place, self._taps(place, 0, is_face or 2 in self._axes.of_faces))
            self._block.pad_before(self._numbers[place], self._reach)
            if n2 > 1 and n3 > 1:
                self._restore_inner(place, is_face)
            self._block.pad_behind(self._numbers, place, self._reach)
        self._block.store(self._latents, _NO_REACH, np.zeros_like(self._top), cells)

    def _channel(self, place: Place) -> int:
        return 0 if self._axes.channel is None else place[self._axes.channel]

    def _taps(self, place: Place, row: int, is_face: bool) -> list[Tap]:
        """Return the neighbours of a row's cells but the first, in the order in which they are added."""
        if is_face:
            return [
                Tap((at[0] - place[0], at[1] - place[1]), (at[2] - row, beside), np.array(sign))
                for at, beside, sign in face_taps((*place, row))
            ]
        channel = self._channel(place)
        unit = 1.0 / (1 << self._prediction.shift)
        return [
            Tap((a, b), (c, d), np.asarray(weights * unit))
            for (a, b, c, d), weights in used_taps(self._prediction, self._weights, channel)
        ]

    def _restore_sides(self, place: Place, taps: list[Tap]) -> None:
        """Make the cells of the first row and of the first column."""
        above, _, left, _ = self._reach
        _, _, n2, n3 = self._block.shape
        latents, numbers = self._latents[place], self._numbers[place]
        if place == (0, 0):
            latents[0, 0] += latents.dtype.type(self._prediction.reference)
            latents[0, 0] -= self._top  # which is what a sum of nothing stands for
        rows, columns = slice(0, n2), slice(0, n3)
        sums = np.zeros((max(n2, n3), latents.shape[-1]))
        for first, last in ((0, 1), (1, n2)):
            terms = [
                (self._there(place, tap, rows, 0), tap.factor)
                for tap in self._taps(place, first, True)
                if tap.within[1] == 0
            ]
            for i in range(first, last):
                own, at = slice(i, i + 1), above + i
                added = [(there[own], factor) for there, factor in terms]
                self._make(Step(latents[i, :1], numbers[at, left : left + 1], sums[own], added, []))
        numbers[above, :left] = numbers[above, left]
        split = next((k for k, tap in enumerate(taps) if tap.is_near), len(taps))
        for tap in taps[:split]:
            sums[:n3] += self._there(place, tap, 0, columns) * tap.factor
        terms = [(self._there(place, tap, 0, columns), tap.factor) for tap in taps[split:]]
        for i in range(1, n3):
            own, at = slice(i, i + 1), left + i
            added = [(there[own], factor) for there, factor in terms]
            self._make(Step(latents[0, own], numbers[above, at : at + 1], sums[own], added, []))

    def _there(self, place: Place, tap: Tap, row: Any, column: Any) -> F64:
        """View the neighbours of a plane's cells."""
        n0, n1, _, _ = self._block.shape
        i0 = min(max(place[0] + tap.planes[0], 0), n0 - 1)
        i1 = min(max(place[1] + tap.planes[1], 0), n1 - 1)
        found: F64 = self._numbers[i0, i1][
            _moved(row, self._reach.above + tap.within[0]), _moved(column, self._reach.left + tap.within[1])
        ]
        return found

    def _restore_inner(self, place: Place, is_face: bool) -> None:
        """Make the other cells."""
        skewed, reach = self._skewed, self._reach
        _, _, n2, n3 = self._block.shape
        taps = self._taps(place, 1, is_face)
        split = next((k for k, tap in enumerate(taps) if tap.is_near), len(taps))
        rows, columns = slice(1, n2), slice(1, n3)
        sums = np.zeros((n2 - 1, n3 - 1, self._block.size))
        made = np.empty_like(sums)
        for tap in taps[:split]:
            np.multiply(self._there(place, tap, rows, columns), tap.factor, made)
            np.add(sums, made, sums)
        plane = self._numbers[place][reach.above - skewed.above :, reach.left - skewed.left :]
        plane = plane[: skewed.rows, : skewed.columns + skewed.right]
        first = skewed.above + 1
        inner = np.s_[first:, skewed.left + 1 : skewed.columns]
        numbers, latents = (skewed.straight(woven, plane.shape[1]) for woven in (self._woven, self._woven_latents))
        numbers[:first] = plane[:first]
        numbers[:, : skewed.left + 1] = plane[:, : skewed.left + 1]
        skewed.straight(self._woven_sums, plane.shape[1])[inner] = sums
        latents[inner] = self._latents[place][1:, 1:]
        further = [tap for tap in taps[split:] if not tap.is_near]
        while len(self._further) < len(further):
            self._further.append(skewed.empty(self._block.size, np.float64))
        for tap, woven in zip(further, self._further, strict=False):
            np.multiply(self._there(place, tap, rows, columns), tap.factor, made)
            skewed.straight(woven, plane.shape[1])[inner] = made
        # Planes of one kind have the same neighbours within, and as many others after the first of these.
        key = (is_face, place[0] > 0, place[1] > 0) if is_face else self._channel(place)
        if key not in self._steps:
            self._steps[key] = [self._step(wave, taps[split:]) for wave in self._block.waves(skewed, 1)]
        for step in self._steps[key]:
            self._make(step)
        plane[inner] = numbers[inner]
        self._latents[place][1:, 1:] = latents[inner]

    def _step(self, wave: Wave, taps: list[Tap]) -> Step:
        cells = self._skewed.cells
        further = iter(self._further)
        added = [
            (cells(self._woven, wave, tap.within), tap.factor) if tap.is_near else (cells(next(further), wave), None)
            for tap in taps
        ]
        latents, numbers, sums = (cells(w, wave) for w in (self._woven_latents, self._woven, self._woven_sums))
        return Step(latents, numbers, sums, added, wave.copied(self._woven))

    def _make(self, step: Step) -> None:
        """Make cells, and the numbers that they stand for."""
        latents, numbers, sums, added, copies = step
        count = latents.shape[0]
        total, made, floats = self._total[:count], self._product[:count], self._floats[:count]
        before = sums
        for neighbours, factor in added:
            if factor is None:
                np.add(before, neighbours, total)
            else:
                np.multiply(neighbours, factor, made)
                np.add(before, made, total)
            before = total
        np.copyto(floats, before, casting="same_kind")
        bits, spread = floats.view(latents.dtype), self._spread[:count]
        signs, sign, top = spread.view(self._signed), self._sign, self._top
        self._settle(floats, bits)
        np.right_shift(bits.view(self._signed), sign, signs)
        np.bitwise_or(spread, top, spread)
        np.bitwise_xor(bits, spread, bits)
        np.add(latents, bits, latents)
        np.right_shift(latents.view(self._signed), sign, signs)
        np.invert(spread, spread)
        np.bitwise_or(spread, top, spread)
        np.bitwise_xor(latents, spread, bits)
        self._settle(floats, bits)
        np.copyto(numbers, floats)
        for there, here in copies:
            np.copyto(there, here)

    def _settle(self, floats: npt.NDArray[Any], bits: Latents) -> None:
        """Make what is not finite 0.0."""
        strange = self._strange[: floats.shape[0]]
        np.isfinite(floats, strange)
        np.logical_not(strange, strange)
        np.copyto(bits, 0, where=strange)


def _moved(place: Any, by: int) -> Any:
    return slice(place.start + by, place.stop + by) if isinstance(place, slice) else place + by
