"""What is asked of the search for a pipeline, how far it goes, and what it finds."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ..choosing import Common
from ..fixed_log import FRACTION_BITS
from ..lazy import lazy_property
from . import handicaps
from .fitting import SHIFT
from .splitting import Listed
from .steps import FLOAT_WEIGHTS, NONE, PLAIN, WEIGHTS, Pipeline, Predictor
from .tiles import auto_tile
from .trials import Trial

__all__ = ["Candidate", "Choice", "Effort", "Plan", "Tried", "Wish"]

Shape = tuple[int, ...]

FAST_LEVEL: Final = 4
USUAL_LEVEL: Final = 8
SMALL_CELLS: Final = 1 << 18
"""For a smaller array, the search would take long beside the work on all cells."""
PAGE_COST: Final = (10 * 8) << FRACTION_BITS
"""What a page costs besides its latents: size, checksum, and room at its ends."""
PIPELINE, TILES, ROWS, ONE_PAGE = "pipeline", "tiles", "rows", "one page"
"""Kinds of candidates: with steps; and Pco on the cells as they are, in tiles, in rows, and all in one page."""


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
        return self.level <= FAST_LEVEL

    def is_hasty(self, cells: int) -> bool:
        """Tell whether the search of so many cells must save time: fast ones do little, and patient ones have it."""
        return FAST_LEVEL < self.level <= USUAL_LEVEL and cells < SMALL_CELLS

    @property
    def has_rows(self) -> bool:
        """Whether tiles may be of any shape, that of rows too."""
        return self.tile is None and self.access in handicaps.WHOLE

    def flat_tile(self, shape: Shape) -> Shape:
        """Return the tile for cells that are not predicted."""
        return self.tile or auto_tile(shape, self.access)

    def effort(self, cells: int) -> "Effort":
        """Return how far to search for the pipeline of an array."""
        if self.is_fast:
            return Effort(1 << 15 if cells < SMALL_CELLS else 1 << 14, 0, 0, 0, 0)
        if self.level <= USUAL_LEVEL:
            return Effort(1 << 15, 2, 2, 1 << 11, 4) if cells < SMALL_CELLS else Effort(1 << 15, 3, 2, 1 << 12, 16)
        return Effort(1 << 16, 4, 3, 1 << 13, 16)


class Effort(NamedTuple):
    """How far the search goes: it must not take long beside the work on all cells.

    Attributes
    ----------
    scored
        Cells of the sample, about.
    medians, benches
        Splits and masks with which median edges are tried, and weights fitted.
    fitted
        Cells on which they are.
    planes
        Length of the longest axis of which each plane may have weights of its own.
    """

    scored: int
    medians: int
    benches: int
    fitted: int
    planes: int


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
    listed
        For `Rank`, the cells of the array.
    handicap
        A 1024th of its size that it must save, times this, to be chosen over others.
    hope
        Bytes that it may take at the least, its handicap included: where another plan took less, it is not carried out.
    common
        For cells as they are, what suits them, if that is known.
    """

    tile: Shape
    pipeline: Pipeline
    listed: Listed | None = None
    handicap: int = 0
    hope: int = 0
    common: Common | None = None


class Choice(NamedTuple):
    """The plans worth carrying out, the most promising first; and all that was priced, the best first."""

    plans: tuple[Plan, ...]
    tried: tuple[Tried, ...]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A trial with its tile, or Pco as it is; and the cost of all."""

    tile: Shape
    trial: Trial | None
    cost: int
    handicap: int = 0
    kind: str = PIPELINE
    thresholds: tuple[int, ...] = ()
    repeats: bool = False
    """Whether cells were found to repeat, and the cost is what is left then."""
    common: Common | None = None
    """Of Pco as it is, what was found to suit the cells."""

    @property
    def handicapped(self) -> int:
        """The cost that is compared."""
        return handicaps.handicapped(self.cost, self.handicap)

    def plan(self, doubt_log: int) -> Plan:
        """Return what is to be done, of a price that may be too high by a part."""
        listed = self.trial.bench.parted.listed if self.trial is not None else None
        return Plan(self.tile, self._pipeline, listed, self.handicap, _bytes(self.hoped(doubt_log)), common=self.common)

    def hoped(self, doubt_log: int) -> int:
        """Return the least that may come of the cost that is compared, if it is too high by a part."""
        return self.handicapped - (self.handicapped >> doubt_log)

    @property
    def tried(self) -> Tried:
        """What is to be told of it."""
        pipeline = self._pipeline
        name, size = type(pipeline.split).__name__, _bytes(self.cost)
        return Tried(name, len(pipeline.fills), pipeline.predictor.name, pipeline.contexts, self.tile, size)

    @lazy_property
    def _pipeline(self) -> Pipeline:
        if self.trial is None:
            return PLAIN
        trial, bench = self.trial, self.trial.bench
        if trial.kind == NONE:
            return Pipeline(bench.parted.split, bench.masked.fills)
        others = tuple(axis for axis in range(len(self.tile)) if axis not in trial.axes)
        predictor = Predictor(
            trial.kind,
            (*others, *trial.axes),
            len(trial.axes),
            offsets=trial.offsets,
            weights=trial.weights,
            shift=SHIFT if trial.kind in (WEIGHTS, FLOAT_WEIGHTS) else 0,
            by_plane=trial.by_plane,
        )
        split, fills = bench.parted.split, bench.masked.fills
        return Pipeline(split, fills, predictor=predictor, thresholds=self.thresholds)


def _bytes(cost: int) -> int:
    return (cost >> FRACTION_BITS) // 8
