"""Compatibility: the wrapped API does what the wheel's does, and refuses with ordinary exceptions."""

import numpy as np
import pcodec
import pytest
from wheel_oracle import HEADER, PACKAGES, TYPES, bits, both, dtype_of, outcome, plain

import pcodec_numcodecs
from pcodec_numcodecs import CorruptionError, InsufficientDataError, InvalidArgumentError

RNG = np.random.default_rng(5)
NUMBERS = np.cumsum(RNG.integers(-40, 41, 600)) * 0.5 + RNG.choice([0, 1e-9], 600, p=[0.9, 0.1])
MODES = {
    "classic": (lambda p: p.ModeSpec.classic(), "no_op"),
    "float_mult": (lambda p: p.ModeSpec.try_float_mult(0.5), "try_consecutive"),
    "dict": (lambda p: p.ModeSpec.try_dict(), "no_op"),
    "lookback": (lambda p: p.ModeSpec.classic(), "try_lookback"),
}
SIZES = [300, 1, 299]


def compress(package, numbers, mode="classic", sizes=SIZES, level=8):
    make, name = MODES[mode]
    order = [2] if name == "try_consecutive" else []
    delta = getattr(package.DeltaSpec, name)(*order)
    config = package.ChunkConfig(level, make(package), delta, package.PagingSpec.exact_page_sizes(sizes), True)
    return package.wrapped.FileCompressor().chunk_compressor(numbers, config)


def decompressor(package, chunk, type_name="f64"):
    return package.wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), type_name)[0]


CHUNKS = {mode: compress(pcodec, NUMBERS, mode) for mode in MODES}


@both
def test_header(package):
    assert package.wrapped.FileCompressor().write_header() == HEADER


@both
def test_pages_are_repeatable_in_any_order(package):
    chunk = compress(package, NUMBERS)
    first = [chunk.write_page(i) for i in (2, 0, 1)]
    assert [chunk.write_page(i) for i in (2, np.int64(0), True)] == first
    assert chunk.write_meta() == chunk.write_meta()
    assert chunk.n_per_page() == SIZES
    assert all(type(page) is bytes for page in first)
    for index, error in ((3, "refused"), (-1, "refused"), (10**20, "refused"), (1.0, "TypeError"), ("0", "TypeError")):
        assert outcome(lambda index=index: chunk.write_page(index)) == error
    assert chunk.write_page(2) == first[0]


def test_page_that_does_not_exist_is_told_in_words_of_the_wheel():
    for package in PACKAGES:
        with pytest.raises(RuntimeError, match=r"page idx exceeds num pages \(3 >= 3\)"):
            compress(package, NUMBERS).write_page(3)


def test_all_pages_are_those_of_one_by_one():
    chunk = compress(pcodec_numcodecs, NUMBERS)
    pages = chunk.write_pages()
    assert pages == [chunk.write_page(i) for i in range(3)]
    pages.clear()
    assert len(chunk.write_pages()) == 3


