"""Parity of the twins: whatever NumPy's kernels return, Numba's return to the bit, and touch nothing else.

`compared.Compared` runs both on the same arguments and compares; most tests only make arguments.
"""

import chunk_cases
import numpy as np
import prediction_cases
import pytest
import random_chunks
from compared import Compared
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import (
    decode_case,
    decode_plain,
    encode_case,
    floats_of_some_kind,
    latents_of_some_kind,
    words_below,
)
from twins import HAVE_NUMBA, NO_NUMBA, numba_

import pcodec_numcodecs
from pcodec_numcodecs.compress import compress_chunk
from pcodec_numcodecs.decompress import ChunkTables, decompress_pages, laid_out
from pcodec_numcodecs.dtypes import NUMBER_TYPES, from_latents, to_latents
from pcodec_numcodecs.errors import PcoError
from pcodec_numcodecs.fixed_log import FRACTION_BITS
from pcodec_numcodecs.metadata import FloatMult, NoDelta
from pcodec_numcodecs.pipeline.scoring import code_cost
from pcodec_numcodecs.recipes import recipe_of

if not HAVE_NUMBA:
    pytest.skip(NO_NUMBA, allow_module_level=True)

SEEDS = st.integers(0, 2**32)
COUNTS = st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 255, 256, 257, 511, 700, 1025]), min_size=1, max_size=6)
MORE_COUNTS = st.lists(st.sampled_from([0, 1, 2, 5, 511, 700, 2048, 5000, 9001]), min_size=1, max_size=6)
WIDTHS = st.lists(st.sampled_from([8, 16, 32, 64]), min_size=1, max_size=3)


@given(SEEDS, COUNTS, WIDTHS)
@settings(max_examples=120, deadline=None)
def test_pages_of_any_variables_are_encoded_alike(seed, counts, widths):
    Compared().encode_pages(*encode_case(np.random.default_rng(seed), counts, widths))


@given(SEEDS, COUNTS, st.sampled_from([8, 16, 32, 64]), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_lanes_of_random_bits_decode_alike_wherever_they_begin(seed, counts, bits, chunks):
    Compared().decode_pages(*decode_case(np.random.default_rng(seed), counts, bits, chunks))


@pytest.mark.parametrize("seed", range(20))
def test_starts_that_no_page_has_are_beyond_the_data(seed):
    rng = np.random.default_rng(seed)
    counts = np.array([300, 0, 15, 256, 9])
    _, _, *others, out, rows = decode_case(rng, counts.tolist(), 64, 1)
    data = np.zeros(100, np.uint8)
    starts = np.array([101, 1 << 62, -1, -(1 << 63), 1 << 40])
    ends, _ = numba_.decode_pages(data, starts, *others, out, rows)
    assert (ends[counts > 0] > 800).all()
    assert not out.any()


@pytest.mark.parametrize("base", [0.1, 1.0, -3.0, 1e-4, 6e-8, 1000.0, 6e4])
@pytest.mark.parametrize("name", ["f16", "f32", "f64"])
def test_multiples_of_floats_are_alike(name, base):
    """All of float16; of wider ones many, most of them near the middle and where the exact integers end."""
    number_type = NUMBER_TYPES[name]
    if name == "f16":
        primary = np.arange(1 << 16, dtype=np.uint16)
    else:
        near = np.arange(-700, 700).astype(number_type.latent)
        middles = number_type.mid, number_type.mid + (2 << number_type.mantissa_bits), 0
        spread = np.frombuffer(np.random.default_rng(0).bytes(40_000), number_type.latent)
        primary = np.concatenate([*(near + number_type.latent.type(middle) for middle in middles), spread])
    mode = FloatMult(int(to_latents(np.array([base], number_type.dtype), number_type)[0]))
    recipe = recipe_of(mode, NoDelta(), number_type, 0)
    none = np.zeros((1, 0))
    variables = [([primary], none), ([np.full_like(primary, number_type.mid)], none)]
    decode_plain(Compared(), recipe, variables, [primary.size])


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.integers(1, 3000))
@settings(max_examples=80, deadline=None)
def test_bins_are_assigned_and_measured_alike(seed, bits, n):
    rng = np.random.default_rng(seed)
    latents = words_below(rng, int(rng.integers(0, bits + 1)), n).astype(f"u{bits // 8}")
    chosen = rng.choice(latents, int(rng.integers(1, 400)))
    least = rng.choice(np.array([0, latents.min()], latents.dtype))  # of a list, NumPy would make floats
    lowers = np.unique(np.append(chosen, least)).astype(np.uint64)
    bins = np.zeros(n, np.uint16)
    kernels = Compared()
    kernels.assign_bins(latents, lowers, bins)
    most = np.uint64((1 << bits) - 1)
    measures = np.full(lowers.size, most), np.zeros(lowers.size, np.uint64), np.zeros(lowers.size, np.int64)
    kernels.measure_bins(latents, lowers, bins, *measures)
    measures[2][:] += rng.integers(0, 9, lowers.size)
    kernels.measure_bins(latents[::-1].copy(), lowers, bins, *measures)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_streams_of_unusual_chunks_decode_alike(seed):
    rng = np.random.default_rng(seed)
    kernels = Compared()
    chunk = random_chunks.metadata(rng)
    tables = ChunkTables(chunk)
    sources, n, wanted = [], [], []
    for _ in range(int(rng.integers(1, 5))):
        sources.append(random_chunks.page(rng, chunk))
        n.append(int(rng.choice([0, 1, 3, 255, 256, 257, 700, 1500])))
        some = min(n[-1], int(rng.choice([0, 256, n[-1]])))
        wanted.append(some if some % 256 == 0 else n[-1])
    try:
        data, pages = laid_out(tables, sources, n, wanted)
        decompress_pages(data, [pages], kernels)
    except PcoError:
        assert kernels.calls.keys() <= {"decode_pages"}


