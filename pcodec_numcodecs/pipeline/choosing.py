"""Which pipeline and which tile suit an array best: candidates are tried on the same sample of boxes.

First all are scored by the entropy of their residuals' bit lengths, side by side; then the best few, and what Pco does
with the cells as they are, are priced as Pco will code them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, NamedTuple

import numpy as np

from ..choosing import candidate_modes, lookback_gain
from ..config import ChunkConfig
from ..dtypes import Latents, NumberType
from ..fixed_log import FRACTION_BITS
from ..kernels import Kernels
from ..metadata import Classic, Mode
from .candidates import Masked, Parted, masks, splits
from .fitting import SHIFT
from .sampling import Boxes, sample_boxes
from .steps import NONE, PLAIN, WEIGHTS, Pipeline, Predictor
from .tiles import auto_tile, page_cells, predicted_tile, whole_tile
from .trials import Axes, Bench, Trial, subsets

__all__ = ["Choice", "Plan", "Tried", "Wish", "choose"]

Shape = tuple[int, ...]

_FAST_LEVEL: Final = 4
_USUAL_LEVEL: Final = 8
_LEAST_CELLS: Final = 512
"""A smaller array tells nothing about itself."""
_MOST_AXES: Final = 4
_SAMPLES: Final = {"fast": 1 << 13, "usual": 1 << 15}
_FINALISTS: Final = 4
_FITTED: Final = 3
"""Benches on which weights are fitted."""
_MOST_PLANES: Final = 16
_PAGE_COST: Final = (10 * 8) << FRACTION_BITS
"""What a page costs besides its latents: size, checksum, and room at its ends."""
_DOUBT_LOG: Final = 3
"""Pco as it is and the best pipeline are both carried out where their prices are within 1/8."""
_WHOLE_HANDICAP: Final = {"balanced": 6, "whole": 0}
"""What a single page for all cells must save, in 64ths: it cannot be read in parts."""


@dataclass(frozen=True)
class Wish:
    """What the user asks.

    Attributes
    ----------
    level, predictor, access
        See `frame.FrameSettings`.
    tile
        Cells of a tile along each axis, or None.
    """

    level: int
    predictor: str
    access: str
    tile: Shape | None

    @property
    def is_fast(self) -> bool:
        """Whether both ways have to be fast."""
        return self.level <= _FAST_LEVEL


class Tried(NamedTuple):
    """A candidate, and its size in bytes as it was estimated."""

    split: str
    fills: int
    predictor: str
    contexts: int
    tile: Shape
    size: int


class Plan(NamedTuple):
    """A pipeline, but for what depends on all cells, and its tile.

    Attributes
    ----------
    values
        For `Rank`, the distinct values of the array, ascending.
    handicap
        A 64th of its size that it must save, times this, to be chosen over others.
    """

    tile: Shape
    pipeline: Pipeline
    values: Latents | None = None
    handicap: int = 0


class Choice(NamedTuple):
    """The plans worth carrying out, the most promising first; and all that was priced, cheapest first."""

    plans: tuple[Plan, ...]
    tried: tuple[Tried, ...]


def choose(latents: Latents, number_type: NumberType, wish: Wish, kernels: Kernels) -> Choice:
    """Choose pipeline and tile for the ordered latents of an array, in its shape."""
    shape = latents.shape
    flat_tile = wish.tile or auto_tile(shape, wish.access)
    if latents.size < _LEAST_CELLS or wish.predictor == "none":
        return Choice((Plan(flat_tile, PLAIN),), ())
    modes = [Classic(), *candidate_modes(latents.reshape(-1), number_type)]
    boxes = sample_boxes(latents, _SAMPLES["fast" if wish.is_fast else "usual"])
    candidates = [*_predicted(latents, boxes, modes, number_type, wish, kernels)]
    candidates += _flat(latents, boxes, modes, number_type, flat_tile, wish, kernels)
    candidates.sort(key=lambda candidate: candidate.cost + (candidate.cost * candidate.handicap >> 6))
    best = candidates[0]
    # How far lookbacks reach is not seen in boxes. So where it may change the verdict, both sides are carried out.
    rivals = [
        other
        for other in candidates[1:]
        if (other.trial is None) != (best.trial is None)
        and (best.is_one_page or other.cost - (other.cost >> _DOUBT_LOG) < best.cost)
    ]
    return Choice(
        tuple(candidate.plan(len(shape)) for candidate in (best, *rivals[:1])),
        tuple(candidate.tried() for candidate in candidates),
    )


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A trial with its tile, or Pco as it is; and the cost of all."""

    tile: Shape
    trial: Trial | None
    cost: int
    handicap: int = 0
    is_one_page: bool = False
    thresholds: tuple[int, ...] = ()

    def plan(self, ndim: int) -> Plan:
        """Return what is to be done."""
        values = self.trial.bench.parted.values if self.trial is not None else None
        return Plan(self.tile, self.pipeline(ndim), values, self.handicap)

    def pipeline(self, ndim: int) -> Pipeline:
        """Return the pipeline, but for what depends on all cells."""
        if self.trial is None:
            return PLAIN
        trial, bench = self.trial, self.trial.bench
        if trial.kind == NONE:
            return Pipeline(bench.parted.split, bench.masked.fills)
        others = tuple(axis for axis in range(ndim) if axis not in trial.axes)
        predictor = Predictor(
            trial.kind,
            (*others, *trial.axes),
            len(trial.axes),
            offsets=trial.offsets,
            weights=trial.weights,
            shift=SHIFT if trial.kind == WEIGHTS else 0,
            by_plane=trial.by_plane,
        )
        return Pipeline(bench.parted.split, bench.masked.fills, predictor=predictor, thresholds=self.thresholds)

    def tried(self) -> Tried:
        """Return what is to be told of it."""
        pipeline = self.pipeline(len(self.tile))
        return Tried(
            type(pipeline.split).__name__,
            len(pipeline.fills),
            pipeline.predictor.name,
            pipeline.contexts,
            self.tile,
            (self.cost >> FRACTION_BITS) // 8,
        )


