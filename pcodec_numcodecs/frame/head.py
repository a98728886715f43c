"""The head of a frame, its header and index, to bytes and back.

`docs/format.md` specifies the bytes. No array of cells passes through here.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..constants import MAX_CHUNK_NUMBERS
from ..errors import CorruptionError, InsufficientDataError, InvalidArgumentError
from ..pipeline.steps import Pipeline, Rank
from .checksums import crc32c
from .elements import Element, element_named
from .fields import Fields, varint
from .layout import Layout, sections_of
from .pipelines import read_pipeline, write_pipeline
from .tiling import grid_of

__all__ = ["MAGIC", "PREAMBLE_BYTES", "head_bytes", "read_head", "write_head"]

MAGIC: Final = b"pcof"
VERSION: Final = 1
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

_MAX_SIZE_BYTES: Final = 6
_AS_STORED = {width: np.dtype(f"<u{width}") for width in (1, 2, 4)}
_U32, _U64 = np.dtype("<u4"), np.dtype("<u8")


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
    if source[4] != VERSION:
        raise CorruptionError(
            f"frame version must be {VERSION}, got {source[4]}; "
            + ("version 0 was of trial releases alone" if not source[4] else "a newer pcodec-numcodecs may read it")
        )
    layout = _read(Fields(source[PREAMBLE_BYTES : size - _CRC_BYTES]), source[5], size)
    if layout.front_bytes != front:
        raise CorruptionError(f"head and chunk-level streams must have {layout.front_bytes} bytes, got {front}")
    return layout


def head_bytes(source: memoryview) -> tuple[int, int]:
    """Return the bytes of the head, and those of the front, from the first `PREAMBLE_BYTES` of a frame.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is no frame, or not even so many bytes.
    """
    return _sizes(source)


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
        parts += [
            *map(varint, layout.tile),
            varint(layout.chunk_pages),
            layout.pco_header,
            *(write_pipeline(pipeline, layout.element.number_type, layout.tile) for pipeline in layout.pipelines),
            varint(len(layout.stream_sizes)),
            *_write_streams(layout),
            *_write_index(layout),
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


def _write_streams(layout: Layout) -> Iterator[bytes]:
    kinds = [kind for kind, _, count in layout.sections for _ in range(count)]
    for kind, size, crc in zip(kinds, layout.stream_sizes, layout.stream_crcs, strict=True):
        yield bytes([kind]) + varint(size) + crc.to_bytes(4, "little")


def _write_index(layout: Layout) -> Iterator[bytes]:
    width = max(1, -(-int(layout.page_sizes.max(initial=0)).bit_length() // 8))
    yield bytes([width])
    yield layout.page_sizes.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    yield layout.page_crcs.astype("<u4").tobytes()
    for sets in layout.page_sets:
        if sets is not None:
            yield sets.astype(np.uint8).tobytes()
    for values in layout.page_values:
        if values is not None:
            yield values.astype("<u2").tobytes()


class _Form(NamedTuple):
    """What the heads of many frames have in common, such as those of an array's chunks."""

    element: Element
    shape: tuple[int, ...]
    tile: tuple[int, ...]
    chunk_pages: int
    pco_header: bytes
    pipelines: tuple[Pipeline, ...]
    pages: int
    sections: tuple[tuple[int, int, int], ...]


_recent: list[tuple[int, bytes, _Form]] = []
"""Flags and bytes of the last forms that were read, and what they say: comparing takes less time."""
_KEPT_FORMS: Final = 8


def _read(fields: Fields, flags: int, head_size: int) -> Layout:
    if flags & ~_KNOWN_FLAGS:
        raise CorruptionError(f"flags may not exceed {_KNOWN_FLAGS}, got {flags}; a newer version may know them")
    if flags & _CONSTANT:
        element, shape = _read_array(fields, flags)
        constant = fields.take(element.dtype.itemsize).tobytes()
        fields.finish()
        tile = tuple(max(1, size) for size in shape)
        return Layout(element, shape, tile, bool(flags & _FORTRAN), constant, head_size=head_size)
    form = _form(fields, flags)
    pages, pipelines = form.pages, form.pipelines
    stream_sizes, stream_crcs = _read_streams(fields, pages, form.sections)
    page_sizes, page_crcs = _read_index(fields, pages)
    page_sets = tuple([_read_sets(fields, pipeline, pages) for pipeline in pipelines])
    page_values = tuple([_read_values(fields, pipeline, pages) for pipeline in pipelines])
    fields.finish()
    return Layout(
        *(form.element, form.shape, form.tile, bool(flags & _FORTRAN), None, bool(flags & _PACKED), form.chunk_pages),
        *(pipelines, form.pco_header, stream_sizes, stream_crcs, page_sizes, page_crcs),
        page_sets=page_sets,
        page_values=page_values,
        head_size=head_size,
    )


