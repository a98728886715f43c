"""Parity: each kernel against a plain statement of what it does, over every twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import decode_plain
from twins import KERNELS

from pcodec_numcodecs import config, wrapped
from pcodec_numcodecs.decompress import ChunkTables, decompress_pages, laid_out
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.errors import InvalidArgumentError
from pcodec_numcodecs.kernels import load
from pcodec_numcodecs.metadata import ChunkMetadata, Classic, Consecutive, Conv1, FormatVersion, Lookback
from pcodec_numcodecs.recipes import recipe_of

pytestmark = pytest.mark.numpy_only


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@given(st.integers(1, 200), st.integers(1, 3000), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_assign_bins_finds_the_last_bound_not_above(kernels, bits, bins, n, seed):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(f"u{bits // 8}")
    spread = int(rng.integers(1, bits + 1))
    values = np.frombuffer(rng.bytes(n * dtype.itemsize), dtype) >> dtype.type(bits - spread)
    lowers = np.unique(np.concatenate((rng.choice(values, bins), values.min(keepdims=True))))
    out = np.zeros(n, np.uint16)
    kernels.assign_bins(values, lowers.astype(np.uint64), out)
    assert np.array_equal(out, np.searchsorted(lowers, values, side="right") - 1)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_assign_bins_at_the_ends_of_the_range(kernels, bits):
    largest = (1 << bits) - 1
    lowers = np.array([0, 1, largest - 1, largest], np.uint64)
    values = np.array([0, 1, 2, largest - 2, largest - 1, largest], f"u{bits // 8}")
    out = np.empty(values.size, np.uint16)
    kernels.assign_bins(values, lowers, out)
    assert out.tolist() == [0, 1, 1, 1, 2, 3]
    values = np.array([7, 9, 10, largest // 2, largest - 1, largest], f"u{bits // 8}")
    kernels.assign_bins(values, np.array([7, 9, 10], np.uint64), out)
    assert out.tolist() == [0, 1, 2, 2, 2, 2]


def stored(latents, counts, room):
    """Return what is stored of the latents of each lane, which are end to end: those after the delta state."""
    return [lane[room:] for lane in np.split(latents, np.cumsum(counts)[:-1])]


def wrapping_steps(values, bits):
    return [value & ((1 << bits) - 1) for value in values]


@pytest.mark.parametrize("kernels", KERNELS)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(1, 7), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_undo_consecutive_follows_the_moments(kernels, counts, order, seed):
    rng = np.random.default_rng(seed)
    states = rng.integers(0, 1 << 16, (len(counts), order)).astype(np.uint16)
    latents = rng.integers(0, 1 << 16, sum(counts)).astype(np.uint16)
    expected = []
    start = 0
    for count, state in zip(counts, states, strict=True):
        moments = [int(m) for m in state]
        for i in range(count):
            expected.append(moments[0])
            moments = wrapping_steps([a + b for a, b in zip(moments, [*moments[1:], 0], strict=True)], 16)
            if order + i < count:
                moments[-1] = (moments[-1] + int(latents[start + order + i])) & 0xFFFF
        start += count
    recipe = recipe_of(Classic(), Consecutive(order), NUMBER_TYPES["u16"], 0)
    assert decode_plain(kernels, recipe, [(stored(latents, counts, order), states)], counts).tolist() == expected


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_numbers_that_the_state_alone_implies_follow_whole_batches(kernels, order):
    """The last latents of a page, or all of a short one, come from no batch of stored differences."""
    numbers = np.cumsum(np.arange(800) % 9).astype(np.int32)
    counts = [256 + order, 1, 512 + order, 512]
    numbers = np.resize(numbers, sum(counts))
    chunk = wrapped.FileCompressor().chunk_compressor(
        numbers,
        config.ChunkConfig(
            delta_spec=config.DeltaSpec.try_consecutive(order), paging_spec=config.PagingSpec.exact_page_sizes(counts)
        ),
    )
    metadata, _ = ChunkMetadata.read(chunk.write_meta(), NUMBER_TYPES["i32"], FormatVersion(4, 1))
    data, pages = laid_out(ChunkTables(metadata), chunk.write_pages(), counts)
    found, _ = decompress_pages(data, [pages], kernels)
    assert np.array_equal(found, numbers)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("state_length", [1, 4])
@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_undo_lookback_adds_what_lies_back_and_nothing_before_the_page(kernels, state_length, counts, seed):
    rng = np.random.default_rng(seed)
    total = sum(counts)
    states = rng.integers(0, 256, (len(counts), state_length)).astype(np.uint8)
    latents = rng.integers(0, 256, total).astype(np.uint8)
    lookbacks = rng.integers(1, 70, total).astype(np.uint32)
    expected = []
    start = 0
    for count, state in zip(counts, states, strict=True):
        page = [int(value) for value in state[:count]]
        for i in range(state_length, count):
            back = i - int(lookbacks[start + i])
            page.append((int(latents[start + i]) + (page[back] if back >= 0 else 0)) & 0xFF)
        expected += page
        start += count
    recipe = recipe_of(Classic(), Lookback(7), NUMBER_TYPES["u8"], 0)
    variables = [
        (stored(lookbacks, counts, state_length), np.zeros((len(counts), 0))),
        (stored(latents, counts, state_length), states),
    ]
    assert decode_plain(kernels, recipe, variables, counts).tolist() == expected


@pytest.mark.parametrize("kernels", KERNELS)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(1, 32), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_undo_conv1_clamps_then_shifts(kernels, counts, order, seed):
    rng = np.random.default_rng(seed)
    states = rng.integers(0, 1 << 32, (len(counts), order), np.uint64).astype(np.uint32)
    latents = rng.integers(0, 1 << 32, sum(counts), np.uint64).astype(np.uint32)
    weights = rng.integers(-(1 << 24), 1 << 24, order)
    bias, quantization = int(rng.integers(-(1 << 60), 1 << 60)), int(rng.integers(0, 32))
    expected = []
    start = 0
    for count, state in zip(counts, states, strict=True):
        page = [int(value) for value in state[:count]]
        for i in range(order, count):
            total = bias + sum(int(w) * page[i - order + j] for j, w in enumerate(weights))
            page.append((int(latents[start + i]) + (max(total, 0) >> quantization)) & 0xFFFFFFFF)
        expected += page
        start += count
    recipe = recipe_of(Classic(), Conv1(quantization, bias, tuple(weights.tolist())), NUMBER_TYPES["u32"], 0)
    assert decode_plain(kernels, recipe, [(stored(latents, counts, order), states)], counts).tolist() == expected


@pytest.mark.parametrize("kernels", KERNELS)
def test_find_lookbacks_stay_in_page_and_window_and_find_a_period(kernels):
    period = np.random.default_rng(0).integers(0, 1 << 40, 37).astype(np.uint64)
    counts = np.array([500, 0, 1, 300])
    latents = np.concatenate([np.resize(period, count) for count in counts])
    out = np.zeros(latents.size, np.uint32)
    kernels.find_lookbacks(latents, counts, 6, out)
    place = np.concatenate([np.arange(count) for count in counts])
    assert ((out[place > 0] >= 1) & (out[place > 0] <= np.minimum(place[place > 0], 64))).all()
    assert (out[place >= 37] == 37).all()


def compressed(numbers, level, page):
    settings_ = config.ChunkConfig(
        level, delta_spec=config.DeltaSpec.no_op(), paging_spec=config.PagingSpec.equal_pages_up_to(page)
    )
    chunk = wrapped.FileCompressor().chunk_compressor(numbers, settings_)
    metadata, _ = ChunkMetadata.read(chunk.write_meta(), NUMBER_TYPES["i32"], FormatVersion(4, 1))
    tables = ChunkTables(metadata)
    return laid_out(tables, chunk.write_pages(), chunk.n_per_page())


def end_to_end(parts):
    """Bring pages of several chunks into one piece."""
    data = [data for data, _ in parts]
    before = np.cumsum([0, *(part.size for part in data)])
    moved = [
        pages._replace(starts=pages.starts + start, stops=pages.stops + start)
        for (_, pages), start in zip(parts, before, strict=False)
    ]
    return np.concatenate(data), moved


@pytest.mark.parametrize("kernels", KERNELS)
def test_pages_of_several_chunks_decode_in_one_call(kernels):
    """Chunks differ in bins, tables and length; one has a single bin and so no codes at all."""
    rng = np.random.default_rng(1)
    chunks = [
        rng.integers(0, 1000, 700).astype(np.int32),
        np.full(400, 17, np.int32),
        rng.geometric(0.3, 1300).astype(np.int32),
        rng.integers(0, 2, 5).astype(np.int32),
    ]
    parts = [
        compressed(numbers, level, page)
        for numbers, level, page in zip(chunks, (8, 8, 3, 0), (300, 400, 257, 5), strict=True)
    ]
    data, pages = end_to_end(parts)
    found, read = decompress_pages(data, pages, kernels)
    assert np.array_equal(found, np.concatenate(chunks))
    assert read.tolist() == [size for part in pages for size in (part.stops - part.starts).tolist()]


def test_pages_of_unlike_chunks_are_refused_together():
    one = compressed(np.arange(50, dtype=np.int32), 8, 50)
    chunk = wrapped.FileCompressor().chunk_compressor(
        np.arange(50, dtype=np.int32), config.ChunkConfig(delta_spec=config.DeltaSpec.try_lookback())
    )
    metadata, _ = ChunkMetadata.read(chunk.write_meta(), NUMBER_TYPES["i32"], FormatVersion(4, 1))
    data, pages = end_to_end([one, laid_out(ChunkTables(metadata), [chunk.write_page(0)], [50])])
    with pytest.raises(InvalidArgumentError, match="latent variables"):
        decompress_pages(data, pages, load())
