"""A frame, or parts of it, to the cells that are selected."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..decompress import ChunkTables
from ..dtypes import NumberType
from ..errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from ..kernels import Kernels, load
from ..lazy import lazy_property
from ..metadata import ChunkMetadata, FormatVersion
from .checksums import crc32c, crc32c_of_stretches
from .decoding import PartDecoder
from .elements import Bits, parts_of
from .layout import MASKS, METADATA, VALUES, Layout
from .page_tables import PageStreams, part_pages
from .placing import rows_of, rows_of_all
from .shapes import in_cell_order, order_of, tiles_in_cell_order
from .threads import in_threads, runs
from .tiling import Block, Grid, selected

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

__all__ = ["FrameReader", "Pieces", "Selected"]

_KIND_NAMES = {METADATA: "metadata of a Pco chunk", VALUES: "distinct values", MASKS: "masks"}


class Pieces:
    """Some stretches of a frame's bytes, by where they lie in it; at first those from its beginning."""

    def __init__(self, front: memoryview) -> None:
        self._starts = [0]
        self._parts = [front]

    def add(self, start: int, part: memoryview) -> None:
        """Add bytes that lie after all that were added before."""
        self._starts.append(start)
        self._parts.append(part)

    def get(self, start: int, stop: int, name: Callable[[], str]) -> memoryview:
        """Return the bytes from `start` up to `stop`.

        Raises
        ------
        InsufficientDataError
            When they are not all there, with their name, which is only then made.
        """
        if start == stop:
            return memoryview(b"")
        index = bisect_right(self._starts, start) - 1
        offset = start - self._starts[index]
        part = self._parts[index][offset : offset + stop - start]
        if len(part) < stop - start:
            raise InsufficientDataError(
                f"InsufficientData: {name()} lies in bytes {start} to {stop} of the frame, got {len(part)} of them"
            )
        return part

    def gather(self, starts: I64, stops: I64, name: Callable[[int], str]) -> tuple[U8, I64, I64]:
        """Return bytes that hold many rising stretches, and where in these each begins and ends.

        Bytes that lie close together are not copied. `name` is asked for that of a stretch by its place.

        Raises
        ------
        InsufficientDataError
            As `get`.
        """
        sizes = stops - starts
        if len(self._parts) == 1 and starts.size:
            first, last = int(starts[0]), int(stops[-1])
            if last <= len(self._parts[0]) and last - first <= 2 * int(sizes.sum()):
                return np.frombuffer(self._parts[0][first:last], np.uint8), starts - first, stops - first
        bounds = enumerate(zip(starts.tolist(), stops.tolist(), strict=True))
        parts = [self.get(start, stop, partial(name, place)) for place, (start, stop) in bounds]
        ends = np.cumsum(sizes)
        return np.frombuffer(b"".join(parts), np.uint8), ends - sizes, ends


@dataclass(frozen=True, eq=False)
class Selected:
    """What a selection asks of an array.

    Attributes
    ----------
    shape
        Of the result.
    pages
        The pages that hold the cells, rising.
    blocks
        For boxes of cells, the part of each page.
    ranges
        Shape of such a box, with all axes.
    coordinates
        For all other selections, the page of each cell of the result and its place within that.
    whole
        Whether all cells are asked for, each in its place. There are no blocks then.
    """

    shape: tuple[int, ...]
    pages: I64
    blocks: list[Block]
    ranges: tuple[int, ...]
    coordinates: tuple[I64, I64] | None
    whole: bool = False


def select(layout: Layout, selection: Any) -> Selected:
    """Find the pages that a selection needs. Raises IndexError as NumPy does."""
    grid = layout.grid
    if selection is Ellipsis and layout.shape and grid.pages:
        return _everything(grid)
    if not layout.shape:
        shape = np.broadcast_to(np.int8(0), ())[selection].shape
        return Selected(shape, np.arange(min(prod(shape), 1)), [], (), None)
    found = selected(layout.shape, selection)
    if isinstance(found, tuple):
        ranges, shape = found
        if shape == layout.shape and all(ranges) and ranges == tuple(map(range, shape)):
            return _everything(grid)
        blocks = grid.blocks(ranges)
        pages = np.array([block.page for block in blocks], np.int64)
        return Selected(shape, pages, blocks, tuple(map(len, ranges)), None)
    page, place = grid.locate(found)
    return Selected(page.shape, np.unique(page), [], (), (page, place))


@lru_cache(16)
def _everything(grid: Grid) -> Selected:
    pages = np.arange(grid.pages)
    pages.flags.writeable = False  # others will get it too
    return Selected(grid.shape, pages, [], grid.shape, None, whole=True)