def _form(fields: Fields, flags: int) -> _Form:
    """Read a form, or find it among those read before."""
    for known_flags, prefix, form in _recent:
        if known_flags == flags and fields.follow(prefix):
            return form
    left = fields.left
    form = _read_form(fields, flags)
    _recent[:] = [(flags, bytes(fields.since(left)), form), *_recent[: _KEPT_FORMS - 1]]
    return form


def _read_array(fields: Fields, flags: int) -> tuple[Element, tuple[int, ...]]:
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
    return element, shape


def _read_form(fields: Fields, flags: int) -> _Form:
    element, shape = _read_array(fields, flags)
    tile = tuple(fields.varint("length of a tile", least=1, most=max(1, size)) for size in shape)
    if prod(tile) > MAX_CHUNK_NUMBERS:
        raise CorruptionError(f"a tile may not exceed {MAX_CHUNK_NUMBERS} cells, got {prod(tile)}")
    chunk_pages = fields.varint("pages of a Pco chunk", least=1, most=MAX_CHUNK_NUMBERS // prod(tile))
    pco_header = fields.take(2).tobytes()
    pipelines = tuple(read_pipeline(fields, element.number_type, tile) for _ in range(element.parts))
    if flags & _PACKED and not pipelines[0].is_plain:
        raise CorruptionError("packed bools may not have a pipeline")
    pages = grid_of(shape, tile).pages
    sections = sections_of(pages, chunk_pages, pipelines)
    return _Form(element, shape, tile, chunk_pages, pco_header, pipelines, pages, sections)


def _read_streams(
    fields: Fields, pages: int, sections: Sequence[tuple[int, int, int]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return sizes and checksums of the chunk-level streams."""
    streams = fields.varint("count of chunk-level streams")
    expected = sum(count for _, _, count in sections)
    if streams != expected:
        raise CorruptionError(f"{pages} pages must have {expected} chunk-level streams, got {streams}")
    sizes, crcs = [], []
    for kind, _, count in sections:
        for _ in range(count):
            fields.byte("kind of a chunk-level stream", least=kind, most=kind)
            sizes.append(fields.varint("bytes of a chunk-level stream"))
            crcs.append(int.from_bytes(fields.take(4), "little"))
    return tuple(sizes), tuple(crcs)


def _read_index(fields: Fields, pages: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    """Return sizes and checksums of the pages."""
    width = fields.byte("bytes of a page's size", least=1, most=_MAX_SIZE_BYTES)
    if not fields.has(pages * (width + 4)):
        raise CorruptionError(f"the index must have an entry for each of {pages} pages, got {fields.left} bytes in all")
    sizes = fields.take(pages * width)
    if width in _AS_STORED:
        page_sizes = np.frombuffer(sizes, _AS_STORED[width]).astype(np.int64)
    else:
        wide = np.zeros((pages, 8), np.uint8)
        wide[:, :width] = np.frombuffer(sizes, np.uint8).reshape(pages, width)
        page_sizes = wide.view(_U64)[:, 0].astype(np.int64)
    # Few pages of sizes that short cannot be too many.
    if pages << 8 * width > _MAX_PAGES and int(page_sizes.max(initial=0)) * pages > _MAX_PAGES:
        raise CorruptionError(f"pages may not have more than {_MAX_PAGES} bytes if each were as large as the largest")
    return page_sizes, np.frombuffer(fields.take(4 * pages), _U32).astype(np.uint32)


def _read_sets(fields: Fields, pipeline: Pipeline, pages: int) -> npt.NDArray[np.uint8] | None:
    sets = pipeline.predictor.sets
    if sets < 2:
        return None
    found = np.frombuffer(fields.take(pages), np.uint8)
    if (found >= sets).any():
        raise CorruptionError(f"set of weights of a page must be below {sets}, got {found.max()}")
    return found


def _read_values(fields: Fields, pipeline: Pipeline, pages: int) -> npt.NDArray[np.uint16] | None:
    split = pipeline.split
    if not isinstance(split, Rank) or split.blocks < 2:
        return None
    found = np.frombuffer(fields.take(4 * pages), "<u2").astype(np.uint16).reshape(pages, 2)
    wrong = (found[:, 0] > found[:, 1]) | (found >= split.blocks).any(axis=1)
    if wrong.any():
        first = found[np.argmax(wrong)].tolist()
        raise CorruptionError(f"blocks of values of a page must rise and be below {split.blocks}, got {first}")
    return found
