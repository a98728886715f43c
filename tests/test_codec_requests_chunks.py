"""What is asked for first, and of chunks that are small, constant, missing, several or of three axes."""

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from counting_store import CountingStore
from request_cases import DTYPES, KIB, KINDS, MOST_FIRST, SHAPE, Case, case, codec_pipeline, total, uniform  # noqa: F401 - a fixture

from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

pytestmark = pytest.mark.usefixtures("codec_pipeline")


class TestFirstRequest:
    @pytest.mark.parametrize("dtype", ["i1", "i4", "c16"])
    @pytest.mark.parametrize("side", [300, 1000, 3000, 20_000])
    def test_has_at_most_16_kib_and_no_more_than_the_chunk_may_need(self, dtype, side):
        store = CountingStore()
        options = {"serializer": PcoSerializer(), "compressors": None, "chunks": (side, side)}
        array = zarr.create_array(store, shape=(side, side), dtype=dtype, **options)
        with store.watch() as gets:
            array[0, 0]
        ((_, start, stop, *_),) = gets
        assert start == 0
        assert 1024 <= stop <= min(MOST_FIRST, side * side * np.dtype(dtype).itemsize / 8)

    def test_depends_on_size_and_type_alone(self):
        assert len({case(kind).first for kind in KINDS}) == 1

    def test_holds_the_front_of_all_but_those_with_dictionaries(self):
        for name in (*KINDS, *DTYPES):
            one = case(name)
            assert one.front <= one.first or any(chunk.mode == "Dict" for chunk in one.info.chunks)

    def test_grows_with_size_and_type(self):
        assert case("u1").first < case("uniform-2").first < case("f8").first

    @pytest.mark.parametrize("tile", [(8, 8), (1000, 1), (16, 8)])
    def test_larger_front_takes_one_more_request(self, tile):
        one = case("uniform-2", tile=tile)
        for part in (np.s_[517:518, 311:312], np.s_[400:408, 400:408]):
            gets = one.read(lambda a, part=part: a[part])
            assert [(get.start, get.stop) for get in gets[:2]] == [(0, one.first), (one.first, one.front)]
            count, bytes_ = one.limits(part)
            assert len(gets) == count <= 3
            assert total(gets) <= bytes_


PARTS = (np.s_[:], np.s_[3, 5], np.s_[:, 7], np.s_[-1], np.s_[::5, ::9], np.s_[1:])


@pytest.mark.parametrize(
    ("shape", "dtype"), [((128, 128), "i4"), ((64, 128), "c8"), ((256, 256), "?"), ((30, 30), "f8")]
)
def test_small_chunks_take_one_request(shape, dtype):
    given = uniform(16, 50)[: shape[0], : shape[1]].astype(dtype)
    assert given.nbytes <= 64 * KIB
    one = Case(given, tile=(8, 8))
    for part in PARTS:
        gets = one.read(lambda a, part=part: a[part])
        assert [(get.start, get.stop) for get in gets] == [(0, None)]
    assert len(one.read(lambda a: a.vindex[[3, 20], [9, 1]])) == 1


def test_a_little_larger_chunks_are_read_by_ranges():
    one = Case(uniform(16, 50)[:129, :128].astype("i4"), tile=(16, 16))
    gets = one.read(lambda a: a[3, 5])
    assert all(get.stop is not None for get in gets)
    assert total(gets) < len(one.frame) / 4


@pytest.mark.parametrize("side", [30, 1000])
def test_constant_chunks_take_one_request(side):
    one = Case(np.full((side, side), 7, np.int32))
    for part in PARTS:
        gets = one.read(lambda a, part=part: a[part])
        assert len(gets) == 1
        assert total(gets) < 100


@pytest.mark.parametrize("side", [30, 1000])
def test_missing_chunks_take_one_request_and_are_fill(side):
    store = CountingStore()
    options = {"serializer": PcoSerializer(), "compressors": None, "chunks": (side, side)}
    array = zarr.create_array(store, shape=(side, side), dtype="i4", fill_value=-7, **options)
    expected = np.full((side, side), -7, np.int32)
    for part in PARTS:
        with store.watch() as gets:
            found = array[part]
        assert_same_bits(found, expected[part])
        assert [(get.found, get.n_bytes) for get in gets] == [(False, 0)]


def test_several_chunks_each_have_the_limits():
    given = uniform(11, 60).astype("i4")
    store = CountingStore()
    options = {"serializer": PcoSerializer(), "compressors": None, "chunks": (500, 500), "fill_value": 3}
    array = zarr.create_array(store, shape=SHAPE, dtype="i4", **options)
    array[:, :500] = given[:, :500]
    array[500:, 500:] = given[500:, 500:]
    expected = given.copy()
    expected[:500, 500:] = 3
    for part in (np.s_[450:550, 450:550], np.s_[480:520, 499:501]):
        with store.watch() as gets:
            found = array[part]
        assert_same_bits(found, expected[part])
        by_key = {key: [get for get in gets if get.key == key] for key in ("c/0/0", "c/1/0", "c/1/1", "c/0/1")}
        assert sum(map(len, by_key.values())) == len(gets)
        assert len(by_key.pop("c/0/1")) == 1
        assert all(2 <= len(of_chunk) <= 3 for of_chunk in by_key.values())
        assert total(gets) < sum(map(len, store.chunks().values())) / 2


def test_three_axes():
    rng = np.random.default_rng(70)
    given = rng.integers(0, 1 << 12, (80, 110, 120), dtype="i4")
    one = Case(given)
    for _ in range(6):
        z, y, x = (int(rng.integers(size)) for size in given.shape)
        for part in (
            np.s_[z : z + 1, y : y + 1, x : x + 1],
            np.s_[z : z + 30, y : y + 30, x : x + 30],
            np.s_[z],
            np.s_[:, y, x],
            np.s_[::7, y, ::3],
        ):
            gets = one.read(lambda a, part=part: a[part])
            count, bytes_ = one.limits(part)
            assert len(gets) <= count
            assert total(gets) <= bytes_