class FrameReader:
    """Reads the cells of one frame from whichever of its bytes are at hand.

    Parameters
    ----------
    layout
        What the front of the frame says.
    pieces
        The frame's bytes: the chunk-level streams and the pages that are asked for.
    """

    def __init__(self, layout: Layout, pieces: Pieces) -> None:
        self.layout = layout
        self.pieces = pieces
        self._tables: dict[int, ChunkTables] = {}

    @lazy_property
    def version(self) -> FormatVersion:
        """The version of Pco's format that the frame's streams have."""
        return _version_of(self.layout.pco_header)

    def content(self, stream: int) -> memoryview:
        """Return the bytes of a chunk-level stream, found undamaged.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the stream is damaged or not at hand.
        """
        start, stop = self.layout.stream_bounds[stream]
        content = self.pieces.get(start, stop, partial(self._stream_name, stream))
        found, stored = crc32c(content), self.layout.stream_crcs[stream]
        if found != stored:
            raise CorruptionError(
                f"CRC-32C of {self._stream_name(stream)} must be {stored:#010x}, got {found:#010x}: it is damaged"
            )
        return content

    def tables(self, stream: int, number_type: NumberType) -> ChunkTables:
        """Return the metadata of a Pco chunk, that of a chunk-level stream.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the stream is damaged or not at hand.
        """
        if stream not in self._tables:
            content = self.content(stream)
            metadata, size = ChunkMetadata.read(content, number_type, self.version)
            if size != len(content):
                raise CorruptionError(f"{self._stream_name(stream)} must have {size} bytes, got {len(content)}")
            self._tables[stream] = ChunkTables(metadata)
        return self._tables[stream]

    def _stream_name(self, stream: int) -> str:
        first = 0
        for kind, _, count in self.layout.sections:
            if stream < first + count:
                return f"chunk-level stream {stream} ({_KIND_NAMES[kind]})"
            first += count
        raise AssertionError(stream)

    def read(self, wanted: Selected, out: npt.NDArray[Any], threads: int = 1) -> None:
        """Decode what is selected into an array of its shape and of the element's dtype in any byte order.

        Parameters
        ----------
        threads
            How many decode boxes of cells at a time; cells that are given one by one are decoded by one.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When a part that is needed is damaged or not at hand. What is in `out` then is no result.
        """
        layout = self.layout
        if layout.constant is not None:
            value = np.frombuffer(layout.constant, layout.element.dtype)
            for target, bits in zip(parts_of(out), parts_of(value), strict=True):
                target[...] = bits[0]
            return
        targets = parts_of(out)
        if wanted.coordinates is not None:
            self._gather(wanted, targets)
            return
        if wanted.whole and self._lands(targets):
            (target,) = targets
            land = partial(self._land, target.reshape(-1))
            in_threads(land, [wanted.pages[run] for run in runs(wanted.pages.size, threads)])
            return
        # Pages of one Pco chunk at a time: what is decoded and not yet in its place stays bounded.
        if wanted.whole:
            blocks = layout.grid.blocks(tuple(map(range, wanted.shape)))
        else:
            blocks = wanted.blocks or [Block(page, (), ()) for page in wanted.pages.tolist()]
        boxes = [target.reshape(wanted.ranges) if target.size else target for target in targets]
        first = 0
        while first < len(blocks):
            chunk = layout.chunk_of(blocks[first].page)
            last = first
            while last < len(blocks) and layout.chunk_of(blocks[last].page) == chunk:
                last += 1
            of_chunk = blocks[first:last]
            in_threads(partial(self._fill, boxes), [of_chunk[run] for run in runs(len(of_chunk), threads)])
            first = last

    def _lands(self, targets: list[Bits]) -> bool:
        """Tell whether numbers are cells, and can be decoded to where these lie."""
        layout = self.layout
        element = layout.element
        return (
            not layout.packed
            and not element.ordered
            and len(targets) == 1
            and targets[0].dtype == element.number_type.latent
            and targets[0].flags.carray
            and len(layout.shape) > 0
        )

    def _land(self, flat: Bits, pages: I64) -> None:
        """Decode whole pages into an array of all cells."""
        grid, order = self.layout.grid, order_of(self.layout, 0)
        is_all = pages.size == grid.pages
        kernels = load(prod(grid.shape) if is_all else int(grid.cells[pages].sum()))
        sources = self._pages(pages, kernels)
        rows = rows_of_all(grid, order) if is_all else rows_of(grid, pages, order)
        self._decoder(0, kernels).land(pages, sources, flat, rows)

    def _decoder(self, part: int, kernels: Kernels) -> PartDecoder:
        return PartDecoder(self.layout, self.version, part, self.tables, self.content, kernels)

    def _fill(self, boxes: list[Bits], blocks: list[Block]) -> None:
        """Decode pages into their places."""
        pages = np.array([block.page for block in blocks], np.int64)
        for part, (box, numbers) in enumerate(zip(boxes, self._decode(pages), strict=True)):
            tiles = tiles_in_cell_order(numbers, self.layout, part, pages)
            for block, tile in zip(blocks, tiles, strict=True):
                box[block.outside] = tile[block.inside]

    def _gather(self, wanted: Selected, targets: list[Bits]) -> None:
        """Pick single cells, in any order and number."""
        assert wanted.coordinates is not None
        page, place = wanted.coordinates
        cells = self.layout.grid.cells[wanted.pages]
        starts = np.cumsum(cells) - cells
        index = starts[np.searchsorted(wanted.pages, page)] + place if wanted.pages.size else place
        for part, (target, numbers) in enumerate(zip(targets, self._decode(wanted.pages), strict=True)):
            target[...] = in_cell_order(numbers, self.layout, part, wanted.pages)[index]

    def _decode(self, pages: I64) -> list[Bits]:
        """Decode whole pages; return the bits of their cells, end to end, for each part of the elements.

        Cells of a tile are in the order of the predictor's axes.
        """
        layout = self.layout
        if not pages.size:
            width = layout.element.number_type.latent
            return [np.zeros(0, width) for _ in layout.pipelines]
        cells = layout.grid.cells[pages]
        kernels = load(int(cells.sum()) * len(layout.pipelines))
        sources = self._pages(pages, kernels)
        parts = [self._decoder(part, kernels).decode(pages, sources) for part in range(len(layout.pipelines))]
        return [_unpacked(part, cells) for part in parts] if layout.packed else parts

    def _pages(self, pages: I64, kernels: Kernels) -> PageStreams:
        """Return the Pco streams of pages, found whole and undamaged."""
        layout = self.layout
        starts, stops, stored = layout.page_starts[:-1], layout.page_starts[1:], layout.page_crcs
        if pages.size < layout.grid.pages:
            starts, stops, stored = starts[pages], stops[pages], stored[pages]
        data, starts, stops = self.pieces.gather(starts, stops, lambda place: self.page_name(int(pages[place])))
        crcs = crc32c_of_stretches(data, starts, stops, kernels)
        if (crcs != stored).any():
            wrong = np.flatnonzero(crcs != stored)
            page = int(pages[wrong[0]])
            raise CorruptionError(
                f"CRC-32C of {self.page_name(page)} must be {int(layout.page_crcs[page]):#010x}, "
                f"got {int(crcs[wrong[0]]):#010x}: the page is damaged"
                + (f", and {wrong.size - 1} more" if wrong.size > 1 else "")
            )
        if layout.streams_a_page == 1:
            return PageStreams(data, [], starts[None], stops[None])
        return part_pages(data, starts, stops, layout.pipelines, layout.grid.cells[pages], pages)

    def page_name(self, page: int) -> str:
        """Name a page and its cells, as errors do."""
        bounds = self.layout.grid.bounds(page)
        return f"page {page} (cells [{', '.join(f'{cells.start}:{cells.stop}' for cells in bounds)}])"