def _predicted(
    latents: Latents, boxes: Boxes, modes: Sequence[Mode], number_type: NumberType, wish: Wish, kernels: Kernels
) -> Iterator[_Candidate]:
    """Yield the best of all splits, masks and predictions, priced."""
    shape = latents.shape
    axes = tuple(axis for axis, size in enumerate(shape) if size > 1)[-_MOST_AXES:]
    sets = [] if len(axes) < 2 else _sets(axes) if wish.is_fast else subsets(axes)
    benches = []
    trials: list[tuple[int, Trial]] = []
    for bench in _benches(latents, boxes, modes, number_type, wish, kernels):
        if not bench.is_plain:
            cost = bench.unpredicted(wish.level)
            tile = wish.tile or auto_tile(shape, wish.access)
            cost += bench.side_cost + _PAGE_COST * _pages(shape, tile)
            yield _Candidate(tile, Trial(bench, NONE, ()), cost)
        if not sets:
            continue
        lorenzo = bench.lorenzo(sets)
        benches.append((bench, lorenzo))
        found = [*lorenzo.values(), *(() if wish.is_fast else bench.medians(axes))]
        trials += [(_with_edges(trial, lorenzo, shape, wish), trial) for trial in found]
    if not wish.is_fast:
        benches.sort(key=lambda pair: min(trial.cost for trial in pair[1].values()) + pair[0].side_cost)
        for place, (bench, lorenzo) in enumerate(benches[:_FITTED]):
            for trial in _fitted(bench, lorenzo, axes, by_plane=not place):
                trials.append((_with_edges(trial, lorenzo, shape, wish), trial))
    trials.sort(key=lambda pair: pair[0])
    for score, trial in trials[:_FINALISTS]:
        cost = score - trial.cost + trial.bench.price(trial, wish.level)
        tile = _tile(trial, cost, shape, wish)
        thresholds: tuple[int, ...] = ()
        if wish.level > _USUAL_LEVEL:
            thresholds, saved = trial.bench.contexts(trial, _pages(shape, tile))
            cost -= saved
        yield _Candidate(tile, trial, cost, thresholds=thresholds)


