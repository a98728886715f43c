"""Where everything in a frame lies: what its head says, apart from how that is spelt."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod

import numpy as np
import numpy.typing as npt

from ..errors import CorruptionError, InsufficientDataError
from .elements import Element
from .tiling import Grid

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]

__all__ = ["Layout"]


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
    streams_a_page
        Pco streams in each page: one for each part of the elements.
    pco_header
        Pco's own header.
    stream_sizes, stream_crcs
        Bytes and checksum of each chunk-level stream: the metadata of the Pco chunks, those of one range of pages
        together.
    page_sizes
        int64, shape (pages, streams a page): bytes of each.
    page_crcs
        uint32, one a page.
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
    streams_a_page: int = 1
    pco_header: bytes = b""
    stream_sizes: tuple[int, ...] = ()
    stream_crcs: tuple[int, ...] = ()
    page_sizes: I64 = field(default_factory=lambda: np.zeros((0, 1), np.int64))
    page_crcs: U32 = field(default_factory=lambda: np.zeros(0, np.uint32))
    head_size: int = 0

    @property
    def raw_bytes(self) -> int:
        """Size of the array."""
        return prod(self.shape) * self.element.dtype.itemsize

    @cached_property
    def grid(self) -> Grid:
        """The tiles."""
        return Grid(self.shape, self.tile)

    @cached_property
    def stream_bounds(self) -> list[tuple[int, int]]:
        """First byte of each chunk-level stream in the frame, and the byte after its last."""
        ends = np.cumsum((self.head_size, *self.stream_sizes)).tolist()
        return list(pairwise(ends))

    @property
    def front_bytes(self) -> int:
        """Size of head and chunk-level streams: where the pages begin."""
        return self.head_size + sum(self.stream_sizes)

    @cached_property
    def page_starts(self) -> I64:
        """First byte of each page in the frame, and the end of the frame."""
        return self.front_bytes + np.concatenate(([0], np.cumsum(self.page_sizes.sum(axis=1))))

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
        """Return which Pco chunk holds a page."""
        return page // self.chunk_pages
