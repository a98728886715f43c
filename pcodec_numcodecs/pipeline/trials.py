"""Predictors tried on a sample of boxes: what each would cost, for one split and one mask."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, NumberType, from_latents, number_type_of
from ..kernels import Kernels, Prediction
from ..lazy import lazy_property
from ..metadata import Classic
from .affine import Affine
from .candidates import Masked, Parted
from .contexts import LADDER, METADATA_COST, PAGE_COST, cut
from .fitting import SHIFT, fit
from .sampling import Boxes
from .scoring import costs_of_parts
from .stencils import Offset, channel, stencil
from .steps import FLOAT_WEIGHTS, LORENZO, MED, WEIGHTS, Rank, as_signed, lanes, midpoint

__all__ = ["Axes", "Bench", "Trial", "subsets"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Axes = tuple[int, ...]

_NOTHING = np.zeros(0, np.uint8)
_INTEGER_BITS = 40
_FAR = 16.0


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
    sets
        The set of weights of each box; all have the first if none are given.
    cost
        Of the residuals of all cells, edges of tiles not counted.
    """

    bench: "Bench"
    kind: int
    axes: Axes
    offsets: tuple[Offset, ...] = ()
    weights: I64 = field(default_factory=lambda: np.zeros((1, 1, 0), np.int64))
    by_plane: bool = False
    sets: tuple[int, ...] = ()
    cost: int = 0


