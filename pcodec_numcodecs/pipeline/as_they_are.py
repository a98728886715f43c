"""What Pco does with cells as they are: in tiles, in rows, and all in one page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, NamedTuple

from ..choosing import Bid, Common, cheapest, lookback_gain
from ..config import ChunkConfig
from ..dtypes import Latents, NumberType
from ..estimates import Runs, sample_runs
from ..kernels import Kernels
from ..metadata import Mode, NoDelta
from . import handicaps
from .plans import ONE_PAGE, PAGE_COST, ROWS, TILES, USUAL_LEVEL, Candidate, Wish
from .sampling import FLAT_CELLS, Boxes, sample_stretches, sample_tiles
from .tiles import page_count, rows_tile, whole_tile

__all__ = ["AsTheyAre"]

Shape = tuple[int, ...]

_FLAT_RUNS: Final = 64
"""Stretches of the sample of cells in their own order."""
_LONGEST_STRETCH: Final = 1 << 14
"""Cells that lookbacks in a page of all cells are tried on, side by side."""


class _Gain(NamedTuple):
    """What cells cost with lookbacks, and what without."""

    price: int
    of: int

    @property
    def is_gain(self) -> bool:
        """Whether lookbacks are worth it."""
        return self.price < self.of


_NO_GAIN: Final = _Gain(1, 1)


@dataclass(frozen=True, eq=False)
class AsTheyAre:
    """An array's cells, of which Pco is given pages.

    Attributes
    ----------
    latents
        Ordered, in the shape of the array.
    boxes
        The sample that other candidates are priced by.
    modes
        What Pco may choose from.
    """

    latents: Latents
    boxes: Boxes
    modes: Sequence[Mode]
    number_type: NumberType
    wish: Wish
    kernels: Kernels

    def candidates(self) -> Iterator[Candidate]:
        """Yield Pco with tiles, and where these may be of any shape, with rows and with one page."""
        wish, shape = self.wish, self.latents.shape
        tile = wish.flat_tile(shape)
        if not wish.has_rows:
            yield self._plain(TILES, tile, self._cheapest(self.boxes.runs, self.modes), _NO_GAIN)
            return
        flat = self.latents.reshape(-1)
        flat_bid = self._cheapest(sample_runs(flat, _FLAT_RUNS), self.modes)
        # Which mode suits numbers depends little on their order.
        modes = [flat_bid.mode] if wish.level <= USUAL_LEVEL else self.modes
        in_tiles = self._cheapest(self.boxes.runs, modes)
        is_ordered = flat_bid.delta != NoDelta()
        # Where any order is as good, the sample that others are priced by.
        by_rows = flat_bid if is_ordered else in_tiles
        rows, whole = rows_tile(shape), whole_tile(shape)
        cells = FLAT_CELLS // 2 if wish.is_hasty(flat.size) or wish.is_fast else FLAT_CELLS
        of_one = self._gain(sample_stretches(flat, _LONGEST_STRETCH, cells), whole, modes)
        of_rows = of_tiles = _NO_GAIN
        if of_one.is_gain:
            # Nearer repetitions are for smaller pages too.
            of_rows = self._gain(sample_stretches(flat, prod(rows), cells), rows, modes)
            of_tiles = self._gain(sample_tiles(self.latents, tile), tile, modes)
        yield self._plain(TILES, tile, in_tiles, of_tiles)
        if rows != tile and (is_ordered or of_rows.is_gain):
            yield self._plain(ROWS, rows, by_rows, of_rows, handicaps.ROWS)
        yield self._plain(ONE_PAGE, whole, by_rows, of_one, handicaps.WHOLE[wish.access])

    def _plain(self, kind: str, tile: Shape, bid: Bid, gain: _Gain, handicap: int = 0) -> Candidate:
        cost = bid.cost * gain.price // gain.of + page_count(self.latents.shape, tile) * PAGE_COST
        # Where cells repeat, how far they look back is still to be found.
        common = None if gain.is_gain else Common.of(bid, self.latents.size)
        return Candidate(tile, None, cost, handicap, kind, repeats=gain.is_gain, common=common)

    def _gain(self, sample: Runs, tile: Shape, modes: Sequence[Mode]) -> _Gain:
        return _Gain(*lookback_gain(sample, prod(tile), modes, self.number_type, self._config, self.kernels))

    def _cheapest(self, sample: Runs, modes: Sequence[Mode]) -> Bid:
        return cheapest(sample, modes, self.number_type, self._config, self.kernels)

    @property
    def _config(self) -> ChunkConfig:
        return ChunkConfig(self.wish.level, enable_8_bit=True)
