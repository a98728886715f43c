"""Which pipeline and which tile suit an array best: candidates are tried on the same sample of boxes.

What Pco does with the cells as they are is priced first. Others are scored by the entropy of their residuals' bit
lengths, side by side, as far as there is hope; then the best few are priced as Pco will code them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

from .. import modes as pco_modes
from ..dtypes import Latents, NumberType
from ..estimates import sample_scattered
from ..fixed_log import ONE_BIT
from ..kernels import Kernels
from ..lazy import lazy_property
from ..metadata import Classic, Mode
from . import handicaps
from .as_they_are import AsTheyAre
from .candidates import Masked, Parted, distinct, masks, ranked, splits
from .plans import (
    PAGE_COST,
    SMALL_CELLS,
    USUAL_LEVEL,
    Candidate,
    Choice,
    Effort,
    Plan,
    Wish,
)
from .sampling import Boxes, sample_boxes
from .steps import FLOAT_BITS, FLOAT_WEIGHTS, LORENZO, NONE, PLAIN, WEIGHTS, Rank
from .tiles import auto_tile, page_cells, page_count, predicted_tile
from .trials import Axes, Bench, Trial, subsets
from .weight_sets import cluster

__all__ = ["Search", "Table", "choose"]

Shape = tuple[int, ...]

_LEAST_CELLS: Final = 512
"""A smaller array tells nothing about itself."""
_MOST_AXES: Final = 4
_WIDE_LEVELS: Final = {1: 9, 2: 9, 3: 11}
"""From which level on all neighbours up to two steps away are tried, by the count of axes."""
_PLANES: Final = 6
_PROMISING_LOG: Final = 6
"""Splits and masks with which differences cost more than the best by 1/64 are not tried with other predictors."""
_LIKELY: Final = 3
"""Sets of axes, those that do best without a split, with which all splits and masks of a small array are tried."""
_LIKELY_PLANES: Final = 2
"""The same of planes."""
_HOPELESS_LOG: Final = 4
"""Where differences cost more than cells as they are by 1/16,"""
_NOISE_COST: Final = ONE_BIT // 2
"""and by half a bit a cell, which noise gains by them, and not by a weighted mean, that will not cost less."""
_FINALISTS: Final = 4
"""Predictions that are priced."""
_USUAL_FINALISTS: Final = 2
_FINALISTS_LOG: Final = 6
"""At usual levels, so many, and not farther behind the first of them than 1/64."""
_CLUSTERED: Final = 2
"""Finalists for which several sets of weights are fitted."""
_DOUBT_LOG: Final = 8
"""Pco as it is and the best pipeline are both carried out where their prices are within 1/256;"""
_REPEATED_DOUBT_LOG: Final = 4
"""within 1/16, where the other is for cells that repeat."""
_LONG_ROW: Final = 64
"""Cells of a row whose first one does not matter."""


def choose(latents: Latents, number_type: NumberType, wish: Wish, kernels: Kernels) -> Choice:
    """Choose pipeline and tile for the ordered latents of an array, in its shape."""
    if latents.size < _LEAST_CELLS or wish.predictor == "none":
        return Choice((Plan(wish.tile or auto_tile(latents.shape, wish.access), PLAIN),), ())
    candidates = sorted(
        Search(latents, number_type, wish, kernels).candidates(), key=lambda candidate: candidate.handicapped
    )
    best = candidates[0]
    # Rows, and how far lookbacks reach, are not seen in boxes. In doubt, several plans are carried out.
    rivals = [] if wish.is_fast else [other for other in candidates[1:] if _is_rival(other, best)]
    if best.repeats:
        # What repeats in the sample need not do so elsewhere.
        rivals += [other for other in candidates if not other.repeats][:1]
    firsts = {other.kind: other for other in reversed(rivals)}
    return Choice(
        tuple(candidate.plan(_doubt_log(candidate)) for candidate in (best, *firsts.values())),
        tuple(candidate.tried for candidate in candidates),
    )


class Table(NamedTuple):
    """Differences along sets of axes, with a split and a mask; what others cost, about; and the least cost of any."""

    bench: Bench
    lorenzo: dict[Axes, Trial]
    others: dict[Axes, int]
    cost: int

    def cost_along(self, axes: Axes) -> int | None:
        """Return what differences along a set of axes cost, about; None where that is not known."""
        return self.lorenzo[axes].cost if axes in self.lorenzo else self.others.get(axes)


def _is_rival(other: Candidate, best: Candidate) -> bool:
    """Tell whether a candidate of another kind may turn out smaller than the best."""
    if other.kind == best.kind:
        return False
    doubt_log = _DOUBT_LOG if best.repeats else _doubt_log(other)  # what holds for repetitions then does for both
    return other.hoped(doubt_log) < best.handicapped


def _doubt_log(candidate: Candidate) -> int:
    return _REPEATED_DOUBT_LOG if candidate.repeats else _DOUBT_LOG


@dataclass(frozen=True, eq=False)
class Search:
    """The search for an array's best pipeline."""

    latents: Latents
    number_type: NumberType
    wish: Wish
    kernels: Kernels

    @lazy_property
    def _boxes(self) -> Boxes:
        return sample_boxes(self.latents, self._effort.scored)

    @property
    def _is_small(self) -> bool:
        return self.wish.is_hasty(self.latents.size)

    @property
    def _effort(self) -> Effort:
        return self.wish.effort(self.latents.size)

    @lazy_property
    def _modes(self) -> list[Mode]:
        sample = sample_scattered(self.latents.reshape(-1), pco_modes.SAMPLE)
        return [Classic(), *pco_modes.proposed(sample, self.number_type, self.kernels)]

    def candidates(self) -> Iterator[Candidate]:
        """Yield all that is worth a price, in no order."""
        yield from self._as_they_are
        yield from self._unpredicted()
        yield from self._predicted()

    @lazy_property
    def _as_they_are(self) -> list[Candidate]:
        pco = AsTheyAre(self.latents, self._boxes, self._modes, self.number_type, self.wish, self.kernels)
        return list(pco.candidates())

    @property
    def _flat_costs(self) -> list[int]:
        """What Pco takes for cells as they are, but by what repeats in the sample: that need not do so elsewhere."""
        return [candidate.handicapped for candidate in self._as_they_are if not candidate.repeats]

    def _is_hopeless(self, score: int) -> bool:
        """Tell whether no prediction like one that takes so much will take less than Pco with the cells as they are."""
        if self.wish.level > USUAL_LEVEL or not self._flat_costs:
            return False
        least = min(self._flat_costs)
        return score > least + max(least >> _HOPELESS_LOG, self.latents.size * _NOISE_COST)

    @lazy_property
    def _axes(self) -> Axes:
        return tuple(axis for axis, size in enumerate(self.latents.shape) if size > 1)[-_MOST_AXES:]

    @lazy_property
    def tables(self) -> list[Table]:
        """Masks and splits with differences along all sets of axes, the best first.

        All masks are tried without a split, then all splits with the best mask, and other masks with the best split.
        """
        modes = self._modes[:1] if self.wish.is_fast else self._modes
        plain, *others = splits(
            self.latents, self._boxes, modes, self.number_type, self.kernels, with_affine=not self.wish.is_fast
        )
        masked = [mask for mask in masks(self._boxes, self.number_type) if mask.chosen.any()]
        first = self._table(masked[0], plain)
        unsplit = [first, *(self._table(mask, plain, first) for mask in masked[1:])]
        best = min(unsplit, key=lambda table: table.cost)
        split = [best, *(self._table(best.bench.masked, part, first) for part in others)]
        listed = None if self.wish.is_fast else self._ranked(best.bench.masked, first, min(t.cost for t in split))
        split += [] if listed is None else [listed]
        chosen = min(split, key=lambda table: table.cost).bench.parted
        rest = [
            self._table(mask, chosen, first) for mask in masked if chosen is not plain and mask is not best.bench.masked
        ]
        found = sorted([*unsplit, *split[1:], *rest], key=lambda table: table.cost)
        tried = max(self._effort.medians, self._effort.benches)
        return [*map(self._completed, found[:tried]), *found[tried:]]

    def _ranked(self, mask: Masked, like: Table, limit: int) -> Table | None:
        """Try the places of cells among their distinct values, if a sample's may cost less than others."""
        values = distinct(self._boxes, self.latents.size, self.kernels)
        if values is None:
            return None
        if self.wish.level <= USUAL_LEVEL:
            # The fewer values are known, the less far from each other they are.
            table = self._table(mask, values, like)
            alone = table.bench.side_cost + table.bench.unpredicted(self.wish.level) if table.lorenzo else table.cost
            if handicaps.handicapped(min(table.cost, alone), handicaps.LISTED) >= min([limit, *self._flat_costs]):
                return None
        part = ranked(self.latents, self._boxes, self.kernels)
        return None if part is None else self._table(mask, part, like)

    def _table(self, mask: Masked, part: Parted, like: Table | None = None) -> Table:
        """Try differences, of a small array those along sets of axes alone that did best in another table."""
        bench = Bench.of(mask, part, self._boxes, self.number_type, self.kernels)
        if len(self._axes) < 2:
            return Table(bench, {}, {}, bench.side_cost + bench.unpredicted(self.wish.level))
        sets = _few_sets(self._axes) if self.wish.is_fast else subsets(self._axes)
        others: dict[Axes, int] = {}
        if like is not None and self._is_small:
            known = {axes: trial.cost for axes, trial in like.lorenzo.items()}
            sets = sorted(known, key=lambda axes: known[axes])[:_LIKELY]
            others = {axes: cost for axes, cost in known.items() if axes not in sets}
        lorenzo = bench.lorenzo(sets)
        if others:
            least, other = lorenzo[sets[0]].cost, max(1, known[sets[0]])
            others = {axes: cost * least // other for axes, cost in others.items()}
        return self._rated(Table(bench, lorenzo, others, 0))

    def _rated(self, table: Table) -> Table:
        return table._replace(cost=min(self._whole_cost(trial, table) for trial in table.lorenzo.values()))

    def _completed(self, table: Table) -> Table:
        """Return a table with differences along all sets of axes."""
        if not table.others:
            return table
        lorenzo = {**table.lorenzo, **table.bench.lorenzo(list(table.others))}
        return self._rated(table._replace(lorenzo=lorenzo, others={}))

    def trials(self) -> list[tuple[int, Trial]]:
        """Return all predictions that are tried with their costs, edges of tiles and side data included."""
        found: list[tuple[int, Trial]] = []
        promising = self.tables[0].cost + (self.tables[0].cost >> _PROMISING_LOG)
        for place, table in enumerate(self.tables):
            trials = list(table.lorenzo.values())
            behind = (self.wish.level <= USUAL_LEVEL and table.cost > promising) or self._is_hopeless(table.cost)
            if trials and place < self._effort.medians and not behind:
                trials += table.bench.medians(self._axes, *self._planes(table))
            if trials and place < self._effort.benches and not behind:
                trials += self._fitted(table.bench, table.lorenzo, self._axes)
            found += [(self._whole_cost(trial, table), trial) for trial in trials]
        return sorted(found, key=lambda pair: pair[0])

    def _planes(self, table: Table) -> tuple[list[Axes], int]:
        """Return planes to try, and in how many of them to try more."""
        planes: list[Axes] = list(combinations(self._axes, 2))
        if not self._is_small:
            return planes, _PLANES
        # Where differences do well, median edges do.
        costs = {plane: min(table.lorenzo[axes].cost for axes in subsets(plane)) for plane in planes}
        return sorted(planes, key=costs.__getitem__)[:_LIKELY_PLANES], 1

    def _is_spanned(self, axis: int) -> bool:
        """Tell whether both boxes and tiles have all places along an axis: weights by plane are for each of them."""
        given = self.wish.tile
        return self._boxes.whole[axis] and (given is None or given[axis] == self.latents.shape[axis])

    def _stencils(self, axes: int) -> list[str]:
        """Return the stencils to try: what a decoder has to add up grows fast with the axes."""
        if axes > 3:
            return ["full"]
        return ["plus", "wide"] if self.wish.level >= (_WIDE_LEVELS[axes]) else ["plus"]

    def _is_worth_floats(self, bench: Bench) -> bool:
        """Tell whether a prediction among floats may differ from one among their latents."""
        if self.number_type.bits not in FLOAT_BITS or not self.number_type.is_float:
            return False
        return isinstance(bench.parted.split, Classic) and bench.binades > 1

    def candidate(self, cost: int, trial: Trial) -> Candidate:
        """Return a prediction with its tile and, at high levels, its contexts."""
        tile = self._tile(trial, cost)
        thresholds: tuple[int, ...] = ()
        if self.wish.level > USUAL_LEVEL:
            thresholds, saved = trial.bench.contexts(trial, page_count(self.latents.shape, tile))
            cost -= saved
        return Candidate(tile, trial, cost, self._handicap(trial), thresholds=thresholds)

    def _handicap(self, trial: Trial) -> int:
        bench = trial.bench
        steps = trial.kind != NONE, isinstance(bench.parted.split, Rank), bool(bench.masked.fills)
        return handicaps.of_steps(*steps, self.wish.level > USUAL_LEVEL)

    def _predicted(self) -> Iterator[Candidate]:
        scored = [found for found in self.trials() if not self._is_pcos(found[1])]
        is_usual = self.wish.level <= USUAL_LEVEL
        for place, (score, trial) in enumerate(scored[: _USUAL_FINALISTS if is_usual else _FINALISTS]):
            behind = is_usual and score - (score >> _FINALISTS_LOG) > scored[0][0]
            if behind or self._is_hopeless(score):
                break
            side, tried = score - trial.cost, trial
            weighted = trial.kind in (WEIGHTS, FLOAT_WEIGHTS) and not trial.by_plane
            if weighted and self.wish.level > USUAL_LEVEL and place < _CLUSTERED:
                tried = cluster(trial, self._effort.fitted)
            yield self.candidate(side + tried.bench.price(tried, self.wish.level), tried)

    def _is_pcos(self, trial: Trial) -> bool:
        """Tell whether Pco does the same with rows as they are: differences along them, but from row to row too."""
        along_rows = trial.kind == LORENZO and trial.axes == self._axes[-1:]
        return (
            along_rows and trial.bench.is_pcos and self.latents.shape[trial.axes[0]] >= _LONG_ROW and self.wish.has_rows
        )

    def _unpredicted(self) -> Iterator[Candidate]:
        """Yield splits and masks alone, those with the best mask."""
        tile = self.wish.flat_tile(self.latents.shape)
        pages = page_count(self.latents.shape, tile)
        best = self.tables[0].bench.masked
        for table in self.tables:
            bench = table.bench
            if not bench.is_pcos and bench.masked is best:
                cost = bench.side_cost + bench.unpredicted(self.wish.level) + pages * PAGE_COST
                trial = Trial(bench, NONE, ())
                yield Candidate(tile, trial, cost, self._handicap(trial))

    def _tile(self, trial: Trial, cost: int) -> Shape:
        """Return the tile for a prediction of some cost."""
        if self.wish.tile is not None:
            return self.wish.tile
        cells = page_cells(cost, self.latents.size, self.wish.access)
        return predicted_tile(self.latents.shape, self.wish.access, trial.axes, cells, trial.by_plane)

    def _whole_cost(self, trial: Trial, table: Table) -> int:
        """Return the cost of a trial, edges of tiles, pages and side data included.

        At the first cells of a tile along an axis, differences along the others are all there is.
        """
        shape = self.latents.shape
        cost = trial.cost + trial.bench.side_cost
        tile = self._tile(trial, cost)
        cost += page_count(shape, tile) * PAGE_COST
        for axis in trial.axes[1:] if trial.by_plane else trial.axes:
            faces = -(-shape[axis] // tile[axis]) - int(trial.bench.boxes.whole[axis])
            fallback = table.cost_along(tuple(sorted(other for other in trial.axes if other != axis)))
            if faces and fallback is not None and fallback > trial.cost:
                cost += (fallback - trial.cost) * faces // shape[axis]
        return cost

    def _fitted(self, bench: Bench, lorenzo: dict[Axes, Trial], axes: Axes) -> Iterator[Trial]:
        """Fit weights along the most promising axes, and plane by plane along short ones."""
        effort = self._effort
        several = {tried: trial for tried, trial in lorenzo.items() if len(tried) > 1}
        chosen = {min(several, key=lambda tried: several[tried].cost), axes}
        if self.latents.size >= SMALL_CELLS:
            chosen |= {axes[-2:], axes[-3:]}
        in_floats = self._is_worth_floats(bench)
        for along in sorted(chosen):
            for name in self._stencils(len(along)):
                trial = bench.weights(name, along, effort.fitted)
                if trial is not None:
                    yield trial
                if in_floats:
                    trial = bench.float_weights(name, along, effort.fitted)
                    if trial is not None:
                        yield trial
        if len(axes) == 3:
            for axis in axes:
                if self._is_spanned(axis) and self.latents.shape[axis] <= effort.planes:
                    others = (other for other in axes if other != axis)
                    trial = bench.planes((axis, *others), effort.fitted)
                    if trial is not None:
                        yield trial


def _few_sets(axes: Axes) -> list[Axes]:
    """Return the sets of axes that low levels try."""
    return sorted({(axis,) for axis in axes} | {axes[-count:] for count in range(1, len(axes) + 1)})
