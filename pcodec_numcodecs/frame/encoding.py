"""The cells of one part of an array to the Pco streams of its pages, through the steps of a pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compress import CompressedChunk, compress_chunk
from ..config import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec
from ..dtypes import Latents, NumberType, from_latents
from ..kernels import Kernels
from ..pipeline.lists import write_list
from ..pipeline.masks import write_masks
from ..pipeline.splitting import present_values, split
from ..pipeline.steps import NONE, Pipeline, Rank, midpoint
from .layout import Layout
from .shapes import prediction, tile_shapes
from .threads import in_threads, runs

__all__ = ["EncodedPart", "encode_part"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

_PLAIN = {"mode_spec": ModeSpec.classic(), "delta_spec": DeltaSpec.no_op()}
_BLOCK_SHARE = 20
"""A chunk-level stream is not more than the frame's size over this, so that reads of parts stay cheap."""
_MOST_BLOCK_BYTES = 64 << 10
_LEAST_BLOCK_BYTES = 512


@dataclass(frozen=True, eq=False)
class EncodedPart:
    """What a part adds to a frame.

    Attributes
    ----------
    pipeline
        With all that turned out in its course.
    metadata
        For each range of pages, the metadata of the Pco chunk of each stream.
    counts
        For each page, the numbers of all contexts but the last.
    streams
        For each page, its streams.
    values, masks
        Blocks of distinct values, and of masks.
    page_values
        See `Layout.page_values`.
    """

    pipeline: Pipeline
    metadata: list[list[bytes]]
    counts: list[list[int]]
    streams: list[list[bytes]]
    values: list[bytes]
    masks: list[bytes]
    page_values: npt.NDArray[np.uint16] | None


