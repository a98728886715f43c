"""What is in a frame, as data."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..metadata import ChunkMetadata
from .reader import FrameReader

__all__ = ["ChunkInfo", "FrameInfo", "describe"]


@dataclass(frozen=True)
class ChunkInfo:
    """One Pco chunk of a frame.

    Attributes
    ----------
    pages
        Pages that it holds, as a range.
    part
        0, or for complex elements 0 for the real and 1 for the imaginary parts.
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
    number_type: str
    mode: str
    delta: str
    bins: dict[str, int]
    metadata_bytes: int


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
        page_bytes=layout.page_sizes.sum(axis=1),
        page_cells=layout.grid.cells[:0] if constant else layout.grid.cells,
        chunks=tuple(_chunk(reader, stream) for stream in range(len(layout.stream_sizes))),
    )


def _chunk(reader: FrameReader, stream: int) -> ChunkInfo:
    layout = reader.layout
    metadata: ChunkMetadata = reader.tables(stream).metadata
    number, part = divmod(stream, layout.streams_a_page)
    first = number * layout.chunk_pages
    return ChunkInfo(
        pages=range(first, min(first + layout.chunk_pages, layout.grid.pages)),
        part=part,
        number_type=metadata.number_type.name,
        mode=_spelt(metadata.mode),
        delta=_spelt(metadata.delta),
        bins={variable.name: len(bins) for variable, bins in zip(metadata.layout, metadata.bins, strict=True)},
        metadata_bytes=layout.stream_sizes[stream],
    )


def _spelt(choice: object) -> str:
    """Spell a mode or delta encoding without the arrays in it."""
    name = type(choice).__name__
    values = {key: value for key, value in vars(choice).items() if isinstance(value, int | float)}
    return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})" if values else name
