"""The head of a frame, its header and index, to bytes and back.

`docs/format.md` specifies the bytes. No array of cells passes through here.
"""

from dataclasses import replace
from math import prod
from typing import Final

import numpy as np

from ..constants import MAX_CHUNK_NUMBERS
from ..errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from .checksums import crc32c
from .elements import element_named
from .fields import Fields, varint
from .layout import Layout
from .tiling import Grid

__all__ = ["MAGIC", "PREAMBLE_BYTES", "front_bytes", "read_head", "write_head"]

MAGIC: Final = b"pcof"
VERSION: Final = 0
PREAMBLE_BYTES: Final = 14
_CRC_BYTES: Final = 4
_MAX_AXES: Final = 64
_MAX_FRONT: Final = (1 << 32) - 1
_MAX_PAGES: Final = 1 << 62
"""Count of pages times the bytes of the largest: what lies behind them all can still be counted."""
_MAX_ARRAY: Final = (1 << 63) - 1
"""Bytes of an array, its axes without cells left out: what NumPy can count."""

_FORTRAN: Final = 1
_CONSTANT: Final = 2
_PACKED: Final = 4
_KNOWN_FLAGS: Final = _FORTRAN | _CONSTANT | _PACKED

_METADATA: Final = 0
"""Kind of a chunk-level stream: metadata of a Pco chunk."""


def read_head(source: memoryview) -> Layout:
    """Read the head of a frame.

    Parameters
    ----------
    source
        Bytes that begin with the frame's, its head at least.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is no frame, is damaged, or cut short.
    """
    size, front = _sizes(source)
    if len(source) < size:
        raise InsufficientDataError(f"InsufficientData: header and index need {size} bytes, got {len(source)}")
    stored = int.from_bytes(source[size - _CRC_BYTES : size], "little")
    found = crc32c(source[: size - _CRC_BYTES])
    if found != stored:
        raise CorruptionError(
            f"CRC-32C of header and index must be {stored:#010x}, got {found:#010x}: the front of the frame is damaged"
        )
    if source[4] > VERSION:
        raise CorruptionError(
            f"frame version may not exceed {VERSION}, got {source[4]}; "
            "install the version of pcodec-numcodecs that wrote this"
        )
    layout = replace(_read(Fields(source[PREAMBLE_BYTES : size - _CRC_BYTES]), source[5]), head_size=size)
    if layout.front_bytes != front:
        raise CorruptionError(f"head and chunk-level streams must have {layout.front_bytes} bytes, got {front}")
    return layout


def front_bytes(source: memoryview) -> int:
    """Return the bytes of head and chunk-level streams, from the first `PREAMBLE_BYTES` of a frame.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is no frame, or not even so many bytes.
    """
    return _sizes(source)[1]


def _sizes(source: memoryview) -> tuple[int, int]:
    """Return the bytes of the head, and of the head and the chunk-level streams."""
    if bytes(source[: len(MAGIC)]) != MAGIC[: len(source)]:
        raise CorruptionError(f"a frame must begin with {MAGIC!r}, got {bytes(source[: len(MAGIC)])!r}")
    if len(source) < PREAMBLE_BYTES:
        raise InsufficientDataError(f"InsufficientData: a frame has {PREAMBLE_BYTES} bytes or more, got {len(source)}")
    head = int.from_bytes(source[6:10], "little")
    front = int.from_bytes(source[10:14], "little")
    if not PREAMBLE_BYTES + _CRC_BYTES <= head <= front:
        raise CorruptionError(
            f"the head must have {PREAMBLE_BYTES + _CRC_BYTES} bytes or more, and no more than it has with the "
            f"chunk-level streams, got {head} of {front}: the front of the frame is damaged"
        )
    return head, front


