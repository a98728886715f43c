"""Whatever way an array is indexed, Zarr gives the bits that NumPy gives for the array in memory."""

from collections import Counter
from functools import cache
from typing import NamedTuple

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits, numbers
from counting_store import PIPELINES, CountingStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zarr.testing.strategies import basic_indices, orthogonal_indices

import pcodec_numcodecs.codecs.zarr3
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

pytestmark = [
    # Zarr warns of its own choice of datatypes, whatever the codec.
    pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning"),
    # Zarr compares what is written with the fill value, and NumPy warns of the signalling NaNs among these numbers.
    pytest.mark.filterwarnings("ignore:invalid value encountered in equal:RuntimeWarning"),
]


class Case(NamedTuple):
    """An array whose chunks are above 64 KiB, so that they are read in parts, with tiles of which many are crossed."""

    dtype: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    tile: tuple[int, ...]


CASES = {
    "1-d": Case("f8", (20_000,), (9000,), (300,)),
    "2-d": Case("f4", (200, 150), (160, 110), (16, 16)),
    "3-d": Case("i4", (40, 30, 35), (33, 26, 28), (5, 6, 7)),
    "4-d": Case("i8", (9, 8, 20, 19), (7, 6, 16, 14), (2, 3, 5, 14)),
    "axes-of-1": Case("u4", (1, 300, 1, 90), (1, 250, 1, 80), (1, 11, 1, 13)),
    "axes-of-1-in-long-tiles": Case("i2", (300, 1, 150), (280, 1, 130), (40, 9, 999)),
    "bool": Case("?", (300, 260), (290, 240), (31, 17)),
    "bytes": Case("u1", (300, 260), (290, 240), (16, 240)),
    "half": Case("f2", (300, 150), (280, 130), (9, 60)),
    "complex": Case("c8", (120, 100), (100, 90), (12, 14)),
    "dates": Case("M8[ns]", (120, 100), (100, 90), (100, 1)),
    "durations": Case("m8[s]", (120, 100), (100, 90), (1, 90)),
    "big-endian": Case(">f8", (120, 100), (100, 90), (10, 9)),
    "one-chunk": Case("i4", (170, 120), (170, 120), (13, 14)),
    "one-page": Case("i4", (150, 112), (150, 112), (150, 112)),
    "chunk-beyond-the-array": Case("f4", (150, 100), (160, 110), (16, 16)),
}
LAYOUTS = ("chunks", "shards")

every_pipeline = pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


@cache
def data(name):
    case = CASES[name]
    return numbers(np.dtype(case.dtype).newbyteorder("="), case.shape)


def create(name, layout, **others):
    case = CASES[name]
    shards = (2 * case.chunks[0], *case.chunks[1:]) if layout == "shards" else None
    # Level 0: how well the numbers are compressed makes no difference here, and it is quick.
    options = {"serializer": PcoSerializer(level=0, tile=case.tile), "compressors": None, "shards": shards}
    return zarr.create_array(
        CountingStore(), shape=case.shape, chunks=case.chunks, dtype=case.dtype, **options | others
    )


@cache
def stored(name, layout):
    array = create(name, layout)
    array[...] = data(name).astype(CASES[name].dtype)
    return array.store


def test_chunks_are_large_enough_to_be_read_in_parts():
    for case in CASES.values():
        assert np.prod(case.chunks) * np.dtype(case.dtype).itemsize > 64 * 1024


class Watch:
    """What happened below a test, to show that it tested what it was meant to."""

    def __init__(self, monkeypatch):
        self.counts = Counter()
        read_ranges = pcodec_numcodecs.codecs.zarr3.read_ranges

        def counting(*args):
            self.counts["in parts"] += 1
            return read_ranges(*args)

        monkeypatch.setattr(pcodec_numcodecs.codecs.zarr3, "read_ranges", counting)

    def read(self, name, layout, take):
        """Return what `take` gives for the stored array."""
        store = stored(name, layout)
        with store.watch() as gets:
            found = take(zarr.open_array(store, mode="r"))
        self.counts["sync"] += sum(get.sync for get in gets)
        self.counts["async"] += sum(not get.sync for get in gets)
        self.counts["ranges"] += sum(get.stop is not None for get in gets)
        return found


