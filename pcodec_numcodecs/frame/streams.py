"""One Pco stream of every page of a frame: a Pco chunk for each range of pages."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..choosing import Common
from ..compress import CompressedChunk, compress_latents
from ..config import ChunkConfig
from ..dtypes import Latents, NumberType
from ..kernels import Kernels
from .threads import in_threads, runs

__all__ = ["Column", "compress_pages"]

I64 = npt.NDArray[np.int64]


class Column(NamedTuple):
    """One stream of every page.

    Attributes
    ----------
    metadata
        Of each range of pages, the metadata of its Pco chunk; nothing where no page has numbers.
    pages
        Bytes of each page's stream; nothing where it has no numbers.
    """

    metadata: list[bytes]
    pages: list[bytes]


def compress_pages(
    latents: Latents,
    number_type: NumberType,
    counts: I64,
    chunk_pages: int,
    config: ChunkConfig,
    threads: int,
    kernels: Kernels,
    common: Common | None = None,
) -> Column:
    """Compress the ordered latents of all pages, end to end.

    Parameters
    ----------
    counts
        Numbers of each page, perhaps none.
    chunk_pages
        Pages of a range.
    config
        Settings for each Pco chunk; its paging does not matter.
    common
        What suits all pages, if that is known.
    """
    column = Column([], [])
    start = 0
    for first in range(0, counts.size, chunk_pages):
        of_range = counts[first : first + chunk_pages]
        stop = start + int(of_range.sum())
        filled = of_range[of_range > 0]
        pages: Iterator[bytes] = iter(())
        if filled.size:
            some = np.ascontiguousarray(latents[start:stop])
            chunk = compress_latents(some, number_type, config, filled, kernels, common)
            parts = [_only(chunk, run) for run in runs(filled.size, threads)]
            pages = iter([page for part in in_threads(lambda one: one.write_pages(kernels), parts) for page in part])
            column.metadata.append(chunk.metadata.write())
        else:
            column.metadata.append(b"")
        column.pages.extend(next(pages) if count else b"" for count in of_range.tolist())
        start = stop
    return column


def _only(chunk: CompressedChunk, pages: slice) -> CompressedChunk:
    """Return some neighbouring pages of a Pco chunk, without a copy."""
    variables, assigned = [], []
    for layout, variable, bins in zip(chunk.metadata.layout, chunk.variables, chunk.assigned, strict=True):
        ends = np.cumsum(np.maximum(chunk.page_numbers - layout.omitted, 0))
        stored = slice(int(ends[pages.start - 1]) if pages.start else 0, int(ends[pages.stop - 1]))
        variables.append(variable._replace(stored=variable.stored[stored], states=variable.states[pages]))
        assigned.append(bins[stored])
    return replace(chunk, page_numbers=chunk.page_numbers[pages], variables=tuple(variables), assigned=tuple(assigned))