def _benches(
    latents: Latents, boxes: Boxes, modes: Sequence[Mode], number_type: NumberType, wish: Wish, kernels: Kernels
) -> Iterator[Bench]:
    parted: list[Parted] = list(
        splits(latents, boxes, modes[:1] if wish.is_fast else modes, number_type, kernels, ranked=not wish.is_fast)
    )
    masked: list[Masked] = list(masks(boxes, number_type))
    for mask in masked:
        if mask.absent[boxes.scored].all():
            continue
        for part in parted:
            yield Bench.of(mask, part, boxes, kernels)


def _sets(axes: Axes) -> list[Axes]:
    """Return the sets of axes that low levels try."""
    return sorted({(axis,) for axis in axes} | {axes[-count:] for count in range(1, len(axes) + 1)})


def _fitted(bench: Bench, lorenzo: dict[Axes, Trial], axes: Axes, *, by_plane: bool) -> Iterator[Trial]:
    """Fit weights along the most promising axes, and plane by plane along short ones."""
    several = {tried: trial for tried, trial in lorenzo.items() if len(tried) > 1}
    chosen = {min(several, key=lambda tried: several[tried].cost), axes, axes[-2:], axes[-3:]}
    for along in sorted(chosen):
        trial = bench.weights("full" if len(along) > 3 else "plus", along)
        if trial is not None:
            yield trial
    if by_plane and len(axes) == 3:
        for axis in axes:
            if bench.boxes.whole[axis] and bench.boxes.cells.shape[axis + 1] <= _MOST_PLANES:
                trial = bench.planes((axis, *(other for other in axes if other != axis)))
                if trial is not None:
                    yield trial


def _tile(trial: Trial, cost: int, shape: Shape, wish: Wish) -> Shape:
    """Return the tile for a prediction of some cost."""
    if wish.tile is not None:
        return wish.tile
    cells = page_cells(cost, prod(shape), wish.access)
    return predicted_tile(shape, wish.access, trial.axes, cells, trial.by_plane)


def _with_edges(trial: Trial, lorenzo: dict[Axes, Trial], shape: Shape, wish: Wish) -> int:
    """Return the cost of a trial, edges of tiles and pages included.

    At the first cells of a tile along an axis, differences along the others are all there is.
    """
    cost = trial.cost + trial.bench.side_cost
    tile = _tile(trial, cost, shape, wish)
    cost += _pages(shape, tile) * _PAGE_COST
    counted = trial.axes[1:] if trial.by_plane else trial.axes
    for axis in counted:
        faces = -(-shape[axis] // tile[axis]) - int(trial.bench.boxes.whole[axis])
        fallback = lorenzo.get(tuple(sorted(other for other in trial.axes if other != axis)))
        if faces and fallback is not None and fallback.cost > trial.cost:
            cost += (fallback.cost - trial.cost) * faces // shape[axis]
    return cost


def _pages(shape: Shape, tile: Shape) -> int:
    return prod(-(-size // length) for size, length in zip(shape, tile, strict=True))


def _flat(
    latents: Latents,
    boxes: Boxes,
    modes: Sequence[Mode],
    number_type: NumberType,
    tile: Shape,
    wish: Wish,
    kernels: Kernels,
) -> Iterator[_Candidate]:
    """Yield what Pco does with the cells as they are: in tiles, and all in one page."""
    counts = np.full(len(boxes.cells), boxes.cells[0].size, np.int64)
    in_tiles = boxes.price(boxes.cells.reshape(-1), counts, modes, number_type, wish.level, kernels)
    yield _Candidate(tile, None, in_tiles + _pages(latents.shape, tile) * _PAGE_COST)
    if wish.tile is None and wish.access in _WHOLE_HANDICAP:
        config = ChunkConfig(wish.level, enable_8_bit=True)
        gain, of = lookback_gain(latents.reshape(-1), modes, number_type, config, kernels)
        whole = whole_tile(latents.shape)
        yield _Candidate(
            whole, None, in_tiles * gain // of + _PAGE_COST, _WHOLE_HANDICAP[wish.access], is_one_page=True
        )
