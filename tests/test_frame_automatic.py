"""Whatever is chosen for arrays that invite all kinds of pipelines, in tiles of any shape, every bit comes back."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcodec_numcodecs import frame
from pcodec_numcodecs.pipeline.tiles import auto_tile

pytestmark = pytest.mark.numpy_only

SEEDS = st.integers(0, 2**32 - 1)


def smooth(rng, shape):
    """Return a field of waves with a little noise."""
    axes = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij", sparse=True)
    waves = [np.sin(axis * rng.uniform(0.01, 0.5) + rng.uniform(0, 6)) for axis in axes]
    return sum(waves) * 100 + rng.normal(size=shape) * rng.choice([0, 0.01, 1])


def invitation(rng, kind, shape):
    """Return an array that one of the pipelines suits."""
    field = smooth(rng, shape)
    match kind:
        case "float32" | "float64" | "float16":
            return field.astype(kind)
        case "integers":
            return np.rint(field).astype(rng.choice(["u1", "i2", "i4", "u8"]))
        case "planes":  # along the last axis, each place tells of the next
            return np.stack([np.roll(field[..., 0], turn, axis=0) for turn in range(shape[-1])], axis=-1).astype("f4")
        case "masked":
            return np.where(field > rng.uniform(-50, 50), field, rng.choice([np.nan, 1e20, -0.0])).astype("f4")
        case "few values":
            values = rng.normal(size=40)
            return values[np.clip(np.rint(field / 5).astype(int), -20, 19)]
        case "packed":
            return (np.rint(field * 50) * 0.01 + 273.15).astype(rng.choice(["f4", "f8"]))
        case "multiples":
            return np.rint(field * 10) * 0.1
        case "complex":
            return (field + 1j * smooth(rng, shape)).astype("c8")
        case "bool":
            return field > 0
        case "special":
            found = field.astype("f4")
            chosen = rng.random(shape) < 0.05
            found.view("u4")[chosen] = rng.integers(0, 2**32, int(chosen.sum()), dtype="u4")
            return found
    raise AssertionError(kind)


KINDS = [
    *("float16", "float32", "float64", "integers", "planes", "masked", "few values", "packed", "multiples"),
    *("complex", "bool", "special"),
]


@pytest.mark.parametrize("kind", KINDS)
@given(
    SEEDS,
    st.lists(st.integers(1, 40), min_size=2, max_size=4),
    st.sampled_from([0, 3, 4, 5, 8, 9, 12]),
    st.sampled_from(["balanced", "series", "maps", "whole"]),
    st.booleans(),
)
@settings(max_examples=6, deadline=None)
def test_every_bit_comes_back(kind, seed, lengths, level, access, own_tile):
    rng = np.random.default_rng(seed)
    shape = (*lengths[:-1], min(lengths[-1], 5))
    while np.prod(shape) > 4_000:
        shape = tuple(-(-size // 2) for size in shape)
    array = invitation(rng, kind, shape)
    tile = tuple(int(rng.integers(1, size + 1)) for size in shape) if own_tile else "auto"
    written = frame.write(array, level=level, access=access, tile=tile)
    assert frame.read(written).tobytes() == array.tobytes()
    part = tuple(slice(*sorted(rng.integers(0, size + 1, 2).tolist())) for size in shape)
    assert frame.read(written, part).tobytes() == array[part].tobytes()


@pytest.mark.parametrize("tile", [(30, 50, 2), (30, 50, 1), (10, 60, 4), (70, 60, 3)])
@pytest.mark.parametrize("level", [8, 12])
def test_tiles_that_do_not_span_a_short_axis(tile, level):
    array = invitation(np.random.default_rng(3), "planes", (70, 60, 4))
    assert frame.info(frame.write(array, level=level)).pipelines[0].predictor.endswith("by plane)")
    written = frame.write(array, level=level, tile=tile)
    assert frame.read(written).tobytes() == array.tobytes()


def extremes(dtype):
    """Return floats where a gap, a part of it, a range or a sum leaves what floats can hold, by what they have."""
    kind = np.finfo(dtype)
    least, most = kind.smallest_subnormal, kind.max
    steps = np.arange(30 * 40).reshape(30, 40)
    noise = np.random.default_rng(3).normal(size=steps.shape).astype(dtype)
    return {
        "the least gap": np.choose(np.minimum(steps % 5, 2), [dtype(0), least, noise]),
        "least floats": (steps % 512).astype(dtype) * least,
        "both ends": np.where(steps % 7 == 0, -most, np.where(steps % 11 == 0, most, noise)),
        "powers of two": np.ldexp(dtype(1), kind.minexp + steps % (kind.maxexp - kind.minexp)).astype(dtype),
        "large steps": (steps % 64 - 32).astype(dtype) * (most / dtype(32)),
    }


@pytest.mark.parametrize("case", extremes(np.float64))
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("level", [4, 8, 12])
def test_floats_at_the_ends_of_their_range(case, dtype, level):
    array = extremes(dtype)[case].astype(dtype)
    assert frame.read(frame.write(array, level=level)).tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", ["i8", "u8", "M8[ms]"])
@pytest.mark.parametrize("seed", range(6))
def test_integers_that_differ_by_more_than_integers_can(dtype, seed):
    """The largest difference has no opposite: it once passed for a small one, and got out of bounds in sums."""
    rng = np.random.default_rng(seed)
    array = np.full((3, 11, 9, 2), 2**63 - 1)
    array.reshape(-1)[rng.choice(array.size, 2, replace=False)] = [-1, 1]
    array = array.view(dtype)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        written = frame.write(array, level=10)
    assert frame.read(written).tobytes() == array.tobytes()


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=3), st.sampled_from(["balanced", "series", "maps"]))
@settings(max_examples=300, deadline=None)
def test_tiles_cover_a_shape_and_have_rows_of_whole_cache_lines_where_these_are_near(shape, access):
    tile = auto_tile(tuple(shape), access)
    assert all(1 <= length <= size for length, size in zip(tile, shape, strict=True))
    size, length = shape[-1], tile[-1]
    if length < size and length % 8:
        for longer in (-(-length // 16) * 16, -(-length // 8) * 8):
            last = (size - 1) % longer + 1
            assert 8 * longer > 9 * length or longer > 2 * last


def test_rows_of_tiles_that_are_read_are_whole_cache_lines():
    field = smooth(np.random.default_rng(3), (1000, 1000)).astype("f8")
    assert frame.info(frame.write(field, predictor="none")).tile[-1] % 8 == 0
