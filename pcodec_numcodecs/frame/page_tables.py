"""The bytes of a page: the Pco streams of its parts, after a table that tells them apart."""

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import CorruptionError
from ..pipeline.steps import Pipeline
from .fields import Fields, varint

__all__ = ["PageStreams", "join_page", "part_pages"]


class PageStreams(NamedTuple):
    """The Pco streams of some pages.

    Attributes
    ----------
    counts
        For each part, of each page, the numbers of all its contexts but the last.
    streams
        For each stream, those of the first part before those of the next, the bytes of each page.
    """

    counts: Sequence[Sequence[list[int]]]
    streams: Sequence[Sequence[memoryview]]


def join_page(counts: list[list[int]], streams: list[bytes]) -> bytes:
    """Write a page; one with a single stream is just that."""
    table = [varint(count) for part in counts for count in part]
    table += [varint(len(stream)) for stream in streams[:-1]]
    return b"".join([*table, *streams])


def part_pages(
    contents: Sequence[memoryview], pipelines: tuple[Pipeline, ...], cells: Sequence[int], pages: Sequence[int]
) -> PageStreams:
    """Invert `join_page`, for pages of so many cells and of these numbers.

    Raises
    ------
    CorruptionError
        When a table does not fit its page.
    """
    if sum(pipeline.streams for pipeline in pipelines) == 1:
        return PageStreams([], [contents])
    parted = [
        _part_page(content, pipelines, n, f"page {page}")
        for content, n, page in zip(contents, cells, pages, strict=True)
    ]
    counts, streams = zip(*parted, strict=True)
    return PageStreams(list(zip(*counts, strict=True)), list(zip(*streams, strict=True)))


def _part_page(
    page: memoryview, pipelines: tuple[Pipeline, ...], cells: int, name: str
) -> tuple[list[list[int]], list[memoryview]]:
    """Return for each part the numbers of all its contexts but the last; and all streams.

    Raises
    ------
    CorruptionError
        When the table does not fit the page.
    """
    fields = Fields(page, name)
    counts = [
        [fields.varint("numbers of a context", most=cells) for _ in range(pipeline.contexts - 1)]
        for pipeline in pipelines
    ]
    for part in counts:
        if sum(part) > cells:
            raise CorruptionError(
                f"numbers of all contexts may not exceed the {cells} cells of a page, got {sum(part)}"
            )
    last = sum(pipeline.streams for pipeline in pipelines) - 1
    sizes = [fields.varint("bytes of a stream", most=len(page)) for _ in range(last)]
    streams = [fields.take(size) for size in sizes]
    streams.append(fields.take(fields.left))
    return counts, streams
