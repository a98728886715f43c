"""Pco streams of pages to the bits of their cells: the steps of a pipeline, undone."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..arithmetic import check_float_arithmetic
from ..decompress import ChunkTables, Pages, decompress_pages, open_usual
from ..dtypes import NUMBER_TYPES, Latents, NumberType, from_latents
from ..errors import CorruptionError
from ..kernels import ChunkPages, Kernels, Rows
from ..metadata import Classic, Dict, FormatVersion, Mode, NoDelta
from ..pipeline import affine
from ..pipeline.affine import Affine
from ..pipeline.lists import read_list
from ..pipeline.masks import read_masks
from ..pipeline.steps import NONE, Pipeline, Rank
from ..recipes import recipe_of
from .elements import Bits, from_numbers
from .layout import MASKS, VALUES, Layout
from .page_tables import PageStreams
from .shapes import prediction, tile_shapes

__all__ = ["PartDecoder"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]


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

    def decode(self, pages: I64, sources: PageStreams) -> Bits:
        """Decode whole pages; return the bits of their cells end to end, in the order of the predictor's axes.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When something that is needed is damaged or not at hand.
        FloatModeError
            When cells are made of floats, and these do not add and multiply as they do elsewhere.
        """
        element, cells = self.layout.element, self.layout.page_numbers[pages]
        numbers = scratch.empty(int(cells.sum()), element.number_type.latent)
        self.land(pages, sources, numbers, Rows.end_to_end(cells))
        return from_numbers(numbers.view(element.number_type.dtype), element)

    def land(self, pages: I64, sources: PageStreams, out: Latents, rows: Rows) -> None:
        """Decode whole pages to where their cells belong.

        Parameters
        ----------
        out
            Flat array of the latent dtype, to be filled with the bits of numbers.
        rows
            Where in it the cells of each page go, in the order of the predictor's axes.

        Raises
        ------
        CorruptionError, InsufficientDataError, FloatModeError
            As `decode`.
        """
        pipeline, number_type = self._pipeline, self.layout.element.number_type
        if pipeline.computes_with_floats:
            check_float_arithmetic()
        cells = self._numbers(pages)
        if pipeline.is_plain:
            self._stream(pages, sources, 0, cells, out.view(number_type.dtype), rows)
            return
        absent = self._absent(pages) if pipeline.fills else np.zeros(0, np.uint8)
        present = self.kernels.count_present(absent, cells) if absent.size else cells
        if pipeline.predictor.kind == NONE:
            primary = self._spread(pages, sources, 0, present, absent)
        else:
            primary = self._residuals(pages, sources, present, absent)
            self.kernels.restore_tiles(primary, prediction(self.layout, self.part, pages))
        secondary = None
        if pipeline.has_secondary:
            secondary = self._spread(pages, sources, pipeline.contexts, present, absent)
        split = pipeline.split
        fills = np.array(pipeline.fills, np.uint64)
        if isinstance(split, Rank):
            self._look_up(pages, primary, absent, fills, out, rows)
            return
        mode: Mode = Classic()
        kind = number_type
        if isinstance(split, Classic) and pipeline.predictor.kind == NONE:
            # Pco's numbers are those of the element, whose bits need no more than to be placed.
            kind = NUMBER_TYPES[f"u{number_type.bits}"]
            fills = from_latents(fills.astype(number_type.latent), number_type).view(number_type.latent)
            fills = fills.astype(np.uint64)
        elif isinstance(split, Affine):
            assert secondary is not None
            primary, secondary = affine.join(split, primary, secondary, number_type), None
        else:
            mode = split
        recipe = recipe_of(mode, NoDelta(), kind, pages.size)
        self.kernels.place_numbers(primary, secondary, cells, recipe, absent, fills, out, rows)

    def _numbers(self, pages: I64) -> I64:
        """Return the numbers of pages, which rise."""
        numbers = self.layout.page_numbers
        return numbers if pages.size == numbers.size else numbers[pages]

    def _look_up(self, pages: I64, places: Latents, absent: U8, fills: U64, out: Latents, rows: Rows) -> None:
        """Put the values that places in the list stand for to where they belong."""
        split = self._pipeline.split
        assert isinstance(split, Rank)
        cells = self.layout.grid.cells[pages]
        values, first = self._values(pages)
        bounds = self.layout.page_values[self.part]
        spans = np.zeros((pages.size, 2), np.int64)
        spans[:, 1] = split.count - 1
        if bounds is not None:
            spans = bounds[pages].astype(np.int64) * split.block
            spans[:, 1] = np.minimum(spans[:, 1] + split.block, split.count) - 1
        recipe = recipe_of(Dict(values), NoDelta(), self.layout.element.number_type, pages.size)
        wrong = self.kernels.place_values(places, cells, first, spans, recipe, absent, fills, out, rows)
        if wrong < 0:
            return
        if bounds is not None:  # other pages, read along, may need other blocks
            raise CorruptionError(
                f"places of page {pages[wrong]} must be in the blocks of values that the index names for it"
            )
        own = slice(int(cells[:wrong].sum()), int(cells[: wrong + 1].sum()))
        most = int(places[own][absent[own] == 0].max() if absent.size else places[own].max())
        raise CorruptionError(f"places in the list of {split.count} values must be below that, got {most}")

    def _spread(
        self, pages: I64, sources: PageStreams, stream: int, present: I64, absent: U8, between: int = 0
    ) -> Latents:
        """Decode one of the part's streams of pages to bits of numbers; masked cells get `between`."""
        number_type = self._pipeline.stream_types(self.layout.element.number_type)[stream]
        if not absent.size:
            return self._stream(pages, sources, stream, present).view(number_type.latent)
        # At the end of all cells: from there they are spread without another array.
        cells = scratch.empty(absent.size, number_type.dtype)
        held = cells[absent.size - int(present.sum()) :]
        self._stream(pages, sources, stream, present, held, Rows.end_to_end(present))
        bits = cells.view(number_type.latent)
        self.kernels.spread_present(held.view(number_type.latent), absent, between, bits)
        return bits

    def _residuals(self, pages: I64, sources: PageStreams, present: I64, absent: U8) -> Latents:
        """Return the residuals of all cells; a masked one has none, which is the middle of the latents."""
        pipeline = self._pipeline
        bits = pipeline.primary_bits(self.layout.element.number_type)
        if pipeline.contexts == 1:
            return self._spread(pages, sources, 0, present, absent, 1 << (bits - 1))
        counts = np.zeros((pipeline.contexts, pages.size), np.int64)
        counts[:-1] = sources.counts[self.part]
        counts[-1] = present - counts[:-1].sum(axis=0)
        if counts[-1].min(initial=0) < 0:
            raise CorruptionError("numbers of all contexts may not exceed the cells of a page that are not masked")
        streams = [self._stream(pages, sources, context, counts[context]) for context in range(pipeline.contexts)]
        starts = np.cumsum(counts, axis=1) - counts + (np.cumsum(counts.sum(axis=1)) - counts.sum(axis=1))[:, None]
        made = prediction(self.layout, self.part, pages)
        out = scratch.empty(int(self.layout.grid.cells[pages].sum()), streams[0].dtype)
        thresholds = np.array(pipeline.thresholds, np.uint64)
        taken = self.kernels.merge_contexts(
            np.concatenate(streams), np.ascontiguousarray(starts.T), absent, made.shapes, made.axes, thresholds, out
        )
        if (counts != taken.T).any():
            raise CorruptionError("contexts of a page must have just the numbers that its cells ask for")
        return out

    def _stream(
        self,
        pages: I64,
        sources: PageStreams,
        stream: int,
        counts: I64,
        out: npt.NDArray[Any] | None = None,
        rows: Rows | None = None,
    ) -> npt.NDArray[Any]:
        """Decode one of the part's streams of pages, those of one Pco chunk at a time."""
        layout = self.layout
        number_type = self._pipeline.stream_types(layout.element.number_type)[stream]
        index = stream + sum([pipeline.streams for pipeline in layout.pipelines[: self.part]])
        starts, stops = sources.starts[index], sources.stops[index]
        sizes = stops - starts
        is_full = bool(counts.all())
        if not is_full and ((counts == 0) & (sizes > 0)).any():
            place = int(np.flatnonzero((counts == 0) & (sizes > 0))[0])
            raise CorruptionError(
                f"a stream of page {pages[place]} without numbers must have 0 bytes, got {sizes[place]}"
            )
        parts = [np.zeros(0, number_type.dtype)]
        for chunk, members in self._by_chunk(pages, counts, is_full):
            metadata = chunk * layout.streams_a_page + index
            asked = ChunkPages(sources.data, starts[members], stops[members], counts[members])
            own, own_rows = out, rows
            if own is None or own_rows is None:
                own, own_rows = (
                    scratch.empty(int(asked.numbers.sum()), number_type.dtype),
                    Rows.end_to_end(asked.numbers),
                )
            elif isinstance(members, np.ndarray):
                own_rows = Rows(own_rows.lengths[members], own_rows.firsts[members], own_rows.starts)
            read = self._decode(metadata, number_type, asked, own, own_rows)
            if (sizes[members] != read).any():
                wrong = int(np.flatnonzero(sizes[members] != read)[0])
                place = int(np.arange(pages.size)[members][wrong])
                raise CorruptionError(
                    f"a stream of page {pages[place]} must have {read[wrong]} bytes, got {sizes[place]}"
                )
            parts.append(own)
        return np.concatenate(parts) if len(parts) > 2 else parts[-1]

    def _decode(
        self, metadata: int, number_type: NumberType, pages: ChunkPages, out: npt.NDArray[Any], rows: Rows
    ) -> I64:
        """Decode pages of a Pco chunk, whose metadata are in a stream of the frame; return the bytes of each."""
        content = self.content(metadata)
        chunk = open_usual(np.frombuffer(content, np.uint8), 0, number_type, self.version, self.kernels)
        if chunk is not None and chunk.size == len(content):
            ends = self.kernels.decode_usual_chunk(chunk, pages, out.view(number_type.latent), rows)
            if ends is not None:
                return ends - pages.starts
        tables = self.tables(metadata, number_type)
        asked = Pages(tables, pages.starts, pages.stops, pages.numbers, pages.numbers)
        return decompress_pages(pages.data, [asked], self.kernels, out, rows)[1]

    def _by_chunk(self, pages: I64, counts: I64, is_full: bool) -> Iterator[tuple[int, I64 | slice]]:
        """Yield the Pco chunks of pages that have numbers, rising, and the places of their pages."""
        layout = self.layout
        if pages.size and is_full and layout.chunk_of(int(pages[0])) == layout.chunk_of(int(pages[-1])):
            yield layout.chunk_of(int(pages[0])), slice(None)
            return
        filled = np.flatnonzero(counts)
        chunks = pages[filled] // layout.chunk_pages
        for chunk in np.unique(chunks).tolist():
            yield chunk, filled[chunks == chunk]

    def _values(self, pages: I64) -> tuple[Latents, int]:
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

    def _absent(self, pages: I64) -> U8:
        """Return for each cell 0, or one more than the number of its fill value."""
        layout, pipeline = self.layout, self._pipeline
        cells = layout.grid.cells
        is_all = pages.size == cells.size
        out = scratch.empty(int((cells if is_all else cells[pages]).sum()), np.uint8)
        first, done = layout.first_of(MASKS, self.part), 0
        for block in layout.mask_blocks(self.part, pages):
            start, stop = block * pipeline.mask_pages, (block + 1) * pipeline.mask_pages
            if is_all:
                members = asked = pages[start:stop]
            else:
                members = np.arange(start, min(stop, cells.size))
                asked = pages[slice(*np.searchsorted(pages, (start, stop)))]
            source = self.content(first + block)
            own = out[done : done + int(cells[asked].sum())]
            done += own.size
            whole = own if asked.size == members.size else scratch.empty(int(cells[members].sum()), np.uint8)
            shapes = tile_shapes(layout, self.part, members)
            read_masks(source, len(pipeline.fills), shapes, self.version, self.kernels, whole)
            if whole is not own:
                own[:] = whole[np.repeat(np.isin(members, asked, assume_unique=True), cells[members])]
        return out
