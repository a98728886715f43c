"""Recovery, step by step: each map of the core has an exact inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import decode_plain
from twins import KERNELS

from pcodec_numcodecs import deltas, modes
from pcodec_numcodecs.bits import SPARE, allocate_words, bit_lengths, masks, read_fields, word_bytes, write_fields
from pcodec_numcodecs.dtypes import NUMBER_TYPES, from_latents, to_latents
from pcodec_numcodecs.fixed_log import ONE_BIT, fixed_log2
from pcodec_numcodecs.kernels import load
from pcodec_numcodecs.kernels.numpy_.tables import decode_table, encode_table
from pcodec_numcodecs.kernels.numpy_.weights import quantize_weights
from pcodec_numcodecs.metadata import (
    Bins,
    ChunkMetadata,
    Classic,
    Consecutive,
    Conv1,
    Dict,
    FloatMult,
    FloatQuant,
    FormatVersion,
    IntMult,
    Lookback,
    NoDelta,
    layout,
)
from pcodec_numcodecs.modes import dictionary
from pcodec_numcodecs.recipes import recipe_of

pytestmark = pytest.mark.numpy_only

FLOATS = [t for t in NUMBER_TYPES.values() if t.is_float]
INTEGERS = [t for t in NUMBER_TYPES.values() if not t.is_float]


def patterns(number_type, seed, n=600):
    """Return random bit patterns, the ends of the range and everything around the middle."""
    rng = np.random.default_rng(seed)
    random = np.frombuffer(rng.bytes(n * number_type.bits // 8), number_type.latent)
    edges = [0, 1, 2, number_type.mid - 2, number_type.mid - 1, number_type.mid, number_type.mid + 1]
    edges += [(1 << number_type.bits) - 1 - edge for edge in edges]
    return np.concatenate((random, np.array(edges, number_type.latent))).view(number_type.dtype)


@given(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 2**64 - 1)), max_size=400))
def test_bit_fields(fields):
    widths = np.array([w for w, _ in fields], np.int64)
    values = np.array([v & ((1 << w) - 1) for w, v in fields], np.uint64)
    positions = np.cumsum(widths) - widths
    words = allocate_words(int(widths.sum()))
    words[...] = 0
    write_fields(words, positions, values)
    expected = sum(int(v) << int(p) for v, p in zip(values, positions, strict=True))
    assert int.from_bytes(word_bytes(words).tobytes(), "little") == expected
    data = np.append(word_bytes(words), np.zeros(SPARE, np.uint8))
    assert np.array_equal(read_fields(data, positions, widths), values)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1))
def test_bit_lengths_and_masks(values):
    lengths = bit_lengths(np.array(values, np.uint64))
    assert [int(length) for length in lengths] == [value.bit_length() for value in values]
    assert [int(mask) for mask in masks(lengths)] == [(1 << value.bit_length()) - 1 for value in values]


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_bit_lengths_of_narrow_integers(bits):
    values = [0, 1, 2, 3, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 1]
    assert bit_lengths(np.array(values, f"u{bits // 8}")).tolist() == [value.bit_length() for value in values]


def test_fixed_log_is_exact_for_powers_of_two_rises_and_is_near():
    powers = np.array([1 << k for k in range(63)], np.uint64)
    assert np.array_equal(fixed_log2(powers), np.arange(63) * ONE_BIT)
    logs = fixed_log2(np.arange(1, 1 << 16))
    assert (np.diff(logs) >= 0).all()
    for value in (3, 5, 1000, 65535):
        # 2**(log * 64) against value**64, in integers: the error is below a thousandth of a bit.
        log = int(fixed_log2(np.array([value]))[0])
        power = (value**64).bit_length()
        assert abs(64 * log - power * ONE_BIT) <= ONE_BIT + 64 * ONE_BIT // 1000


@pytest.mark.parametrize("number_type", NUMBER_TYPES.values(), ids=list(NUMBER_TYPES))
def test_ordered_latents(number_type):
    numbers = patterns(number_type, 1)
    latents = to_latents(numbers, number_type)
    assert latents.dtype == number_type.latent
    assert from_latents(latents, number_type).tobytes() == numbers.tobytes()
    comparable = numbers[~np.isnan(numbers)] if number_type.is_float else numbers
    order = np.argsort(to_latents(comparable, number_type), kind="stable")
    assert (comparable[order][1:] >= comparable[order][:-1]).all()


def joined(kernels, mode, primary, secondary, number_type):
    """Return the ordered latents of the numbers that latents stand for."""
    none = np.zeros((1, 0))
    variables = [([latents], none) for latents in (primary, secondary) if latents is not None]
    bits = decode_plain(kernels, recipe_of(mode, NoDelta(), number_type, 0), variables, [primary.size])
    return to_latents(bits.view(number_type.dtype), number_type)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("number_type", FLOATS, ids=lambda t: t.name)
@pytest.mark.parametrize("base", [0.1, 1.0, 0.25, -3.0, 1e-4, 1000.0])
def test_float_mult(kernels, number_type, base):
    rng = np.random.default_rng(2)
    with np.errstate(over="ignore"):
        multiples = (rng.integers(-2000, 2000, 500) * base).astype(number_type.dtype)
    numbers = np.concatenate((multiples, patterns(number_type, 3)))
    mode = FloatMult(int(to_latents(np.array([base], number_type.dtype), number_type)[0]))
    latents = to_latents(numbers, number_type)
    primary, secondary = modes.split(mode, latents, number_type, load())
    assert np.array_equal(joined(kernels, mode, primary, secondary, number_type), latents)
    # Multiples are told by the primary latent alone, but for the units in the last place that rounding costs.
    off = (secondary[:500] - number_type.latent.type(number_type.mid)).view(f"i{number_type.bits // 8}")
    assert np.abs(off[np.isfinite(multiples)]).max() <= 2


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("number_type", FLOATS, ids=lambda t: t.name)
def test_float_quant(kernels, number_type):
    latents = to_latents(patterns(number_type, 4), number_type)
    for k in range(1, number_type.mantissa_bits + 1):
        mode = FloatQuant(k)
        primary, secondary = modes.split(mode, latents, number_type, load())
        assert secondary.max() < 1 << k
        assert np.array_equal(joined(kernels, mode, primary, secondary, number_type), latents)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("number_type", INTEGERS, ids=lambda t: t.name)
def test_int_mult(kernels, number_type):
    latents = to_latents(patterns(number_type, 5), number_type)
    for base in (1, 2, 3, 100, number_type.mid, (1 << number_type.bits) - 1):
        mode = IntMult(base)
        primary, secondary = modes.split(mode, latents, number_type, load())
        assert secondary.max() < base
        assert np.array_equal(joined(kernels, mode, primary, secondary, number_type), latents)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("number_type", NUMBER_TYPES.values(), ids=list(NUMBER_TYPES))
def test_dictionary(kernels, number_type):
    latents = np.random.default_rng(6).choice(to_latents(patterns(number_type, 6), number_type), 3000)
    mode, indices = dictionary.build(latents, load())
    assert indices.dtype == np.uint32
    assert np.array_equal(joined(kernels, mode, indices, None, number_type), latents)
    counts = np.bincount(indices)
    assert (np.diff(counts) <= 0).all()
    ties = np.flatnonzero(np.diff(counts) == 0)
    assert (mode.values[ties] < mode.values[ties + 1]).all()


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("kind", ["consecutive", "lookback", "conv1"])
@given(st.lists(st.integers(0, 90), min_size=1, max_size=8), st.integers(1, 7), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_delta_encodings(bits, kind, counts, order, seed):
    if kind == "conv1" and bits == 64:
        return  # not in the format
    rng = np.random.default_rng(seed)
    counts = np.array(counts, np.int64)
    total = int(counts.sum())
    latents = rng.integers(0, 1 << (bits - 1), total, np.uint64).astype(f"u{bits // 8}")
    delta = {
        "consecutive": Consecutive(order),
        "lookback": Lookback(6),
        "conv1": Conv1(5, 1234 % (1 << bits), tuple(int(w) for w in rng.integers(-3, 4, order))),
    }[kind]
    kernels = load()
    encoded = deltas.encode(delta, latents, counts, kernels)
    assert encoded.stored.size == np.maximum(counts - delta.state_length, 0).sum()
    lanes = np.cumsum(np.maximum(counts - delta.state_length, 0))[:-1]
    # Differences are centred on 0 in kernels.
    variables = [(np.split(encoded.stored ^ encoded.stored.dtype.type(1 << (bits - 1)), lanes), encoded.states)]
    if encoded.lookbacks is not None:
        place = np.concatenate([np.arange(delta.state_length, max(count, delta.state_length)) for count in counts])
        assert ((encoded.lookbacks >= 1) & (encoded.lookbacks <= place)).all()
        variables.insert(0, (np.split(encoded.lookbacks, lanes), np.zeros((counts.size, 0))))
    recipe = recipe_of(Classic(), delta, NUMBER_TYPES[f"u{bits}"], 0)
    assert np.array_equal(decode_plain(kernels, recipe, variables, counts.tolist()), latents)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=60), st.integers(0, 6))
def test_weights_fill_the_table_and_states_go_there_and_back(counts, spare):
    counts = np.array(counts, np.int64)
    ans_log = min(14, (counts.size - 1).bit_length() + spare) if counts.size > 1 else 0
    (weights,) = quantize_weights(counts, np.array([ans_log]))
    assert weights.min() >= 1
    assert weights.sum() == 1 << ans_log
    bins = Bins(ans_log, weights, np.arange(counts.size, dtype=np.uint64), np.zeros(counts.size, np.int64))
    encoder, decoder = encode_table(bins), decode_table(bins)
    size = 1 << ans_log
    for state in {size, size + size // 3, 2 * size - 1}:
        for index in range(counts.size):
            nbits = (state + int(encoder.nbits_terms[index])) >> 16
            after = int(encoder.next_states[(state >> nbits) + int(encoder.slot_terms[index])])
            slot = after - size
            assert decoder.lowers[slot] == index
            assert decoder.nbits[slot] == nbits
            assert decoder.bases[slot] + (state & ((1 << nbits) - 1)) + size == state


@given(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=400), st.integers(0, 8))
def test_ranges_hold_all_latents_in_order(values, level):
    ordered = np.sort(np.array(values, np.uint16))
    (lowers, uppers), counts = np.zeros((2, 2 << level), np.uint64), np.zeros(2 << level, np.int64)
    size = load().cut_ranges(np.array(values, np.uint16), 1 << level, lowers, uppers, counts)
    lowers, uppers, counts = lowers[:size], uppers[:size], counts[:size]
    assert counts.sum() == ordered.size
    assert (lowers <= uppers).all()
    assert (uppers[:-1] < lowers[1:]).all()
    inside = (ordered[:, None] >= lowers) & (ordered[:, None] <= uppers)
    assert np.array_equal(inside.sum(axis=0), counts)


@pytest.mark.parametrize("name", NUMBER_TYPES)
def test_chunk_metadata(name):
    number_type = NUMBER_TYPES[name]
    choices = [Classic(), Dict(np.array([5, 3, 5], number_type.latent))]
    choices += [IntMult(7)] if not number_type.is_float else [FloatQuant(3)]
    if number_type.is_float:
        choices.append(FloatMult(int(to_latents(np.array([-0.5], number_type.dtype), number_type)[0])))
    conv1 = Conv1(4, -9, (3, -2, 1))
    for mode in choices:
        for delta in (NoDelta(), Consecutive(7, True), Lookback(24, 9, True), conv1):
            if delta is conv1 and number_type.bits == 64:
                continue
            bins = tuple(
                Bins(2, np.array([3, 1]), np.array([1, 9], np.uint64), np.array([variable.latent_bits, 0]))
                for variable in layout(mode, delta, number_type)
            )
            written = ChunkMetadata(number_type, mode, delta, bins).write()
            found, size = ChunkMetadata.read(written + b"\xff", number_type, FormatVersion(4, 1))
            assert size == len(written)
            assert (found.mode, found.delta) == (mode, delta)
            assert found.write() == written
