"""Predictors tried on a sample of boxes: what each would cost, for one split and one mask."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, number_type_of
from ..kernels import Kernels
from ..metadata import Classic
from .candidates import Masked, Parted, filled, scaled
from .contexts import LADDER, METADATA_COST, PAGE_COST, cut
from .fitting import SHIFT, fit, weighted
from .sampling import Boxes
from .scoring import differences, entropy_cost, median_edges, subsets
from .stencils import Offset, channel, stencil
from .steps import LORENZO, MED, WEIGHTS, as_signed, lanes, midpoint

__all__ = ["Bench", "Trial"]

I64 = npt.NDArray[np.int64]
Axes = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """One predictor on one bench.

    Attributes
    ----------
    bench
        Split and mask that it is tried with.
    kind, offsets, weights, by_plane
        See `steps.Predictor`.
    axes
        The array's axes that it works along, in its order.
    cost
        Of the residuals of all cells, edges of tiles not counted.
    """

    bench: "Bench"
    kind: int
    axes: Axes
    offsets: tuple[Offset, ...] = ()
    weights: I64 = field(default_factory=lambda: np.zeros((1, 1, 0), np.int64))
    by_plane: bool = False
    cost: int = 0

    def residuals(self) -> I64:
        """Return the residuals of the boxes' cells."""
        return self.bench.residuals(self)