def encode_part(
    layout: Layout, part: int, latents: Latents, level: int, in_blocks: bool, threads: int, kernels: Kernels
) -> EncodedPart:
    """Encode a part of which the pipeline is given, but for what depends on all cells.

    Parameters
    ----------
    layout
        With tile, pages of a Pco chunk and pipelines; `page_sets` too.
    latents
        Ordered latents of all cells: tile after tile, in the order of the predictor's axes.
    in_blocks
        Whether values and masks are cut into blocks.
    """
    pipeline, number_type = layout.pipelines[part], layout.element.number_type
    cells = (layout.grid.cells + 7) // 8 if layout.packed else layout.grid.cells
    if pipeline.is_plain:
        numbers = from_latents(latents, number_type)
        metadata, streams = _compress(layout, numbers, number_type, cells, {}, level, threads, kernels)
        return EncodedPart(
            pipeline, [[m] for m in metadata], [[] for _ in streams], [[s] for s in streams], [], [], None
        )
    absent = _absent(latents, pipeline.fills)
    values = None
    if isinstance(pipeline.split, Rank):
        values = present_values(latents, absent != 0 if absent.size else None)
        pipeline = replace(pipeline, split=Rank(values.size, values.size))
    primary, secondary = split(pipeline.split, values, latents, number_type, kernels)
    page_values = None if values is None else _bounds(primary, absent, cells)
    types = pipeline.stream_types(number_type)
    present = (
        cells if not absent.size else cells - np.add.reduceat(absent != 0, np.cumsum(cells) - cells, dtype=np.int64)
    )
    columns: list[tuple[list[bytes], list[bytes]]] = []
    counts: list[list[int]] = [[] for _ in range(cells.size)]
    if pipeline.predictor.kind == NONE:
        kept = _kept(primary, absent)
        numbers = kept if isinstance(pipeline.split, Rank) else from_latents(kept, types[0])
        columns.append(_compress(layout, numbers, types[0], present, {}, level, threads, kernels))
    else:
        pipeline = _with_reference(pipeline, primary, absent)
        made = prediction(
            replace(layout, pipelines=_replaced(layout.pipelines, part, pipeline)), part, list(range(cells.size))
        )
        residuals = np.empty_like(primary)
        primary = np.ascontiguousarray(primary) if primary is not latents or not absent.size else primary.copy()
        kernels.predict_tiles(primary, absent, made, residuals)
        kept = _kept(residuals, absent)
        if pipeline.contexts == 1:
            columns.append(_compress(layout, kept, types[0], present, _PLAIN, level, threads, kernels))
        else:
            contexts = np.empty(residuals.size, np.uint8)
            thresholds = np.array(pipeline.thresholds, np.uint64)
            kernels.assign_contexts(residuals, made.shapes, made.axes, thresholds, contexts)
            kept_contexts = _kept(contexts, absent)
            page_of = np.repeat(np.arange(cells.size), present)
            for context in range(pipeline.contexts):
                chosen = kept_contexts == context
                found = np.bincount(page_of[chosen], minlength=cells.size)
                columns.append(_compress(layout, kept[chosen], types[context], found, _PLAIN, level, threads, kernels))
                if context < pipeline.contexts - 1:
                    for page, count in enumerate(found.tolist()):
                        counts[page].append(count)
    if secondary is not None:
        kept = _kept(secondary, absent)
        columns.append(
            _compress(layout, kept, types[-1], present, {"mode_spec": ModeSpec.classic()}, level, threads, kernels)
        )
    metadata = [list(row) for row in zip(*(column[0] for column in columns), strict=True)]
    streams = [list(row) for row in zip(*(column[1] for column in columns), strict=True)]
    limit = sum(len(stream) for page in streams for stream in page) // _BLOCK_SHARE
    limit = min(max(limit, _LEAST_BLOCK_BYTES), _MOST_BLOCK_BYTES) if in_blocks else 1 << 62
    value_blocks: list[bytes] = []
    if values is not None:
        value_blocks, block = _value_blocks(values, limit, level, kernels)
        pipeline = replace(pipeline, split=Rank(values.size, block))
        assert page_values is not None
        page_values = (page_values // block).astype(np.uint16) if len(value_blocks) > 1 else None
    mask_blocks: list[bytes] = []
    if pipeline.fills:
        mask_blocks, pages = _mask_blocks(layout, part, absent, len(pipeline.fills), limit, level, kernels)
        pipeline = replace(pipeline, mask_pages=pages)
    return EncodedPart(pipeline, metadata, counts, streams, value_blocks, mask_blocks, page_values)


def _replaced(pipelines: tuple[Pipeline, ...], part: int, pipeline: Pipeline) -> tuple[Pipeline, ...]:
    return tuple(pipeline if place == part else other for place, other in enumerate(pipelines))


def _absent(latents: Latents, fills: tuple[int, ...]) -> U8:
    """Return for each cell 0, or one more than the number of its fill value; nothing where there are none."""
    if not fills:
        return np.zeros(0, np.uint8)
    absent = np.zeros(latents.size, np.uint8)
    for number, fill in enumerate(fills, start=1):
        absent[latents == latents.dtype.type(fill)] = number
    return absent


def _kept(cells: npt.NDArray[Any], absent: U8) -> npt.NDArray[Any]:
    return cells[absent == 0] if absent.size else cells


def _with_reference(pipeline: Pipeline, primary: Latents, absent: U8) -> Pipeline:
    """Centre on the cells that are not masked, so that none is further than half of what its width can count."""
    present = _kept(primary, absent)
    reference = midpoint(present) % (1 << 8 * primary.itemsize) if present.size else 0
    return replace(pipeline, predictor=replace(pipeline.predictor, reference=reference))


def _bounds(places: Latents, absent: U8, cells: I64) -> npt.NDArray[np.int64]:
    """Return the least and the largest place of each page's cells that are not masked, shape (pages, 2)."""
    starts = np.cumsum(cells) - cells
    wide = places.astype(np.int64)
    hidden = absent != 0 if absent.size else np.zeros(places.size, np.bool_)
    least = np.minimum.reduceat(np.where(hidden, 1 << 16, wide), starts)
    most = np.maximum.reduceat(np.where(hidden, 0, wide), starts)
    return np.stack((np.minimum(least, most), most), axis=1)


def _value_blocks(values: Latents, limit: int, level: int, kernels: Kernels) -> tuple[list[bytes], int]:
    """Write distinct values in blocks within a limit of bytes; return them and the values of a block."""
    blocks, count = [write_list(values, level, kernels)], 1
    block = values.size
    while max(map(len, blocks)) > limit and block > 1:
        count = max(count + 1, -(-sum(map(len, blocks)) // limit))
        block = -(-values.size // count)
        blocks = [write_list(values[first : first + block], level, kernels) for first in range(0, values.size, block)]
    return blocks, block


def _mask_blocks(
    layout: Layout, part: int, absent: U8, fills: int, limit: int, level: int, kernels: Kernels
) -> tuple[list[bytes], int]:
    """Write masks in blocks of pages within a limit of bytes; return them and the pages of a block."""
    total = layout.grid.pages
    ends = np.cumsum(layout.grid.cells)
    shapes = tile_shapes(layout, part, list(range(total)))

    def written(pages: int) -> Iterator[bytes]:
        for first in range(0, total, pages):
            last = min(first + pages, total)
            cells = slice(int(ends[first - 1]) if first else 0, int(ends[last - 1]))
            yield write_masks(absent[cells], fills, shapes[first:last], level, kernels)

    pages = total
    blocks = list(written(pages))
    while max(map(len, blocks)) > limit and pages > 1:
        pages = max(1, min(pages - 1, pages * limit // max(map(len, blocks))))
        blocks = list(written(pages))
    return blocks, pages


def _compress(
    layout: Layout,
    numbers: npt.NDArray[Any],
    number_type: NumberType,
    counts: I64,
    specs: dict[str, Any],
    level: int,
    threads: int,
    kernels: Kernels,
) -> tuple[list[bytes], list[bytes]]:
    """Return the metadata of each range of pages, and the stream of each page; pages without numbers have none."""
    metadata: list[bytes] = []
    streams: list[bytes] = []
    start = 0
    for first in range(0, counts.size, layout.chunk_pages):
        of_chunk = counts[first : first + layout.chunk_pages]
        stop = start + int(of_chunk.sum())
        filled = of_chunk[of_chunk > 0]
        if filled.size:
            config = ChunkConfig(level, paging_spec=PagingSpec.exact_page_sizes(filled), enable_8_bit=True, **specs)
            chunk = compress_chunk(np.ascontiguousarray(numbers[start:stop]), number_type, config, kernels)
            parts = [_only(chunk, run) for run in runs(filled.size, threads)]
            written = in_threads(lambda one: one.write_pages(kernels), parts)
            pages = iter([page for pages in written for page in pages])
            metadata.append(chunk.metadata.write())
            streams += [next(pages) if count else b"" for count in of_chunk.tolist()]
        else:
            metadata.append(b"")
            streams += [b""] * of_chunk.size
        start = stop
    return metadata, streams


def _only(chunk: CompressedChunk, pages: slice) -> CompressedChunk:
    """Return some neighbouring pages of a Pco chunk, without a copy."""
    variables, assigned = [], []
    for layout, variable, bins in zip(chunk.metadata.layout, chunk.variables, chunk.assigned, strict=True):
        ends = np.cumsum(np.maximum(chunk.page_numbers - layout.omitted, 0))
        stored = slice(int(ends[pages.start - 1]) if pages.start else 0, int(ends[pages.stop - 1]))
        variables.append(variable._replace(stored=variable.stored[stored], states=variable.states[pages]))
        assigned.append(bins[stored])
    return replace(chunk, page_numbers=chunk.page_numbers[pages], variables=tuple(variables), assigned=tuple(assigned))
