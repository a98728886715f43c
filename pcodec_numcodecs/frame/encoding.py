"""The cells of one part of an array to the Pco streams of its pages, through the steps of a pipeline."""

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..choosing import Common
from ..config import ChunkConfig, DeltaSpec, ModeSpec
from ..dtypes import Latents, NumberType
from ..kernels import Kernels
from ..pipeline.scoring import costs_of_parts
from ..pipeline.splitting import Listed, split, without
from ..pipeline.steps import NONE, Pipeline, Rank, midpoint
from .blocks import block_limit, mask_blocks, value_blocks
from .layout import Layout
from .shapes import prediction
from .streams import Column, compress_pages

__all__ = ["EncodedPart", "PartEncoder"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

Item = TypeVar("Item")

_PLAIN: Final = {"mode_spec": ModeSpec.classic(), "delta_spec": DeltaSpec.no_op()}
_AUTOMATIC: Final[dict[str, Any]] = {}
_CLASSIC: Final = {"mode_spec": ModeSpec.classic()}


class EncodedPart(NamedTuple):
    """What a part adds to a frame.

    Attributes
    ----------
    pipeline
        With all that turned out in its course.
    columns
        The streams, each with metadata for every range of pages and bytes for every page.
    counts
        For each page, the numbers of all contexts but the last.
    values, masks
        Blocks of distinct values, and of masks.
    page_sets, page_values
        See `Layout`.
    """

    pipeline: Pipeline
    columns: list[Column]
    counts: list[list[int]]
    values: list[bytes]
    masks: list[bytes]
    page_sets: U8 | None
    page_values: npt.NDArray[np.uint16] | None


@dataclass(frozen=True, eq=False)
class PartEncoder:
    """Encodes one part of the elements.

    Attributes
    ----------
    layout
        With tile, pages of a Pco chunk, `page_sets`, and pipelines but for what depends on all cells.
    part
        Number of the part.
    level
        Compression level.
    in_blocks
        Whether values and masks are cut into blocks.
    threads
        How many may write pages at a time.
    kernels
        Those that do the work.
    """

    layout: Layout
    part: int
    level: int
    in_blocks: bool
    threads: int
    kernels: Kernels

    def encode(self, latents: Latents, values: Latents | None = None, common: Common | None = None) -> EncodedPart:
        """Encode a part.

        Parameters
        ----------
        latents
            Ordered latents of all cells: tile after tile, in the order of the predictor's axes; for `Rank`, their
            places among the values.
        values
            For `Rank`, the distinct values, ascending.
        common
            For cells as they are, what suits them, if that is known.
        """
        pipeline, number_type = self.layout.pipelines[self.part], self.layout.element.number_type
        cells = self.layout.page_numbers
        counts: list[list[int]] = [[] for _ in range(cells.size)]
        if pipeline.is_plain:
            column = self._compress(latents, number_type, cells, _AUTOMATIC, common)
            return EncodedPart(pipeline, [column], counts, [], [], None, None)
        absent = _absent(latents, pipeline.fills, values)
        present = self.kernels.count_present(absent, cells) if absent.size else cells
        if isinstance(pipeline.split, Rank):
            assert values is not None
            values, places = without(Listed(values, latents.astype(np.uint16, copy=False)), pipeline.fills)
            rank = Rank(values.size, values.size)
            pipeline = replace(pipeline, split=rank)
            primary, secondary = places.astype(f"u{rank.bits // 8}", copy=False), None
        else:
            primary, secondary = split(pipeline.split, latents, number_type, self.kernels)
        page_sets = None
        types = pipeline.stream_types(number_type)
        if pipeline.predictor.kind == NONE:
            columns = [self._compress(self._kept(primary, absent), types[0], present, _AUTOMATIC)]
        else:
            reference = midpoint(self._kept(primary, absent))
            pipeline = replace(pipeline, predictor=replace(pipeline.predictor, reference=reference))
            if absent.size and primary is latents:
                primary = primary.copy()  # masked cells are overwritten
            primary = np.ascontiguousarray(primary)
            layout = self._with(pipeline)
            if pipeline.predictor.sets > 1:
                page_sets = self._best_sets(layout, primary, absent)
                layout = replace(layout, page_sets=_replaced(layout.page_sets, self.part, page_sets))
            columns = self._predicted(layout, primary, absent, present, counts)
        if secondary is not None:
            columns.append(self._compress(self._kept(secondary, absent), types[-1], present, _CLASSIC))
        limit = block_limit(sum(len(stream) for column in columns for stream in column.pages), self.in_blocks)
        values_written: list[bytes] = []
        bounds = None
        if values is not None:
            values_written, block = value_blocks(values, limit, self.level, self.kernels)
            pipeline = replace(pipeline, split=Rank(values.size, block))
            if len(values_written) > 1:
                bounds = (_bounds(primary, absent != 0, cells) // block).astype(np.uint16)
        masks_written: list[bytes] = []
        if pipeline.fills:
            masks_written, pages = mask_blocks(self.layout, self.part, absent, limit, self.level, self.kernels)
            pipeline = replace(pipeline, mask_pages=pages)
        return EncodedPart(pipeline, columns, counts, values_written, masks_written, page_sets, bounds)

    def _kept(self, cells: npt.NDArray[Any], absent: U8) -> npt.NDArray[Any]:
        """Return those cells that are not masked."""
        if not absent.size:
            return cells
        kept = scratch.empty(absent.size - int(np.count_nonzero(absent)), cells.dtype)
        self.kernels.keep_present(np.ascontiguousarray(cells), absent, kept)
        return kept

    def _with(self, pipeline: Pipeline) -> Layout:
        return replace(self.layout, pipelines=_replaced(self.layout.pipelines, self.part, pipeline))

    def _best_sets(self, layout: Layout, primary: Latents, absent: U8) -> U8:
        """Find the set of weights that suits each page best."""
        ends = np.cumsum(layout.grid.cells)
        chosen = (absent == 0).view(np.uint8) if absent.size else np.ones(primary.size, np.uint8)
        made = prediction(layout, self.part, np.arange(ends.size))
        costs = []
        for number in range(layout.pipelines[self.part].predictor.sets):
            residuals = scratch.empty_like(primary)
            same = made._replace(sets=np.full(ends.size, number, np.int64))
            self.kernels.predict_tiles(primary.copy(), absent, same, residuals)
            costs.append(costs_of_parts(residuals, chosen, ends, self.kernels))
        return np.argmin(np.stack(costs), axis=0).astype(np.uint8)

    def _predicted(
        self, layout: Layout, primary: Latents, absent: U8, present: I64, counts: list[list[int]]
    ) -> list[Column]:
        """Compress residuals, one column for each context; adds to the counts of the pages."""
        pipeline = layout.pipelines[self.part]
        number_type = pipeline.stream_types(layout.element.number_type)[0]
        made = prediction(layout, self.part, np.arange(present.size))
        residuals = scratch.empty_like(primary)
        self.kernels.predict_tiles(primary, absent, made, residuals)
        kept = self._kept(residuals, absent)
        if pipeline.contexts == 1:
            return [self._compress(kept, number_type, present, _PLAIN)]
        contexts = scratch.empty(residuals.size, np.uint8)
        thresholds = np.array(pipeline.thresholds, np.uint64)
        self.kernels.assign_contexts(residuals, made.shapes, made.axes, thresholds, contexts)
        kept_contexts = self._kept(contexts, absent)
        page_of = np.repeat(np.arange(present.size), present)
        columns = []
        for context in range(pipeline.contexts):
            chosen = kept_contexts == context
            found = np.bincount(page_of[chosen], minlength=present.size)
            columns.append(self._compress(kept[chosen], number_type, found, _PLAIN))
            if context < pipeline.contexts - 1:
                for page, count in enumerate(found.tolist()):
                    counts[page].append(count)
        return columns

    def _compress(
        self,
        latents: Latents,
        number_type: NumberType,
        counts: I64,
        specs: dict[str, Any],
        common: Common | None = None,
    ) -> Column:
        config = ChunkConfig(self.level, enable_8_bit=True, **specs)
        pages = self.layout.chunk_pages
        return compress_pages(latents, number_type, counts, pages, config, self.threads, self.kernels, common)


def _replaced(parts: tuple[Item, ...], place: int, other: Item) -> tuple[Item, ...]:
    return (*parts[:place], other, *parts[place + 1 :])


def _absent(latents: Latents, fills: tuple[int, ...], values: Latents | None) -> U8:
    """Return for each cell 0, or one more than the number of its fill value; nothing where there are none."""
    absent = scratch.zeros(latents.size if fills else 0, np.uint8)
    for number, fill in enumerate(fills, start=1):
        held = fill
        if values is not None:
            held = int(np.searchsorted(values, values.dtype.type(fill)))
            if fill not in values[held : held + 1]:
                continue
        found = (latents == latents.dtype.type(held)).view(np.uint8)
        np.maximum(absent, found * np.uint8(number), out=absent)
    return absent


def _bounds(places: Latents, hidden: npt.NDArray[np.bool_], cells: I64) -> I64:
    """Return the least and the largest place of each page's cells that are not masked, shape (pages, 2)."""
    starts = np.cumsum(cells) - cells
    least = most = places
    if hidden.size:
        least, most = places.copy(), places.copy()
        least[hidden], most[hidden] = np.iinfo(places.dtype).max, 0
    lowest, highest = np.minimum.reduceat(least, starts), np.maximum.reduceat(most, starts)
    return np.stack((np.minimum(lowest, highest), highest), axis=1).astype(np.int64)
