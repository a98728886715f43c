"""Compatibility: what the tests of the `pcodec` wheel promise to its users holds here, in tests of our own.

The same calls, made with either package, come to the same.
"""

import numpy as np
import pytest
from bit_writer import chunk_header, file_header, one_bin, pack
from wheel_oracle import HEADER, bits, both

DTYPES = ["f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8"]
UNIFORM = file_header(uniform=1) + chunk_header(1, 3) + pack((0, 4), (0, 4), *one_bin(5, 0, 32)) + b"\0"
UNIFORM_AT, CHUNK_AT = 5, len(file_header())


def random_numbers(dtype, n):
    return np.random.default_rng(12345).uniform(0, 1000, n).astype(dtype)


def round_trip(package, numbers, **settings):
    data = package.standalone.simple_compress(numbers, package.ChunkConfig(**settings))
    found = package.standalone.simple_decompress(data)
    assert bits(found) == bits(numbers)
    return data


@both
@pytest.mark.parametrize("dtype", DTYPES)
def test_whole_array_round_trips(package, dtype):
    numbers = random_numbers(dtype, 900)
    data = round_trip(package, numbers, paging_spec=package.PagingSpec.equal_pages_up_to(300))
    destination = np.empty_like(numbers)
    progress = package.standalone.simple_decompress_into(data, destination)
    assert bits(destination) == bits(numbers)
    assert progress.n_processed == 900
    assert progress.finished is True


@both
@pytest.mark.parametrize("dtype", DTYPES)
def test_empty_array_decompresses_into_an_empty_array(package, dtype):
    numbers = random_numbers(dtype, 0)
    data = package.standalone.simple_compress(numbers, package.ChunkConfig())
    progress = package.standalone.simple_decompress_into(data, np.empty_like(numbers))
    assert progress.n_processed == 0
    assert progress.finished is True
    # The file does not say its type.
    assert package.standalone.simple_decompress(data) is None


@both
@pytest.mark.parametrize(("length", "processed", "finished"), [(3, 3, False), (300, 300, True), (600, 300, True)])
def test_destination_may_be_shorter_or_longer(package, length, processed, finished):
    numbers = random_numbers("f8", 300)
    data = round_trip(package, numbers)
    destination = np.zeros(length)
    progress = package.standalone.simple_decompress_into(data, destination)
    assert (progress.n_processed, progress.finished) == (processed, finished)
    assert bits(destination[:processed]) == bits(numbers[:processed])
    assert not destination[processed:].any()


@both
def test_destination_of_another_type_is_named(package):
    data = package.standalone.simple_compress(random_numbers("f4", 100), package.ChunkConfig())
    with pytest.raises(RuntimeError, match="does not match chunk's number type"):
        package.standalone.simple_decompress_into(data, np.zeros(100))


@both
def test_file_of_a_uniform_type(package):
    data = bytearray(UNIFORM)
    with pytest.raises(RuntimeError, match="InsufficientData"):
        package.standalone.simple_decompress(bytes(data[:CHUNK_AT]))
    data[CHUNK_AT] = 99
    with pytest.raises(
        RuntimeError, match="chunk's number type of 99 does not match file's uniform number type of U32"
    ):
        package.standalone.simple_decompress(bytes(data))
    data[CHUNK_AT] = 0  # the end: no chunks
    assert bits(package.standalone.simple_decompress(bytes(data))) == bits(np.zeros(0, np.uint32))
    data[UNIFORM_AT] = 0
    assert package.standalone.simple_decompress(bytes(data)) is None


@both
@pytest.mark.parametrize(
    ("name", "order"), [("no_op", []), ("try_consecutive", [1]), ("try_lookback", []), ("try_conv1", [1])]
)
def test_plainer_settings_compress_no_better_than_the_default(package, name, order):
    numbers = np.random.default_rng(1).normal(size=100).astype(np.float32)
    plain = round_trip(
        package,
        numbers,
        compression_level=0,
        delta_spec=getattr(package.DeltaSpec, name)(*order),
        mode_spec=package.ModeSpec.classic(),
        paging_spec=package.PagingSpec.equal_pages_up_to(77),
    )
    assert len(plain) >= len(round_trip(package, numbers))


@both
@pytest.mark.parametrize(
    ("name", "argument"), [("auto", []), ("classic", []), ("try_int_mult", [10]), ("try_dict", [])]
)
def test_every_mode_of_integers(package, name, argument):
    numbers = (np.random.default_rng(2).normal(size=100) * 1000).astype(np.int32)
    round_trip(package, numbers, mode_spec=getattr(package.ModeSpec, name)(*argument))


@both
@pytest.mark.parametrize(
    ("name", "argument"),
    [("auto", []), ("classic", []), ("try_float_mult", [10.0]), ("try_float_quant", [4]), ("try_dict", [])],
)
def test_every_mode_of_floats(package, name, argument):
    numbers = (np.random.default_rng(3).normal(size=100) * 1000).astype(np.int32) * np.pi
    round_trip(package, numbers, mode_spec=getattr(package.ModeSpec, name)(*argument))


@both
def test_file_without_a_hint_of_its_size(package):
    # The first two versions of the container had none.
    data = b"pco!\1" + chunk_header(1, 3) + pack((0, 4), (0, 3), *one_bin(5, 0, 32)) + b"\0"
    assert package.standalone.simple_decompress(data).tolist() == [5, 5, 5]


@both
def test_layouts_are_refused_in_known_words(package):
    with pytest.raises(TypeError, match="2D float64 numpy array could not be cast to 1D"):
        package.standalone.simple_compress(np.ones((10, 11)), package.ChunkConfig())
    with pytest.raises(TypeError, match="not contiguous"):
        package.standalone.simple_compress(np.ones(20)[::2], package.ChunkConfig())


@both
@pytest.mark.parametrize("dtype", DTYPES)
def test_parts_of_a_container(package, dtype):
    numbers = random_numbers(dtype, 10)
    file = package.wrapped.FileCompressor()
    config = package.ChunkConfig(paging_spec=package.PagingSpec.exact_page_sizes([6, 4]))
    chunk = file.chunk_compressor(numbers, config)
    assert chunk.n_per_page() == [6, 4]
    meta, pages = chunk.write_meta(), [chunk.write_page(0), chunk.write_page(1)]
    with pytest.raises(RuntimeError, match="page idx exceeds num pages"):
        chunk.write_page(2)

    assert file.write_header() == HEADER
    reader, n_read = package.wrapped.FileDecompressor.new(HEADER + b"foo")
    assert n_read == len(HEADER)
    # The names of types are upper case here.
    found, n_read = reader.chunk_decompressor(meta, f"{dtype[0].upper()}{int(dtype[1]) * 8}")
    assert n_read == len(meta)

    for page, start, n, room in ((1, 6, 4, 100), (0, 0, 6, 6)):
        destination = np.zeros(room, dtype)
        progress, n_read = found.read_page_into(pages[page], n, destination)
        assert n_read == len(pages[page])
        assert (progress.n_processed, progress.finished) == (n, True)
        assert bits(destination[:n]) == bits(numbers[start : start + n])
        assert not destination[n:].any()
