"""Heads of frames as docs/format.md spells them, right or wrong; and a table of wrong ones."""

from dataclasses import dataclass
from dataclasses import replace as changed
from itertools import pairwise
from typing import Any

import numpy as np
from frame_cases import random_array

from pcodec_numcodecs import frame
from pcodec_numcodecs.frame.checksums import crc32c
from pcodec_numcodecs.frame.head import read_head


def varint(value: int, length: int = 1) -> bytes:
    """Write an integer, seven bits a byte, in so many bytes at least."""
    digits = []
    while value or len(digits) < length:
        digits.append(value & 127)
        value >>= 7
    return bytes(digit | 128 for digit in digits[:-1]) + bytes(digits[-1:] or [0])


PLAIN_PIPELINE = b"\0\0\0\1"


@dataclass(frozen=True)
class Head:
    """All fields of a head, as wrong as wanted; `frame` puts a right CRC behind them."""

    name: bytes = b"<i4"
    shape: tuple[int, ...] = (4, 6)
    tile: tuple[int, ...] = (4, 3)
    constant: bytes | None = None
    chunk_pages: int = 1 << 20
    pco_header: bytes = b"\4\1"
    pipelines: tuple[bytes, ...] = (PLAIN_PIPELINE,)
    streams: tuple[bytes, ...] = ()
    kinds: tuple[int, ...] = ()
    pages: tuple[bytes, ...] = ()
    width: int = 2
    index: bytes = b""  # sets of weights and blocks of values
    flags: int = 0
    version: int = 1
    magic: bytes = b"pcof"
    # Counts and sizes that follow from the fields above, unless something else is to stand there.
    axes: int | None = None
    name_length: int | None = None
    stream_count: int | None = None
    stream_sizes: tuple[int, ...] | None = None
    page_sizes: tuple[int, ...] | None = None
    page_crcs: tuple[int, ...] | None = None
    head_bytes: int | None = None
    front_bytes: int | None = None
    tail: bytes = b""
    padded: int = 1

    def frame(self) -> bytes:
        """Return the frame."""

        def integer(value: int) -> bytes:
            return varint(value, self.padded)

        def given(value: Any, otherwise: Any) -> Any:
            return otherwise if value is None else value

        body = [
            integer(given(self.name_length, len(self.name))),
            self.name,
            integer(given(self.axes, len(self.shape))),
            *map(integer, self.shape),
        ]
        streams = self.streams
        if self.constant is not None:
            body.append(self.constant)
        else:
            kinds = self.kinds or (0,) * len(streams)
            stream_sizes = given(self.stream_sizes, tuple(map(len, streams)))
            body += [*map(integer, self.tile), integer(self.chunk_pages), self.pco_header, *self.pipelines]
            body.append(integer(given(self.stream_count, len(streams))))
            for kind, size, stream in zip(kinds, stream_sizes, streams, strict=True):
                body += [bytes([kind]), integer(size), crc32c(stream).to_bytes(4, "little")]
            body.append(bytes([self.width]))
            sizes = given(self.page_sizes, tuple(map(len, self.pages)))
            body += [size.to_bytes(8, "little")[: self.width] for size in sizes]
            body += [crc.to_bytes(4, "little") for crc in given(self.page_crcs, tuple(map(crc32c, self.pages)))]
            body.append(self.index)
        body.append(self.tail)
        content = b"".join(body)
        head_bytes = 14 + len(content) + 4
        front_bytes = head_bytes + sum(map(len, streams))
        preamble = self.magic + bytes([self.version, self.flags])
        preamble += given(self.head_bytes, head_bytes).to_bytes(4, "little")
        preamble += given(self.front_bytes, front_bytes).to_bytes(4, "little")
        head = preamble + content
        return b"".join([head, crc32c(head).to_bytes(4, "little"), *streams, *self.pages])

    def but(self, **fields: Any) -> "Head":
        """Return a copy with other fields."""
        return changed(self, **fields)


