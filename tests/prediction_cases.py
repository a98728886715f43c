"""Random tiles and predictions, and an obvious predictor of one cell after the other to compare with."""

import itertools
import math
import struct
from typing import Any

import numpy as np

from pcodec_numcodecs.kernels.predictions import FLOAT_WEIGHTS, LORENZO, MED, WEIGHTS, Prediction

KINDS = [LORENZO, MED, WEIGHTS, FLOAT_WEIGHTS]
WIDTHS = [8, 16, 32, 64]


def allowed(kind: int, axes: int, bits: int) -> bool:
    """Tell whether there is such a prediction."""
    return axes >= 2 if kind == MED else bits >= 32 or kind != FLOAT_WEIGHTS


def prediction(rng: np.random.Generator, kind: int, axes: int, bits: int, lanes: int) -> Prediction:
    """Make one for tiles of few shapes, whose neighbours lie anywhere they may."""
    by_plane = kind in {WEIGHTS, FLOAT_WEIGHTS} and axes >= 2 and bool(rng.random() < 0.4)
    shapes = np.ones((lanes, 5), np.int64)
    longest = {1: 30, 2: 9, 3: 5, 4: 4}[axes]
    kinds = rng.integers(1, longest + 1, (3, axes))
    kinds[0] = np.maximum(kinds[0], min(longest, 4))
    if rng.random() < 0.4:
        # Rows of several vectors, and few of them.
        kinds[:, :-1] = np.minimum(kinds[:, :-1], 4 if axes < 4 else 2)
        kinds[:, -1] = rng.integers(1, 45, 3)
    if rng.random() < 0.4:
        kinds[:, 1:] = kinds[0, 1:]  # tiles that differ along the first axis alone
    shapes[:, 5 - axes :] = kinds[rng.choice(3, lanes, p=[0.7, 0.2, 0.1])]
    if by_plane:
        shapes[:, 5 - axes] = channels = int(rng.integers(1, 4))
    shapes[:, 0] = rng.choice([1, 1, 2, 3], lanes)
    planes = channels if by_plane and rng.random() < 0.7 else 1
    every = [
        offset
        for offset in itertools.product(*([0] if axis < 4 - axes else range(-3, 3) for axis in range(4)))
        if offset < (0, 0, 0, 0)
    ]
    chosen = [every[k] for k in rng.choice(len(every), min(len(every), int(rng.integers(0, 14))), replace=False)]
    west = (0, 0, 0, -1)
    offsets = [offset for offset in chosen if offset != west]
    offsets.insert(int(rng.integers(0, len(offsets) + 1)), west)
    if rng.random() < 0.7:
        offsets.sort()
    shift = int(rng.choice([0, 1, 10, 14]))
    sets = int(rng.integers(1, 4))
    size = int(rng.choice([1, 2, 1000]))
    weights = rng.integers(-size, size + 1, (sets, planes, len(offsets)))
    weights[rng.random(weights.shape) < 0.2] = 0
    if by_plane and planes > 1:
        before = np.arange(planes)[:, None] + np.array(offsets)[:, 4 - axes] < 0
        weights[:, before] = 0
    weights[..., offsets.index(west)] += (1 << shift) - weights.sum(axis=-1)
    return Prediction(
        *(kind, axes, shapes, int.from_bytes(rng.bytes(8), "little") >> (64 - bits)),
        *(np.array(offsets, np.int64), weights, shift, rng.integers(0, sets, lanes), by_plane),
    )


def cells_of(rng: np.random.Generator, case: Prediction, bits: int) -> np.ndarray:
    """Make cells: smooth, wild, or at the ends of the range; of floats, some that are not finite."""
    n = int(case.shapes.prod(axis=1).sum())
    dtype = f"u{bits // 8}"
    wild = np.frombuffer(rng.bytes(n * bits // 8), dtype).copy()
    if case.kind == FLOAT_WEIGHTS:
        scale = float(rng.choice([1e-40, 1.0, 1e38, 1e300]))
        with np.errstate(all="ignore"):
            floats = (np.cumsum(rng.standard_normal(n)) * scale).astype(f"f{bits // 8}")
        specials = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324], floats.dtype)
        at = rng.random(n) < rng.choice([0, 0.1, 1])
        floats[at] = rng.choice(specials, int(at.sum()))
        raw = wild if rng.random() < 0.2 else floats.view(dtype)
        top = raw.dtype.type(1 << (bits - 1))
        return np.where(raw & top, ~raw, raw ^ top)
    ends = rng.choice(np.array([0, 1, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 1], dtype), n)
    smooth = np.cumsum(rng.integers(-3, 4, n)).astype(dtype) + np.array(case.reference, np.uint64).astype(dtype)
    return (wild, ends, smooth)[rng.integers(3)].astype(dtype)


