"""What is in a frame, as data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..metadata import ChunkMetadata
from .layout import MASKS, METADATA, VALUES, Layout
from .reader import FrameReader

__all__ = ["ChunkInfo", "FrameInfo", "PipelineInfo", "chunk_info", "describe"]


@dataclass(frozen=True)
class ChunkInfo:
    """One Pco chunk of a frame.

    Attributes
    ----------
    pages
        Pages that it holds, as a range.
    part
        0, or for complex elements 0 for the real and 1 for the imaginary parts.
    stream
        Which of the part's streams: those of its contexts, then that of secondary latents.
    number_type
        Pco's name of the type of its numbers.
    mode, delta
        Mode and delta encoding, as the metadata of Pco spell them.
    bins
        Count of bins of each latent variable, by its name.
    metadata_bytes
        Size of its metadata.
    """

    pages: range
    part: int
    stream: int
    number_type: str
    mode: str
    delta: str
    bins: dict[str, int]
    metadata_bytes: int


@dataclass(frozen=True)
class PipelineInfo:
    """What was done to one part of the elements before Pco.

    Attributes
    ----------
    split
        How cells became latents, ``"Classic"`` for no change.
    fills
        Ordered latents of the values that masks stand for.
    predictor
        Kind of prediction, with the axes that it works along; ``"none"`` for none.
    contexts
        Streams that share the residuals of a page.
    weight_sets
        Sets of weights that pages choose from.
    values_bytes, masks_bytes
        Size of the chunk-level streams with distinct values, and with masks.
    """

    split: str
    fills: tuple[int, ...]
    predictor: str
    contexts: int
    weight_sets: int
    values_bytes: int
    masks_bytes: int


@dataclass(frozen=True, eq=False)
class FrameInfo:
    """What is in a frame.

    Attributes
    ----------
    dtype, shape
        Those of the array.
    order
        ``"C"`` or ``"F"``: the layout in memory that a reader gives the array.
    storage
        ``"constant"`` for one element that fills the array, ``"packed"`` for bools that share bytes, else ``"plain"``.
    tile
        Cells of a tile along each axis.
    raw_bytes, frame_bytes
        Size of the array and of the frame.
    head_bytes, stream_bytes
        Of the frame, header and index, and the streams that all pages share.
    page_bytes, page_cells
        int64, size and cells of each page.
    pipelines
        For each part of the elements, what was done to them before Pco.
    chunks
        The Pco chunks.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: str
    storage: str
    tile: tuple[int, ...]
    raw_bytes: int
    frame_bytes: int
    head_bytes: int
    stream_bytes: int
    page_bytes: npt.NDArray[np.int64] = field(repr=False)
    page_cells: npt.NDArray[np.int64] = field(repr=False)
    pipelines: tuple[PipelineInfo, ...]
    chunks: tuple[ChunkInfo, ...]

    @property
    def ratio(self) -> float:
        """Size of the array over that of the frame."""
        return self.raw_bytes / self.frame_bytes


def describe(reader: FrameReader) -> FrameInfo:
    """Gather what is in a frame, from its front alone."""
    layout = reader.layout
    constant = layout.constant is not None
    return FrameInfo(
        dtype=layout.element.dtype,
        shape=layout.shape,
        order="F" if layout.fortran else "C",
        storage="constant" if constant else "packed" if layout.packed else "plain",
        tile=layout.tile,
        raw_bytes=layout.raw_bytes,
        frame_bytes=layout.frame_bytes,
        head_bytes=layout.head_size,
        stream_bytes=sum(layout.stream_sizes),
        page_bytes=layout.page_sizes,
        page_cells=layout.grid.cells[:0] if constant else layout.grid.cells,
        pipelines=() if constant else tuple(_pipeline(layout, part) for part in range(len(layout.pipelines))),
        chunks=() if constant else tuple(_chunks(reader)),
    )


def _pipeline(layout: Layout, part: int) -> PipelineInfo:
    pipeline = layout.pipelines[part]
    sizes = dict.fromkeys((VALUES, MASKS), 0)
    first = 0
    for kind, owner, count in layout.sections:
        if kind != METADATA and owner == part:
            sizes[kind] = sum(layout.stream_sizes[first : first + count])
        first += count
    return PipelineInfo(
        split=_spelt(pipeline.split),
        fills=pipeline.fills,
        predictor=pipeline.predictor.name,
        contexts=pipeline.contexts,
        weight_sets=pipeline.predictor.sets,
        values_bytes=sizes[VALUES],
        masks_bytes=sizes[MASKS],
    )


def _chunks(reader: FrameReader) -> Iterator[ChunkInfo]:
    layout = reader.layout
    index = 0
    for first in range(0, layout.grid.pages, layout.chunk_pages):
        pages = range(first, min(first + layout.chunk_pages, layout.grid.pages))
        for part, pipeline in enumerate(layout.pipelines):
            for stream, number_type in enumerate(pipeline.stream_types(layout.element.number_type)):
                # A stream in which no page has numbers has no metadata.
                if layout.stream_sizes[index]:
                    metadata = reader.tables(index, number_type).metadata
                    yield chunk_info(metadata, layout.stream_sizes[index], pages, part, stream)
                index += 1


def chunk_info(metadata: ChunkMetadata, metadata_bytes: int, pages: range, part: int = 0, stream: int = 0) -> ChunkInfo:
    """Tell what the metadata of a Pco chunk say."""
    return ChunkInfo(
        pages=pages,
        part=part,
        stream=stream,
        number_type=metadata.number_type.name,
        mode=_spelt(metadata.mode),
        delta=_spelt(metadata.delta),
        bins={v.name: len(bins) for v, bins in zip(metadata.layout, metadata.bins, strict=True)},
        metadata_bytes=metadata_bytes,
    )


def _spelt(choice: object) -> str:
    """Spell a mode or delta encoding without the arrays in it."""
    name = type(choice).__name__
    values = {key: value for key, value in vars(choice).items() if isinstance(value, int | float)}
    return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})" if values else name