@st.composite
def index_arrays(draw, shape):
    """Arrays of integers of one shape: unsorted, some from the end, some more than once."""
    result = draw(npst.array_shapes(max_dims=2, max_side=12))
    return tuple(draw(npst.integer_array_indices((size,), result_shape=st.just(result)))[0] for size in shape)


@st.composite
def masks(draw, shape):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    share = draw(st.sampled_from([0.0, 0.001, 0.05, 0.7, 1.0]))
    return rng.random(shape) < share


@st.composite
def axis_masks(draw, shape):
    """For each axis a mask, or a slice."""
    return tuple(draw(masks((size,)) | basic_slices(size)) for size in shape)


def basic_slices(size):
    return st.builds(
        slice,
        st.none() | st.integers(-size - 2, size + 2),
        st.none() | st.integers(-size - 2, size + 2),
        st.none() | st.integers(1, size + 2),
    )


@st.composite
def blocks(draw, counts):
    """For each axis one of the chunks, or a run of them."""
    picked = []
    for count in counts:
        start = draw(st.integers(0, count - 1))
        stop = draw(st.integers(start + 1, count))
        picked.append(draw(st.sampled_from([start, start - count, slice(start, stop), slice(None)])))
    return tuple(picked)


def one_axis_at_a_time(array, selection):
    for axis, items in reversed(list(enumerate(selection))):
        array = array[(slice(None),) * axis + (items,)]
    return array


def basic(draw, shape, _):
    part = draw(basic_indices(shape=shape))
    return lambda z: z[part], lambda a: a[part]


def stepped(draw, shape, _):
    part = tuple(draw(basic_slices(size) | st.integers(-size, size - 1)) for size in shape)
    return lambda z: z[part], lambda a: a[part]


def orthogonal(draw, shape, _):
    ours, numpys = draw(orthogonal_indices(shape=shape))
    return lambda z: z.oindex[ours], lambda a: a[numpys]


def orthogonal_masks(draw, shape, _):
    part = draw(axis_masks(shape))
    return lambda z: z.oindex[part], lambda a: one_axis_at_a_time(a, part)


def vectorised(draw, shape, _):
    part = draw(index_arrays(shape))
    return lambda z: z.vindex[part], lambda a: a[part]


def coordinates(draw, shape, _):
    part = draw(index_arrays(shape))
    return lambda z: z.get_coordinate_selection(part), lambda a: a[part]


def mask(draw, shape, _):
    part = draw(masks(shape))
    return lambda z: z.vindex[part], lambda a: a[part]


