"""Compatibility: standalone files are written and read as by the wheel, down to what is done with half a file."""

import tracemalloc

import numpy as np
import pcodec
import pytest
from bit_writer import chunk_header, file_header, one_bin, pack
from wheel_oracle import PACKAGES, TYPES, bits, both, dtype_of, outcome, plain

import pcodec_numcodecs
from pcodec_numcodecs import ChunkConfig, CorruptionError, InsufficientDataError, PagingSpec, standalone

RNG = np.random.default_rng(8)
NUMBERS = RNG.integers(-1000, 1000, 700).astype(np.int32)
SIZES = [300, 256, 144]


def compress(package, numbers, sizes=None, **settings):
    if sizes:
        settings["paging_spec"] = package.PagingSpec.exact_page_sizes(sizes)
    return package.standalone.simple_compress(numbers, package.ChunkConfig(**settings))


FILE = compress(pcodec, NUMBERS, SIZES)
EMPTY = file_header() + b"\0"
EMPTY_U32 = file_header(uniform=1) + b"\0"


# Where each chunk ends: a file of the first chunks alone is as long, but for its last byte.
ENDS = [len(compress(pcodec, NUMBERS[: sum(SIZES[:i])], SIZES[:i])) - 1 for i in (1, 2, 3)]


def into(package, data, destination):
    return outcome(lambda: plain(package.standalone.simple_decompress_into(data, destination)))


@both
@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("n", [1, 255, 256, 257, 700])
def test_each_writes_what_the_other_reads(package, type_name, n):
    numbers = NUMBERS[:n].astype(dtype_of(type_name))
    data = compress(package, numbers, enable_8_bit=True)
    assert data[:8] == file_header(n)[:8]
    for reader in PACKAGES:
        found = reader.standalone.simple_decompress(data)
        assert bits(found) == bits(numbers)
        assert found.flags.writeable
        assert found.flags.c_contiguous
        assert found.shape == (n,)


def test_head_and_chunks_lie_as_the_wheel_lays_them():
    ours = compress(pcodec_numcodecs, NUMBERS, SIZES)
    assert ours[:10] == FILE[:10] == file_header(700)
    assert ours[10:14] == FILE[10:14] == chunk_header(3, 300)
    assert ours[-1] == FILE[-1] == 0


