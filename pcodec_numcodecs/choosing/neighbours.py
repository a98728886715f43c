"""What suits chunks that lie end to end.

It is found once for all: most chunks are like their neighbours, of which a sample shows more than one of each does, and
a search takes as long as coding what it found. Where the first or the last one is unlike the others, or a chunk costs
much more or less than they do, there is a search for each. These two are looked at together for modes to try.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import modes
from ..config import ChunkConfig, ModeSpec
from ..dtypes import Latents, NumberType, to_latents
from ..estimates import Runs, sample_runs, sample_scattered, sample_stretch
from ..kernels import Kernels
from ..metadata import Classic, DeltaEncoding, Lookback, Mode
from ..modes import dictionary
from .bids import Bid, best_bid, best_consecutive, cheapest, trial_level
from .lookbacks import with_lookback

Numbers = list[npt.NDArray[Any]]

_STRETCH = 1 << 15  # as many neighbours as lookbacks reach
_GLANCE = 1 << 12  # neighbours that show most repetitions
_UNLIKE = 4  # chunks that cost one in so many parts more or less than others are not like these
_MUCH = 8  # secondary latents that take one in so many parts of all are much


class Common(NamedTuple):
    """A choice for several chunks.

    Attributes
    ----------
    mode
        The best one, but for dictionaries.
    delta, distance
        What is better than differences of neighbours, if anything is, and how far back that is for all latents, if it
        is as far.
    has_dictionary
        Whether that is worth a trial.
    cost, delta_cost, whole
        What all chunks cost in this mode, the same with `delta`, and the count of their numbers.
    is_in_full
        Whether that is with as many bins as there will be.
    """

    mode: Mode
    delta: Lookback | None
    distance: int | None
    has_dictionary: bool
    cost: int
    delta_cost: int
    whole: int
    is_in_full: bool = False

    @classmethod
    def of_sample(cls, bid: Bid, cost: int, delta: DeltaEncoding, distance: int | None, whole: int) -> "Common":
        """Return a choice for so many numbers, of which a sample had this bid, and what it costs with another delta.

        Both are prices in full.
        """
        lookback = delta if isinstance(delta, Lookback) else None
        return cls(bid.mode, lookback, distance, True, bid.cost, cost, whole, is_in_full=True)

    def bid(self, sample: Runs, number_type: NumberType, config: ChunkConfig, kernels: Kernels) -> Bid | None:
        """Return the bid of the mode for a chunk, None where this is unlike the others.

        Then it costs much more or less than they do; or it has two streams of bits, and one would do.
        """
        found = self._best([self.mode], sample, number_type, config, kernels)
        usual = self.cost * sample.whole // self.whole
        if abs(found.cost - usual) > usual // _UNLIKE:
            return None
        if found.secondary_cost > found.cost // _MUCH:
            found = self._best([Classic(), self.mode], sample, number_type, config, kernels)
        return found if found.mode == self.mode else None

    def _best(
        self, modes: Sequence[Mode], sample: Runs, number_type: NumberType, config: ChunkConfig, kernels: Kernels
    ) -> Bid:
        """Return the best bid, priced as the cost of all is."""
        if self.is_in_full:
            return cheapest(sample, modes, number_type, config, kernels)
        return best_bid(modes, sample, number_type, config, np.array([sample.whole]), kernels)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Chunks that lie end to end.

    Attributes
    ----------
    numbers
        1-D, contiguous, of the number type, those of all chunks.
    counts
        Numbers of each chunk.
    """

    numbers: npt.NDArray[Any]
    counts: list[int]
    number_type: NumberType
    config: ChunkConfig
    kernels: Kernels

    def choose(self) -> Common | None:
        """Choose for all chunks; None where there is nothing to choose, or where they differ."""
        if self.config.mode_spec.name != "auto" or self.config.delta_spec.name != "auto":
            return None
        if len(self.counts) == 1 or self._longest < modes.LEAST_NUMBERS:
            return None
        candidates: list[Mode] = [
            Classic(),
            *self._proposed(sample_scattered(self.numbers, modes.SAMPLE), is_glance=False),
        ]
        best = self._best(candidates, sample_runs(self.numbers))
        ends = accumulate(self.counts)
        long = [self.numbers[end - n : end] for end, n in zip(ends, self.counts, strict=True) if 2 * n >= self._longest]
        middle = sample_stretch(long[len(long) // 2], self._longest, _STRETCH)
        primary = self._primary(best.mode, middle)
        cost, delta, distance = with_lookback(best, primary, self.config, self._longest, self.kernels)
        outer = [long[place] for place in sorted({0, len(long) - 1})]
        if not self._are_usual(outer, best, candidates, isinstance(delta, Lookback)):
            return None
        return Common(
            mode=best.mode,
            delta=delta if isinstance(delta, Lookback) else None,
            distance=distance,
            has_dictionary=self._may_have_dictionaries(outer, best.cost),
            cost=best.cost,
            delta_cost=cost,
            whole=self.numbers.size,
        )

    @property
    def _longest(self) -> int:
        return max(self.counts)

    def _ordered(self, numbers: npt.NDArray[Any]) -> Latents:
        return to_latents(numbers, self.number_type, self.kernels.order_floats)

    def _proposed(self, few: npt.NDArray[Any], is_glance: bool) -> list[Mode]:
        return list(modes.proposed(to_latents(few, self.number_type), self.number_type, self.kernels, is_glance))

    def _best(self, candidates: list[Mode], sample: Runs) -> Bid:
        sample = sample._replace(latents=self._ordered(sample.latents))
        longest = np.array([self._longest])
        return best_bid(candidates, sample, self.number_type, self.config, longest, self.kernels)

    def _primary(self, mode: Mode, sample: Runs) -> Runs:
        latents = self._ordered(sample.latents)
        return sample._replace(latents=modes.split(mode, latents, self.number_type, self.kernels)[0])

    def _are_usual(self, parts: Numbers, best: Bid, candidates: list[Mode], has_lookbacks: bool) -> bool:
        """Tell at a glance whether what suits all chunks suits some of them."""
        few = np.concatenate([sample_scattered(part, modes.GLANCE) for part in parts])
        others = [mode for mode in self._proposed(few, is_glance=True) if mode not in candidates]
        if others and any(self._best([best.mode, *others], sample_runs(part)).mode != best.mode for part in parts):
            return False
        return all(self._has_usual_delta(part, best, has_lookbacks) for part in parts)

    def _has_usual_delta(self, part: npt.NDArray[Any], best: Bid, has_lookbacks: bool) -> bool:
        # A short chunk is seen as a whole at once.
        for most in sorted({min(part.size, _GLANCE), min(part.size, _STRETCH)}):
            primary = self._primary(best.mode, sample_stretch(part, part.size, most))
            if has_lookbacks:
                # They may be better than the differences that suit all chunks, but not than others.
                best = best._replace(delta=best_consecutive(primary, trial_level(self.config), self.kernels)[1])
            delta = with_lookback(best, primary, self.config, self._longest, self.kernels)[1]
            if isinstance(delta, Lookback) == has_lookbacks:
                return True
        return False

    def _may_have_dictionaries(self, parts: Numbers, cost: int) -> bool:
        if self.config.mode_spec != ModeSpec.auto():
            return False
        count, size = dictionary.SAMPLE // len(parts), sum(part.size for part in parts)
        sample = self._ordered(np.concatenate([sample_scattered(part, count) for part in parts]))
        return dictionary.is_promising(sample, size, cost * size // self.numbers.size, self.kernels)
