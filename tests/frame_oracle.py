"""A second reader of frames, written after docs/format.md and nothing else: the wheel decodes Pco's parts.

It imports nothing of the package, reads cell by cell where that is plainer, and stops at whatever the page says must be
refused.
"""

import itertools
import math
import re
import struct
from typing import Any, NamedTuple

import google_crc32c
import numpy as np
import pcodec

NUMBER_TYPES = {
    **{f"{kind}{size}": f"{kind}{8 * size}" for kind in "iu" for size in (1, 2, 4, 8)},
    **{f"f{size}": f"f{8 * size}" for size in (2, 4, 8)},
    "b1": "u8",
    "c8": "f32",
    "c16": "f64",
    "M8": "i64",
    "m8": "i64",
}
SMALL_FLOATS = {"bfloat16": "u16"} | {
    f"float8_{kind}": "u8"
    for kind in ("e3m4", "e4m3", "e4m3b11fnuz", "e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")
}
TIME_UNIT = r"\[(?:[1-9][0-9]{0,9})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]"


class WrongError(Exception):
    """The bytes break a rule of docs/format.md."""


class Page(NamedTuple):
    """Where a page lies, its CRC, and its cells: first and last + 1 along each axis."""

    streams: list[bytes]
    crc: int
    cells: list[tuple[int, int]]


