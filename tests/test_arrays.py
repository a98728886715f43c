"""Compatibility: the arrays and bytes that the calls take are those of the wheel, and any bytes-like object besides."""

import array
import mmap

import numpy as np
import pcodec
import pytest
from wheel_oracle import HEADER, PACKAGES, TYPES, bits, both, dtype_of, outcome, plain

import pcodec_numcodecs
from pcodec_numcodecs import InvalidArgumentError, standalone, wrapped


def misaligned(dtype, n=20):
    return np.zeros(n * np.dtype(dtype).itemsize + 1, np.uint8)[1:].view(dtype)


def masked():
    return np.ma.array(np.arange(1.0, 21.0), mask=[0, 1] * 10, hard_mask=True)


REFUSED = {
    "list": lambda: [1.0, 2.0],
    "bytes": lambda: b"12345678",
    "bytearray": lambda: bytearray(8),
    "None": lambda: None,
    "int": lambda: 3,
    "scalar": lambda: np.float64(3),
    **{name: (lambda name=name: np.zeros(20, name)) for name in ("?", "c8", "c16", "S3", "U3", "O", "M8[s]", "m8[s]")},
    **{name: (lambda name=name: np.zeros(20, name)) for name in (">f8", ">f4", ">f2", ">i8", ">u4", ">i2", ">u2")},
    "longdouble": lambda: np.zeros(20, np.longdouble),
    "structured": lambda: np.zeros(20, [("a", "f8")]),
    "2-D": lambda: np.zeros((2, 10)),
    "column": lambda: np.zeros((20, 1)),
    "2-D-empty": lambda: np.zeros((0, 3)),
    "0-D": lambda: np.array(1.0),
    "matrix": lambda: np.zeros((1, 20)).view(np.matrix),
    "strided": lambda: np.zeros(40)[::2],
    "reversed": lambda: np.zeros(20)[::-1],
    "broadcast": lambda: np.broadcast_to(np.float64(1), 20),
    "misaligned": lambda: misaligned("f8"),
    "misaligned-u2": lambda: misaligned("u2"),
}

ACCEPTED = {
    **{char: (lambda char=char: np.arange(20).astype(char)) for char in "bBhHiIlLqQpPefd"},
    "dtype-with-metadata": lambda: np.arange(20).astype(np.dtype("f8", metadata={"a": 1})),
    "one-of-strided": lambda: np.arange(40.0)[3:4:2],
    "one-of-reversed": lambda: np.arange(40.0)[:1][::-1],
    "read-only": lambda: np.frombuffer(np.arange(20.0).tobytes()),
    "misaligned-bytes": lambda: misaligned("u1"),
    "masked": masked,
    "subclass": lambda: np.arange(20.0).view(np.recarray),
}


def entries(package, source):
    """Both ways to compress an array."""
    config = package.ChunkConfig(enable_8_bit=True)
    return [
        lambda: package.standalone.simple_compress(source, config),
        lambda: package.wrapped.FileCompressor().chunk_compressor(source, config).write_meta(),
    ]


@both
@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_other_arrays_are_a_type_error(package, make):
    assert [outcome(call) for call in entries(package, make())] == ["TypeError"] * 2


@pytest.mark.parametrize("make", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_arrays_compress(make):
    for package in PACKAGES:
        data = package.standalone.simple_compress(make(), package.ChunkConfig(enable_8_bit=True))
        found = pcodec.standalone.simple_decompress(data)
        assert bits(found) == bits(np.asarray(make()))
        assert all(isinstance(call(), bytes) for call in entries(package, make()))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (np.zeros(3, bool), "Unsupported data type: dtype.'bool'."),
        (np.zeros((10, 11)), "2D float64 numpy array could not be cast to 1D"),
        (np.zeros((3, 3), ">f4")[::2], "Unsupported data type"),
        (np.zeros((4, 4), np.int8)[::2], "2D int8 numpy array"),
        (np.zeros(4, np.int8)[::2], "not contiguous or is misaligned"),
    ],
    ids=["type", "dimensions", "type-first", "dimensions-second", "layout"],
)
def test_the_first_reason_is_told_in_words_of_the_wheel(source, words):
    # A config that would be refused as well.
    for package in PACKAGES:
        with pytest.raises(TypeError, match=words):
            package.standalone.simple_compress(source, package.ChunkConfig())


@both
@pytest.mark.parametrize("config", [None, "auto", 8])
def test_config_of_another_type_is_a_type_error(package, config):
    with pytest.raises(TypeError):
        package.standalone.simple_compress(np.zeros(3), config)
    with pytest.raises(TypeError):
        package.wrapped.FileCompressor().chunk_compressor(np.zeros(3), config)


