"""Which bytes of a frame to ask a store for, without asking: the caller does that, in whichever way it waits.

The object may be replaced, cut short or missing between two requests, and a server may answer with more than was asked
for. Whatever happens, what comes out has been checked against one index.
"""

from collections.abc import Callable, Generator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptionError, InsufficientDataError
from .head import MAGIC, PREAMBLE_BYTES, head_bytes, read_head
from .layout import Layout
from .reader import FrameReader, Pieces, Selected

__all__ = ["GAP_BYTES", "WHOLE", "Request", "Requests", "first_bytes", "is_small", "read_ranges"]

GAP_BYTES: Final = 32 << 10
"""Bytes between two ranges that are rather read along than asked for apart."""
_FEW_REQUESTS: Final = 5
_NEAR_BYTES: Final = 4 << 10
"""Where no more requests than that are needed, ranges further apart than these bytes are asked for apart."""
_SMALL_BYTES: Final = 64 << 10
"""Arrays of up to so many bytes are read in one go: a second request takes longer than the bytes."""
_MOST_FIRST_BYTES: Final = 16 << 10


class Request(NamedTuple):
    """Bytes of an object, from `start` up to `stop`, or to its end."""

    start: int
    stop: int | None


WHOLE: Final = Request(0, None)

Requests = Generator[list[Request], list[memoryview | None], npt.NDArray[Any] | None]
"""Yields what is needed at a time; is sent the bytes in the same order, None where there is no object, or thrown what
the store raised; returns the result, or None when there is no object."""


def is_small(raw_bytes: int) -> bool:
    """Tell whether an array of some size is best read as a whole."""
    return raw_bytes <= _SMALL_BYTES


def first_bytes(cells: int, itemsize: int) -> int:
    """Return how much to read first, such that it holds the front of most frames of this size."""
    return min(_MOST_FIRST_BYTES, 1024 + 512 * itemsize + cells // 1024)


def read_ranges(
    first: int,
    gap: int | None,
    prepare: Callable[[Layout], tuple[Selected, npt.NDArray[Any]]],
    whole: Callable[[memoryview], npt.NDArray[Any]],
) -> Requests:
    """Read what is selected from an object in a store: its front, and then the pages that hold the cells.

    Parameters
    ----------
    first
        Bytes to read at first.
    gap
        Bytes between two pages that are rather read along; None to decide by the count of requests.
    prepare
        Checks whether the frame is the one that is expected, and returns what is selected and the array for it.
    whole
        Reads the same from the bytes of the whole object.
    """
    try:
        (front,) = yield [Request(0, first)]
    except Exception:
        # Some stores refuse a range that ends beyond the object, and some servers any range. If it was something else,
        # it will show again.
        (content,) = yield [WHOLE]
        return None if content is None else whole(content)
    if front is None:
        return None
    if len(front) != first:
        # This is all there is, because the object is shorter, or because the server knows no ranges.
        return whole(front)
    if bytes(front[: len(MAGIC)]) == MAGIC:
        try:
            return (yield from _read_ranges(front, gap, prepare, whole))
        except (CorruptionError, InsufficientDataError):
            pass  # The object has been replaced since the first request, perhaps; if it is damaged, it still will be.
    (content,) = yield [WHOLE]
    return None if content is None else whole(content)


def _read_ranges(
    front: memoryview,
    gap: int | None,
    prepare: Callable[[Layout], tuple[Selected, npt.NDArray[Any]]],
    whole: Callable[[memoryview], npt.NDArray[Any]],
) -> Requests:
    needed, whole_front = head_bytes(front[:PREAMBLE_BYTES])
    if needed > len(front):
        # Metadata of Pco come next, and are needed for any page.
        needed = whole_front if whole_front - needed <= _MOST_FIRST_BYTES else needed
        (more,) = yield [Request(len(front), needed)]
        if more is not None and len(more) > needed - len(front):
            return whole(more)
        front = memoryview(bytes(front) + bytes(more or b""))
    layout = read_head(front)
    wanted, out = prepare(layout)
    pieces = Pieces(front)
    if ranges := needed_ranges(layout, wanted.pages, len(front), gap):
        parts = yield ranges
        for (start, stop), part in zip(ranges, parts, strict=True):
            assert stop is not None
            if part is None:
                raise InsufficientDataError(f"InsufficientData: pages lie in bytes {start} to {stop}, got no object")
            if len(part) > stop - start:
                return whole(part)
            pieces.add(start, part)
    FrameReader(layout, pieces).read(wanted, out)
    return out


def needed_ranges(layout: Layout, pages: npt.NDArray[np.int64], at_hand: int, gap: int | None) -> list[Request]:
    """Return the ranges of some pages and the chunk-level streams they need, rising, without what is at hand already.

    Ranges that are no more than `gap` apart are one; with None, up to 4 KiB, or 32 KiB where that makes fewer of many.
    """
    if layout.constant is not None or not pages.size:
        return []
    bounds = np.array(layout.stream_bounds, np.int64).reshape(-1, 2)[layout.streams_of(pages)]
    starts = np.concatenate((bounds[:, 0], layout.page_starts[pages]))
    ends = np.concatenate((bounds[:, 1], layout.page_starts[pages + 1]))
    missing = (ends > starts) & (ends > at_hand)
    starts, ends = starts[missing], ends[missing]
    if not starts.size:
        return []
    between = starts[1:] - ends[:-1]
    apart = np.flatnonzero(between > (_NEAR_BYTES if gap is None else gap))
    if gap is None and apart.size >= _FEW_REQUESTS:
        apart = np.flatnonzero(between > GAP_BYTES)
    firsts = starts[np.concatenate(([0], apart + 1))]
    lasts = ends[np.concatenate((apart, [ends.size - 1]))]
    return [Request(int(start), int(stop)) for start, stop in zip(firsts, lasts, strict=True)]