def taken_apart(written: bytes, pipelines: tuple[bytes, ...]) -> Head:
    """Return the fields of a frame that is not constant, whose pipelines are spelt so."""
    layout = read_head(memoryview(written))
    starts = layout.page_starts.tolist()
    kinds = tuple(kind for kind, _, count in layout.sections for _ in range(count))
    index = b"".join(sets.tobytes() for sets in layout.page_sets if sets is not None)
    index += b"".join(rows.astype("<u2").tobytes() for rows in layout.page_values if rows is not None)
    head = Head(
        name=layout.element.name.encode(),
        shape=layout.shape,
        tile=layout.tile,
        chunk_pages=layout.chunk_pages,
        pipelines=pipelines,
        streams=tuple(written[start:stop] for start, stop in layout.stream_bounds),
        kinds=kinds if any(kinds) else (),
        pages=tuple(written[start:stop] for start, stop in pairwise(starts)),
        width=max(1, -(-int(layout.page_sizes.max(initial=0)).bit_length() // 8)),
        index=index,
        flags=layout.fortran + 4 * layout.packed,
    )
    assert head.frame() == written  # else the wrong heads made from it would be wrong in more than was meant
    return head


def head_of(array: np.ndarray, **settings: Any) -> Head:
    """Return the fields of the frame that an array is written to without pipelines; not for constant arrays."""
    parts = 2 if array.dtype.kind == "c" else 1
    return taken_apart(frame.write(array, predictor="none", **settings), (PLAIN_PIPELINE,) * parts)


PLAIN = head_of(random_array("<i4", (4, 6), 1), tile=(4, 3), level=1)
COMPLEX = head_of(random_array("<c8", (4, 6), 1), tile=(4, 3), level=1)


def _moved(page: bytes, more: int) -> bytes:
    """Return a page whose first stream has more bytes, by its table, at the cost of the second."""
    assert page[0] < 127
    return bytes([page[0] + more]) + page[1:]


def _first_page(page: bytes) -> Head:
    """Return a frame of complex cells with another first page."""
    return COMPLEX.but(pages=(page, COMPLEX.pages[1]))


CONSTANT = Head(name=b">f4", shape=(3, 4), constant=b"\1\2\3\4", flags=2)
EMPTY = Head(shape=(0, 5), tile=(1, 5), chunk_pages=1)
PACKED = Head(
    name=b"|b1", shape=(4, 6), tile=(4, 3), streams=PLAIN.streams, pages=PLAIN.pages, flags=4, chunk_pages=1 << 20
)
FIRST, SECOND = PLAIN.pages
HUGE = (1 << 63) - 1

HOSTILE = {
    # What is wrong, and what the message says of it.
    "version of trial releases": (
        PLAIN.but(version=0),
        "must be 1, got 0; version 0 was of trial releases",
    ),
    "version to come": (PLAIN.but(version=2), "version must be 1, got 2; a newer pcodec-numcodecs may read it"),
    "flag": (PLAIN.but(flags=8), "flags may not exceed 7, got 8"),
    "all flags": (PLAIN.but(flags=255), "flags"),
    "name unknown": (PLAIN.but(name=b"<i3"), "element type must be one that frames know, got '<i3'"),
    "name not ASCII": (PLAIN.but(name="<ï4".encode()), "element type must be ASCII"),
    "name empty": (PLAIN.but(name=b""), "element type must be one"),
    "name of no type of ours": (PLAIN.but(name=b"<U4"), "element type must be one"),
    "name that NumPy takes": (PLAIN.but(name=b"int32"), "element type must be one"),
    "name of fields": (PLAIN.but(name=b"i4,f4"), "element type must be one"),
    "name native": (PLAIN.but(name=b"=i4"), "element type must be one"),
    "name long": (PLAIN.but(name=b"<i4" * 1000), "element type must be one"),
    "name past the head": (PLAIN.but(name_length=1 << 40), "must lie within the head"),
    "unit unknown": (PLAIN.but(name=b"<M8[x]"), "element type must be one"),
    "unit multiple too large": (PLAIN.but(name=b"<M8[9999999999s]"), "element type must be one that NumPy knows"),
    "unit of long ago": (PLAIN.but(name=b"<M8[s/1000]"), "element type must be one"),
    "axes": (PLAIN.but(axes=65), "number of axes may not exceed 64, got 65"),
    "axes past the head": (PLAIN.but(axes=64), ""),
    "length of an axis": (PLAIN.but(shape=(1 << 63, 6)), "length of an axis may not exceed 63 bits"),
    "shape too large to count": (PLAIN.but(shape=(HUGE, HUGE), tile=(1, 1)), "an array may not exceed"),
    "shape too large to count, no cells": (EMPTY.but(shape=(0, HUGE), tile=(1, 1)), "an array may not exceed"),
    "shape too large": (PLAIN.but(shape=(1 << 40, 6)), "chunk-level streams, got 1|max_bytes"),
    "constant too large": (CONSTANT.but(shape=(1 << 20, 1 << 20)), "pass a larger max_bytes"),
    "constant too large to count": (CONSTANT.but(shape=(HUGE, HUGE)), "an array may not exceed"),
    "constant too short": (CONSTANT.but(constant=b"\1"), "a field of 4 bytes must lie within the head"),
    "constant too long": (CONSTANT.but(constant=bytes(5)), "must end with its last field, got 1 bytes"),
    "constant with pages": (PLAIN.but(flags=2), "must end with its last field"),
    "constant with bytes behind": (CONSTANT.but(streams=(b"abc",)), "head and chunk-level streams must have"),
    "tile of 0": (PLAIN.but(tile=(0, 3)), "length of a tile may not be below 1, got 0"),
    "tile longer than the axis": (PLAIN.but(tile=(5, 3)), "length of a tile may not exceed 4, got 5"),
    "tile of an axis of 0": (EMPTY.but(tile=(2, 5)), "length of a tile may not exceed 1, got 2"),
    "tile of too many cells": (PLAIN.but(shape=(1 << 13, 1 << 12), tile=(1 << 13, 1 << 12)), "a tile may not exceed"),
    "tile of one cell": (PLAIN.but(tile=(1, 1)), "24 entries|an entry for each of 24 pages"),
    "no pages of a Pco chunk": (PLAIN.but(chunk_pages=0), "pages of a Pco chunk may not be below 1"),
    "pages of a Pco chunk": (PLAIN.but(chunk_pages=(1 << 24) // 12 + 1), "pages of a Pco chunk may not exceed 1398101"),
    "fewer pages of a Pco chunk": (PLAIN.but(chunk_pages=1), "2 pages must have 2 chunk-level streams, got 1"),
    "pipelines for one part too many": (PLAIN.but(pipelines=(PLAIN_PIPELINE,) * 2), "must have 1 chunk-level streams"),
    "pipeline missing": (COMPLEX.but(pipelines=(PLAIN_PIPELINE,)), ""),
    "Pco version": (PLAIN.but(pco_header=b"\5\0"), "format major version may not exceed 4"),
    "Pco version without a minor": (PLAIN.but(pco_header=b"\3\1"), "Pco's header"),
    "no chunk-level stream": (PLAIN.but(streams=(), kinds=()), "must have 1 chunk-level streams, got 0"),
    "one more chunk-level stream": (PLAIN.but(streams=PLAIN.streams * 2), "must have 1 chunk-level streams, got 2"),
    "count of streams": (PLAIN.but(stream_count=1 << 50), "must have 1 chunk-level streams, got 1125899906842624"),
    "kind of a stream": (PLAIN.but(kinds=(1,)), "kind of a chunk-level stream may not exceed 0, got 1"),
    "size of a stream": (PLAIN.but(stream_sizes=(1 << 40,)), "head and chunk-level streams must have"),
    "stream longer": (PLAIN.but(streams=(PLAIN.streams[0] + b"\0",)), r"chunk-level stream 0 .* must have \d+ bytes"),
    "stream shorter": (PLAIN.but(streams=(PLAIN.streams[0][:-1],)), ""),
    "stream empty": (PLAIN.but(streams=(b"",)), ""),
    "stream of another type": (PLAIN.but(streams=COMPLEX.streams[:1]), ""),
    "width of 0": (PLAIN.but(width=0), "bytes of a page's size may not be below 1"),
    "width of 7": (PLAIN.but(width=7), "bytes of a page's size may not exceed 6"),
    "entry missing": (PLAIN.but(page_sizes=(len(FIRST),)), "an entry for each of 2 pages"),
    "CRC missing": (PLAIN.but(page_crcs=(0,)), "an entry for each of 2 pages"),
    "entry too many": (PLAIN.but(page_sizes=(1, 1, 1), page_crcs=(0, 0, 0)), "must end with its last field"),
    "pages for no cells": (
        EMPTY.but(pages=(b"",), streams=PLAIN.streams),
        "0 pages must have 0 chunk-level streams",
    ),
    "more pages than bytes": (PLAIN.but(shape=(1 << 30, 3), tile=(1, 3)), "must have|max_bytes"),
    "page sizes": (
        PLAIN.but(page_sizes=(len(FIRST) + 1, len(SECOND) - 1)),
        r"CRC-32C of page 0 \(cells \[0:4, 0:3\]\)",
    ),
    "page past the end": (PLAIN.but(width=6, page_sizes=((1 << 48) - 1, 1)), "the frame has"),
    "page longer": (PLAIN.but(pages=(FIRST + b"\0", SECOND)), r"stream of page 0 must have \d+ bytes, got"),
    "page shorter": (PLAIN.but(pages=(FIRST[:-1], SECOND)), ""),
    "page empty": (PLAIN.but(pages=(b"", SECOND)), ""),
    "page of another tile": (PLAIN.but(pages=(SECOND, b"\0" * 200)), r"page 1 must have \d+ bytes, got 200|padding"),
    "parts of a page": (
        _first_page(_moved(COMPLEX.pages[0], 1)),
        "stream of page 0 must have",
    ),
    "parts of a page the other way": (_first_page(_moved(COMPLEX.pages[0], -1)), ""),
    "size beyond the page": (_first_page(b"\x7f" * 9), "bytes of a stream of page 0 may not exceed 9"),
    "size that is not all there": (
        _first_page(b"\x80"),
        "must lie within page 0, got 0 bytes",
    ),
    "page without its table": (_first_page(b""), "must lie within page 0, got 0 bytes"),
    "packed numbers": (PLAIN.but(flags=4), "only bools that differ can be packed"),
    "packed constant": (CONSTANT.but(name=b"|b1", constant=b"\1", flags=6), "only bools that differ can be packed"),
    "packed with other pages": (PACKED, ""),
    "bytes in the head": (PLAIN.but(tail=b"\0\0"), "must end with its last field, got 2 bytes more"),
    "head too small": (PLAIN.but(head_bytes=17), "the head must have 18 bytes or more"),
    "head larger than the front": (PLAIN.but(front_bytes=20), "no more than it has with the chunk-level streams"),
    "head larger than the frame": (PLAIN.but(head_bytes=1 << 31, front_bytes=1 << 31), "header and index need"),
    "front larger": (PLAIN.but(front_bytes=(1 << 32) - 1), "head and chunk-level streams must have"),
    "no fields": (Head(name=b"", magic=b"pcof").but(head_bytes=18, front_bytes=18), "CRC-32C of header and index"),
    "magic of a file": (PLAIN.but(magic=b"pco!"), "a frame must begin with b'pcof', got b'pco!'"),
    "integers too long": (PLAIN.but(padded=10), "may not exceed 63 bits"),
}