def absent_of(rng: np.random.Generator, n: int) -> np.ndarray:
    """Make a mask, which may be empty or hide all."""
    return (rng.random(n) < rng.choice([0, 0.05, 0.5, 1])).astype(np.uint8) if rng.random() < 0.7 else np.empty(0, "u1")


def float_of(latent: int, bits: int) -> float:
    top = 1 << (bits - 1)
    word = latent ^ top if latent & top else latent ^ ((1 << bits) - 1)
    number: float = struct.unpack("<f" if bits == 32 else "<d", word.to_bytes(bits // 8, "little"))[0]
    return number if math.isfinite(number) else 0.0


def latent_of(number: float, bits: int) -> int:
    if bits == 32:
        with np.errstate(all="ignore"):
            number = float(np.float32(number))
    number = number if math.isfinite(number) else 0.0
    word = int.from_bytes(struct.pack("<f" if bits == 32 else "<d", number), "little")
    top = 1 << (bits - 1)
    return word ^ ((1 << bits) - 1) if word & top else word ^ top


def signed(number: int, bits: int) -> int:
    number %= 1 << bits
    return number - (1 << bits) if number >> (bits - 1) else number


class Oracle:
    """One slab, predicted cell by cell as `Kernels.predict_tiles` says, with Python's own numbers."""

    def __init__(self, case: Prediction, lane: int, bits: int) -> None:
        self.case, self.bits = case, bits
        self.shape = tuple(map(int, case.shapes[lane, 1:]))
        self.weights = case.weights[case.sets[lane]].tolist()
        self.offsets = case.offsets.tolist()
        self.used = list(range(4 - case.axes, 4))
        self.cells: dict[Any, int] = {}
        self.planes: dict[Any, int] = {}

    def value(self, at: Any) -> Any:
        """Return a cell as it is computed with."""
        if self.case.kind == FLOAT_WEIGHTS:
            return float_of(self.cells[at], self.bits)
        return signed(self.cells[at] - self.case.reference, self.bits)

    def lorenzo(self, at: Any, axes: list[int]) -> list[tuple[int, Any]]:
        """Return signs and cells, in the order in which floats are added."""
        usable = [axis for axis in axes if at[axis] > 0]
        digits = [axis for axis in (2, 1, 0) if axis in usable]
        terms = []
        for beside in (0, 1):
            for number in range(1 << len(digits)):
                chosen = [axis for digit, axis in enumerate(digits) if number >> digit & 1]
                if beside:
                    chosen.append(3)
                if not chosen or (beside and (3 not in usable)):
                    continue
                there = tuple(i - (axis in chosen) for axis, i in enumerate(at))
                terms.append((1 if len(chosen) % 2 else -1, there))
        west = [term for term in terms if term[1] == (*at[:3], at[3] - 1)]
        return [term for term in terms if term not in west] + west

    def predict(self, at: Any) -> int:
        """Return the prediction of a cell, a latent."""
        case, bits = self.case, self.bits
        if not any(at):
            self.planes[at] = 0
            return case.reference
        if case.kind == FLOAT_WEIGHTS:
            total = 0.0
            for weight, number in self.float_terms(at):
                total = total + weight * number
            return latent_of(total, bits)
        if case.kind == MED:
            guess = self.med(at)
        elif case.kind == LORENZO or self.on_face(at):
            guess = sum(sign * self.value(there) for sign, there in self.lorenzo(at, self.used))
        else:
            guess = self.weighted(at)
        return (guess + case.reference) % (1 << bits)

    def on_face(self, at: Any) -> bool:
        return any(at[axis] == 0 for axis in (self.used[1:] if self.case.by_plane else self.used))

    def neighbours(self, at: Any) -> list[tuple[int, Any]]:
        plane = at[self.used[0]] if self.case.by_plane else 0
        weights = self.weights[plane if len(self.weights) > 1 else 0]
        found = []
        for weight, offset in zip(weights, self.offsets, strict=True):
            if self.case.by_plane and plane + offset[self.used[0]] < 0:
                continue
            there = tuple(min(max(i + o, 0), n - 1) for i, o, n in zip(at, offset, self.shape, strict=True))
            found.append((weight, there))
        return found

    def float_terms(self, at: Any) -> list[tuple[float, float]]:
        if self.on_face(at):
            return [(float(sign), self.value(there)) for sign, there in self.lorenzo(at, self.used)]
        unit = 2.0**-self.case.shift
        return [(weight * unit, self.value(there)) for weight, there in self.neighbours(at)]

    def weighted(self, at: Any) -> int:
        west = self.value((*at[:3], at[3] - 1))
        total = sum(signed(w * signed(self.value(there) - west, 64), 64) for w, there in self.neighbours(at))
        half = (1 << self.case.shift) // 2
        return west + (signed(total + half, 64) >> self.case.shift)

    def med(self, at: Any) -> int:
        """Return the prediction; `set` knows what it is in its plane."""
        base = self.base(at)
        i, j = at[2:]
        if not i and not j:
            guess = 0
        elif not i:
            guess = self.planes[*at[:3], j - 1]
        elif not j:
            guess = self.planes[*at[:2], i - 1, j]
        else:
            west, north = self.planes[*at[:3], j - 1], self.planes[*at[:2], i - 1, j]
            corner = self.planes[*at[:2], i - 1, j - 1]
            low, high = min(west, north), max(west, north)
            guess = low if corner >= high else high if corner <= low else west + north - corner
        return guess + base

    def base(self, at: Any) -> int:
        return sum(sign * self.value(there) for sign, there in self.lorenzo(at, self.used[:-2]))

    def set(self, at: Any, cell: int) -> None:
        self.cells[at] = cell
        if self.case.kind == MED:
            self.planes[at] = signed(self.value(at) - self.base(at), self.bits)


def expected(case: Prediction, cells: np.ndarray, absent: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cells, absent ones imputed, and residuals."""
    cells, residuals = cells.copy(), np.zeros_like(cells)
    place = 0
    for lane, shape in enumerate(case.shapes.tolist()):
        for _ in range(shape[0]):
            oracle = Oracle(case, lane, bits)
            for at in itertools.product(*map(range, shape[1:])):
                guess = oracle.predict(at)
                cell = guess if absent.size and absent[place] else int(cells[place])
                oracle.set(at, cell)
                cells[place] = cell
                residuals[place] = (cell - guess + (1 << (bits - 1))) % (1 << bits)
                place += 1
    return cells, residuals


def contexts_of(case: Prediction, residuals: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the context of each cell, found one by one."""
    mid = 1 << (8 * residuals.itemsize - 1)
    found = np.zeros(residuals.size, np.uint8)
    place = 0
    for count, *shape in case.shapes.tolist():
        size = math.prod(shape)
        for _ in range(count):
            slab = residuals[place : place + size].reshape(shape).tolist()
            for k, at in enumerate(itertools.product(*map(range, shape))):
                total = _around(slab, at, shape, case.axes, mid)
                found[place + k] = sum(int(limit) <= total for limit in thresholds)
            place += size
    return found


def _around(slab: Any, at: Any, shape: Any, axes: int, mid: int) -> int:
    def size(i1: int, i2: int, i3: int) -> int:
        return min(abs(slab[at[0]][i1][i2][i3] - mid), 1 << 56)

    _, i1, i2, i3 = at
    total = 2 * size(i1, i2, i3 - 1) if i3 else 0
    if axes >= 2 and i2:
        east = min(i3 + 1, shape[3] - 1)
        total += 2 * size(i1, i2 - 1, i3) + size(i1, i2 - 1, max(i3 - 1, 0)) + size(i1, i2 - 1, east)
    if axes >= 3 and i1:
        east, south = min(i3 + 1, shape[3] - 1), min(i2 + 1, shape[2] - 1)
        total += 2 * size(i1 - 1, i2, i3) + size(i1 - 1, i2, east) + size(i1 - 1, south, i3)
    return total


def fit_case(rng):
    """Return what weights are to be fitted to: cells, places, sizes and strides of axes, and offsets."""
    shape = tuple(int(size) for size in rng.integers(1, 9, int(rng.integers(1, 5))))
    size = int(np.prod(shape))
    cells = rng.integers(-(1 << int(rng.integers(1, 63))), 1 << int(rng.integers(1, 63)), size)
    if rng.random() < 0.5:
        cells = np.cumsum(cells)
    places = rng.integers(0, size, int(rng.integers(1, 2000)))
    offsets = rng.integers(-3, 4, (int(rng.integers(3, 20)), len(shape)))
    offsets[-2] = 0
    strides = np.cumprod((1, *shape[:0:-1]))[::-1].copy()
    return cells, places, np.array(shape), strides, offsets
