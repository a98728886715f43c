"""Pco streams of pages to the bits of their cells: the steps of a pipeline, undone."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..decompress import ChunkTables, PageRequest, decompress_pages
from ..dtypes import NUMBER_TYPES, Latents, NumberType, from_latents, to_latents
from ..errors import CorruptionError
from ..kernels import Kernels
from ..metadata import FormatVersion
from ..pipeline.lists import read_list
from ..pipeline.masks import read_masks
from ..pipeline.splitting import join
from ..pipeline.steps import NONE, Pipeline, Rank
from .elements import Bits, from_numbers
from .layout import MASKS, VALUES, Layout
from .page_tables import PageStreams
from .shapes import in_cell_order, prediction, tile_shapes

__all__ = ["PartDecoder"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


class PartDecoder(NamedTuple):
    """Decodes one part of the elements.

    Attributes
    ----------
    layout, version
        Of the frame.
    part
        Number of the part.
    tables
        Returns the metadata in a chunk-level stream, for numbers of some type.
    content
        Returns the checked bytes of a chunk-level stream.
    kernels
        Those that do the work.
    """

    layout: Layout
    version: FormatVersion
    part: int
    tables: Callable[[int, NumberType], ChunkTables]
    content: Callable[[int], memoryview]
    kernels: Kernels

    @property
    def _pipeline(self) -> Pipeline:
        return self.layout.pipelines[self.part]

    def decode(self, pages: list[int], sources: Sequence[PageStreams]) -> Bits:
        """Decode whole pages; return the bits of their cells end to end, in the C order of the tiles.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When something that is needed is damaged or not at hand.
        """
        pipeline, element = self._pipeline, self.layout.element
        cells = self.layout.grid.cells[pages]
        if pipeline.is_plain:
            return from_numbers(self._stream(pages, sources, 0, self.layout.page_numbers[pages]), element)
        absent = self._absent(pages) if pipeline.fills else np.zeros(0, np.uint8)
        hidden = absent != 0
        present = cells if not absent.size else cells - _sums(hidden, cells)
        types = pipeline.stream_types(element.number_type)
        if pipeline.predictor.kind == NONE:
            primary = self._stream(pages, sources, 0, present)
            if not isinstance(pipeline.split, Rank):
                primary = to_latents(primary, types[0])
            primary = _spread(primary, hidden, 0)
        else:
            primary = self._residuals(pages, sources, present, absent)
            self.kernels.restore_tiles(primary, prediction(self.layout, self.part, pages))
        secondary = None
        if pipeline.has_secondary:
            secondary = _spread(self._stream(pages, sources, pipeline.contexts, present), hidden, 0)
        latents = self._join(pages, primary, secondary, hidden)
        for number, fill in enumerate(pipeline.fills, start=1):
            latents[absent == number] = fill
        bits = from_numbers(from_latents(latents, element.number_type), element)
        return in_cell_order(bits, self.layout, self.part, pages)

    def _join(
        self, pages: list[int], primary: Latents, secondary: Latents | None, hidden: npt.NDArray[np.bool_]
    ) -> Latents:
        split, number_type = self._pipeline.split, self.layout.element.number_type
        if not isinstance(split, Rank):
            return join(split, None, primary, secondary, number_type)
        values, first = self._values(pages)
        # What was imputed is no place in the list.
        primary[hidden] = first
        if (bounds := self.layout.page_values[self.part]) is not None:
            self._check_places(pages, primary, hidden, bounds[pages].astype(np.int64) * split.block)
        primary -= primary.dtype.type(first)
        return join(split, values, primary, None, number_type)

    def _check_places(self, pages: list[int], places: Latents, hidden: npt.NDArray[np.bool_], firsts: I64) -> None:
        """Refuse places out of the blocks that a page names: other pages, read along, may need others."""
        split = self._pipeline.split
        assert isinstance(split, Rank)
        cells = self.layout.grid.cells[pages]
        ends = np.minimum(firsts[:, 1] + split.block, split.count) - 1
        least, most = (np.repeat(bound.astype(places.dtype), cells) for bound in (firsts[:, 0], ends))
        wrong = (places < least) | (places > most)
        if hidden.size:
            wrong &= ~hidden
        if wrong.any():
            page = pages[int(np.searchsorted(np.cumsum(cells), np.argmax(wrong), side="right"))]
            raise CorruptionError(f"places of page {page} must be in the blocks of values that the index names for it")

    def _residuals(self, pages: list[int], sources: Sequence[PageStreams], present: I64, absent: U8) -> Latents:
        """Return the residuals of all cells; a masked one has none, which is the middle of the latents."""
        pipeline = self._pipeline
        bits = pipeline.primary_bits(self.layout.element.number_type)
        if pipeline.contexts == 1:
            return _spread(self._stream(pages, sources, 0, present), absent != 0, 1 << (bits - 1))
        counts = np.zeros((pipeline.contexts, len(pages)), np.int64)
        counts[:-1] = np.array([source.counts[self.part] for source in sources], np.int64).T
        counts[-1] = present - counts[:-1].sum(axis=0)
        if counts[-1].min(initial=0) < 0:
            raise CorruptionError("numbers of all contexts may not exceed the cells of a page that are not masked")
        streams = [self._stream(pages, sources, context, counts[context]) for context in range(pipeline.contexts)]
        starts = np.cumsum(counts, axis=1) - counts + (np.cumsum(counts.sum(axis=1)) - counts.sum(axis=1))[:, None]
        made = prediction(self.layout, self.part, pages)
        out = np.empty(int(self.layout.grid.cells[pages].sum()), streams[0].dtype)
        thresholds = np.array(pipeline.thresholds, np.uint64)
        taken = self.kernels.merge_contexts(
            np.concatenate(streams), np.ascontiguousarray(starts.T), absent, made.shapes, made.axes, thresholds, out
        )
        if (counts != taken.T).any():
            raise CorruptionError("contexts of a page must have just the numbers that its cells ask for")
        return out

    def _stream(self, pages: list[int], sources: Sequence[PageStreams], stream: int, counts: I64) -> npt.NDArray[Any]:
        """Decode one of the part's streams of pages, those of one Pco chunk at a time."""
        layout = self.layout
        number_type = self._pipeline.stream_types(layout.element.number_type)[stream]
        index = stream + sum(pipeline.streams for pipeline in layout.pipelines[: self.part])
        parts = [np.zeros(0, number_type.dtype)]
        rows = zip(pages, sources, counts.tolist(), strict=True)
        for _, group in groupby(rows, key=lambda row: layout.chunk_of(row[0])):
            members = list(group)
            for page, source, count in members:
                if not count and len(source.streams[index]):
                    raise CorruptionError(
                        f"a stream of page {page} without numbers must have 0 bytes, got {len(source.streams[index])}"
                    )
            filled = [row for row in members if row[2]]
            if not filled:
                continue
            tables = self.tables(layout.metadata_of(filled[0][0], index), number_type)
            requests = [PageRequest(tables, source.streams[index], n, n) for _, source, n in filled]
            numbers, read = decompress_pages(requests, self.kernels)
            for (page, _, _), request, size in zip(filled, requests, read, strict=True):
                if size != len(request.source):
                    raise CorruptionError(f"a stream of page {page} must have {size} bytes, got {len(request.source)}")
            parts.append(numbers)
        return np.concatenate(parts) if len(parts) > 2 else parts[-1]

    def _values(self, pages: list[int]) -> tuple[Latents, int]:
        """Return the distinct values from the first block that is needed to the last, and the place of the first."""
        split, number_type = self._pipeline.split, self.layout.element.number_type
        assert isinstance(split, Rank)
        blocks = self.layout.value_blocks(self.part, pages)
        unsigned = NUMBER_TYPES[f"u{number_type.bits}"]
        origin = self.layout.first_of(VALUES, self.part)
        first = blocks[0] * split.block
        values = np.zeros(min((blocks[-1] + 1) * split.block, split.count) - first, unsigned.dtype)
        for block in blocks:
            found, rest = read_list(self.content(origin + block), unsigned, self.version, split.block, self.kernels)
            start = block * split.block - first
            expected = min(split.block, split.count - block * split.block)
            if found.size != expected or len(rest):
                raise CorruptionError(
                    f"block {block} of values must have {expected} of them, got {found.size} and {len(rest)} bytes more"
                )
            values[start : start + expected] = found
        return values, first

    def _absent(self, pages: list[int]) -> U8:
        """Return for each cell 0, or one more than the number of its fill value."""
        layout, pipeline = self.layout, self._pipeline
        cells = layout.grid.cells
        parts = []
        wanted = set(pages)
        for block in layout.mask_blocks(self.part, pages):
            members = range(block * pipeline.mask_pages, min((block + 1) * pipeline.mask_pages, layout.grid.pages))
            source = self.content(layout.first_of(MASKS, self.part) + block)
            shapes = tile_shapes(layout, self.part, list(members))
            absent = read_masks(source, len(pipeline.fills), shapes, self.version, self.kernels)
            bounds = np.cumsum(cells[list(members)]).tolist()
            parts += [
                absent[start:stop]
                for page, start, stop in zip(members, [0, *bounds], bounds, strict=False)
                if page in wanted
            ]
        return np.concatenate(parts) if parts else np.zeros(0, np.uint8)


def _sums(flags: npt.NDArray[np.bool_], cells: I64) -> I64:
    return np.add.reduceat(flags, np.cumsum(cells) - cells, dtype=np.int64)


def _spread(numbers: npt.NDArray[Any], hidden: npt.NDArray[np.bool_], between: int) -> npt.NDArray[Any]:
    """Put a number at each cell that is not hidden, in order, and another one at those that are."""
    if not hidden.size:
        return numbers
    cells = np.full(hidden.size, between, numbers.dtype)
    cells[~hidden] = numbers
    return cells
