"""How the second reader of frames undoes splits, predictions and contexts: docs/format.md, cell by cell.

All latents are Python integers, all lists are in the order of a page's cells.
"""

import itertools
import math
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

MANTISSAS = {16: 10, 32: 23, 64: 52}
RAW, INT_MULT, FLOAT_MULT, FLOAT_QUANT, AFFINE, RANK = range(6)
LORENZO, MED, WEIGHTS, FLOAT_WEIGHTS = range(1, 5)

Cell = tuple[int, ...]


class Predictor(NamedTuple):
    """The fields of a predictor."""

    kind: int
    order: tuple[int, ...]
    used: int
    reference: int
    shift: int = 0
    by_plane: int = 0
    offsets: tuple[tuple[int, ...], ...] = ()
    weights: tuple[tuple[tuple[int, ...], ...], ...] = ()  # of each set and plane


def signed(value: int, width: int) -> int:
    """Return the signed integer that is the value modulo two to the width."""
    value %= 1 << width
    return value - (1 << width) if value >> (width - 1) else value


def bits_of(latent: int, width: int, inverse: bool = False) -> int:
    """Return the bits of a float from its ordered latent; or the other way round."""
    top = 1 << (width - 1)
    return latent ^ top if bool(latent & top) != inverse else latent ^ (2 * top - 1)


def float_of(latent: int, width: int) -> Any:
    """Return the float of an ordered latent, as a scalar of its width."""
    return _float(bits_of(latent, width), width)


def latent_of(number: Any, width: int) -> int:
    """Return the ordered latent of a float of just this width."""
    assert number.dtype.itemsize * 8 == width
    return bits_of(int.from_bytes(number.tobytes(), sys.byteorder), width, inverse=True)


def _float(bits: int, width: int) -> Any:
    return np.array([bits], f"u{width // 8}").view(f"f{width // 8}")[0]


def join(split: int, parameters: tuple[Any, ...], primary: int, secondary: int, width: int) -> int:
    """Return the ordered latent, for all splits but ranks."""
    whole, mid = 1 << width, 1 << (width - 1)
    if split == RAW:
        return primary
    if split == INT_MULT:
        return (primary * parameters[0] + secondary) % whole
    if split == FLOAT_QUANT:
        (k,) = parameters
        rest = secondary if primary >= mid >> k else (1 << k) - 1 - secondary
        return ((primary << k) + rest) % whole
    with np.errstate(all="ignore"):
        if split == FLOAT_MULT:
            number = _times(primary, float_of(parameters[0], width), width)
        else:
            number = _steps(signed(primary - mid, width), *parameters, width)
    return (latent_of(number, width) + secondary - mid) % whole


def _times(primary: int, base: Any, width: int) -> Any:
    mid = 1 << (width - 1)
    count = primary - mid if primary >= mid else mid - 1 - primary
    limit = 1 << (MANTISSAS[width] + 1)
    bits = int.from_bytes(type(base)(min(count, limit)).tobytes(), sys.byteorder)
    bits = (bits + max(0, count - limit)) % (2 * mid)
    if primary < mid:
        bits |= mid
    multiple = _float(bits, width)
    return _float(bits | 1 << (MANTISSAS[width] - 1), width) if np.isnan(multiple) else multiple * base


def _steps(steps: int, scale: float, offset: float, narrow: int, width: int) -> Any:
    kind = {16: np.float16, 32: np.float32, 64: np.float64}[width]
    if narrow:
        number = kind(kind(kind(np.float64(steps)) * kind(scale)) + kind(offset))
    else:
        number = kind(np.float64(steps) * np.float64(scale) + np.float64(offset))
    return number if np.isfinite(number) else kind(0)


def restore(
    residuals: list[int], shape: Cell, width: int, predictor: Predictor, which: int, tile_planes: int
) -> list[int]:
    """Return the primary latents of a tile whose axes are in the predictor's order; `which` is its set of weights."""
    slab_shape = shape[len(shape) - predictor.used :]
    size = math.prod(slab_shape)
    found = []
    for first in range(0, len(residuals), size):
        slab = _Slab(slab_shape, width, predictor, which, tile_planes)
        for cell, residual in zip(
            itertools.product(*map(range, slab_shape)), residuals[first : first + size], strict=True
        ):
            slab.add(cell, residual)
        found += slab.cells.values()
    return found