def write_head(layout: Layout) -> bytes:
    """Write the head; raises InvalidArgumentError when it gets too large."""
    flags = _FORTRAN * layout.fortran + _CONSTANT * (layout.constant is not None) + _PACKED * layout.packed
    name = layout.element.name.encode("ascii")
    parts = [varint(len(name)), name, varint(len(layout.shape)), *map(varint, layout.shape)]
    if layout.constant is not None:
        parts.append(layout.constant)
    else:
        width = max(1, -(-int(layout.page_sizes.max(initial=0)).bit_length() // 8))
        sizes = layout.page_sizes.astype("<u8").view(np.uint8).reshape(*layout.page_sizes.shape, 8)[..., :width]
        parts += [
            *map(varint, layout.tile),
            varint(0),  # steps of a pipeline
            varint(layout.chunk_pages),
            bytes([layout.streams_a_page]),
            layout.pco_header,
            varint(len(layout.stream_sizes)),
            *(
                bytes([_METADATA]) + varint(size) + crc.to_bytes(4, "little")
                for size, crc in zip(layout.stream_sizes, layout.stream_crcs, strict=True)
            ),
            bytes([width]),
            sizes.tobytes(),
            layout.page_crcs.astype("<u4").tobytes(),
        ]
    body = b"".join(parts)
    size = PREAMBLE_BYTES + len(body) + _CRC_BYTES
    front = size + sum(layout.stream_sizes)
    if front > _MAX_FRONT:
        raise InvalidArgumentError(
            f"the front of a frame may not exceed {_MAX_FRONT} bytes, got {front}; use larger tiles"
        )
    head = MAGIC + bytes([VERSION, flags]) + size.to_bytes(4, "little") + front.to_bytes(4, "little") + body
    return head + crc32c(head).to_bytes(_CRC_BYTES, "little")


def _read(fields: Fields, flags: int) -> Layout:
    if flags & ~_KNOWN_FLAGS:
        raise CorruptionError(f"flags may not exceed {_KNOWN_FLAGS}, got {flags}; a newer version may know them")
    try:
        name = fields.take(fields.varint("length of the element type")).tobytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise CorruptionError(f"element type must be ASCII, got {error.object!r}") from None
    element = element_named(name)
    ndim = fields.varint("number of axes", most=_MAX_AXES)
    shape = tuple(fields.varint("length of an axis") for _ in range(ndim))
    if prod(max(1, size) for size in shape) * element.dtype.itemsize > _MAX_ARRAY:
        raise CorruptionError(f"an array may not exceed {_MAX_ARRAY} bytes, got shape {shape} of {name}")
    if flags & _PACKED and (not element.is_bool or flags & _CONSTANT):
        raise CorruptionError(f"only bools that differ can be packed, got element type {name} and flags {flags}")
    if flags & _CONSTANT:
        constant = fields.take(element.dtype.itemsize).tobytes()
        fields.finish()
        tile = tuple(max(1, size) for size in shape)
        return Layout(element, shape, tile, bool(flags & _FORTRAN), constant)
    tile = tuple(fields.varint("length of a tile", least=1, most=max(1, size)) for size in shape)
    if prod(tile) > MAX_CHUNK_NUMBERS:
        raise CorruptionError(f"a tile may not exceed {MAX_CHUNK_NUMBERS} cells, got {prod(tile)}")
    if steps := fields.varint("steps of the pipeline"):
        raise CorruptionError(f"pipeline may not have more than 0 steps, got {steps}; a newer version may know them")
    chunk_pages = fields.varint("pages of a Pco chunk", least=1, most=MAX_CHUNK_NUMBERS // prod(tile))
    streams_a_page = fields.byte("streams of a page", least=element.parts, most=element.parts)
    pco_header = fields.take(2).tobytes()
    streams = fields.varint("count of chunk-level streams")
    pages = Grid(shape, tile).pages
    expected = -(-pages // chunk_pages) * streams_a_page
    if streams != expected:
        raise CorruptionError(f"{pages} pages must have {expected} chunk-level streams, got {streams}")
    sizes, crcs = [], []
    for _ in range(streams):
        fields.byte("kind of a chunk-level stream", most=_METADATA)
        sizes.append(fields.varint("bytes of a chunk-level stream"))
        crcs.append(int.from_bytes(fields.take(4), "little"))
    width = fields.byte("bytes of a page's size", least=1, most=6)
    wide = np.zeros((pages if fields.has(pages * (streams_a_page * width + 4)) else 0, streams_a_page, 8), np.uint8)
    if len(wide) != pages:
        raise CorruptionError(f"the index must have an entry for each of {pages} pages, got {fields.left} bytes in all")
    wide[..., :width] = np.frombuffer(fields.take(pages * streams_a_page * width), np.uint8).reshape(
        pages, streams_a_page, width
    )
    page_crcs = np.frombuffer(fields.take(4 * pages), "<u4").astype(np.uint32)
    fields.finish()
    page_sizes = wide.view("<u8")[..., 0].astype(np.int64)
    if int(page_sizes.max(initial=0)) * page_sizes.size > _MAX_PAGES:
        raise CorruptionError(f"pages may not have more than {_MAX_PAGES} bytes if each were as large as the largest")
    return Layout(
        element,
        shape,
        tile,
        bool(flags & _FORTRAN),
        packed=bool(flags & _PACKED),
        chunk_pages=chunk_pages,
        streams_a_page=streams_a_page,
        pco_header=pco_header,
        stream_sizes=tuple(sizes),
        stream_crcs=tuple(crcs),
        page_sizes=page_sizes,
        page_crcs=page_crcs,
    )