NUMBERS = np.arange(20.0) + 1
FILE = pcodec.standalone.simple_compress(NUMBERS, pcodec.ChunkConfig())
CHUNK = pcodec.wrapped.FileCompressor().chunk_compressor(NUMBERS, pcodec.ChunkConfig())


def readers(package, destination, source=bytes):
    """Both ways to decompress the same numbers into an array."""
    decompressor = package.wrapped.FileDecompressor.new(source(HEADER))[0]
    chunk = decompressor.chunk_decompressor(source(CHUNK.write_meta()), "f64")[0]
    return [
        lambda: plain(package.standalone.simple_decompress_into(source(FILE), destination)),
        lambda: plain(chunk.read_page_into(source(CHUNK.write_page(0)), 20, destination)),
    ]


@both
@pytest.mark.parametrize("name", REFUSED)
def test_other_destinations_are_a_type_error(package, name):
    destination = REFUSED[name]()
    if name == "broadcast":  # read-only: the wheel panics first
        destination = np.lib.stride_tricks.as_strided(np.zeros(1), (20,), (0,))
    assert [outcome(call) for call in readers(package, destination)] == ["TypeError"] * 2


@pytest.mark.parametrize("dtype", [dtype_of(name) for name in TYPES if name != "f64"], ids=str)
def test_destination_of_another_number_type_is_refused(dtype):
    for package in PACKAGES:
        assert [outcome(call) for call in readers(package, np.zeros(20, dtype))] == ["refused", "TypeError"]


@both
def test_read_only_destination_is_refused(package):
    destination = np.zeros(20)
    destination.flags.writeable = False
    assert [outcome(call) for call in readers(package, destination)] == ["refused"] * 2
    assert not destination.any()


def test_read_only_destination_is_an_ordinary_error():
    destination = np.zeros(20)
    destination.flags.writeable = False
    for call in readers(pcodec_numcodecs, destination):
        with pytest.raises(InvalidArgumentError, match="read-only"):
            call()


@both
def test_mask_of_a_destination_is_ignored(package):
    for index in range(2):
        destination = masked()
        destination.data[:] = 0
        readers(package, destination)[index]()
        assert bits(destination.data) == bits(NUMBERS)
        assert destination.mask.tolist() == [False, True] * 10


def mapped(data):
    memory = mmap.mmap(-1, len(data))
    memory[:] = data
    return memory


BYTES_LIKE = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "memoryview-slice": lambda data: memoryview(b"1" + data + b"2")[1:-1],
    "memoryview-2-D": lambda data: memoryview(data).cast("B", (1, len(data))),
    "array": lambda data: array.array("B", data),
    "signed-array": lambda data: array.array("b", data),
    "mmap": mapped,
    "ndarray": lambda data: np.frombuffer(data, np.uint8),
    "ndarray-2-D": lambda data: np.frombuffer(data, np.int8).reshape(-1, 1),
    "ndarray-wide": lambda data: np.frombuffer(data + bytes(-len(data) % 2), np.float16),
}


@pytest.mark.parametrize("source", BYTES_LIKE.values(), ids=BYTES_LIKE)
def test_any_bytes_like_source_serves(source):
    for call in readers(pcodec_numcodecs, np.zeros(20), source):
        call()
    destination = np.zeros(20)
    readers(pcodec_numcodecs, destination, source)[1]()
    assert bits(destination) == bits(NUMBERS)
    assert bits(standalone.simple_decompress(source(FILE))) == bits(NUMBERS)


@pytest.mark.parametrize("empty", [b"", bytearray(), memoryview(b""), np.zeros(0, np.uint8), np.zeros((0, 2))])
def test_empty_source_ends_too_early(empty):
    for read in (standalone.simple_decompress, wrapped.FileDecompressor.new):
        with pytest.raises(EOFError, match="InsufficientData"):
            read(empty)


@pytest.mark.parametrize(
    "source",
    ["text", None, 3, [1, 2], memoryview(b"abcd")[::2], np.zeros(4)[::2]],
    ids=lambda source: type(source).__name__,
)
def test_other_sources_are_a_type_error(source):
    file = wrapped.FileDecompressor.new(HEADER)[0]
    chunk = file.chunk_decompressor(CHUNK.write_meta(), "f64")[0]
    for call in (
        lambda: standalone.simple_decompress(source),
        lambda: standalone.simple_decompress_into(source, np.zeros(3)),
        lambda: wrapped.FileDecompressor.new(source),
        lambda: file.chunk_decompressor(source, "f64"),
        lambda: chunk.read_page_into(source, 20, np.zeros(20)),
        lambda: chunk.read_pages_into([source], [20], np.zeros(20)),
    ):
        with pytest.raises(TypeError):
            call()
