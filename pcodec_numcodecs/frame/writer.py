"""An array to a frame."""

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compress import CompressedChunk, compress_chunk
from ..config import ChunkConfig, PagingSpec
from ..constants import DEFAULT_MAX_BYTES, MAX_CHUNK_NUMBERS
from ..dtypes import NumberType
from ..errors import InvalidArgumentError
from ..kernels import load
from ..metadata import FormatVersion
from .checksums import crc32c_of_each
from .elements import Bits, Element, parts_of, to_numbers
from .head import write_head
from .layout import Layout
from .settings import FrameSettings
from .threads import in_threads, runs
from .tiling import Grid, auto_tile, fitted

__all__ = ["write_frame"]


def write_frame(
    array: npt.NDArray[Any], element: Element, settings: FrameSettings, fortran: bool = False, threads: int = 1
) -> bytes:
    """Compress an array to a frame; see `pcodec_numcodecs.frame.write`.

    Parameters
    ----------
    element
        That of the array's dtype, perhaps in another byte order.

    Raises
    ------
    InvalidArgumentError
        For more than 8 GiB, and for a tile that does not fit the array.
    """
    if array.nbytes > DEFAULT_MAX_BYTES:
        raise InvalidArgumentError(
            f"a frame may not exceed {DEFAULT_MAX_BYTES} bytes of array, got {array.nbytes}; "
            "make the array's chunks smaller"
        )
    settings.check_dimensions(array.ndim)
    tile = auto_tile(array.shape, settings.access) if isinstance(settings.tile, str) else settings.tile
    tile = fitted(tile, array.shape)
    parts = parts_of(array)
    blank = Layout(
        element,
        array.shape,
        tile,
        fortran,
        chunk_pages=max(1, MAX_CHUNK_NUMBERS // prod(tile)),
        streams_a_page=element.parts,
        pco_header=FormatVersion.write(),
    )
    if array.size and all(_is_constant(part) for part in parts):
        one = np.empty((), element.dtype)
        for target, part in zip(parts_of(one), parts, strict=True):
            target[...] = part[(0,) * part.ndim]
        return write_head(replace(blank, constant=one.tobytes()))
    frame = _write(blank, [_numbers(part, blank.grid, element) for part in parts], settings.level, threads)
    if not element.is_bool or parts[0].max(initial=0) > 1:
        # What NumPy takes for a bool may be any byte, and each must come back.
        return frame
    packed = _write(replace(blank, packed=True), [_packed(parts[0], blank.grid)], settings.level, threads)
    return min(frame, packed, key=len)


def _is_constant(part: Bits) -> bool:
    first = part[(0,) * part.ndim]
    last = part[(-1,) * part.ndim]
    return bool(first == last) and bool((part == first).all())


def _numbers(part: Bits, grid: Grid, element: Element) -> npt.NDArray[Any]:
    """Return Pco's numbers of all tiles, end to end."""
    native = part.dtype.newbyteorder("=")
    if grid.pages == 1:
        return to_numbers(np.ascontiguousarray(part, native).reshape(-1), element)
    flat = np.empty(part.size, native)
    start = 0
    for bounds in grid.all_bounds():
        cells = part[bounds]
        flat[start : start + cells.size].reshape(cells.shape)[...] = cells
        start += cells.size
    return to_numbers(flat, element)


def _packed(part: Bits, grid: Grid) -> npt.NDArray[Any]:
    """Return the bits of bools, those of each tile in bytes of its own, the first in the lowest bit."""
    tiles = [np.packbits(part[bounds], axis=None, bitorder="little") for bounds in grid.all_bounds()]
    return np.concatenate(tiles) if tiles else np.zeros(0, np.uint8)


def _write(layout: Layout, parts: list[npt.NDArray[Any]], level: int, threads: int) -> bytes:
    counts = layout.grid.cells
    if layout.packed:
        counts = (counts + 7) // 8
    streams: list[bytes] = []
    pages: list[list[bytes]] = []
    start = 0
    for first in range(0, counts.size, layout.chunk_pages):
        of_chunk = counts[first : first + layout.chunk_pages]
        stop = start + int(of_chunk.sum())
        columns = []
        for numbers in parts:
            metadata, column = _compress(numbers[start:stop], layout.element.number_type, of_chunk, level, threads)
            streams.append(metadata)
            columns.append(column)
        pages += map(list, zip(*columns, strict=True))
        start = stop
    joined = [b"".join(page) for page in pages]
    sizes = np.array([[len(stream) for stream in page] for page in pages], np.int64)
    whole = replace(
        layout,
        stream_sizes=tuple(map(len, streams)),
        stream_crcs=tuple(crc32c_of_each(streams).tolist()),
        page_sizes=sizes.reshape(-1, layout.streams_a_page),
        page_crcs=crc32c_of_each(joined),
    )
    return b"".join([write_head(whole), *streams, *joined])


def _compress(
    numbers: npt.NDArray[Any], number_type: NumberType, counts: npt.NDArray[np.int64], level: int, threads: int
) -> tuple[bytes, list[bytes]]:
    """Return the metadata and the pages of one Pco chunk."""
    kernels = load(numbers.size)
    paging = PagingSpec.exact_page_sizes(counts)
    config = ChunkConfig(compression_level=level, paging_spec=paging, enable_8_bit=True)
    chunk = compress_chunk(numbers, number_type, config, kernels)
    parts = [_only(chunk, run) for run in runs(counts.size, threads)]
    written = in_threads(lambda part: part.write_pages(kernels), parts)
    return chunk.metadata.write(), [page for pages in written for page in pages]


def _only(chunk: CompressedChunk, pages: slice) -> CompressedChunk:
    """Return some neighbouring pages of a Pco chunk, without a copy."""
    variables, assigned = [], []
    for layout, variable, bins in zip(chunk.metadata.layout, chunk.variables, chunk.assigned, strict=True):
        ends = np.cumsum(np.maximum(chunk.page_numbers - layout.omitted, 0))
        stored = slice(int(ends[pages.start - 1]) if pages.start else 0, int(ends[pages.stop - 1]))
        variables.append(variable._replace(stored=variable.stored[stored], states=variable.states[pages]))
        assigned.append(bins[stored])
    return replace(chunk, page_numbers=chunk.page_numbers[pages], variables=tuple(variables), assigned=tuple(assigned))
