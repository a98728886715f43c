"""What Pco does with cells as they are: in tiles, in rows, and all in one page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

from .. import modes as pco_modes
from ..choosing import Bid, Common, cheapest, with_lookback
from ..config import ChunkConfig
from ..dtypes import Latents, NumberType
from ..estimates import Runs, sample_runs
from ..kernels import Kernels
from ..metadata import DeltaEncoding, Mode, NoDelta
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
            # Lookbacks are not tried here, so that is left to be done.
            yield replace(self._plain(TILES, tile, self._cheapest(self.boxes.runs, self.modes)), common=None)
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
        in_one = self._plain(
            ONE_PAGE, whole, by_rows, handicaps.WHOLE[wish.access], sample_stretches(flat, _LONGEST_STRETCH, cells)
        )
        yield in_one
        # Nearer repetitions are for smaller pages too.
        repeats = in_one.repeats
        if rows != tile and (is_ordered or repeats):
            stretches = sample_stretches(flat, prod(rows), cells) if repeats else None
            in_rows = self._plain(ROWS, rows, by_rows, handicaps.ROWS, stretches)
            if is_ordered or in_rows.repeats:
                yield in_rows
        yield self._plain(TILES, tile, in_tiles, stretches=sample_tiles(self.latents, tile) if repeats else None)

    def _plain(self, kind: str, tile: Shape, bid: Bid, handicap: int = 0, stretches: Runs | None = None) -> Candidate:
        """Return Pco with pages of a tile's cells; with lookbacks, where these suit stretches of cells."""
        found: tuple[int, DeltaEncoding, int | None] = bid.cost, bid.delta, None
        if stretches is not None:
            primary, _ = pco_modes.split(bid.mode, stretches.latents, self.number_type, self.kernels)
            found = with_lookback(bid, stretches._replace(latents=primary), self._config, prod(tile), self.kernels)
        cost = found[0] + page_count(self.latents.shape, tile) * PAGE_COST
        common = Common.of_sample(bid, *found, self.latents.size)
        return Candidate(tile, None, cost, handicap, kind, repeats=common.delta is not None, common=common)

    def _cheapest(self, sample: Runs, modes: Sequence[Mode]) -> Bid:
        return cheapest(sample, modes, self.number_type, self._config, self.kernels)

    @property
    def _config(self) -> ChunkConfig:
        return ChunkConfig(self.wish.level, enable_8_bit=True)
