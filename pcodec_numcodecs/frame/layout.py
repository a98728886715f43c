"""Where everything in a frame lies: what its head says, apart from how that is spelt."""

from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import prod

import numpy as np
import numpy.typing as npt

from ..errors import CorruptionError, InsufficientDataError
from ..lazy import lazy_property
from ..pipeline.steps import PLAIN, Pipeline, Rank
from .elements import Element
from .tiling import Grid, grid_of

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]

__all__ = ["MASKS", "METADATA", "VALUES", "Layout", "sections_of"]

METADATA, VALUES, MASKS = range(3)
"""Kinds of chunk-level streams: metadata of a Pco chunk, distinct values, masks."""


def sections_of(pages: int, chunk_pages: int, pipelines: tuple[Pipeline, ...]) -> tuple[tuple[int, int, int], ...]:
    """Return what `Layout.sections` holds, for an array that is not filled by one element."""
    if not pages:
        return ()
    metadata = -(-pages // chunk_pages) * sum(pipeline.streams for pipeline in pipelines)
    values = [
        (VALUES, part, pipeline.split.blocks)
        for part, pipeline in enumerate(pipelines)
        if isinstance(pipeline.split, Rank)
    ]
    masks = [
        (MASKS, part, -(-pages // pipeline.mask_pages)) for part, pipeline in enumerate(pipelines) if pipeline.fills
    ]
    return ((METADATA, 0, metadata), *values, *masks)


@dataclass(frozen=True, eq=False)
class Layout:
    """What the front of a frame says.

    Attributes
    ----------
    element
        Type of the elements.
    shape
        Shape of the array.
    tile
        Cells of a tile along each axis.
    fortran
        Whether a reader gives the array in Fortran order; the frame itself is in C order always.
    constant
        Bytes of the one element that fills the array, or None.
    packed
        Whether eight bools share a byte.
    chunk_pages
        Pages of each Pco chunk, but for the last that may have less.
    pipelines
        For each part of the elements, what was done to them before Pco.
    pco_header
        Pco's own header.
    stream_sizes, stream_crcs
        Bytes and checksum of each chunk-level stream: the metadata of the Pco chunks, those of one range of pages
        together; then the distinct values of each part that is ranked; then the masks of each part that has some.
    page_sizes
        int64, bytes of each page.
    page_crcs
        uint32, one a page.
    page_sets
        For each part with several sets of weights, and None for others, the set of each page, uint8.
    page_values
        For each part that is ranked in more than one block, and None for others, the first block that each page needs
        and the last, uint16 of shape (pages, 2).
    head_size
        Bytes of the head, where it has been read.
    """

    element: Element
    shape: tuple[int, ...]
    tile: tuple[int, ...]
    fortran: bool
    constant: bytes | None = None
    packed: bool = False
    chunk_pages: int = 1
    pipelines: tuple[Pipeline, ...] = (PLAIN,)
    pco_header: bytes = b""
    stream_sizes: tuple[int, ...] = ()
    stream_crcs: tuple[int, ...] = ()
    page_sizes: I64 = field(default_factory=lambda: np.zeros(0, np.int64))
    page_crcs: U32 = field(default_factory=lambda: np.zeros(0, np.uint32))
    page_sets: tuple[npt.NDArray[np.uint8] | None, ...] = (None,)
    page_values: tuple[npt.NDArray[np.uint16] | None, ...] = (None,)
    head_size: int = 0

    @property
    def raw_bytes(self) -> int:
        """Size of the array."""
        return prod(self.shape) * self.element.dtype.itemsize

    @lazy_property
    def grid(self) -> Grid:
        """The tiles."""
        return grid_of(self.shape, self.tile)

    @property
    def page_numbers(self) -> I64:
        """Numbers of each page, or for a page with masks and several streams, its cells."""
        return (self.grid.cells + 7) // 8 if self.packed else self.grid.cells

    @lazy_property
    def stream_bounds(self) -> list[tuple[int, int]]:
        """First byte of each chunk-level stream in the frame, and the byte after its last."""
        return list(pairwise(accumulate((self.head_size, *self.stream_sizes))))

    @property
    def front_bytes(self) -> int:
        """Size of head and chunk-level streams: where the pages begin."""
        return self.head_size + sum(self.stream_sizes)

    @lazy_property
    def page_starts(self) -> I64:
        """First byte of each page in the frame, and the end of the frame."""
        starts = np.empty(self.page_sizes.size + 1, np.int64)
        starts[0] = self.front_bytes
        starts[1:] = self.page_sizes
        return starts.cumsum(out=starts)

    @property
    def frame_bytes(self) -> int:
        """Size of the frame."""
        return int(self.page_starts[-1])

    def check_length(self, size: int) -> None:
        """Refuse bytes that are not just the frame's.

        Raises
        ------
        CorruptionError, InsufficientDataError
            For more bytes, or less.
        """
        if size > self.frame_bytes:
            raise CorruptionError(f"the frame must end after {self.frame_bytes} bytes, got {size}")
        if size < self.frame_bytes:
            raise InsufficientDataError(
                f"InsufficientData: the frame has {self.frame_bytes} bytes, got {size}; a selection may still be read"
            )

    def chunk_of(self, page: int) -> int:
        """Return which range of pages, those of one Pco chunk, holds a page."""
        return page // self.chunk_pages

    @lazy_property
    def streams_a_page(self) -> int:
        """Pco streams of each page, and Pco chunks of each range of pages."""
        return sum(pipeline.streams for pipeline in self.pipelines)

    @lazy_property
    def sections(self) -> tuple[tuple[int, int, int], ...]:
        """Chunk-level streams by what they hold: kind, part, and count, in their order."""
        return () if self.constant is not None else sections_of(self.grid.pages, self.chunk_pages, self.pipelines)

    def first_of(self, kind: int, part: int) -> int:
        """Return the first chunk-level stream of a kind for a part; for metadata the part does not matter."""
        first = 0
        for found, owner, count in self.sections:
            if (found, owner) == (kind, part):
                return first
            first += count
        raise AssertionError(f"no chunk-level streams of kind {kind} for part {part}")

    def metadata_of(self, page: int, stream: int) -> int:
        """Return the chunk-level stream with the metadata for a stream of a page."""
        return self.chunk_of(page) * self.streams_a_page + stream

    def value_blocks(self, part: int, pages: I64) -> list[int]:
        """Return the blocks of distinct values that pages need, rising."""
        split = self.pipelines[part].split
        assert isinstance(split, Rank)
        bounds = self.page_values[part]
        if bounds is None:
            return list(range(split.blocks))
        return sorted({block for first, last in bounds[pages].tolist() for block in range(first, last + 1)})

    def mask_blocks(self, part: int, pages: I64) -> list[int]:
        """Return the blocks of masks that pages need, rising; pages rise, and each is there once."""
        of_block = self.pipelines[part].mask_pages
        if pages.size == self.grid.pages:
            return list(range(-(-pages.size // of_block)))
        return np.unique(pages // of_block).tolist()

    def streams_of(self, pages: I64) -> list[int]:
        """Return the chunk-level streams that pages need, rising."""
        needed = []
        for kind, part, _ in self.sections:
            if kind == METADATA:
                chunks = np.unique(pages // self.chunk_pages).tolist()
                needed += [chunk * self.streams_a_page + s for chunk in chunks for s in range(self.streams_a_page)]
            else:
                blocks = self.value_blocks(part, pages) if kind == VALUES else self.mask_blocks(part, pages)
                needed += [self.first_of(kind, part) + block for block in blocks]
        return needed