@both
@pytest.mark.parametrize(("n", "most"), [(600, 256), (600, 599), (600, 600), (600, 1), (7, 3), (1, 10)])
def test_equal_pages(package, n, most):
    config = package.ChunkConfig(paging_spec=package.PagingSpec.equal_pages_up_to(most))
    sizes = package.wrapped.FileCompressor().chunk_compressor(np.zeros(n), config).n_per_page()
    pages = -(-n // most)
    assert sizes == [n // pages + (i < n % pages) for i in range(pages)]


@both
@pytest.mark.parametrize("n", [0, 2**24 + 1])
def test_empty_and_oversized_chunks_are_refused(package, n):
    compressor = package.wrapped.FileCompressor()
    config = package.ChunkConfig(enable_8_bit=True, compression_level=0)
    assert outcome(lambda: compressor.chunk_compressor(np.zeros(n, np.uint8), config)) == "refused"


@both
@pytest.mark.parametrize("name", ["ChunkCompressor", "FileDecompressor", "ChunkDecompressor"])
def test_classes_are_made_by_their_parents_only(package, name):
    assert outcome(getattr(package.wrapped, name)) == "TypeError"
    assert outcome(lambda: package.wrapped.FileCompressor(1)) == "TypeError"


HEADERS = [
    b"\4\1",
    b"\4\1rest",
    b"\3",
    b"\3\1",
    b"\0",
    b"\2\xff",
    b"\4\2",
    b"\4\xff",
    b"",
    b"\4",
    b"\5",
    b"\5\0",
    b"\xff\0",
]


@pytest.mark.parametrize("source", HEADERS, ids=bytes.hex)
def test_header_is_read_as_by_the_wheel(source):
    sizes = [outcome(lambda p=p: p.wrapped.FileDecompressor.new(source)[1]) for p in PACKAGES]
    assert sizes[0] == sizes[1]


NAMES = [*TYPES, *(name.upper() for name in TYPES), "i4", "int32", "f128", "", " i64", "I64 ", "bool"]


@pytest.mark.parametrize("name", [*NAMES, None, 5, np.dtype("f8"), b"f64"], ids=repr)
def test_number_type_is_named_as_in_the_wheel(name):
    numbers = np.arange(10).astype(dtype_of(name.lower()) if name in NAMES[:22] else "i8")
    meta = pcodec.wrapped.FileCompressor().chunk_compressor(numbers, pcodec.ChunkConfig(enable_8_bit=True)).write_meta()
    sizes = []
    for package in PACKAGES:
        file = package.wrapped.FileDecompressor.new(HEADER)[0]
        sizes.append(outcome(lambda file=file: file.chunk_decompressor(meta + b"more", name)[1]))
    assert sizes[0] == sizes[1] == (len(meta) if name in NAMES[:22] else "refused" if name in NAMES else "TypeError")


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("written", ["u8", "i16", "f32", "u64"])
def test_chunk_read_as_another_type_comes_to_the_same(written, name):
    # The bytes do not say their type: other numbers may come out, or an error.
    numbers = (np.arange(300) % 50).astype(dtype_of(written))
    chunk = compress(pcodec, numbers, "dict" if written == "f32" else "classic", [300])
    found = []
    for package in PACKAGES:
        destination = np.zeros(300, dtype_of(name))

        def read(package=package, destination=destination):
            return plain(decompressor(package, chunk, name).read_page_into(chunk.write_page(0), 300, destination))

        done = outcome(read)
        found.append((done, done != "refused" and bits(destination)))
    assert found[0] == found[1]
    assert name != written or found[1][1] == bits(numbers)


# Numbers of the page that are asked for, length of the destination.
LENGTHS = [(300, n) for n in (0, 1, 100, 255, 256, 257, 299, 300, 301, 512, 1000)]
LENGTHS += [
    (0, 0),
    (0, 5),
    (256, 256),
    (257, 256),
    (299, 256),
    (2**62, 256),
    (2**62, 0),
    (-1, 300),
    (1.0, 300),
    (2**64, 256),
]


@pytest.mark.parametrize(("n", "length"), LENGTHS)
@pytest.mark.parametrize("mode", MODES)
def test_reading_a_page_goes_as_in_the_wheel(mode, n, length):
    page = CHUNKS[mode].write_page(0)
    found = []
    for package in PACKAGES:
        destination = np.full(length, 7.0)
        chunk = decompressor(package, CHUNKS[mode])
        done = outcome(lambda d=destination, c=chunk: plain(c.read_page_into(page + b"more", n, d)))
        # After an error, both leave what they had read so far.
        found.append((done, bits(destination) if isinstance(done, tuple) else None))
    assert found[0] == found[1]
    if n == 300 and (length >= n or length % 256 == 0):
        assert found[1][0][0] == (min(n, length), length >= n)


def test_wrong_length_of_a_destination_leaves_it_alone():
    destination = np.full(100, 7.0)
    chunk = decompressor(pcodec_numcodecs, CHUNKS["classic"])
    with pytest.raises(InvalidArgumentError, match="multiple of 256"):
        chunk.read_page_into(CHUNKS["classic"].write_page(0), 300, destination)
    assert (destination == 7).all()


def test_failed_reading_leaves_what_is_beyond_the_page_alone_and_the_chunk_usable():
    chunk, page = decompressor(pcodec_numcodecs, CHUNKS["classic"]), CHUNKS["classic"].write_page(0)
    destination = np.full(400, 7.0)
    for source in (b"", page[:-1], page[: len(page) // 2]):
        with pytest.raises(InsufficientDataError):
            chunk.read_page_into(source, 300, destination)
        assert (destination[300:] == 7).all()
    chunk.read_page_into(page, 300, destination)
    assert bits(destination[:300]) == bits(NUMBERS[:300])


@pytest.mark.parametrize("mode", MODES)
def test_many_pages_are_read_in_one_call(mode):
    chunk = decompressor(pcodec_numcodecs, CHUNKS[mode])
    pages = [CHUNKS[mode].write_page(i) for i in (2, 0, 1, 0)]
    destination = np.full(1000, 7.0)
    progress, read = chunk.read_pages_into([page + b"more" for page in pages], [299, 300, 1, 300], destination)
    assert (progress.n_processed, progress.finished) == (900, True)
    assert read == [len(page) for page in pages]
    expected = [NUMBERS[301:], NUMBERS[:300], NUMBERS[300:301], NUMBERS[:300], np.full(100, 7.0)]
    assert bits(destination) == bits(np.concatenate(expected))
    assert plain(chunk.read_pages_into([], [], destination)) == ((0, True), [])


@pytest.mark.parametrize(("counts", "length"), [([300], 600), ([300, 1, 299], 599), ([300, -1, 299], 600)])
def test_many_pages_with_other_counts_are_refused(counts, length):
    chunk = decompressor(pcodec_numcodecs, CHUNKS["classic"])
    pages = [CHUNKS["classic"].write_page(i) for i in range(3)]
    with pytest.raises(InvalidArgumentError):
        chunk.read_pages_into(pages, counts, np.zeros(length))


@pytest.mark.parametrize("mode", MODES)
def test_one_corrupt_page_of_many_is_found(mode):
    chunk = decompressor(pcodec_numcodecs, CHUNKS[mode])
    pages = [CHUNKS[mode].write_page(i) for i in range(3)]
    destination = np.full(700, 7.0)
    with pytest.raises((CorruptionError, InsufficientDataError)):
        chunk.read_pages_into([pages[0], pages[1], pages[2][:-1]], SIZES, destination)
    assert (destination[600:] == 7).all()


@pytest.mark.parametrize("type_name", ["f16", "f32", "f64"])
@pytest.mark.parametrize("mode", MODES)
def test_bits_of_nans_and_zeros_survive(mode, type_name):
    dtype = dtype_of(type_name)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    quiet_nans = special[:2].view(unsigned)[:, None] | np.arange(1, 200, 13, dtype=unsigned)
    numbers = np.concatenate((NUMBERS[:100].astype(dtype), special, quiet_nans.ravel().view(dtype)))
    sizes = [numbers.size]
    for writer, reader in (PACKAGES, PACKAGES[::-1], PACKAGES[1:] * 2):
        chunk = compress(writer, numbers, mode, sizes)
        destination = np.zeros_like(numbers)
        decompressor(reader, chunk, type_name).read_page_into(chunk.write_page(0), numbers.size, destination)
        assert bits(destination) == bits(numbers)
