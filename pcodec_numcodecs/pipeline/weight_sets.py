"""Several sets of weights, of which each tile takes the best: found by clustering the boxes of a sample.

Boxes go to the set that predicts them best, and sets are fitted to their boxes, by turns (S. Lloyd, "Least squares
quantization in PCM", 1982).
"""

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from .fitting import fit
from .scoring import costs_of_parts
from .trials import Bench, Trial

__all__ = ["cluster"]

I64 = npt.NDArray[np.int64]

_MOST_SETS: Final = 4
_ROUNDS: Final = 3
_LEAST_BOXES: Final = 4
"""Boxes for each set, at the least."""


def cluster(trial: Trial, most: int) -> Trial:
    """Return the trial with as many sets of weights as serve it best, fitted on up to so many cells each."""
    bench = trial.bench
    boxes = len(bench.boxes.cells)
    best = trial
    for count in (2, _MOST_SETS):
        if boxes >= count * _LEAST_BOXES:
            found = _clustered(trial, count, most)
            if found.cost < best.cost:
                best = found
    return best


def _clustered(trial: Trial, count: int, most: int) -> Trial:
    bench = trial.bench
    order = np.argsort(_box_costs(bench, trial, 0), kind="stable")
    sets = np.empty(order.size, np.int64)
    sets[order] = np.arange(order.size) * count // order.size
    weights = np.repeat(trial.weights, count, axis=0)
    for _ in range(_ROUNDS):
        for number in range(count):
            found = _fitted(bench, trial, np.flatnonzero(sets == number), most)
            if found is not None:
                weights[number, 0] = found
        several = replace(trial, weights=weights.copy())
        costs = np.stack([_box_costs(bench, several, number) for number in range(count)])
        sets = np.argmin(costs, axis=0)
    return bench.score(replace(several, sets=tuple(sets.tolist())))


def _fitted(bench: Bench, trial: Trial, boxes: I64, most: int) -> I64 | None:
    """Fit one set of weights to some boxes."""
    places = bench.places(trial)
    size = bench.boxes.cells[0].size
    mine = places[np.isin(places // size, boxes)]
    if mine.size > most:
        mine = mine[(np.arange(most) * mine.size) // most]
    return fit(bench.fitted_cells(trial), mine, trial.offsets, tuple(axis + 1 for axis in trial.axes), bench.kernels)


def _box_costs(bench: Bench, trial: Trial, number: int) -> I64:
    """Return what each box costs with one of the sets."""
    chosen, residuals = bench.residuals(replace(trial, sets=(number,) * len(bench.boxes.cells)))
    ends = np.arange(1, len(bench.boxes.cells) + 1) * bench.boxes.cells[0].size
    return costs_of_parts(residuals, chosen, ends, bench.kernels)
