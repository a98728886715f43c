"""A second reader of frames, written after docs/format.md and nothing else: the wheel decodes Pco's parts.

It imports nothing of the package, reads cell by cell where that is plainer, and stops at whatever the page says must be
refused.
"""

import itertools
import math
import struct
from typing import Any

import frame_oracle_steps as steps
import numpy as np
import pcodec
from frame_oracle_fields import (
    SMALL_FLOATS,
    Fields,
    Pipeline,
    WrongError,
    check,
    crc,
    element,
    numpy_name,
    read_pipeline,
    varint_at,
)

__all__ = ["Frame", "WrongError", "element"]


class Frame:
    """The parts of a frame; `array` and `page` decode."""

    def __init__(self, data: bytes) -> None:
        magic, self.version, self.flags, head_bytes, front_bytes = struct.unpack_from("<4sBBII", data)
        check(magic == b"pcof", "magic")
        check(18 <= head_bytes <= front_bytes, "sizes of the front")
        head = data[:head_bytes]
        check(len(head) == head_bytes, "head is there")
        check(crc(head[:-4]) == struct.unpack("<I", head[-4:])[0], "CRC of the head")
        check(self.version == 1, "version")
        check(self.flags < 8, "flags")
        self.data = data
        self._known: dict[tuple[int, int], list[int]] = {}
        self._fields = Fields(head[:-4], 14)
        self.front_bytes = front_bytes
        self._header()
        if self.constant is None:
            self._index(head_bytes)
        else:
            check(front_bytes == head_bytes, "bytes of the front")
        check(not self._fields.left, "end of the head")
        check(self.end <= len(data), "all bytes are there")
        check(self.end == len(data), "nothing after the last page")

    def _header(self) -> None:
        spelt = self._fields.take(self._fields.varint())
        check(spelt.isascii(), "element type is ASCII")
        self.name = spelt.decode("ascii")
        self.number_type, self.parts, self.dtype = element(self.name)
        self.bits = int(self.number_type[1:])
        axes = self._fields.varint()
        check(axes <= 64, "axes")
        self.shape = tuple(self._fields.varint() for _ in range(axes))
        check(math.prod(n or 1 for n in self.shape) * self.dtype.itemsize < 2**63, "size of the array")
        self.packed = bool(self.flags & 4)
        check(not self.packed or (self.name == "|b1" and not self.flags & 2), "packed")
        self.constant = self._fields.take(self.dtype.itemsize) if self.flags & 2 else None
        self.end = self.front_bytes

    def _index(self, head_bytes: int) -> None:
        self.tile = tuple(self._fields.varint() for _ in self.shape)
        check(all(1 <= t <= max(1, n) for t, n in zip(self.tile, self.shape, strict=True)), "tile")
        self.tile_cells = math.prod(self.tile)
        check(self.tile_cells <= 2**24, "cells of a tile")
        self.chunk_pages = self._fields.varint()
        check(1 <= self.chunk_pages <= 2**24 // self.tile_cells, "pages of a Pco chunk")
        self.pco_header = self._fields.take(2)
        check(self.pco_header[0] == 4, "Pco's version")
        self.pipelines = [read_pipeline(self._fields, self.number_type, self.tile) for _ in range(self.parts)]
        check(not self.packed or self.pipelines[0].is_plain, "packed without a pipeline")
        self.k = sum(pipeline.streams for pipeline in self.pipelines)
        pages = math.prod(-(-n // t) for t, n in zip(self.tile, self.shape, strict=True))
        place = self._streams(pages, head_bytes)
        width = self._fields.byte(6, 1)
        check(pages * (width + 4) <= self._fields.left, "entries of the index")
        axes = [
            [(start, min(start + t, n)) for start in range(0, n, t)] if pages else []
            for t, n in zip(self.tile, self.shape, strict=True)
        ]
        self.tiles = list(itertools.product(*axes))
        sizes = [self._fields.number(width) for _ in self.tiles]
        check(max(sizes, default=0) * pages <= 2**62, "sizes of the pages")
        self.pages = []
        for size in sizes:
            self.pages.append(self.data[place : place + size])
            place += size
        self.end = place
        self.page_crcs = [self._fields.number(4) for _ in self.tiles]
        self.sets, self.blocks = [], []
        for pipeline in self.pipelines:
            count = len(pipeline.predictor.weights) if pipeline.predictor else 0
            self.sets.append([self._fields.byte(count - 1) if count > 1 else 0 for _ in self.tiles])
        for pipeline in self.pipelines:
            most = 1 if pipeline.split != steps.RANK else -(-pipeline.parameters[0] // pipeline.parameters[1])
            rows = [(self._fields.number(2), self._fields.number(2)) if most > 1 else (0, 0) for _ in self.tiles]
            check(all(first <= last < most for first, last in rows), "blocks of a page")
            self.blocks.append(rows)

    def _streams(self, pages: int, place: int) -> int:
        self.ranges = -(-pages // self.chunk_pages)
        kinds = [0] * (self.ranges * self.k)
        self.first_values, self.first_masks = {}, {}
        for part, pipeline in enumerate(self.pipelines):
            self.first_values[part] = len(kinds)
            if pages and pipeline.split == steps.RANK:
                kinds += [1] * -(-pipeline.parameters[0] // pipeline.parameters[1])
        for part, pipeline in enumerate(self.pipelines):
            self.first_masks[part] = len(kinds)
            if pipeline.fills:
                kinds += [2] * -(-pages // pipeline.mask_pages)
        check(self._fields.varint() == len(kinds), "count of chunk-level streams")
        self.chunk_streams = []
        for kind in kinds:
            check(self._fields.byte() == kind, "kind of a chunk-level stream")
            size = self._fields.varint()
            stream = self.data[place : place + size]
            check(crc(stream) == self._fields.number(4), "CRC of a chunk-level stream")
            self.chunk_streams.append(stream)
            place += size
        check(place == self.front_bytes, "bytes of the front")
        return place

    def page_shape(self, p: int) -> tuple[int, ...]:
        """Count of cells of a page along each axis."""
        return tuple(stop - start for start, stop in self.tiles[p])

    def page(self, p: int) -> list[np.ndarray]:
        """Decode a page: the numbers of each part of the elements, in their places."""
        data = self.pages[p]
        check(crc(data) == self.page_crcs[p], "CRC of a page")
        cells = math.prod(self.page_shape(p))
        table, place = [], 0
        for _ in range(sum(len(pipeline.thresholds) for pipeline in self.pipelines) + self.k - 1):
            value, place = varint_at(data, place)
            table.append(value)
        counts = [[table.pop(0) for _ in pipeline.thresholds] for pipeline in self.pipelines]
        check(all(sum(row) <= cells for row in counts), "counts of contexts")
        streams = []
        for size in table:
            streams.append(data[place : place + size])
            check(len(streams[-1]) == size, "sizes of streams")
            place += size
        streams.append(data[place:])
        found, first = [], 0
        for part, pipeline in enumerate(self.pipelines):
            found.append(self._part(p, part, counts[part], streams[first : first + pipeline.streams], first))
            first += pipeline.streams
        return found

    def _part(self, p: int, part: int, counts: list[int], streams: list[bytes], first: int) -> np.ndarray:
        shape, pipeline = self.page_shape(p), self.pipelines[part]
        cells = math.prod(shape)
        dtype = numpy_name(self.number_type)
        if pipeline.is_plain:
            size = (cells + 7) // 8 if self.packed else cells
            numbers = self._numbers(p, first, streams[0], self.number_type, size)
            if self.packed:
                bits = [int(number) >> i & 1 for number in numbers for i in range(8)]
                numbers = np.array(bits[:cells], np.uint8)
            return numbers.reshape(shape)
        predictor = pipeline.predictor
        order = predictor.order if predictor else tuple(range(len(shape)))
        turned = tuple(shape[axis] for axis in order)
        masks = self._masks(p, part, order) if pipeline.fills else [0] * cells
        present = masks.count(0)
        check(sum(counts) <= present, "counts of contexts")
        counts = [*counts, present - sum(counts)]
        width = self.bits
        if pipeline.split == steps.RANK:
            width = 8 if pipeline.parameters[0] <= 256 else 16
        kept = [
            self._numbers(p, first + c, streams[c], self._type(pipeline, width), count)
            for c, count in enumerate(counts)
        ]
        latents = [self._latents(numbers, self._type(pipeline, width)) for numbers in kept]
        if predictor:
            masked = [mask > 0 for mask in masks]
            residuals = steps.merge(latents, masked, turned, predictor.used, width, pipeline.thresholds)
            check(residuals is not None, "numbers of contexts")
            planes = self.tile[order[len(order) - predictor.used]] if predictor.by_plane else 1
            primary = steps.restore(residuals, turned, width, predictor, self.sets[part][p], planes)
        else:
            primary = spread(latents[0], masks)
        secondary = [0] * cells
        if pipeline.has_secondary:
            numbers = self._numbers(p, first + len(counts), streams[-1], f"u{self.bits}", present)
            secondary = spread(numbers.tolist(), masks)
        joined = [
            pipeline.fills[mask - 1] if mask else self._joined(p, part, one, other)
            for one, other, mask in zip(primary, secondary, masks, strict=True)
        ]
        if self.number_type[0] == "f":
            bits = [steps.bits_of(latent, self.bits) for latent in joined]
            array = np.array(bits, f"u{self.bits // 8}").view(dtype)
        else:
            mid = 1 << (self.bits - 1) if self.number_type[0] == "i" else 0
            array = np.array([latent - mid for latent in joined], dtype)
        return array.reshape(turned).transpose([order.index(axis) for axis in range(len(order))])

    def _type(self, pipeline: Pipeline, width: int) -> str:
        return self.number_type if not pipeline.split and not pipeline.predictor else f"u{width}"

    def _latents(self, numbers: np.ndarray, number_type: str) -> list[int]:
        if number_type[0] == "u":
            return numbers.tolist()
        if number_type[0] == "i":
            return [number + (1 << (self.bits - 1)) for number in numbers.tolist()]
        bits = numbers.view(f"u{self.bits // 8}").tolist()
        return [steps.bits_of(one, self.bits, inverse=True) for one in bits]

    def _joined(self, p: int, part: int, primary: int, secondary: int) -> int:
        pipeline = self.pipelines[part]
        if pipeline.split != steps.RANK:
            return steps.join(pipeline.split, pipeline.parameters, primary, secondary, self.bits)
        count, block = pipeline.parameters
        first, last = self.blocks[part][p]
        check(primary < count and (count <= block or first <= primary // block <= last), "place of a distinct value")
        return self._values(part, primary // block)[primary % block]

    def _values(self, part: int, which: int) -> list[int]:
        """Return a block of distinct values."""
        if (part, which) not in self._known:
            count, block = self.pipelines[part].parameters
            values, rest = self._list(self.chunk_streams[self.first_values[part] + which], f"u{self.bits}")
            check(not rest and len(values) == min(block, count - which * block), "block of distinct values")
            self._known[part, which] = values
        return self._known[part, which]

    def _masks(self, p: int, part: int, order: tuple[int, ...]) -> list[int]:
        """Return for each cell of a page, in its order, 0 or one more than the number of its fill."""
        pipeline = self.pipelines[part]
        block = p // pipeline.mask_pages
        pages = range(block * pipeline.mask_pages, min((block + 1) * pipeline.mask_pages, len(self.tiles)))
        shapes = [tuple(self.page_shape(page)[axis] for axis in order) for page in pages]
        ends = list(itertools.accumulate(map(math.prod, shapes), initial=0))
        source = self.chunk_streams[self.first_masks[part] + block]
        found = [0] * ends[-1]
        for fill in range(1, len(pipeline.fills) + 1):
            check(source and source[0] < 8, "form of a mask")
            form = source[0]
            runs, source = self._list(source[1:], "u32")
            check(sum(runs) == ends[-1], "runs of a mask")
            bits = [turn % 2 for turn, run in enumerate(runs) for _ in range(run)]
            for shape, (start, stop) in zip(shapes, itertools.pairwise(ends), strict=True):
                for axes in (3, 2, 1):
                    step = math.prod(shape[-axes:])
                    if form >> (axes - 1) & 1:
                        for place in range(start + step, stop):
                            bits[place] ^= bits[place - step]
            found = [fill if bit else before for bit, before in zip(bits, found, strict=True)]
        check(not source, "end of masks")
        at = pages.index(p)
        return found[ends[at] : ends[at + 1]]

    def _list(self, source: bytes, number_type: str) -> tuple[list[int], bytes]:
        check(len(source) >= 4, "count of a list")
        count = int.from_bytes(source[:4], "little")
        check(count <= 2**24, "count of a list")
        if not count:
            return [], source[4:]
        chunk, size = self._file().chunk_decompressor(source[4:], number_type)
        rest = source[4 + size :]
        numbers = np.zeros(count, numpy_name(number_type))
        progress, size = chunk.read_page_into(rest, count, numbers)
        check(progress.finished and progress.n_processed == count, "numbers of a list")
        return numbers.tolist(), rest[size:]

    def _numbers(self, p: int, index: int, stream: bytes, number_type: str, count: int) -> np.ndarray:
        """Decode a stream of a page."""
        numbers = np.zeros(count, numpy_name(number_type))
        if not count:
            check(not stream, "stream without numbers")
            return numbers
        metadata = self.chunk_streams[p // self.chunk_pages * self.k + index]
        chunk, size = self._file().chunk_decompressor(metadata, number_type)
        check(size == len(metadata), "bytes of a chunk-level stream")
        progress, size = chunk.read_page_into(stream, count, numbers)
        check(progress.finished and progress.n_processed == count, "numbers of a stream")
        check(size == len(stream), "bytes of a stream")
        return numbers

    def _file(self) -> Any:
        decompressor, size = pcodec.wrapped.FileDecompressor.new(self.pco_header)
        check(size == 2, "Pco's header")
        return decompressor

    def array(self) -> np.ndarray:
        """Decode all."""
        if self.constant is not None:
            cells = np.frombuffer(self.constant * math.prod(self.shape), np.uint8)
            return cells.view(self.dtype).reshape(self.shape)
        parts = [np.zeros(self.shape, numpy_name(self.number_type)) for _ in range(self.parts)]
        for p, bounds in enumerate(self.tiles):
            for target, numbers in zip(parts, self.page(p), strict=True):
                target[tuple(slice(*cells) for cells in bounds)] = numbers
        return self._elements(parts)

    def _elements(self, parts: list[np.ndarray]) -> np.ndarray:
        if self.parts == 2:
            both = np.stack(parts, axis=-1)
            swapped = both.astype(both.dtype.newbyteorder(self.name[0]))
            return swapped.view(self.dtype)[..., 0]
        (numbers,) = parts
        if self.name in SMALL_FLOATS:
            top = 1 << (8 * numbers.itemsize - 1)
            mapped = np.where(numbers >= top, numbers ^ top, numbers ^ (2 * top - 1)).astype(numbers.dtype)
            return mapped.view(self.dtype)
        order = "<" if self.name[0] == "|" else self.name[0]
        return numbers.astype(numbers.dtype.newbyteorder(order)).view(self.dtype)


def spread(values: list[int], masks: list[int]) -> list[int]:
    """Put values in the places of cells that are not masked."""
    rest = iter(values)
    return [0 if mask else next(rest) for mask in masks]
