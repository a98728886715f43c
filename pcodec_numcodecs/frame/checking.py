"""Whether a frame's bytes are those that were written, by its checksums alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import CorruptionError, InsufficientDataError
from .checksums import crc32c_of_each
from .head import read_head
from .layout import METADATA, Layout
from .reader import FrameReader, Pieces

__all__ = ["Fault", "faults_of"]


@dataclass(frozen=True)
class Fault:
    """A damaged part of a frame.

    Attributes
    ----------
    part
        Which part of the frame, and where.
    reason
        What is wrong with it.
    page
        Number of the page; None for what several pages share.
    cells
        A slice along each axis, for a page; None for what several pages share.
    pages
        How many pages cannot be read for it.
    """

    part: str
    reason: str
    page: int | None
    cells: tuple[slice, ...] | None
    pages: int


def faults_of(view: memoryview) -> Iterator[Fault]:
    """Find what is damaged or missing."""
    try:
        layout = read_head(view)
    except (CorruptionError, InsufficientDataError) as error:
        yield Fault("head", str(error), None, None, 0)
        return
    reader = FrameReader(layout, Pieces(view))
    for stream in range(len(layout.stream_sizes)):
        try:
            reader.content(stream)
        except (CorruptionError, InsufficientDataError) as error:
            yield Fault(f"chunk-level stream {stream}", str(error), None, None, _pages_of(layout, stream))
    yield from _page_faults(reader, view)
    if len(view) > layout.frame_bytes:
        yield Fault("end", f"the frame must end after {layout.frame_bytes} bytes, got {len(view)}", None, None, 0)


def _pages_of(layout: Layout, stream: int) -> int:
    """Count the pages that need a chunk-level stream; of values and masks, at most."""
    kind, _, count = layout.sections[0]
    if kind == METADATA and stream < count:
        first = stream // layout.streams_a_page * layout.chunk_pages
        return min(layout.chunk_pages, layout.grid.pages - first)
    return layout.grid.pages


def _page_faults(reader: FrameReader, view: memoryview) -> Iterator[Fault]:
    layout = reader.layout
    starts = layout.page_starts.tolist()
    whole = int(np.searchsorted(layout.page_starts[1:], len(view), side="right"))
    crcs = crc32c_of_each([view[starts[page] : starts[page + 1]] for page in range(whole)])
    wrong = np.flatnonzero(crcs != layout.page_crcs[:whole]).tolist()
    for page in wrong:
        stored, found = int(layout.page_crcs[page]), int(crcs[page])
        reason = f"CRC-32C must be {stored:#010x}, got {found:#010x}"
        yield Fault(reader.page_name(page), reason, page, layout.grid.bounds(page), 1)
    for page in range(whole, layout.page_sizes.size):
        reason = f"cut off: the frame has {layout.frame_bytes} bytes, got {len(view)}"
        yield Fault(reader.page_name(page), reason, page, layout.grid.bounds(page), 1)
