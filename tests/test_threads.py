"""Recovery: one compressor, decompressor or file serves many threads at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from wheel_oracle import HEADER, bits

from pcodec_numcodecs import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec, standalone
from pcodec_numcodecs.wrapped import FileCompressor, FileDecompressor

THREADS = 8
PAGES, PAGE_NUMBERS = 10, 60
NUMBERS = np.random.default_rng(3).integers(0, 50, PAGES * PAGE_NUMBERS) * 0.25
CONFIGS = {
    "auto": ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(PAGE_NUMBERS)),
    "lookback": ChunkConfig(
        8, ModeSpec.classic(), DeltaSpec.try_lookback(), PagingSpec.equal_pages_up_to(PAGE_NUMBERS)
    ),
    "mult": ChunkConfig(
        8, ModeSpec.try_float_mult(0.25), DeltaSpec.try_consecutive(1), PagingSpec.equal_pages_up_to(PAGE_NUMBERS)
    ),
    "dict": ChunkConfig(8, ModeSpec.try_dict(), DeltaSpec.auto(), PagingSpec.equal_pages_up_to(PAGE_NUMBERS)),
}


def together(work):
    """Run `work(i)` in as many threads, all starting at once; return what they return."""
    barrier = Barrier(THREADS)

    def start(i):
        barrier.wait()
        return work(i)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_one_decompressor_serves_many_threads(config):
    chunk = FileCompressor().chunk_compressor(NUMBERS, config)
    pages = chunk.write_pages()
    shared = FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), "f64")[0]

    def read(i):
        found = np.empty(PAGES * PAGE_NUMBERS)
        for page in (*range(i, PAGES), *range(i)):
            part = found[page * PAGE_NUMBERS : (page + 1) * PAGE_NUMBERS]
            shared.read_page_into(pages[page], PAGE_NUMBERS, part)
        everything = np.empty_like(found)
        shared.read_pages_into(pages, [PAGE_NUMBERS] * PAGES, everything)
        return bits(found), bits(everything)

    assert set(together(read)) == {(bits(NUMBERS), bits(NUMBERS))}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_one_compressor_serves_many_threads(config):
    chunk = FileCompressor().chunk_compressor(NUMBERS, config)
    assert len(set(together(lambda i: (chunk.write_meta(), tuple(chunk.write_pages()), chunk.write_page(i))[:2]))) == 1


def test_files_are_written_and_read_by_many_threads():
    def both_ways(_):
        data = standalone.simple_compress(NUMBERS, CONFIGS["auto"])
        return data, bits(standalone.simple_decompress(data))

    ((_, found),) = set(together(both_ways))
    assert found == bits(NUMBERS)
