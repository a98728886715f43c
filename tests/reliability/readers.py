"""Everything that reads bytes of strangers, as functions of one piece of bytes, and what each may raise."""

import json
import os
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from pcodec_numcodecs import (
    CorruptionError,
    InsufficientDataError,
    InvalidArgumentError,
    Pco,
    PCodec,
    PCodecSerializer,
    PcoSerializer,
    UnknownSettingWarning,
    frame,
    standalone,
    wrapped,
)
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.errors import PcoError
from pcodec_numcodecs.frame.checksums import crc32c
from pcodec_numcodecs.frame.head import read_head
from pcodec_numcodecs.frame.layout import Layout
from pcodec_numcodecs.frame.reader import Selected, select
from pcodec_numcodecs.frame.requests import read_ranges
from pcodec_numcodecs.kernels.choice import VARIABLE

MAX_BYTES = 1 << 16
"""What a reader may make of an input; sound inputs stay far below."""
MOST_NUMBERS = 2000
SELECTIONS = (..., np.s_[1:3], np.s_[..., 1], np.s_[::-2])
TYPES = tuple(NUMBER_TYPES)
HEADERS = (b"\4\1", b"\3", b"\1", b"\0")
DAMAGED = (CorruptionError, InsufficientDataError)
PREAMBLE = 14
CRC = 4


class Reader(NamedTuple):
    """One way into the package.

    Attributes
    ----------
    read
        Reads an input; returns something that can be compared.
    documented
        What it may raise.
    twins
        Whether kernels are at work, so that both twins have to agree.
    """

    name: str
    read: Callable[[bytes], Any]
    documented: tuple[type[BaseException], ...]
    twins: bool


def with_checksums(data: bytes) -> bytes:
    """Return a frame with all checksums put right, as far as its head can be made out."""
    head, size = _with_checksum_of_head(data)
    if not size:
        return data
    try:
        layout = read_head(memoryview(head))
    except PcoError:
        return head
    if layout.constant is not None:
        return head
    made = bytearray(head)
    place = PREAMBLE
    for (start, stop), crc in zip(layout.stream_bounds, layout.stream_crcs, strict=True):
        place = _replace_crc(made, head, place, size, crc, head[start:stop])
    starts = layout.page_starts.tolist()
    table = head.find(layout.page_crcs.astype("<u4").tobytes(), place, size) if len(starts) > 1 else -1
    if table >= 0:
        for page, (start, stop) in enumerate(pairwise(starts)):
            if stop > len(made):
                break
            made[table + CRC * page : table + CRC * (page + 1)] = crc32c(head[start:stop]).to_bytes(CRC, "little")
    return _with_checksum_of_head(bytes(made))[0]


def _with_checksum_of_head(data: bytes) -> tuple[bytes, int]:
    """Return a frame whose head has a right checksum, and the bytes of the head; 0 where there is none."""
    size = int.from_bytes(data[6:10], "little")
    if not PREAMBLE + CRC <= size <= len(data):
        return data, 0
    crc = crc32c(data[: size - CRC]).to_bytes(CRC, "little")
    return data[: size - CRC] + crc + data[size:], size


def _replace_crc(made: bytearray, head: bytes, place: int, size: int, crc: int, content: bytes) -> int:
    found = head.find(crc.to_bytes(CRC, "little"), place, size)
    if found < 0:
        return place
    made[found : found + CRC] = crc32c(content).to_bytes(CRC, "little")
    return found + CRC


def _bits(array: np.ndarray | None) -> Any:
    return None if array is None else (array.dtype.str, array.shape, array.tobytes())