@dataclass(frozen=True, eq=False)
class Bench:
    """The sample with one split and one mask.

    Attributes
    ----------
    boxes
        Signed primary latents, with absent cells filled.
    bits
        Width of primary latents.
    """

    masked: Masked
    parted: Parted
    boxes: Boxes
    bits: int

    @classmethod
    def of(cls, masked: Masked, parted: Parted, boxes: Boxes) -> "Bench":
        """Prepare the sample."""
        primary = filled(parted.primary, masked.absent)
        signed = as_signed(primary, midpoint(primary))
        return cls(masked, parted, boxes.of(signed), 8 * primary.itemsize)

    @property
    def side_cost(self) -> int:
        """Cost of what split and mask store."""
        return self.masked.cost + self.parted.cost

    @property
    def is_plain(self) -> bool:
        """Whether Pco would get the numbers as they are."""
        return isinstance(self.parted.split, Classic) and not self.masked.fills

    def unpredicted(self, level: int, kernels: Kernels) -> int:
        """Return the cost of primary latents that Pco codes as they are, or as differences of neighbours."""
        present = ~self.masked.absent
        counts = present.reshape(len(present), -1).sum(axis=1)
        cells = self.parted.primary[present]
        if not cells.size:
            return 0
        return self.boxes.price(cells, counts[counts > 0], [Classic()], number_type_of(cells.dtype), level, kernels)

    @cached_property
    def _scored(self) -> npt.NDArray[np.bool_] | None:
        absent = self.masked.absent[self.boxes.scored]
        return ~absent if absent.any() else None

    def scored(self, residuals: I64) -> I64:
        """Return those residuals that are stored and have all neighbours."""
        inner = residuals[self.boxes.scored]
        return inner[self._scored] if self._scored is not None else inner.reshape(-1)

    def score(self, trial: Trial) -> Trial:
        """Return the trial with its cost."""
        found = self.scored(self.residuals(trial))
        cost = entropy_cost(found, self.bits) if found.size else 0
        return replace(trial, cost=scaled(cost, self.boxes))

    def price(self, trial: Trial, level: int, kernels: Kernels) -> int:
        """Return the cost by a training of bins."""
        found = self.scored(self.residuals(trial))
        return self.boxes.estimate(self._stored(found), level, kernels)

    def contexts(self, trial: Trial, pages: int, kernels: Kernels) -> tuple[tuple[int, ...], int]:
        """Return the thresholds of the best contexts for a trial in so many pages, and what these save."""
        residuals = self.residuals(trial)
        residuals[self.masked.absent] = 0
        chosen = np.zeros(residuals.shape, np.bool_)
        chosen[self.boxes.scored] = True
        chosen &= ~self.masked.absent
        order = (*(axis for axis in range(residuals.ndim - 1) if axis not in trial.axes), *trial.axes)
        moved = self._stored(residuals).transpose(0, *(axis + 1 for axis in order))
        shapes = lanes([moved.shape[1:]] * len(moved), len(trial.axes))
        flat = moved.reshape(-1)
        rungs = np.empty(flat.size, np.uint8)
        kernels.assign_contexts(flat, shapes, len(trial.axes), LADDER, rungs)
        kept = chosen.transpose(0, *(axis + 1 for axis in order)).reshape(-1)
        return cut(flat[kept], rungs[kept], self.boxes.scale, pages * PAGE_COST + METADATA_COST)

    def _stored(self, residuals: I64) -> Latents:
        return (residuals.view(np.uint64) + np.uint64(1 << (self.bits - 1))).astype(f"u{self.bits // 8}")

    def residuals(self, trial: Trial) -> I64:
        """Return the residuals of the boxes' cells."""
        cells = self.boxes.cells
        axes = tuple(axis + 1 for axis in trial.axes)
        if trial.kind == LORENZO:
            return differences(cells, axes)
        if trial.kind == MED:
            return median_edges(differences(cells, axes[:-2]), (axes[-2], axes[-1]))
        residuals = differences(cells, axes)
        if trial.by_plane:
            return self._by_plane(trial, residuals)
        inner = [slice(None)] * cells.ndim
        for axis in axes:
            inner[axis] = slice(1, None)
        predicted = weighted(cells, trial.offsets, trial.weights[0, 0], SHIFT, axes)
        residuals[tuple(inner)] = (cells - predicted)[tuple(inner)]
        return residuals

    def _by_plane(self, trial: Trial, residuals: I64) -> I64:
        cells, (channels, row, column) = self.boxes.cells, (axis + 1 for axis in trial.axes)
        inner = [slice(None)] * cells.ndim
        inner[row] = inner[column] = slice(1, None)
        for plane in range(cells.shape[channels]):
            offsets, weights = _within(trial.offsets, plane, trial.weights[0, plane])
            inner[channels] = slice(plane, plane + 1)
            around, here = _planes(cells, channels, plane)
            predicted = weighted(around, offsets, weights, SHIFT, (channels, row, column))
            residuals[tuple(inner)] = cells[tuple(inner)] - predicted.take([here], channels)[_others(inner, channels)]
        return residuals

    def lorenzo(self, sets: list[Axes]) -> dict[Axes, Trial]:
        """Try differences along sets of axes."""
        return {axes: self.score(Trial(self, LORENZO, axes)) for axes in sets}

    def medians(self, axes: Axes) -> Iterator[Trial]:
        """Try the median edge detector in each plane, alone and after differences along each other axis."""
        for plane in subsets(axes):
            if len(plane) == 2:
                yield self.score(Trial(self, MED, plane))
                for other in axes:
                    if other not in plane:
                        yield self.score(Trial(self, MED, (other, *plane)))

    def weights(self, name: str, axes: Axes, kernels: Kernels) -> Trial | None:
        """Fit and try a stencil along axes."""
        inner_axes = tuple(axis + 1 for axis in axes)
        present = self._present(inner_axes)
        offsets = stencil(name, len(axes))
        found = fit(self.boxes, present, offsets, inner_axes, kernels)
        if found is None:
            return None
        return self.score(Trial(self, WEIGHTS, axes, offsets, found.reshape(1, 1, -1)))

    def planes(self, axes: Axes, kernels: Kernels) -> Trial | None:
        """Fit and try weights of their own for each place along the first of three axes."""
        channels, row, column = (axis + 1 for axis in axes)
        cells = self.boxes.cells
        count = cells.shape[channels]
        offsets = channel(count)
        weights = np.zeros((1, count, len(offsets)), np.int64)
        for plane in range(count):
            used, _ = _within(offsets, plane, weights[0, plane])
            around, here = _planes(cells, channels, plane)
            present = np.zeros(around.shape, np.bool_)
            target = [slice(None)] * cells.ndim
            target[row] = target[column] = slice(1, None)
            source = target.copy()
            target[channels], source[channels] = slice(here, here + 1), slice(plane, plane + 1)
            present[tuple(target)] = ~self.masked.absent[tuple(source)]
            found = fit(self.boxes.of(around), present, used, (channels, row, column), kernels)
            if found is None:
                return None
            weights[0, plane, [offsets.index(offset) for offset in used]] = found
        return self.score(Trial(self, WEIGHTS, axes, offsets, weights, by_plane=True))

    def _present(self, axes: Axes) -> npt.NDArray[np.bool_]:
        present = ~self.masked.absent
        for axis in axes:
            edge = [slice(None)] * present.ndim
            edge[axis] = slice(0, 1)
            present[tuple(edge)] = False
        return present


def _within(offsets: tuple[Offset, ...], plane: int, weights: I64) -> tuple[tuple[Offset, ...], I64]:
    """Return the neighbours that are not before the first plane, and their weights."""
    kept = [index for index, offset in enumerate(offsets) if plane + offset[0] >= 0]
    return tuple(offsets[index] for index in kept), weights[kept]


def _planes(cells: I64, channels: int, plane: int) -> tuple[I64, int]:
    """Return the planes up to one, as far back as neighbours reach, and the place of that one among them."""
    first = max(0, plane - 3)
    return cells.take(range(first, plane + 1), axis=channels), plane - first


def _others(inner: list[slice], channels: int) -> tuple[slice, ...]:
    return tuple(slice(None) if axis == channels else part for axis, part in enumerate(inner))
