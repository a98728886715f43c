"""The bytes of a page: the Pco streams of its parts, after a table that tells them apart."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptionError
from ..pipeline.steps import Pipeline
from .fields import MAX_VARINT_BYTES, varint

__all__ = ["PageStreams", "join_page", "part_pages"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


class PageStreams(NamedTuple):
    """The Pco streams of some pages.

    Attributes
    ----------
    data
        Bytes in which they lie.
    counts
        For each part, the numbers of all its contexts but the last, int64 of shape (contexts - 1, pages).
    starts, stops
        First byte of each stream and the byte after its last, int64 of shape (streams, pages), the streams of the first
        part before those of the next.
    """

    data: U8
    counts: Sequence[I64]
    starts: I64
    stops: I64


def join_page(counts: list[list[int]], streams: list[bytes]) -> bytes:
    """Write a page; one with a single stream is just that."""
    if len(streams) == 1:
        return streams[0]
    table = [varint(count) for part in counts for count in part]
    table += [varint(len(stream)) for stream in streams[:-1]]
    return b"".join([*table, *streams])


def part_pages(
    data: U8, starts: I64, stops: I64, pipelines: tuple[Pipeline, ...], cells: I64, pages: I64
) -> PageStreams:
    """Invert `join_page`, for pages of so many cells that lie in some bytes.

    Raises
    ------
    CorruptionError
        When a table does not fit its page.
    """
    tables = _Tables(data, starts, stops, pages)
    counts = []
    for pipeline in pipelines:
        of_part = [tables.varints("numbers of a context", cells) for _ in range(pipeline.contexts - 1)]
        counts.append(np.array(of_part, np.int64).reshape(-1, pages.size))
        # Each is at most the cells of a page, so the sum of a few cannot wrap.
        tables.check("numbers of all contexts", counts[-1].sum(axis=0), cells)
    sizes = [
        tables.varints("bytes of a stream", stops - starts)
        for _ in range(sum(pipeline.streams for pipeline in pipelines) - 1)
    ]
    bounds = [tables.places]
    for size in sizes:
        bounds.append(bounds[-1] + size)
    tables.check("bytes of all streams but the last", bounds[-1] - tables.places, stops - tables.places)
    return PageStreams(data, counts, np.stack(bounds), np.stack([*bounds[1:], stops]))


class _Tables:
    """Reads the same fields of many pages side by side."""

    def __init__(self, data: U8, starts: I64, stops: I64, pages: I64) -> None:
        self._data = data
        self._stops = stops
        self._pages = pages
        self.places = starts.copy()
        """First byte of each page that has not been read."""

    def varints(self, name: str, most: I64) -> I64:
        """Read an integer of each page that `varint` wrote, at most so large."""
        values = np.zeros(self._pages.size, np.int64)
        lanes = np.arange(self._pages.size)
        for turn in range(MAX_VARINT_BYTES):
            at = self.places[lanes]
            over = at >= self._stops[lanes]
            if over.any():
                page = self._pages[lanes[over][0]]
                raise CorruptionError(f"a field of 1 bytes must lie within page {page}, got 0 bytes")
            byte = self._data[at].astype(np.int64)
            values[lanes] |= (byte & 0x7F) << (7 * turn)
            self.places[lanes] += 1
            lanes = lanes[byte > 0x7F]
            if not lanes.size:
                self.check(name, values, most)
                return values
        raise CorruptionError(f"{name} may not exceed 63 bits, got more than {MAX_VARINT_BYTES} bytes")

    def check(self, name: str, values: I64, most: I64) -> None:
        """Refuse values that are larger than they may be."""
        over = np.flatnonzero(values > most)
        if over.size:
            page, value, limit = (int(found[over[0]]) for found in (self._pages, values, most))
            raise CorruptionError(f"{name} of page {page} may not exceed {limit}, got {value}")