def block(draw, shape, chunks):
    part = draw(blocks([-(-size // length) for size, length in zip(shape, chunks, strict=True)]))

    def cells(item, size, length):
        items = range(-(-size // length))[item]
        first, last = (items, items) if isinstance(items, int) else (items[0], items[-1])
        return slice(first * length, (last + 1) * length)

    inside = tuple(cells(*of_axis) for of_axis in zip(part, shape, chunks, strict=True))
    return lambda z: z.blocks[part], lambda a: a[inside]


KINDS = {
    kind.__name__: kind for kind in (basic, stepped, orthogonal, orthogonal_masks, vectorised, coordinates, mask, block)
}


@every_pipeline
@every_layout
@pytest.mark.parametrize("kind", KINDS)
def test_selection(kind, layout, pipeline, monkeypatch):
    watch = Watch(monkeypatch)

    @given(st.data())
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    def check(drawn):
        name = drawn.draw(st.sampled_from(list(CASES)))
        case = CASES[name]
        chunks = (2 * case.chunks[0], *case.chunks[1:]) if layout == "shards" else case.chunks
        ours, numpys = KINDS[kind](drawn.draw, case.shape, chunks)
        found = watch.read(name, layout, ours)
        expected = numpys(data(name))
        # Byte order is no part of a Zarr v3 array.
        assert_same_bits(np.asarray(found).astype(expected.dtype), expected)

    with zarr.config.set({"codec_pipeline.path": pipeline}):
        check()
    fused = "Fused" in pipeline
    assert watch.counts["async" if fused else "sync"] == 0
    assert watch.counts["sync" if fused else "async"] >= 3
    if kind != "block":  # whole chunks, which take one request each
        # In shards, Zarr fetches whole chunks, and the fused pipeline decodes whole ones too.
        assert (watch.counts["in parts"] >= 2) == (layout == "chunks" or not fused)
        assert layout == "shards" or watch.counts["ranges"] >= 4


FANCY = {
    "list": lambda a: a[[7, 1, 30, 1]],
    "two lists": lambda a: a[[7, 1, 30, 1], [45, 2, 2, 0]],
    "slice and list": lambda a: a[3:50, [99, 0, 5]],
    "list and step": lambda a: a[[161, 0], ::7],
    "mask": lambda a: a[np.arange(a.size).reshape(a.shape) % 97 == 5],
    "mask of no cells": lambda a: a[np.zeros(a.shape, bool)],
    "ellipsis and integer": lambda a: a[..., -3],
    "NumPy integers": lambda a: a[np.int32(5), np.uint8(7)],
}


@every_pipeline
@every_layout
@pytest.mark.parametrize("part", FANCY)
def test_brackets(part, layout, pipeline):
    """What brackets alone take, beyond slices and integers."""
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        array = zarr.open_array(stored("2-d", layout), mode="r")
        assert_same_bits(FANCY[part](array), FANCY[part](data("2-d")))


@every_pipeline
@every_layout
@pytest.mark.parametrize("name", CASES)
def test_every_case_as_a_whole_and_by_name(name, layout, pipeline):
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        found = zarr.open_array(stored(name, layout), mode="r")[...]
    assert_same_bits(found, data(name))


ARRANGEMENTS = {
    "F": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "swapped": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}


@every_pipeline
@every_layout
@pytest.mark.parametrize("arrange", ARRANGEMENTS)
@pytest.mark.parametrize("name", ["3-d", "one-page"])
def test_any_arrangement_is_written(name, arrange, layout, pipeline):
    expected = data(name)
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        array = create(name, layout)
        array[...] = ARRANGEMENTS[arrange](expected)
        assert array.store.chunks() == stored(name, layout).chunks()
        again = zarr.open_array(array.store, mode="r")
        assert_same_bits(again[...], expected)
        some = (slice(3, None, 7), *(slice(None, None, 2) for _ in expected.shape[1:]))
        assert_same_bits(again[some], expected[some])


@every_pipeline
@every_layout
@pytest.mark.parametrize("name", ["bool", "complex", "3-d"])
def test_parts_are_written(name, layout, pipeline):
    """One after the other, into chunks that exist and chunks that do not; what is read in between counts too."""

    @given(st.data())
    @settings(max_examples=3, deadline=None)
    def check(drawn):
        expected = np.zeros(CASES[name].shape, data(name).dtype)
        source = data(name)
        array = create(name, layout, fill_value=expected.flat[0])
        for _ in range(drawn.draw(st.integers(1, 4))):
            part = tuple(drawn.draw(basic_slices(size)) for size in expected.shape)
            array[part] = source[part]
            expected[part] = source[part]
            look = tuple(drawn.draw(st.integers(0, size - 1)) for size in expected.shape)
            assert_same_bits(array[look], expected[look])
        where = drawn.draw(index_arrays(expected.shape))
        array.vindex[where] = expected[where] = source[where]
        assert_same_bits(zarr.open_array(array.store, mode="r")[...], expected)

    with zarr.config.set({"codec_pipeline.path": pipeline}):
        check()


@every_pipeline
@pytest.mark.parametrize("dtype", ["f4", "?", "c8", "M8[s]", ">i4"])
def test_0_d(dtype, pipeline):
    value = numbers(np.dtype(dtype).newbyteorder("="), (3,))[2].reshape(())
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        store = CountingStore()
        options = {"serializer": PcoSerializer(), "compressors": None}
        array = zarr.create_array(store, shape=(), chunks=(), dtype=dtype, **options)
        array[...] = value
        again = zarr.open_array(store, mode="r")
        for found in (again[...], again[()]):
            assert_same_bits(np.asarray(found).astype(value.dtype), value)


@every_pipeline
@every_layout
def test_nothing_of_an_array(layout, pipeline):
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        array = zarr.open_array(stored("3-d", layout), mode="r")
        for part in (np.s_[5:5], np.s_[:, 9:3], np.s_[40:], np.s_[..., 0:0]):
            assert_same_bits(array[part], data("3-d")[part])
        nothing = np.zeros(0, np.int64)
        assert array.oindex[nothing, :, [1, 2]].shape == (0, 30, 2)
        assert array.vindex[nothing, nothing, nothing].shape == (0,)