class _Slab:
    """Cells of a slab that are known already, and the rules that predict the next."""

    def __init__(self, shape: Cell, width: int, predictor: Predictor, which: int, tile_planes: int) -> None:
        self.shape, self.width, self.predictor = shape, width, predictor
        self.cells: dict[Cell, int] = {}  # latents
        self.x: dict[Cell, int] = {}  # signed differences to the reference
        self.d: dict[Cell, int] = {}  # of MED
        self.planes = predictor.weights[which] if predictor.weights else ()
        assert not self.planes or len(self.planes) == tile_planes

    def add(self, cell: Cell, residual: int) -> None:
        mid = 1 << (self.width - 1)
        if self.predictor.kind == FLOAT_WEIGHTS:
            prediction = self._float_prediction(cell)
        else:
            prediction = self._prediction(cell) + self.predictor.reference
        self.cells[cell] = (prediction + residual - mid) % (2 * mid)
        self.x[cell] = signed(self.cells[cell] - self.predictor.reference, self.width)
        if self.predictor.kind == MED:
            self.d[cell] = signed(self.x[cell] - self._lorenzo(cell, range(len(self.shape) - 2)), self.width)

    def _prediction(self, cell: Cell) -> int:
        if self.predictor.kind == LORENZO:
            return self._lorenzo(cell, range(len(cell)))
        if self.predictor.kind == MED:
            return self._med(cell) + self._lorenzo(cell, range(len(cell) - 2))
        if self._on_face(cell) or cell[-1] == 0:
            return self._lorenzo(cell, range(len(cell)))
        shift = self.predictor.shift
        west = self.x[_back(cell, [len(cell) - 1])]
        total = (1 << shift) >> 1
        for weight, neighbour in self._neighbours(cell):
            total += weight * (self.x[neighbour] - west)
        return west + (signed(total, 64) >> shift)

    def _lorenzo(self, cell: Cell, axes: Any) -> int:
        return sum((1 if len(chosen) % 2 else -1) * self.x[_back(cell, chosen)] for chosen in _sets(cell, axes))

    def _med(self, cell: Cell) -> int:
        rows, columns = len(cell) - 2, len(cell) - 1
        if cell[rows] == 0:
            return self.d[_back(cell, [columns])] if cell[columns] else 0
        north = self.d[_back(cell, [rows])]
        if cell[columns] == 0:
            return north
        west, corner = self.d[_back(cell, [columns])], self.d[_back(cell, [rows, columns])]
        if corner <= min(west, north):
            return max(west, north)
        if corner >= max(west, north):
            return min(west, north)
        return west + north - corner

    def _on_face(self, cell: Cell) -> bool:
        counted = cell[1:-1] if self.predictor.by_plane else cell[:-1]
        return 0 in counted

    def _neighbours(self, cell: Cell) -> Iterator[tuple[int, Cell]]:
        weights = self.planes[cell[0] if self.predictor.by_plane else 0]
        for weight, offset in zip(weights, self.predictor.offsets, strict=True):
            there = [i + o for i, o in zip(cell, offset, strict=True)]
            if self.predictor.by_plane and there[0] < 0:
                continue
            yield weight, tuple(min(max(i, 0), n - 1) for i, n in zip(there, self.shape, strict=True))

    def _value(self, cell: Cell) -> np.float64:
        number = float_of(self.cells[cell], self.width)
        return np.float64(number) if np.isfinite(number) else np.float64(0)

    def _float_prediction(self, cell: Cell) -> int:
        if not any(cell):
            return self.predictor.reference
        last = len(cell) - 1
        sets = list(_sets(cell, range(last)))
        terms = [(1.0 if len(chosen) % 2 else -1.0, _back(cell, chosen)) for chosen in sets]
        if cell[last] and self._on_face(cell):
            terms += [(-1.0 if len(chosen) % 2 else 1.0, _back(cell, [*chosen, last])) for chosen in sets]
            terms.append((1.0, _back(cell, [last])))
        elif cell[last]:
            unit = 1.0 / (1 << self.predictor.shift)
            terms = [(weight * unit, neighbour) for weight, neighbour in self._neighbours(cell)]
        total = np.float64(0)
        with np.errstate(all="ignore"):
            for factor, neighbour in terms:
                total = total + np.float64(factor) * self._value(neighbour)
            kind = np.float32 if self.width == 32 else np.float64
            number = kind(total)
        return latent_of(number if np.isfinite(number) else kind(0), self.width)


def _sets(cell: Cell, axes: Any) -> Iterator[list[int]]:
    """Yield the nonempty sets of axes along which there is a neighbour, as if counting in binary."""
    free = [axis for axis in axes if cell[axis]]
    for number in range(1, 1 << len(free)):
        yield [axis for digit, axis in enumerate(reversed(free)) if number >> digit & 1]


def _back(cell: Cell, axes: Any) -> Cell:
    return tuple(i - (axis in axes) for axis, i in enumerate(cell))


def merge(
    streams: list[list[int]], masked: list[bool], shape: Cell, used: int, width: int, thresholds: tuple[int, ...]
) -> list[int] | None:
    """Return all residuals of a tile, masked ones too; None when a stream has not just what is asked of it."""
    mid = 1 << (width - 1)
    left = [iter(stream) for stream in streams]
    planes, rows, places = (1, 1, 1, *shape[len(shape) - used :])[-3:]
    found: list[int] = []
    while len(found) < len(masked):
        sizes: dict[Cell, int] = {}
        for q, r, i in itertools.product(range(planes), range(rows), range(places)):
            around = 2 * sizes.get((q, r, i - 1), 0)
            east = min(i + 1, places - 1)
            if r:
                around += 2 * sizes[q, r - 1, i] + sizes[q, r - 1, max(i - 1, 0)] + sizes[q, r - 1, east]
            if q:
                around += 2 * sizes[q - 1, r, i] + sizes[q - 1, r, east] + sizes[q - 1, min(r + 1, rows - 1), i]
            residual: int | None = mid
            if not masked[len(found)]:
                residual = next(left[sum(threshold <= around for threshold in thresholds)], None)
                if residual is None:
                    return None
            assert residual is not None
            sizes[q, r, i] = min(abs(residual - mid), 1 << 56)
            found.append(residual)
    return found if all(next(stream, None) is None for stream in left) else None
