"""Corruption: bytes of strangers cannot take memory that they do not account for."""

import numpy as np
import pytest
from bit_writer import chunk_header, file_header, one_bin, pack
from measure import peak_bytes
from wheel_oracle import HEADER, bits

from pcodec_numcodecs import ChunkConfig, InsufficientDataError, InvalidArgumentError, PagingSpec, standalone
from pcodec_numcodecs.wrapped import FileCompressor, FileDecompressor

MIB = 1 << 20
# 2**24 zeros of 64 bits twice, 256 MiB, from some forty bytes.
META = pack((0, 4), (0, 4), *one_bin(0, 0, 64))
BOMB = file_header() + (chunk_header(2, 1 << 24) + META) * 2 + b"\0"


def test_bomb_is_refused_before_it_goes_off():
    for limit in (0, 1, 100 * MIB):
        found = peak_bytes(lambda limit=limit: refused(BOMB, limit))
        assert found < MIB


def refused(data, limit):
    with pytest.raises(InvalidArgumentError, match="max_bytes"):
        standalone.simple_decompress(data, max_bytes=limit)


def test_bomb_that_is_wanted_is_read():
    progress = standalone.simple_decompress_into(BOMB, np.ones(1000, np.uint64))
    assert (progress.n_processed, progress.finished) == (1000, False)
    found = standalone.simple_decompress(file_header() + chunk_header(2, 1000) + META + b"\0", max_bytes=8000)
    assert bits(found) == bits(np.zeros(1000, np.uint64))


def test_destination_is_the_limit_of_what_is_decoded():
    destination = np.ones(1000, np.uint64)
    assert peak_bytes(lambda: standalone.simple_decompress_into(BOMB, destination)) < MIB
    assert not destination.any()


@pytest.mark.parametrize("pages", [1, 3])
def test_limit_is_exact_over_all_chunks(pages):
    numbers = np.arange(300, dtype=np.int16)
    config = ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(300 // pages))
    data = standalone.simple_compress(numbers, config)
    assert bits(standalone.simple_decompress(data, max_bytes=600)) == bits(numbers)
    assert bits(standalone.simple_decompress(data, max_bytes=2**70)) == bits(numbers)
    refused(data, 599)


def test_limit_is_an_integer_of_at_least_0():
    data = standalone.simple_compress(np.zeros(0), ChunkConfig())
    assert standalone.simple_decompress(data, max_bytes=0) is None
    with pytest.raises(InvalidArgumentError):
        standalone.simple_decompress(data, max_bytes=-1)
    with pytest.raises(TypeError):
        standalone.simple_decompress(data, max_bytes=1.5)
    with pytest.raises(TypeError):
        standalone.simple_decompress(data, 100)


@pytest.mark.parametrize("uniform", [0, 2])
def test_hint_of_the_size_is_not_trusted(uniform):
    data = file_header(2**64 - 1, uniform) + b"\0"
    assert peak_bytes(lambda: standalone.simple_decompress(data)) < MIB
    assert bits(standalone.simple_decompress(data)) == (bits(np.zeros(0, np.uint64)) if uniform else None)


CLAIMS = {
    "dictionary": pack((4, 4), (2**25 - 1, 25)),
    "bins": pack((0, 4), (0, 4), (14, 4), (2**14, 15)),
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_metadata_that_announce_much_take_little(claim):
    def read():
        with pytest.raises(InsufficientDataError):
            FileDecompressor.new(HEADER)[0].chunk_decompressor(claim, "u64")

    assert peak_bytes(read) < MIB


def test_window_takes_no_more_than_the_page():
    meta = pack((0, 4), (2, 4), (23, 5), (0, 4), (0, 1), *one_bin(1, 0, 32), *one_bin(2**63, 0, 64))
    chunk, _ = FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, "u64")
    destination = np.ones(100, np.uint64)
    assert peak_bytes(lambda: chunk.read_page_into(bytes(8), 100, destination)) < MIB
    assert not destination.any()


NUMBERS = np.arange(600.0)
CHUNK = FileCompressor().chunk_compressor(NUMBERS, ChunkConfig())
SHARED = FileDecompressor.new(HEADER)[0].chunk_decompressor(CHUNK.write_meta(), "f64")[0]


def test_what_follows_is_not_copied():
    after = bytes(32 * MIB)
    header, meta, page = HEADER + after, CHUNK.write_meta() + after, CHUNK.write_page(0) + after
    file = standalone.simple_compress(NUMBERS, ChunkConfig()) + after
    destination = np.empty(600)
    for read in (
        lambda: FileDecompressor.new(header),
        lambda: FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, "f64"),
        lambda: SHARED.read_page_into(page, 600, destination),
        lambda: SHARED.read_pages_into([page] * 1, [600], destination),
        lambda: standalone.simple_decompress(file),
        lambda: standalone.simple_decompress_into(file, destination),
    ):
        assert peak_bytes(read) < MIB


def test_page_longer_than_its_destination_takes_no_more():
    destination = np.ones(256)
    page = CHUNK.write_page(0)
    assert peak_bytes(lambda: SHARED.read_page_into(page, 2**62, destination)) < MIB
    assert bits(destination) == bits(NUMBERS[:256])