class Frame:
    """The parts of a frame; `array` and `page` decode."""

    def __init__(self, data: bytes) -> None:
        magic, self.version, self.flags, head_bytes, front_bytes = struct.unpack_from("<4sBBII", data)
        check(magic == b"pcof", "magic")
        check(18 <= head_bytes <= front_bytes, "sizes of the front")
        head = data[:head_bytes]
        check(len(head) == head_bytes, "head is there")
        check(crc(head[:-4]) == struct.unpack("<I", head[-4:])[0], "CRC of the head")
        check(self.version == 0, "version")
        check(self.flags < 8, "flags")
        self.data = data
        self._source, self._place = head[:-4], 14
        self.front_bytes = front_bytes
        self._header()
        if self.constant is None:
            self._index(head_bytes)
        else:
            check(front_bytes == head_bytes, "bytes of the front")
        check(self._place == len(self._source), "end of the head")
        check(self.end <= len(data), "all bytes are there")
        check(self.end == len(data), "nothing after the last page")

    def _take(self, count: int) -> bytes:
        taken = self._source[self._place : self._place + count]
        check(len(taken) == count, "fields lie in the head")
        self._place += count
        return taken

    def _byte(self) -> int:
        return self._take(1)[0]

    def _varint(self) -> int:
        value = 0
        for place in range(9):
            byte = self._byte()
            value += (byte % 128) << (7 * place)
            if byte < 128:
                return value
        raise WrongError("varint of more than 9 bytes")

    def _header(self) -> None:
        spelt = self._take(self._varint())
        check(spelt.isascii(), "element type is ASCII")
        self.name = spelt.decode("ascii")
        self.number_type, self.parts, self.dtype = element(self.name)
        axes = self._varint()
        check(axes <= 64, "axes")
        self.shape = tuple(self._varint() for _ in range(axes))
        check(math.prod(n or 1 for n in self.shape) * self.dtype.itemsize < 2**63, "size of the array")
        self.packed = bool(self.flags & 4)
        check(not self.packed or (self.name == "|b1" and not self.flags & 2), "packed")
        self.constant = self._take(self.dtype.itemsize) if self.flags & 2 else None
        self.pages: list[Page] = []
        self.end = self.front_bytes

    def _index(self, head_bytes: int) -> None:
        self.tile = tuple(self._varint() for _ in self.shape)
        check(all(1 <= t <= max(1, n) for t, n in zip(self.tile, self.shape, strict=True)), "tile")
        tile_cells = math.prod(self.tile)
        check(tile_cells <= 2**24, "cells of a tile")
        check(self._varint() == 0, "pipeline")
        self.chunk_pages = self._varint()
        check(1 <= self.chunk_pages <= 2**24 // tile_cells, "pages of a Pco chunk")
        check(self._byte() == self.parts, "streams of a page")
        self.pco_header = self._take(2)
        count = self._varint()
        pages = math.prod(-(-n // t) for t, n in zip(self.tile, self.shape, strict=True))
        check(count == -(-pages // self.chunk_pages) * self.parts, "count of chunk-level streams")
        place = head_bytes
        self.chunk_streams = []
        for _ in range(count):
            check(self._byte() == 0, "kind of a chunk-level stream")
            size = self._varint()
            stream = self.data[place : place + size]
            check(crc(stream) == struct.unpack("<I", self._take(4))[0], "CRC of a chunk-level stream")
            self.chunk_streams.append(stream)
            place += size
        check(place == self.front_bytes, "bytes of the front")
        width = self._byte()
        check(1 <= width <= 6, "bytes of a size")
        check(self.pco_header[0] == 4, "Pco's version")
        check(pages * (self.parts * width + 4) == len(self._source) - self._place, "entries of the index")
        axes = [
            [(start, min(start + t, n)) for start in range(0, n, t)] if pages else []
            for t, n in zip(self.tile, self.shape, strict=True)
        ]
        tiles = list(itertools.product(*axes))
        sizes = [[int.from_bytes(self._take(width), "little") for _ in range(self.parts)] for _ in tiles]
        check(max(map(max, sizes), default=0) * len(tiles) * self.parts <= 2**62, "sizes of the pages")
        for cells, row in zip(tiles, sizes, strict=True):
            streams = []
            for size in row:
                streams.append(self.data[place : place + size])
                place += size
            self.pages.append(Page(streams, struct.unpack("<I", self._take(4))[0], list(cells)))
        self.end = place

    def page_shape(self, p: int) -> tuple[int, ...]:
        """Count of cells of a page along each axis."""
        return tuple(stop - start for start, stop in self.pages[p].cells)

    def page(self, p: int) -> list[np.ndarray]:
        """Decode a page: the numbers of each of its parts, in their places."""
        page = self.pages[p]
        check(crc(b"".join(page.streams)) == page.crc, "CRC of a page")
        shape = self.page_shape(p)
        cells = math.prod(shape)
        found = []
        for part, stream in enumerate(page.streams):
            numbers = np.zeros((cells + 7) // 8 if self.packed else cells, numpy_name(self.number_type))
            chunk = self._chunk(p // self.chunk_pages * self.parts + part)
            progress, size = chunk.read_page_into(stream, numbers.size, numbers)
            check(progress.finished and progress.n_processed == numbers.size, "numbers of a page")
            check(size == len(stream), "bytes of a page")
            if self.packed:
                bits = [int(number) >> i & 1 for number in numbers for i in range(8)]
                numbers = np.array(bits[:cells], np.uint8)
            found.append(numbers.reshape(shape))
        return found

    def _chunk(self, stream: int) -> Any:
        decompressor, size = pcodec.wrapped.FileDecompressor.new(self.pco_header)
        check(size == 2, "Pco's header")
        chunk, size = decompressor.chunk_decompressor(self.chunk_streams[stream], self.number_type)
        check(size == len(self.chunk_streams[stream]), "bytes of a chunk-level stream")
        return chunk

    def array(self) -> np.ndarray:
        """Decode all."""
        if self.constant is not None:
            cells = np.frombuffer(self.constant * math.prod(self.shape), np.uint8)
            return cells.view(self.dtype).reshape(self.shape)
        parts = [np.zeros(self.shape, numpy_name(self.number_type)) for _ in range(self.parts)]
        for p, page in enumerate(self.pages):
            for target, numbers in zip(parts, self.page(p), strict=True):
                target[tuple(slice(*cells) for cells in page.cells)] = numbers
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


def element(name: str) -> tuple[str, int, np.dtype]:
    """Return number type, parts and NumPy dtype of an element type."""
    if name in SMALL_FLOATS:
        import ml_dtypes

        return SMALL_FLOATS[name], 1, np.dtype(getattr(ml_dtypes, name))
    spelt = re.fullmatch(r"([|<>])([a-zA-Z][0-9]*)(.*)", name)
    check(spelt, "element type")
    order, kind, unit = spelt.groups()
    check(kind in NUMBER_TYPES, "element type")
    check(order in ("|<" if kind in ("i1", "u1") else "|" if kind == "b1" else "<>"), "byte order")
    check(unit == "" or (kind in ("M8", "m8") and re.fullmatch(TIME_UNIT, unit)), "unit")
    check(int("".join(filter(str.isdigit, unit)) or 1) < 2**31, "multiple of a unit")
    return NUMBER_TYPES[kind], 2 if kind[0] == "c" else 1, np.dtype(name)


def numpy_name(number_type: str) -> str:
    """Return NumPy's name of a number type of Pco."""
    return f"{number_type[0]}{int(number_type[1:]) // 8}"


def crc(part: bytes) -> int:
    """CRC-32C."""
    return google_crc32c.value(bytes(part))


def check(holds: Any, what: str) -> None:
    """Refuse the bytes unless a rule holds."""
    if not holds:
        raise WrongError(what)