@lru_cache(8)
def _version_of(header: bytes) -> FormatVersion:
    version, size = FormatVersion.read(header)
    if size != len(header):
        raise CorruptionError(f"Pco's header must have {len(header)} bytes, got version {version}")
    return version


def _unpacked(packed: Bits, cells: I64) -> Bits:
    """Return one byte for each bit, without those that fill up the bytes at the end of each page."""
    bits = np.unpackbits(packed, bitorder="little")
    if (cells % 8).any():
        room = (cells + 7) // 8 * 8
        place = np.arange(bits.size) - np.repeat(np.cumsum(room) - room, room)
        bits = bits[place < np.repeat(cells, room)]
    return bits


def check_out(out: object, shape: tuple[int, ...], layout: Layout) -> None:
    """Check an array that is to be filled.

    Raises
    ------
    TypeError
        When it is no array, or of another dtype.
    InvalidArgumentError
        When it is of another shape, or read-only.
    """
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, got {type(out).__name__}")
    if out.dtype != layout.element.dtype:
        raise TypeError(f"out must be of dtype {layout.element.dtype}, got {out.dtype}")
    if out.shape != shape:
        raise InvalidArgumentError(f"out must have the shape of the result, {shape}, got {out.shape}")
    if not out.flags.writeable:
        raise InvalidArgumentError("out must be writeable, got a read-only array")
