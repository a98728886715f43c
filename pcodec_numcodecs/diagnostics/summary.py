"""What is in one stored chunk, a frame or a .pco file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .. import frame
from ..buffers import Buffer, as_bytes_view
from ..constants import STANDALONE_MAGIC
from ..errors import CorruptionError
from ..frame.info import ChunkInfo, PipelineInfo, chunk_info
from ..frame.tiling import Grid
from ..reports import HeatMap, Report, Reported, Table, bits, choice, count, share
from ..standalone import FileChunk, walk

__all__ = ["ChunkSummary", "as_cells", "as_shape", "axes_map", "brief", "longest_two", "summarize"]


@dataclass(frozen=True, eq=False)
class ChunkSummary(Reported):
    """What is in a stored chunk.

    Attributes
    ----------
    kind
        ``"frame"``, or ``"pco"`` for a .pco file, of which each chunk counts as a page.
    dtype, shape
        Those of the array; a .pco file knows no other shape than its length.
    storage
        ``"constant"`` for one element that fills the array, ``"packed"`` for bools that share bytes, else ``"plain"``.
    tile
        Cells of a tile along each axis; None of a .pco file.
    raw_bytes, stored_bytes
        Size of the array and of the chunk.
    head_bytes, stream_bytes
        Of these, header and index; and what pages share, or of a .pco file, the metadata of its chunks.
    pipelines
        For each part of the elements, what was done to them before Pco.
    chunks
        The Pco chunks.
    page_bytes, page_cells
        int64, size and cells of each page.
    """

    kind: str
    dtype: str
    shape: tuple[int, ...]
    storage: str
    tile: tuple[int, ...] | None
    raw_bytes: int
    stored_bytes: int
    head_bytes: int
    stream_bytes: int
    pipelines: tuple[PipelineInfo, ...]
    chunks: tuple[ChunkInfo, ...]
    page_bytes: npt.NDArray[np.int64] = field(repr=False)
    page_cells: npt.NDArray[np.int64] = field(repr=False)

    @property
    def ratio(self) -> float:
        """Size of the array over that of the chunk."""
        return self.raw_bytes / self.stored_bytes

    @property
    def page_bits(self) -> npt.NDArray[np.float64]:
        """Bits for each number of each page, without what pages share."""
        return 8 * self.page_bytes / np.maximum(self.page_cells, 1)

    @property
    def steps(self) -> dict[str, str]:
        """What was done, in words: split, mask, predictor, contexts, mode, delta, bins."""
        return {
            "split": _all(pipeline.split for pipeline in self.pipelines),
            "mask": _all(
                f"{len(p.fills)} value{'s' if len(p.fills) > 1 else ''}" if p.fills else "none" for p in self.pipelines
            ),
            "predictor": _all(pipeline.predictor for pipeline in self.pipelines),
            "contexts": _all(str(pipeline.contexts) for pipeline in self.pipelines),
            "mode": _all(chunk.mode for chunk in self.chunks),
            "delta": _all(chunk.delta for chunk in self.chunks),
            "bins": _all("+".join(str(n) for n in chunk.bins.values()) for chunk in self.chunks),
        }

    @property
    def map_axes(self) -> tuple[int, ...]:
        """The two axes with the most tiles, or fewer where there are fewer; those that the map of bits shows."""
        if self.tile is None or not self.page_bytes.size:
            return ()
        return longest_two(Grid(self.shape, self.tile).tiles)

    def bits_map(self) -> npt.NDArray[np.float64]:
        """Return bits a number for each tile along `map_axes`, means over the other axes; 2-D, one row of a file."""
        values = self.page_bits
        if self.tile is None or not values.size:
            return values.reshape(1, -1)
        tiles = Grid(self.shape, self.tile).tiles
        others = tuple(axis for axis in range(len(tiles)) if axis not in self.map_axes)
        found: npt.NDArray[np.float64] = values.reshape(tiles).mean(axis=others)
        return found.reshape(-1, found.shape[-1]) if found.ndim else found.reshape(1, 1)

    def report(self) -> Report:
        """Return tables of all that is known, and the map of bits per number."""
        name = "frame" if self.kind == "frame" else ".pco file"
        title = f"{name}: {self.dtype} {as_shape(self.shape)}, ratio {self.ratio:.2f}"
        return Report(title, [self._sizes(), self._steps(), *self._pages(), *self._map()])

    def _sizes(self) -> Table:
        pages = int(self.page_bytes.sum())
        rest = self.stored_bytes - self.head_bytes - self.stream_bytes - pages
        named = [("numbers", self.raw_bytes), ("stored", self.stored_bytes), ("header and index", self.head_bytes)]
        named += [("shared by pages", self.stream_bytes), (f"{self.page_bytes.size:,} pages", pages)]
        if rest:
            named.append(("end", rest))
        rows = [
            (choice(name), count(n), share(n / self.stored_bytes if name != "numbers" else None)) for name, n in named
        ]
        return Table(("part", "bytes", "of stored"), tuple(rows))

    def _steps(self) -> Table:
        rows = [(choice("storage"), choice(self.storage))]
        if self.tile is not None:
            rows.append((choice("tile"), choice(as_shape(self.tile))))
        rows += [(choice(name), choice(text)) for name, text in self.steps.items() if text]
        return Table(("step", "choice"), tuple(rows))

    def _pages(self) -> Iterable[Table]:
        if not self.page_bytes.size:
            return
        values = self.page_bits
        order = np.argsort(values, kind="stable")
        picked = {"fewest bits": order[0], "median": order[order.size // 2], "most bits": order[-1]}
        rows = [
            (
                choice(name),
                count(int(page)),
                choice(self._cells(int(page))),
                count(int(self.page_bytes[page])),
                bits(float(values[page])),
            )
            for name, page in picked.items()
        ]
        yield Table(("page with", "page", "cells", "bytes", "bits a number"), tuple(rows))

    def _cells(self, page: int) -> str:
        if self.tile is None:
            first = int(self.page_cells[:page].sum())
            return f"[{first}:{first + int(self.page_cells[page])}]"
        return as_cells(Grid(self.shape, self.tile).bounds(page))

    def _map(self) -> Iterable[HeatMap]:
        found = self.bits_map()
        if found.size < 2:
            return
        if self.tile is None:
            yield HeatMap(
                "Bits a number in each chunk of the file", "bits", "", "chunks", tuple(map(tuple, found.tolist()))
            )
            return
        yield axes_map("Bits a number in each tile", "tile", self.map_axes, len(self.shape), found.tolist())


def summarize(content: Buffer) -> ChunkSummary:
    """Tell what is in a stored chunk.

    Parameters
    ----------
    content
        A frame, of which the pages may be missing, or a whole .pco file.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is neither, damaged or cut short.
    """
    view = as_bytes_view(content)
    if bytes(view[: len(STANDALONE_MAGIC)]) == STANDALONE_MAGIC:
        return _of_file(view)
    if bytes(view[: len(frame.MAGIC)]) != frame.MAGIC:
        raise CorruptionError(
            f"a chunk must begin with {frame.MAGIC!r} or {STANDALONE_MAGIC!r}, got {bytes(view[:4])!r}; "
            "another codec may have written it"
        )
    found = frame.info(view)
    return ChunkSummary(
        kind="frame",
        dtype=str(found.dtype),
        shape=found.shape,
        storage=found.storage,
        tile=found.tile,
        raw_bytes=found.raw_bytes,
        stored_bytes=found.frame_bytes,
        head_bytes=found.head_bytes,
        stream_bytes=found.stream_bytes,
        pipelines=found.pipelines,
        chunks=found.chunks,
        page_bytes=found.page_bytes,
        page_cells=found.page_cells,
    )


def _of_file(view: memoryview) -> ChunkSummary:
    parts: list[FileChunk] = list(walk(view))
    page_bytes = np.array([part.page_bytes for part in parts], np.int64)
    page_cells = np.array([part.n for part in parts], np.int64)
    metadata_bytes = sum(part.metadata_bytes for part in parts)
    number_type = parts[0].metadata.number_type if parts else None
    n = int(page_cells.sum())
    return ChunkSummary(
        kind="pco",
        dtype=str(number_type.dtype) if number_type else "unknown",
        shape=(n,),
        storage="plain",
        tile=None,
        raw_bytes=n * number_type.dtype.itemsize if number_type else 0,
        stored_bytes=len(view),
        head_bytes=len(view) - int(page_bytes.sum()) - metadata_bytes,
        stream_bytes=metadata_bytes,
        pipelines=(),
        chunks=tuple(chunk_info(p.metadata, p.metadata_bytes, range(i, i + 1)) for i, p in enumerate(parts)),
        page_bytes=page_bytes,
        page_cells=page_cells,
    )


def _all(found: Iterable[str]) -> str:
    """Name what occurs, the most frequent first."""
    counts: dict[str, int] = {}
    for text in found:
        counts[text] = counts.get(text, 0) + 1
    names = sorted(counts, key=lambda text: -counts[text])
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def as_shape(shape: Iterable[int]) -> str:
    """Spell a shape as 240x37x49."""
    return "x".join(map(str, shape)) or "scalar"


def as_cells(bounds: Iterable[slice]) -> str:
    """Spell a box of cells as [0:10, 5:20]."""
    return f"[{', '.join(f'{cells.start}:{cells.stop}' for cells in bounds)}]"


def longest_two(counts: Iterable[int]) -> tuple[int, ...]:
    """Return the axes with the highest counts, two at most, in their order."""
    numbers = list(counts)
    return tuple(sorted(sorted(range(len(numbers)), key=lambda axis: (-numbers[axis], -axis))[:2]))


def axes_map(caption: str, what: str, axes: tuple[int, ...], ndim: int, rows: list[list[float | None]]) -> HeatMap:
    """Draw values along two axes of an array, means over all others."""
    means = " (means over the other axes)" if ndim > len(axes) else ""
    down, across = (
        (f"{what} along axis {axis}" for axis in axes) if len(axes) == 2 else ("", f"{what} along axis {axes[0]}")
    )
    return HeatMap(caption + means, "bits", down if len(rows) > 1 else "", across, tuple(map(tuple, rows)))


_DETAIL = re.compile(r"(, )?(secondary_too=False|\w+=-?\d{7,}|\w+=[-\d.e]{12,}|block=\d+)")


def brief(step: str) -> str:
    """Shorten what was done in a step to what tells it from others."""
    return _DETAIL.sub("", step).replace("(, ", "(").replace("()", "")
