"""Recovery: whatever goes in comes out, bit for bit, under any settings."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcodec_numcodecs import standalone, wrapped
from pcodec_numcodecs.config import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec
from pcodec_numcodecs.dtypes import NUMBER_TYPES

pytestmark = pytest.mark.numpy_only

HEADER = wrapped.FileCompressor().write_header()


@st.composite
def numbers(draw: st.DrawFn, most: int = 700) -> tuple[str, np.ndarray]:
    """Draw arrays of any number type: raw bit patterns, few distinct values, or ramps."""
    name = draw(st.sampled_from(sorted(NUMBER_TYPES)))
    number_type = NUMBER_TYPES[name]
    n = draw(st.integers(1, most))
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 1 << number_type.bits, n, np.uint64, endpoint=False) if number_type.bits < 64 else None
    bits = rng.bytes(8 * n) if bits is None else bits.astype(number_type.latent).tobytes()
    raw = np.frombuffer(bits, number_type.dtype)[:n]
    match draw(st.sampled_from(["raw", "few", "ramp", "runs", "constant"])):
        case "raw":
            return name, raw.copy()
        case "few":
            return name, rng.choice(raw[:5], n)
        case "runs":
            return name, np.repeat(raw, 7)[:n].copy()
        case "constant":
            return name, np.full(n, raw[0])
    step = draw(st.integers(0, 5))
    return name, (np.arange(n) * step % 101).astype(number_type.dtype)


def specs_for(name: str) -> tuple[st.SearchStrategy[ModeSpec], st.SearchStrategy[DeltaSpec]]:
    number_type = NUMBER_TYPES[name]
    modes = [st.just(ModeSpec.auto()), st.just(ModeSpec.classic()), st.just(ModeSpec.try_dict())]
    if number_type.is_float:
        modes.append(st.integers(1, number_type.mantissa_bits).map(ModeSpec.try_float_quant))
        modes.append(st.sampled_from([0.1, 0.25, 1.0, 3.0, -7.5, 100.0]).map(ModeSpec.try_float_mult))
    else:
        modes.append(st.integers(1, (1 << number_type.bits) - 1).map(ModeSpec.try_int_mult))
    deltas = [st.just(DeltaSpec.auto()), st.just(DeltaSpec.no_op()), st.just(DeltaSpec.try_lookback())]
    deltas.append(st.integers(0, 7).map(DeltaSpec.try_consecutive))
    if number_type.bits <= 32:
        deltas.append(st.integers(0, 32).map(DeltaSpec.try_conv1))
    return st.one_of(modes), st.one_of(deltas)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, np.ndarray, ChunkConfig]:
    name, array = draw(numbers())
    modes, deltas = specs_for(name)
    paging = draw(st.one_of(st.integers(1, 800).map(PagingSpec.equal_pages_up_to), st.none()))
    if paging is None:
        cuts = sorted(draw(st.sets(st.integers(1, max(1, array.size - 1)), max_size=5)))
        bounds = [0, *(cut for cut in cuts if cut < array.size), array.size]
        paging = PagingSpec.exact_page_sizes([b - a for a, b in pairwise(bounds)])
    level = draw(st.integers(0, 12))
    return name, array, ChunkConfig(level, draw(modes), draw(deltas), paging, enable_8_bit=True)


@given(cases())
@settings(max_examples=300, deadline=None)
def test_standalone_files_come_back(case):
    _, array, configuration = case
    found = standalone.simple_decompress(standalone.simple_compress(array, configuration))
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_pages_come_back_together_alone_and_in_part(case, random):
    name, array, configuration = case
    chunk = wrapped.FileCompressor().chunk_compressor(array, configuration)
    pages, ns = chunk.write_pages(), chunk.n_per_page()
    assert [chunk.write_page(i) for i in range(len(ns))] == pages
    decompressor, size = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta() + b"more", name)
    assert size == len(chunk.write_meta())

    together = np.empty_like(array)
    progress, read = decompressor.read_pages_into(pages, ns, together)
    assert progress.finished
    assert read == [len(page) for page in pages]
    assert together.tobytes() == array.tobytes()

    index = random.randrange(len(ns))
    expected = array[sum(ns[:index]) :][: ns[index]]
    alone = np.empty_like(expected)
    progress, count = decompressor.read_page_into(pages[index] + b"more", ns[index], alone)
    assert (progress.n_processed, progress.finished, count) == (ns[index], True, len(pages[index]))
    assert alone.tobytes() == expected.tobytes()

    part = np.empty(ns[index] // 256 * 256, array.dtype)
    progress, _ = decompressor.read_page_into(pages[index], ns[index], part)
    assert progress.n_processed == part.size
    assert part.tobytes() == expected[: part.size].tobytes()


@pytest.mark.parametrize("n", [255, 256, 257, 511, 512, 513, 4096])
@pytest.mark.parametrize("page", [1, 255, 256, 257, 1000, 1 << 18])
def test_batch_and_page_bounds(n, page):
    array = (np.arange(n) * 2_654_435_761 % 1000).astype(np.int32)
    configuration = ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(page))
    chunk = wrapped.FileCompressor().chunk_compressor(array, configuration)
    decompressor, _ = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), "i32")
    found = np.empty_like(array)
    decompressor.read_pages_into(chunk.write_pages(), chunk.n_per_page(), found)
    assert found.tobytes() == array.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("delta", [DeltaSpec.auto(), DeltaSpec.try_lookback(), DeltaSpec.try_consecutive(3)])
def test_the_largest_chunk(delta):
    array = (np.arange(1 << 24, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(52)).astype(np.uint16)
    for paging in (PagingSpec.equal_pages_up_to(8192), PagingSpec.equal_pages_up_to(1 << 24)):
        chunk = wrapped.FileCompressor().chunk_compressor(array, ChunkConfig(delta_spec=delta, paging_spec=paging))
        decompressor, _ = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), "u16")
        found = np.empty_like(array)
        decompressor.read_pages_into(chunk.write_pages(), chunk.n_per_page(), found)
        assert np.array_equal(found, array)


@pytest.mark.parametrize("name", sorted(NUMBER_TYPES))
@pytest.mark.parametrize("mode", [ModeSpec.classic(), ModeSpec.auto(), ModeSpec.try_dict()], ids=str)
def test_what_becomes_of_the_array_later_does_not_matter(name, mode):
    array = (np.arange(5000) * 7919 % 100).astype(NUMBER_TYPES[name].dtype)
    original = array.copy()
    configuration = ChunkConfig(mode_spec=mode, delta_spec=DeltaSpec.no_op(), enable_8_bit=True)
    chunk = wrapped.FileCompressor().chunk_compressor(array, configuration)
    array[:] = 99
    decompressor, _ = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), name)
    found = np.empty_like(array)
    decompressor.read_page_into(chunk.write_page(0), array.size, found)
    assert found.tobytes() == original.tobytes()


@pytest.mark.parametrize("base", [4e-309, 5e-310, 5e-324, 1e300, 1e-5, 1 / 3])
def test_multiples_of_any_base(base):
    with np.errstate(over="ignore"):
        array = (np.arange(2000) * 7919 % 900) * base
    found = standalone.simple_decompress(standalone.simple_compress(array, ChunkConfig()))
    assert found.tobytes() == array.tobytes()


def test_pages_as_unlike_as_can_be():
    """One long page among thousands of single numbers neither pads them to its length nor waits for them."""
    sizes = [1] * 3000 + [50_000] + [1] * 3000
    array = (np.arange(sum(sizes)) % 251).astype(np.int64)
    configuration = ChunkConfig(paging_spec=PagingSpec.exact_page_sizes(sizes))
    tracemalloc.start()
    chunk = wrapped.FileCompressor().chunk_compressor(array, configuration)
    pages = chunk.write_pages()
    decompressor, _ = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), "i64")
    found = np.empty_like(array)
    decompressor.read_pages_into(pages, sizes, found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tobytes() == array.tobytes()
    assert peak < 200e6