def test_large_arrays_are_cut_into_chunks():
    n = 2**18 + 3
    for package in PACKAGES:
        data = compress(package, np.zeros(n, np.uint16), compression_level=0)
        assert data[len(file_header(n)) :][:4] == chunk_header(7, n // 2 + 1)
        assert bits(standalone.simple_decompress(data)) == bits(np.zeros(n, np.uint16))


@both
@pytest.mark.parametrize("type_name", TYPES)
def test_empty_array_makes_a_file_without_type(package, type_name):
    # Not even 8-bit types need to be enabled.
    assert compress(package, np.zeros(0, dtype_of(type_name))) == EMPTY
    assert outcome(lambda: compress(package, np.zeros(0, dtype_of(type_name)), [3])) == "refused"


@both
def test_empty_file(package):
    assert package.standalone.simple_decompress(EMPTY) is None
    assert bits(package.standalone.simple_decompress(EMPTY_U32)) == bits(np.zeros(0, np.uint32))
    for data in (EMPTY, EMPTY_U32):
        for destination in (np.ones(3), np.ones(0, np.uint32), np.ones(3, np.uint32)):
            assert into(package, data, destination) == (0, True)
            assert (destination == 1).all()


@pytest.mark.parametrize("after", [b"\0", b"more", FILE])
@both
def test_what_follows_the_end_is_ignored(package, after):
    assert bits(package.standalone.simple_decompress(FILE + after)) == bits(NUMBERS)
    destination = np.zeros(701, np.int32)
    assert into(package, FILE + after, destination) == (700, True)
    assert bits(destination[:700]) == bits(NUMBERS)


LENGTHS = [0, 1, 3, 255, 256, 257, 299, 300, 301, 512, 555, 556, 557, 600, 699, 700, 701, 1000]


@pytest.mark.parametrize("length", LENGTHS)
def test_destination_of_any_length_is_filled_as_far_as_the_file_goes(length):
    for package in PACKAGES:
        destination = np.full(length, 7, np.int32)
        assert into(package, FILE, destination) == (min(length, 700), length >= 700)
        assert bits(destination) == bits(np.concatenate((NUMBERS, np.full(300, 7, np.int32)))[:length])


@pytest.mark.parametrize("length", LENGTHS)
def test_half_a_file_serves_as_far_as_in_the_wheel(length):
    cuts = [cut + d for cut in ENDS for d in (-2, -1, 0, 1, 3, 4, 5, 14, 40)]
    for cut in (*cuts, *range(30), *range(40, len(FILE), 37)):
        found = []
        for package in PACKAGES:
            destination = np.zeros(length, np.int32)
            done = into(package, FILE[:cut], destination)
            found.append((done, done != "refused" and bits(destination)))
        assert found[0] == found[1], cut


@pytest.mark.parametrize("type_name", [name for name in TYPES if name != "i32"])
def test_destination_of_another_type_is_refused(type_name):
    for package in PACKAGES:
        for length in (0, 3, 700):
            with pytest.raises(RuntimeError, match="does not match chunk's number type"):
                package.standalone.simple_decompress_into(FILE, np.zeros(length, dtype_of(type_name)))


@pytest.mark.parametrize("hint", [0, 1, 300, 699, 701, 5000, 2**24, 2**40, 2**63])
@pytest.mark.parametrize("sizes", [SIZES, [256, 300, 144], [700]])
def test_what_the_header_has_one_expect_need_not_be_true(hint, sizes):
    chunks = compress(pcodec, NUMBERS, sizes)[len(file_header(700)) :]
    for package in PACKAGES if hint < 2**40 else (pcodec_numcodecs,):
        found = package.standalone.simple_decompress(file_header(hint) + chunks)
        assert bits(found) == bits(NUMBERS)
        assert found.flags.writeable
    assert found.base is None or found.base.nbytes == found.nbytes


def test_no_more_memory_is_asked_for_than_a_file_of_its_size_may_need():
    data = file_header(2**40) + FILE[len(file_header(700)) :]
    tracemalloc.start()
    try:
        found = standalone.simple_decompress(data)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert bits(found) == bits(NUMBERS)
    assert most < 1000 * len(data)


U32_CHUNK = chunk_header(1, 2) + pack((0, 4), (0, 4), *one_bin(5, 0, 32))
I32_CHUNK = chunk_header(3, 2) + pack((0, 4), (0, 4), *one_bin(5, 0, 32))


def test_chunks_of_one_type_are_read():
    for package in PACKAGES:
        found = package.standalone.simple_decompress(file_header(uniform=1) + U32_CHUNK * 2 + b"\0")
        assert bits(found) == bits(np.full(4, 5, np.uint32))


def test_chunks_of_different_types_are_refused():
    for package in PACKAGES:
        with pytest.raises(RuntimeError, match="does not match chunk's number type of"):
            package.standalone.simple_decompress(file_header() + U32_CHUNK + I32_CHUNK + b"\0")
        with pytest.raises(RuntimeError, match="number type of 3 does not match file's uniform number type of U32"):
            package.standalone.simple_decompress(file_header(uniform=1) + U32_CHUNK + I32_CHUNK + b"\0")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", InsufficientDataError),
        (b"pc", InsufficientDataError),
        (b"pco!", InsufficientDataError),
        (b"hello", CorruptionError),
        (FILE[:-1], InsufficientDataError),
        (EMPTY[:-1], InsufficientDataError),
    ],
)
def test_kind_of_error_is_that_of_the_wheel(data, error):
    with pytest.raises(error):
        standalone.simple_decompress(data)
    kind = "InsufficientData" if error is InsufficientDataError else "Corruption"
    with pytest.raises(RuntimeError, match=kind):
        pcodec.standalone.simple_decompress(data)


def test_calls_take_keywords():
    data = standalone.simple_compress(src=NUMBERS, config=ChunkConfig())
    assert bits(standalone.simple_decompress(src=data)) == bits(NUMBERS)
    assert standalone.simple_decompress_into(src=data, dst=np.zeros(700, np.int32)).finished


def test_each_chunk_makes_its_own_choice():
    numbers = np.concatenate((np.arange(2000), RNG.integers(0, 2**40, 2000)))
    config = ChunkConfig(paging_spec=PagingSpec.exact_page_sizes([2000, 2000]))
    halves = sum(len(standalone.simple_compress(half, ChunkConfig())) for half in (numbers[:2000], numbers[2000:]))
    assert len(standalone.simple_compress(numbers, config)) < halves