def read_frame(data: bytes) -> Any:
    """Read a frame, or a part of it in one of two ways: the input's length says what."""
    way, selection = len(data) % 3, SELECTIONS[len(data) // 3 % len(SELECTIONS)]
    if way == 0:
        return _bits(frame.read(data, max_bytes=MAX_BYTES))
    try:
        part = frame.read(data, selection, max_bytes=MAX_BYTES) if way == 1 else _by_requests(data, selection)
    except IndexError:  # the selection is for arrays with an axis, and of such lengths
        return "no such cells"
    try:
        whole = frame.read(data, max_bytes=MAX_BYTES)
    except DAMAGED:  # in a page that was not touched
        return _bits(part)
    assert _bits(part) == _bits(np.asarray(whole[selection])), "a part differs from the whole"
    return _bits(part)


def _by_requests(data: bytes, selection: Any) -> np.ndarray:
    """Read a part as codecs do, by ranges of bytes."""

    def prepare(layout: Layout) -> tuple[Selected, np.ndarray]:
        if layout.raw_bytes > MAX_BYTES:
            raise InvalidArgumentError("max_bytes")
        wanted = select(layout, selection)
        return wanted, np.empty(wanted.shape, layout.element.dtype)

    requests = read_ranges(
        PREAMBLE + len(data) % 100, 0, prepare, lambda whole: frame.read(whole, selection, max_bytes=MAX_BYTES)
    )
    try:
        asked = next(requests)
        while True:
            asked = requests.send([memoryview(data)[start:stop] for start, stop in asked])
    except StopIteration as done:
        return done.value


def read_index(data: bytes) -> Any:
    """Read head and index of a frame."""
    return repr(frame.info(data))


def read_metadata(data: bytes) -> Any:
    """Read header and metadata of a Pco chunk, of a number type and version that the first byte tells."""
    first = data[0] if data else 0
    name, header = TYPES[first % len(TYPES)], HEADERS[first // len(TYPES) % len(HEADERS)]
    reader, _ = wrapped.FileDecompressor.new(header)
    chunk, size = reader.chunk_decompressor(data[1:], name)
    return size, chunk._tables.metadata.write()


def read_page(data: bytes) -> Any:
    """Read a page, or the first of its batches.

    After a byte as in `read_metadata` and two for the count of numbers come metadata and page.
    """
    first, n = (data[0] if data else 0), int.from_bytes(data[1:3], "little") % MOST_NUMBERS
    name = TYPES[first % len(TYPES)]
    reader, _ = wrapped.FileDecompressor.new(HEADERS[first // len(TYPES) % len(HEADERS)])
    chunk, size = reader.chunk_decompressor(data[3:], name)
    out = np.zeros(n // 256 * 256 if len(data) % 4 == 0 else n, NUMBER_TYPES[name].dtype)
    progress, used = chunk.read_page_into(data[3 + size :], n, out)
    return progress.n_processed, used, out.tobytes()


def read_standalone(data: bytes) -> Any:
    """Read a .pco file."""
    return _bits(standalone.simple_decompress(data, max_bytes=MAX_BYTES))


def read_json(data: bytes) -> Any:
    """Make every codec of a piece of JSON, and of what it says of itself again."""
    try:
        entry = json.loads(data)
    except (ValueError, RecursionError):
        return "no JSON"
    if not isinstance(entry, dict):
        return "no object"
    found, refused = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSettingWarning)
        for make in (PcoSerializer.from_dict, PCodecSerializer.from_dict, _flat(Pco), _flat(PCodec)):
            try:
                codec = make(entry)
            except (TypeError, InvalidArgumentError) as error:
                refused.append(error)
                continue
            again = codec.to_dict() if hasattr(codec, "to_dict") else codec.get_config()
            json.dumps(again)
            assert type(codec).from_dict(again) == codec if hasattr(codec, "to_dict") else True
            found.append(repr(codec))
    if not found:
        raise refused[0]
    return found


def _flat(codec: Any) -> Callable[[dict[str, Any]], Any]:
    """Give the form of numcodecs, which has settings beside the name, the settings of either form."""

    def make(entry: dict[str, Any]) -> Any:
        settings = entry.get("configuration")
        config = settings if isinstance(settings, dict) else entry
        made = codec.from_config({key: value for key, value in config.items() if key != "id"})
        assert codec.from_config(made.get_config()) == made
        return made

    return make


READERS = {
    reader.name: reader
    for reader in (
        Reader("frame", read_frame, (*DAMAGED, InvalidArgumentError), twins=True),
        Reader("index", read_index, DAMAGED, twins=False),
        Reader("metadata", read_metadata, DAMAGED, twins=False),
        Reader("page", read_page, DAMAGED, twins=True),
        Reader("standalone", read_standalone, (*DAMAGED, InvalidArgumentError), twins=True),
        Reader("json", read_json, (TypeError, InvalidArgumentError), twins=False),
    )
}
FRAMES = ("frame", "index")


def read_once(reader: Reader, corpus: Sequence[bytes], twins: Sequence[str]) -> None:
    """Read sound inputs: what is done once, such as to load kernels, is not on the account of an input."""
    for data in corpus:
        for twin in twins if reader.twins else twins[:1]:
            outcome(reader, data, twin)


def outcome(reader: Reader, data: bytes, twin: str = "numpy") -> tuple[str, Any]:
    """Return "read" and what was read, or "refused" and why; everything but a documented error is raised."""
    os.environ[VARIABLE] = twin
    try:
        return "read", reader.read(data)
    except reader.documented as error:
        return "refused", (type(error).__name__, str(error))