class _Ordered(NamedTuple):
    """The boxes with their axes in some order, as kernels take them; `chosen` are the cells that are scored."""

    cells: Latents
    shapes: I64
    chosen: U8
    absent: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Bench:
    """The sample with one split and one mask.

    Attributes
    ----------
    masked, parted
        The mask and the split.
    boxes
        Primary latents, with absent cells filled.
    number_type
        That of the elements.
    kernels
        Those that do the work.
    """

    masked: Masked
    parted: Parted
    boxes: Boxes
    number_type: NumberType
    kernels: Kernels
    _orders: dict[Axes, _Ordered] = field(default_factory=dict)
    _differenced: dict[Axes, Latents] = field(default_factory=dict)

    @classmethod
    def of(cls, masked: Masked, parted: Parted, boxes: Boxes, number_type: NumberType, kernels: Kernels) -> "Bench":
        """Prepare the sample."""
        return cls(masked, parted, boxes.of(masked.filled(parted.primary)), number_type, kernels)

    @property
    def side_cost(self) -> int:
        """Cost of what split and mask store."""
        return self.masked.cost + self.parted.cost

    @property
    def is_pcos(self) -> bool:
        """Whether Pco, given the numbers as they are, can do the same: nothing is masked, and the split is its mode."""
        return not self.masked.fills and not isinstance(self.parted.split, Affine | Rank)

    @lazy_property
    def _reference(self) -> int:
        return midpoint(self.boxes.cells)

    @lazy_property
    def _signed(self) -> I64:
        return as_signed(self.boxes.cells, self._reference)

    @lazy_property
    def _floats(self) -> I64:
        return _as_integers(from_latents(self.boxes.cells, self.number_type))

    def unpredicted(self, level: int) -> int:
        """Return the cost of primary latents that Pco codes as they are, or as differences of neighbours."""
        present = ~self.masked.absent
        counts = present.reshape(len(present), -1).sum(axis=1)
        cells = self.parted.primary[present]
        if not cells.size:
            return 0
        number_type = number_type_of(cells.dtype)
        return self.boxes.price(cells, counts[counts > 0], [Classic()], number_type, level, self.kernels)

    def score(self, trial: Trial) -> Trial:
        """Return the trial with its cost."""
        ordered, residuals = self._residuals(trial)
        return replace(trial, cost=self._cost(residuals, ordered.chosen))

    def _cost(self, residuals: Latents, chosen: U8) -> int:
        ends = np.array([residuals.size])
        return self.boxes.scaled(int(costs_of_parts(residuals, chosen, ends, self.kernels)[0]))

    def price(self, trial: Trial, level: int) -> int:
        """Return the cost by a training of bins."""
        ordered, residuals = self._residuals(trial)
        return self.boxes.estimate(residuals[ordered.chosen != 0], level, self.kernels)

    def contexts(self, trial: Trial, pages: int) -> tuple[tuple[int, ...], int]:
        """Return the thresholds of the best contexts for a trial in so many pages, and what these save."""
        ordered, residuals = self._residuals(trial)
        residuals[ordered.absent] = residuals.dtype.type(1 << (8 * residuals.itemsize - 1))
        rungs = np.empty(residuals.size, np.uint8)
        self.kernels.assign_contexts(residuals, ordered.shapes, len(trial.axes), LADDER, rungs)
        chosen = ordered.chosen != 0
        return cut(residuals[chosen], rungs[chosen], self.boxes.scale, pages * PAGE_COST + METADATA_COST)

    def _residuals(self, trial: Trial) -> tuple[_Ordered, Latents]:
        """Return the boxes in the trial's order, and the residuals of their cells."""
        ordered = self._ordered(trial.axes)
        offsets = np.zeros((len(trial.offsets), 4), np.int64)
        if trial.offsets:
            offsets[:, 4 - len(trial.axes) :] = trial.offsets
        prediction = Prediction(
            kind=trial.kind,
            axes=len(trial.axes),
            shapes=ordered.shapes,
            reference=self._reference,
            offsets=offsets,
            weights=trial.weights,
            shift=SHIFT if trial.kind in (WEIGHTS, FLOAT_WEIGHTS) else 0,
            sets=np.array(trial.sets or (0,) * len(ordered.shapes), np.int64),
            by_plane=trial.by_plane,
        )
        residuals = np.empty_like(ordered.cells)
        self.kernels.predict_tiles(ordered.cells, _NOTHING, prediction, residuals)
        return ordered, residuals

    def residuals(self, trial: Trial) -> tuple[U8, Latents]:
        """Return which cells are scored, box by box in the trial's order, and the residuals of all."""
        ordered, residuals = self._residuals(trial)
        return ordered.chosen, residuals

    def places(self, trial: Trial) -> I64:
        """Return where the cells are to which the trial's weights can be fitted, in the flattened boxes."""
        return self._places(tuple(axis + 1 for axis in trial.axes))

    def fitted_cells(self, trial: Trial) -> I64:
        """Return the boxes as integers that the trial's weights are fitted to."""
        return self._floats if trial.kind == FLOAT_WEIGHTS else self._signed

    def _ordered(self, axes: Axes) -> _Ordered:
        if axes not in self._orders:
            order = (0, *(axis + 1 for axis in range(self.boxes.cells.ndim - 1) if axis not in axes))
            order = (*order, *(axis + 1 for axis in axes))
            moved = self.boxes.cells.transpose(order)
            self._orders[axes] = _Ordered(
                moved.reshape(-1),
                lanes([moved.shape[1:]] * len(moved), len(axes)),
                self.masked.ordered("chosen", order).view(np.uint8),
                self.masked.ordered("absent", order),
            )
        return self._orders[axes]

    def lorenzo(self, sets: list[Axes]) -> dict[Axes, Trial]:
        """Try differences along sets of axes."""
        mid = self.boxes.cells.dtype.type(1 << (8 * self.boxes.cells.itemsize - 1))
        chosen = self.masked.ordered("chosen", tuple(range(self.boxes.cells.ndim))).view(np.uint8)
        found = {}
        for axes in sets:
            residuals = self._differences(axes) + mid
            found[axes] = Trial(self, LORENZO, axes, cost=self._cost(residuals.reshape(-1), chosen))
        return found

    def _differences(self, axes: Axes) -> Latents:
        """Return the boxes as differences along some axes; those along less are kept for others."""
        if axes not in self._differenced:
            if not axes:
                made = self.boxes.cells - self.boxes.cells.dtype.type(self._reference)
            else:
                before = self._differences(axes[:-1])
                made = np.empty_like(before)
                # All in one long row, which is fast, and then what has no cell before it along the axis.
                stride = before.strides[axes[-1] + 1] // before.itemsize
                flat = before.reshape(-1)
                np.subtract(flat[stride:], flat[:-stride], out=made.reshape(-1)[stride:])
                first: tuple[slice | int, ...] = (*(slice(None),) * (axes[-1] + 1), 0)
                made[first] = before[first]
            self._differenced[axes] = made
        return self._differenced[axes]

    def medians(self, axes: Axes, planes: list[Axes], most: int) -> Iterator[Trial]:
        """Try the median edge detector in planes, and in the best few also after differences along other axes."""
        tried = sorted((self.score(Trial(self, MED, plane)) for plane in planes), key=lambda trial: trial.cost)
        yield from tried
        for plane in tried[:most]:
            for other in axes:
                if other not in plane.axes:
                    yield self.score(Trial(self, MED, (other, *plane.axes)))

    def weights(self, name: str, axes: Axes, most: int) -> Trial | None:
        """Fit a stencil along axes on up to so many cells, and try it."""
        along = tuple(axis + 1 for axis in axes)
        offsets = stencil(name, len(axes))
        found = fit(self._signed, _thinned(self._places(along), most), offsets, along, self.kernels)
        if found is None:
            return None
        return self.score(Trial(self, WEIGHTS, axes, offsets, found.reshape(1, 1, -1)))

    def float_weights(self, name: str, axes: Axes, most: int) -> Trial | None:
        """Fit a stencil along axes to the floats themselves on up to so many cells, and try it."""
        along = tuple(axis + 1 for axis in axes)
        offsets = stencil(name, len(axes))
        found = fit(self._floats, _thinned(self._places(along), most), offsets, along, self.kernels)
        if found is None:
            return None
        return self.score(Trial(self, FLOAT_WEIGHTS, axes, offsets, found.reshape(1, 1, -1)))

    @property
    def binades(self) -> int:
        """Return how many powers of two the floats that are scored span, about; a change of sign is many."""
        chosen = self.boxes.cells[self.masked.chosen]
        return (int(chosen.max()) - int(chosen.min())) >> self.number_type.mantissa_bits

    def planes(self, axes: Axes, most: int) -> Trial | None:
        """Fit weights of their own for each place along the first of three axes, and try them."""
        along = tuple(axis + 1 for axis in axes)
        count = self.boxes.cells.shape[along[0]]
        offsets = channel(count)
        weights = np.zeros((1, count, len(offsets)), np.int64)
        places = self._places(along[1:])
        planes = np.unravel_index(places, self.boxes.cells.shape)[along[0]]
        for plane in range(count):
            used = tuple(offset for offset in offsets if plane + offset[0] >= 0)
            found = fit(self._signed, _thinned(places[planes == plane], most), used, along, self.kernels)
            if found is None:
                return None
            weights[0, plane, [offsets.index(offset) for offset in used]] = found
        return self.score(Trial(self, WEIGHTS, axes, offsets, weights, by_plane=True))

    def _places(self, along: tuple[int, ...]) -> I64:
        """Return where cells are that have neighbours before them along some axes of the boxes."""
        present = ~self.masked.absent
        for axis in along:
            present[(slice(None),) * axis + (0,)] = False
        return np.flatnonzero(present)


def _as_integers(floats: npt.NDArray[Any]) -> I64:
    """Scale floats such that all but the largest fill the integers that weights are fitted to; others count as 0."""
    with np.errstate(all="ignore"):
        wide = floats.astype(np.float64)
        finite = np.isfinite(wide)
        wide[~finite] = 0.0
        sizes = np.sort(np.abs(wide[finite]))
        largest = float(sizes[(99 * sizes.size) // 100]) if sizes.size else 0.0
        if not largest > 0.0:
            return np.zeros(floats.shape, np.int64)
        scaled = np.clip(wide / largest, -_FAR, _FAR) * float(1 << _INTEGER_BITS)
    return np.rint(scaled).astype(np.int64)


def _thinned(places: I64, most: int) -> I64:
    """Return up to so many places, evenly spread."""
    return places if places.size <= most else places[(np.arange(most) * places.size) // most]


def subsets(axes: Axes) -> list[Axes]:
    """Return all sets of axes but the empty one, small ones first."""
    return [chosen for count in range(1, len(axes) + 1) for chosen in combinations(axes, count)]