@pytest.mark.parametrize(
    ("mode", "delta"), [(mode, delta) for mode in chunk_cases.MODES for delta in chunk_cases.DELTAS]
)
def test_chunks_compress_and_decompress_alike(mode, delta):
    names = [name for m, d, name in chunk_cases.combinations() if (m, d) == (mode, delta)]
    kernels = Compared()
    for seed, name in enumerate(names):
        case = chunk_cases.build(np.random.default_rng(seed), mode, delta, name)
        for auto in (False, True):
            config = chunk_cases.settings(pcodec_numcodecs, case, auto)
            chunk = compress_chunk(case.numbers, NUMBER_TYPES[name], config, kernels)
            pages = chunk.write_pages(kernels)
            tables = ChunkTables(chunk.metadata)
            counts = [int(n) for n in chunk.page_numbers]
            data, laid = laid_out(tables, pages, counts)
            found, _ = decompress_pages(data, [laid], kernels)
            assert found.tobytes() == case.numbers.tobytes()
    assert {"encode_pages", "decode_pages"} <= kernels.calls.keys()


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.integers(1, 3000), st.integers(0, 8))
@settings(max_examples=80, deadline=None)
def test_latents_are_cut_into_the_same_ranges_and_indexed_alike(seed, bits, n, ranges_log):
    rng = np.random.default_rng(seed)
    latents = latents_of_some_kind(rng, bits, n)
    kernels = Compared()
    room = 2 << ranges_log
    found = np.zeros(room, np.uint64), np.zeros(room, np.uint64), np.zeros(room, np.int64)
    size = kernels.cut_ranges(latents, 1 << ranges_log, *found)
    assert found[2][:size].sum() == n
    many, fixed = int(rng.integers(1, 1 << 24)), int(rng.integers(1 << 24))
    (price,) = kernels.price_ranges(
        latents, np.array([n]), np.array([1 << ranges_log]), many, np.array([fixed])
    ).tolist()
    assert price >= fixed
    indices = np.zeros(n, np.uint32)
    by_value = bool(rng.integers(2))
    indexed = kernels.index_values(latents, int(rng.integers(1, n + 1)), indices, by_value)
    if indexed is not None:
        order = indexed[0] if by_value else -indexed[1]
        assert (order[1:] >= order[:-1]).all()
        assert np.array_equal(indexed[0][indices], latents)
        assert np.array_equal(np.bincount(indices), indexed[1])


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.integers(1, 3000), st.integers(0, 8), st.booleans())
@settings(max_examples=120, deadline=None)
def test_the_same_bins_are_found_and_fitted(seed, bits, n, ranges_log, is_patient):
    rng = np.random.default_rng(seed)
    latents = latents_of_some_kind(rng, bits, n)
    places = np.arange(0, n, 2) if rng.random() < 0.5 else np.zeros(0, np.int64)
    kernels = Compared()
    fixed = int(rng.integers(1 << int(rng.integers(1, 24))))
    bounds = kernels.find_bounds(latents, places, 1 << ranges_log, fixed, is_patient)
    assert bounds[0] == 0
    assert (bounds[1:] > bounds[:-1]).all()
    measured = np.full(bounds.size, (1 << bits) - 1, np.uint64), np.zeros(bounds.size, np.uint64)
    assigned, counts = np.zeros(n, np.uint16), np.zeros(bounds.size, np.int64)
    kernels.measure_bins(latents, bounds, assigned, *measured, counts)
    counts *= int(rng.integers(1, (1 << 24) // n + 1))  # as many as a chunk may have
    found = kernels.fit_bins(*measured, counts, fixed, is_patient)
    made = found.bins
    assert made.weights.min() >= 1
    assert made.weights.sum() == 1 << made.ans_log
    bins = found.cells[assigned]
    assert np.array_equal(np.bincount(bins, counts[assigned] // np.bincount(assigned)[assigned]) > 0, made.weights > 0)
    offsets = latents.astype(np.uint64) - made.lowers[bins]
    assert (offsets >> np.minimum(made.offset_bits[bins], 63).astype(np.uint64) <= (made.offset_bits[bins] == 64)).all()
    assert np.array_equal(made.lowers, [latents[bins == one].min() for one in range(made.lowers.size)])


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.integers(1, 7), COUNTS)
@settings(max_examples=80, deadline=None)
def test_the_same_differences_are_taken(seed, bits, order, counts):
    rng = np.random.default_rng(seed)
    lanes = np.array(counts, np.int64)
    latents = latents_of_some_kind(rng, bits, int(lanes.sum()))
    kernels = Compared()
    stored = np.zeros(np.maximum(lanes - order, 0).sum(), latents.dtype)
    kernels.difference_consecutive(latents, lanes, stored, np.zeros((lanes.size, order), latents.dtype))
    if latents.size:
        ranges, fixed = rng.integers(1, 200, order + 1), rng.integers(1 << 24, size=order + 1)
        many = int(rng.integers(1, 1 << 24))
        prices = kernels.price_ranges(latents, lanes, ranges, many, fixed)
        assert (np.diff(prices[:-1]) < 0).all()
        # Each is that of the differences themselves.
        of_order = prices.size - 1
        if of_order:
            stored = np.zeros(np.maximum(lanes - of_order, 0).sum(), latents.dtype)
            kernels.difference_consecutive(latents, lanes, stored, np.zeros((lanes.size, of_order), latents.dtype))
            own = np.array([stored.size]), ranges[of_order:], many, fixed[of_order:]
            assert prices[-1] == (kernels.price_ranges(stored, *own)[0] if stored.size else 0)
    places = np.concatenate([np.arange(count) for count in counts])
    lookbacks = rng.integers(1, np.maximum(places, 1), endpoint=True).astype(np.uint32)
    kernels.difference_lookback(latents, lookbacks, lanes, np.zeros(np.maximum(lanes - 1, 0).sum(), latents.dtype))


@given(SEEDS, st.sampled_from(["f16", "f32", "f64"]), st.integers(0, 1500))
@settings(max_examples=80, deadline=None)
def test_floats_are_split_into_the_same_multiples(seed, name, n):
    latents, base = floats_of_some_kind(np.random.default_rng(seed), name, n)
    number_type = NUMBER_TYPES[name]
    bits = from_latents(latents, number_type).view(number_type.latent)
    made = []
    for words, is_ordered in ((latents, True), (bits, False)):
        made.append((np.zeros_like(latents), np.zeros_like(latents)))
        Compared().split_float_mult(words, is_ordered, base, *made[-1])
    assert all(map(np.array_equal, *made))


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("by_value", [True, False])
def test_no_latents_have_no_values(bits, by_value):
    values, counts = Compared().index_values(np.zeros(0, f"u{bits // 8}"), 1, np.zeros(0, np.uint32), by_value)
    assert (values.size, counts.size) == (0, 0)


@given(SEEDS, st.sampled_from(["f16", "f32", "f64"]), st.integers(0, 1100))
@settings(max_examples=120, deadline=None)
def test_the_same_is_found_of_floats(seed, name, n):
    rng = np.random.default_rng(seed)
    number_type = NUMBER_TYPES[name]
    latents, _ = floats_of_some_kind(rng, name, n)
    if rng.random() < 0.7:  # multiples of something, more or less
        with np.errstate(all="ignore"):
            exact_bits, exponent = (
                rng.integers(0, 53),
                rng.integers(-1000, 900) if name == "f64" else rng.integers(-9, 9),
            )
            unit = np.ldexp(rng.choice([1 / 3, 0.1, 0.01, 1.0, 0.7531]), int(exponent))
            numbers = rng.integers(1, 1 << int(rng.integers(2, 30)), n) * unit
            numbers *= 1 + np.ldexp(rng.random(n), -int(exact_bits))
            latents = to_latents(numbers.astype(number_type.dtype), number_type)
    Compared().survey_floats(latents, number_type.mantissa_bits, is_glance=bool(seed % 3 == 0))


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.integers(1, 14), MORE_COUNTS)
@settings(max_examples=80, deadline=None)
def test_the_same_lookbacks_are_chosen(seed, bits, window_log, counts):
    rng = np.random.default_rng(seed)
    n = sum(counts)
    # Of many latents, the first rounds see some only.
    latents = latents_of_some_kind(rng, bits, n)
    Compared().find_lookbacks(latents, np.array(counts, np.int64), window_log, np.zeros(n, np.uint32))


@pytest.mark.parametrize("n", [4095, 4096, 30_000, 65_537, 150_001])
def test_the_same_lookbacks_are_chosen_however_few_latents_are_counted(n):
    rng = np.random.default_rng(n)
    latents = np.resize(rng.integers(0, 1 << 40, 1500), n) + rng.integers(0, 4, n)
    counts = np.array([n - n // 3, n // 3])
    Compared().find_lookbacks(latents.astype(np.uint64), counts, 15, np.zeros(n, np.uint32))


@pytest.mark.parametrize("kind", prediction_cases.KINDS)
@given(SEEDS, st.integers(1, 4), st.sampled_from([8, 16, 32, 64]), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_tiles_are_predicted_and_restored_alike(kind, seed, axes, bits, lanes):
    if not prediction_cases.allowed(kind, axes, bits):
        return
    rng = np.random.default_rng(seed)
    case = prediction_cases.prediction(rng, kind, axes, bits, lanes)
    cells = prediction_cases.cells_of(rng, case, bits)
    kernels = Compared()
    residuals = np.zeros_like(cells)
    kernels.predict_tiles(cells, prediction_cases.absent_of(rng, cells.size), case, residuals)
    kernels.restore_tiles(residuals, case)
    assert np.array_equal(residuals, cells)
    # Bytes of no encoder.
    kernels.restore_tiles(words_below(rng, bits, cells.size).astype(cells.dtype), case)


@given(SEEDS, st.integers(1, 4), st.sampled_from([8, 16, 32, 64]), st.integers(1, 12), st.integers(0, 16))
@settings(max_examples=150, deadline=None)
def test_contexts_are_found_and_merged_alike(seed, axes, bits, lanes, count):
    rng = np.random.default_rng(seed)
    shapes = prediction_cases.prediction(rng, 1, axes, bits, lanes).shapes
    n = int(shapes.prod(axis=1).sum())
    residuals = words_below(rng, int(rng.integers(1, bits + 1)), n).astype(f"u{bits // 8}")
    residuals += residuals.dtype.type(1 << (bits - 1))
    thresholds = np.sort(words_below(rng, int(rng.integers(0, bits + 1)), count))
    kernels = Compared()
    kernels.assign_contexts(residuals, shapes, axes, thresholds, np.zeros(n, np.uint8))
    starts = rng.integers(-2, n + 2, (lanes, count + 1))
    absent = prediction_cases.absent_of(rng, n)
    kernels.merge_contexts(residuals, starts, absent, shapes, axes, thresholds, np.zeros_like(residuals))


@given(SEEDS)
@settings(deadline=None)
def test_weights_are_fitted_alike(seed):
    case = prediction_cases.fit_case(np.random.default_rng(seed))
    Compared().fit_neighbours(*case, np.zeros(len(case[-1]) - 2))


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.integers(0, 3000))
@settings(deadline=None)
def test_residuals_are_priced_alike(seed, bits, n):
    rng = np.random.default_rng(seed)
    middle = np.uint64(1 << (bits - 1))
    residuals = (
        words_below(rng, int(rng.integers(1, bits + 1)), n) * rng.choice([1, -1], n).astype(np.uint64)
    ) + middle
    chosen = rng.integers(0, 2, n).astype(np.uint8)
    narrow = residuals.astype(f"u{bits // 8}")
    ends = np.array([*np.sort(rng.integers(0, n + 1, 2)), n])
    costs = np.zeros(ends.size, np.int64)
    Compared().cost_by_lengths(narrow, chosen, ends, costs)
    for start, end, cost in zip((0, *ends), ends, costs, strict=False):
        signed = [int(residual) - int(middle) for residual in narrow[start:end][chosen[start:end] == 1]]
        sizes = np.array([(2 * r if r >= 0 else -2 * r - 1).bit_length() for r in signed], np.int64)
        codes = int(code_cost(np.bincount(sizes, minlength=65)[np.newaxis])[0])
        assert cost == codes + (int(np.maximum(sizes - 1, 0).sum()) << FRACTION_BITS)


@given(SEEDS, st.sampled_from([8, 16, 32, 64]), st.lists(st.tuples(st.integers(1, 40), st.integers(1, 30)), min_size=1))
@settings(deadline=None)
def test_masked_cells_are_left_out_and_put_back_alike(seed, bits, pages):
    rng = np.random.default_rng(seed)
    sizes, strides = np.array([rows * length for rows, length in pages]), np.array([length for _, length in pages])
    n = int(sizes.sum())
    kernels = Compared()
    mask = rng.integers(0, 2, n).astype(np.uint8)
    changes = mask.copy()
    kernels.accumulate_changes(mask, sizes, strides)
    taken = np.full(n, 7, np.uint8)
    kernels.take_changes(mask, sizes, strides, taken)
    assert np.array_equal(taken, changes)
    mask[: int(rng.integers(0, n + 1))] = rng.integers(0, 2)
    runs = np.zeros(n + 1, np.uint32)
    filled = np.full(n, 7, np.uint8)
    kernels.fill_runs(runs[: kernels.list_runs(mask, runs)], filled)
    assert np.array_equal(filled, mask)
    mask[mask > 0] = rng.integers(1, 3, np.count_nonzero(mask))
    assert int(kernels.count_present(mask, sizes).sum()) == n - np.count_nonzero(mask)
    cells = words_below(rng, bits, n).astype(f"u{bits // 8}")
    kept = np.zeros(n - np.count_nonzero(mask), cells.dtype)
    kernels.keep_present(cells, mask, kept)
    spread = np.zeros_like(cells)
    kernels.spread_present(kept, mask, 77, spread)
    assert np.array_equal(spread, np.where(mask == 0, cells, cells.dtype.type(77)))
