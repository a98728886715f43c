"""Which bytes a read asks a store for: how many requests, how large, and never one that stores answer differently."""

from functools import cache

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from counting_store import PIPELINES, CountingStore

from pcodec_numcodecs import ChunkConfig, frame, standalone
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer
from pcodec_numcodecs.errors import InvalidArgumentError
from pcodec_numcodecs.frame.head import read_head

KIB = 1024
GAP = 32 * KIB  # pages so far apart are read with one request
NEAR, FEW = 4 * KIB, 5  # or only those so near, where so many requests are enough
MOST_FIRST = 16 * KIB
SHAPE = (1000, 1000)


@pytest.fixture(params=PIPELINES.values(), ids=PIPELINES, autouse=True)
def pipeline(request):
    with zarr.config.set({"codec_pipeline.path": request.param}):
        yield request.param


def noise(spread, seed):
    return np.random.default_rng(seed).normal(0, spread, SHAPE)


def waves(seed):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return 1e6 * np.sin(y / 97) * np.cos(x / 61) + noise(300, seed)


def uniform(bits, seed):
    return np.random.default_rng(seed).integers(0, 1 << bits, SHAPE)


# Of 16, 11 and 8 bits of 32 that are not always the same, Pco stores just those, and reads them fast: with these, many
# places are tried.
KINDS = {
    "uniform-2": lambda: uniform(16, 0),
    "uniform-3": lambda: uniform(11, 1),
    "uniform-4": lambda: uniform(8, 2),
    "normal": lambda: noise(280, 3),
    "waves": lambda: waves(4),
    "walks": lambda: np.random.default_rng(5).integers(-9000, 9001, SHAPE).cumsum(axis=1),
    "waiting-times": lambda: np.random.default_rng(6).geometric(1e-2, SHAPE),
}
DTYPES = {
    "f8": lambda: np.round(noise(1, 7), 5),
    "f4": lambda: np.round(noise(1, 8), 3),
    "i8": lambda: uniform(31, 9),
    "i2": lambda: uniform(7, 10),
    "u1": lambda: uniform(5, 11),
    "c8": lambda: np.round(noise(1, 12), 2) + 1j * np.round(noise(1, 13), 2),
    "?": lambda: noise(1, 14) > 0.3,
    "M8[s]": lambda: uniform(20, 15).view("M8[s]"),
}


class Case:
    """An array of one chunk, and what a reader should ask of it, worked out from its frame."""

    def __init__(self, given, **settings):
        self.given = given
        self.store = CountingStore()
        options = {"serializer": PcoSerializer(**settings), "compressors": None, "chunks": given.shape}
        zarr.create_array(self.store, data=given, **options)
        (self.frame,) = self.store.chunks().values()
        self.info = frame.info(self.frame)
        self.front = self.info.head_bytes + self.info.stream_bytes
        self.starts = self.front + np.concatenate(([0], np.cumsum(self.info.page_bytes)))
        # The number of the page of each cell.
        tiles = [-(-size // length) for size, length in zip(given.shape, self.info.tile, strict=True)]
        self.page_of = np.arange(np.prod(tiles)).reshape(tiles)
        for axis, length in enumerate(self.info.tile):
            self.page_of = np.repeat(self.page_of, length, axis).take(range(given.shape[axis]), axis)
        # The first request is to depend on the chunk's size and type alone, so that of one place is that of all.
        self.first = self.read(lambda array: array[(-1,) * given.ndim])[0].stop or len(self.frame)

    def read(self, take):
        """Read a part, compare it with what NumPy gives, and return the requests."""
        array = zarr.open_array(self.store, mode="r")
        with self.store.watch() as gets:
            found = take(array)
        assert_same_bits(found, take(InMemory(self.given)))
        assert {get.sync for get in gets} == {"Fused" in zarr.config.get("codec_pipeline.path")}
        return gets

    def gaps(self, part):
        """Return the bytes between each two of the pages that hold a part."""
        pages = np.unique(self.page_of[part])
        return self.starts[pages[1:]] - self.starts[pages[:-1] + 1]

    def limits(self, part, gap=None):
        """Return how many requests a part takes at most, and their bytes: pages that it touches, gaps and index."""
        gaps = self.gaps(part)
        if gap is None:
            gap = NEAR if (gaps > NEAR).sum() < FEW else GAP
        index = 1 if self.front <= self.first else 2
        pages = self.info.page_bytes[np.unique(self.page_of[part])]
        count = index + 1 + int((gaps > gap).sum())
        return count, int(max(self.first, self.front) + pages.sum() + gaps[gaps <= gap].sum())


class InMemory:
    """NumPy's answers to the ways in which Zarr arrays are indexed."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, part):
        return self.array[part]

    @property
    def vindex(self):
        return self.array


@cache
def case(name, **settings):
    made = KINDS.get(name, DTYPES.get(name))()
    return Case(made.astype("i4" if name in KINDS else name), **settings)


def total(gets):
    return sum(get.n_bytes for get in gets)


def places(kind, count, high=1000, seed=20):
    """Return random places, as many as are read in a moment."""
    count = count if kind.startswith("uniform") else max(1, count // 10)
    return np.random.default_rng(seed).integers(0, high, (count, 2)).tolist()


every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_data_are_as_these_tests_need_them(kind):
    given, info = case(kind).given, case(kind).info
    assert given.dtype == np.int32
    assert 1.995 <= info.ratio <= 4
    assert info.frame_bytes > 1_000_000
    assert len(case(kind).store.chunks()) == 1


def test_kinds_span_the_ratios():
    ratios = sorted(case(kind).info.ratio for kind in KINDS)
    assert ratios[0] < 2.05
    assert any(2.9 < ratio < 3.2 for ratio in ratios)
    assert ratios[-1] > 3.95


@every_kind
def test_point(kind):
    one = case(kind)
    for y, x in places(kind, 20):
        for take in (lambda a, y=y, x=x: a[y, x], lambda a, y=y, x=x: a[y : y + 1, x : x + 1]):
            gets = one.read(take)
            assert len(gets) <= 2
            assert total(gets) <= 32 * KIB


@every_kind
def test_window(kind):
    one = case(kind)
    for y, x in [(0, 0), (900, 900), *places(kind, 20, 901)]:
        part = np.s_[y : y + 100, x : x + 100]
        gets = one.read(lambda a, part=part: a[part])
        count, bytes_ = one.limits(part)
        assert len(gets) <= min(3, count)
        assert total(gets) <= bytes_


@every_kind
@pytest.mark.parametrize("axis", [0, 1], ids=["row", "column"])
def test_line(kind, axis):
    one = case(kind)
    for place in [0, 999, *np.ravel(places(kind, 4))]:
        part = np.s_[place] if axis == 0 else np.s_[:, place]
        gets = one.read(lambda a, part=part: a[part])
        count, bytes_ = one.limits(part)
        # Pages of neighbours along the last axis lie side by side; along the other they are scattered.
        assert len(gets) <= (min(3, count) if axis == 0 else count)
        assert total(gets) <= bytes_


@every_kind
def test_scattered_points(kind):
    one = case(kind)
    for y, x in np.random.default_rng(30).integers(0, 1000, (40 if kind.startswith("uniform") else 4, 2, 5)):
        gets = one.read(lambda a, y=y, x=x: a.vindex[y, x])
        count, bytes_ = one.limits((y, x))
        assert len(gets) <= min(6, count)
        assert total(gets) <= bytes_
        assert total(gets) <= 100 * KIB


@every_kind
def test_whole(kind):
    one = case(kind)
    for take in (lambda a: a[:], lambda a: a[...], lambda a: a[0:1000, 0:2000:1]):
        gets = one.read(take)
        assert [(get.start, get.stop, get.n_bytes) for get in gets] == [(0, None, len(one.frame))]


@every_kind
def test_all_but_a_little(kind):
    """Then all pages are needed, in a piece; a single request would do, but that is known after the first."""
    one = case(kind)
    gets = one.read(lambda a: a[1:])
    assert len(gets) == 2
    assert total(gets) <= len(one.frame) + one.first


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_types(dtype):
    """The figures are those of int32, but the rules hold for all."""
    one = case(dtype)
    largest = int(one.info.page_bytes.max())
    assert one.info.ratio > 1.5
    for y, x in places(dtype, 10):
        point = np.s_[y : y + 1, x : x + 1]
        gets = one.read(lambda a, point=point: a[point])
        assert len(gets) <= (2 if one.front <= one.first else 3)
        assert total(gets) <= max(one.first, one.front) + largest
        window = np.s_[min(y, 900) : min(y, 900) + 100, min(x, 900) : min(x, 900) + 100]
        for part in (window, np.s_[y], np.s_[:, x]):
            gets = one.read(lambda a, part=part: a[part])
            count, bytes_ = one.limits(part)
            assert len(gets) <= count
            assert total(gets) <= bytes_
    assert len(one.read(lambda a: a[:])) == 1


def test_float64_of_ratio_2_to_4():
    """Elements twice as wide make pages twice as large, and a first request of 6 KB."""
    one = case("f8")
    assert 2 <= one.info.ratio <= 4
    for y, x in places("f8", 20):
        assert total(one.read(lambda a, y=y, x=x: a[y, x])) <= 40 * KIB


def test_data_that_compress_here_and_not_there():
    """A page that does not compress at all has 32 kB, whatever the ratio of the chunk."""
    given = uniform(32, 40).astype("u4")
    given[:, 504:] = 7
    one = Case(given)
    assert 1.8 < one.info.ratio < 2.1
    for x in (3, 700):
        gets = one.read(lambda a, x=x: a[500, x])
        assert len(gets) <= 2
        assert total(gets) <= one.first + one.info.page_bytes.max() < 36 * KIB


def few_values():
    """Numbers of few values that lie far apart."""
    values = np.random.default_rng(41).integers(-(2**31), 2**31, 3000)
    return values[uniform(16, 42) % values.size].astype("i4")


def test_dictionary_belongs_to_the_front():
    """What the values are is needed for every page."""
    one = Case(few_values(), predictor="none")
    assert 2 <= one.info.ratio <= 4
    assert one.info.stream_bytes > 2 * 3000
    for y, x in places("uniform", 10):
        gets = one.read(lambda a, y=y, x=x: a[y, x])
        assert len(gets) <= 3
        assert total(gets) <= one.first + one.limits((y, x))[1]


def test_distinct_values_are_read_with_the_pages_that_need_them():
    one = Case(few_values())
    (pipeline,) = one.info.pipelines
    assert pipeline.split.startswith("Rank")
    layout = read_head(memoryview(one.frame))
    for y, x in places("uniform", 10):
        gets = one.read(lambda a, y=y, x=x: a[y, x])
        page = int(one.page_of[y, x])
        streams = sum(layout.stream_sizes[stream] for stream in layout.streams_of([page]))
        assert len(gets) <= 3
        assert total(gets) <= one.first + streams + int(one.info.page_bytes[page]) + 2 * NEAR


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


class TestGapSetting:
    PARTS = (
        (np.s_[::200, ::300], lambda a: a[::200, ::300]),
        (np.s_[:, 500], lambda a: a[:, 500]),
        (([0, 300, 999, 990], [999, 200, 0, 120]), lambda a: a.vindex[[0, 300, 999, 990], [999, 200, 0, 120]]),
    )

    @pytest.mark.parametrize("gap", [0, 1, 5000, 20_000, 100_000, np.int64(200_000), 1 << 40])
    def test_is_respected(self, gap):
        one = case("uniform-2")
        with zarr.config.set({"pcodec_numcodecs.coalesce_gap": gap}):
            for part, take in self.PARTS:
                gets = one.read(take)
                count, bytes_ = one.limits(part, gap)
                assert len(gets) == count
                assert total(gets) == bytes_

    def test_gaps_of_these_parts_make_a_difference(self):
        one = case("uniform-2")
        counts = [
            {one.limits(part, gap)[0] for gap in (0, 20_000, 100_000, 200_000, 1 << 40)} for part, _ in self.PARTS
        ]
        assert min(map(len, counts)) >= 2
        assert max(map(len, counts)) >= 3

    def test_is_4_or_32_kib_unless_set(self):
        one = case("uniform-2")
        default = [len(one.read(take)) for _, take in self.PARTS]
        assert default == [one.limits(part)[0] for part, _ in self.PARTS]
        chosen = [{NEAR: 0, GAP: 0} for _ in self.PARTS]
        for gap in (NEAR, GAP):
            with zarr.config.set({"pcodec_numcodecs.coalesce_gap": gap}):
                for counts, (_, take) in zip(chosen, self.PARTS, strict=True):
                    counts[gap] = len(one.read(take))
        assert default == [counts[NEAR] if counts[NEAR] <= FEW + 1 else counts[GAP] for counts in chosen]

    def test_holds_again_after_the_block(self):
        one = case("uniform-2")
        before = one.read(self.PARTS[0][1])
        with zarr.config.set({"pcodec_numcodecs.coalesce_gap": 1 << 40}):
            within = one.read(self.PARTS[0][1])
        assert len(within) < len(before)
        assert len(one.read(self.PARTS[0][1])) == len(before)

    @pytest.mark.parametrize(
        ("gap", "error", "complaint"),
        [
            (-1, InvalidArgumentError, "pcodec_numcodecs.coalesce_gap may not be below 0, got -1"),
            ("1000", TypeError, "pcodec_numcodecs.coalesce_gap must be an integer, got str"),
            (1.5, TypeError, "pcodec_numcodecs.coalesce_gap must be an integer, got float"),
            (None, TypeError, "pcodec_numcodecs.coalesce_gap must be an integer, got NoneType"),
        ],
    )
    def test_wrong_values_are_refused(self, gap, error, complaint):
        one = case("uniform-2")
        with zarr.config.set({"pcodec_numcodecs.coalesce_gap": gap}), pytest.raises(error, match=complaint):
            one.read(self.PARTS[0][1])


class TestWhatSwitchesPartialReadsOff:
    """The bits are right all the same; each touched chunk is fetched as a whole."""

    def read_point(self, **options):
        store = CountingStore()
        given = uniform(11, 80)[:300, :300].astype("i4")
        zarr.create_array(store, data=given, **{"chunks": (300, 300), "serializer": PcoSerializer()} | options)
        array = zarr.open_array(store, mode="r")
        with store.watch() as gets:
            assert_same_bits(array[100, 200], given[100, 200])
        return gets, sum(map(len, store.chunks().values()))

    def test_nothing(self):
        gets, stored = self.read_point(compressors=None)
        assert len(gets) == 2
        assert total(gets) < stored / 4

    @pytest.mark.filterwarnings("ignore::pcodec_numcodecs.codecs.zarr3.PartialReadWarning")
    @pytest.mark.parametrize(
        "options",
        [{}, {"compressors": zarr.codecs.Crc32cCodec()}],
        ids=["default-compressors", "checksum"],
    )
    def test_codecs_that_follow(self, options):
        gets, stored = self.read_point(**options)
        assert [(get.start, get.stop, get.n_bytes) for get in gets] == [(0, None, stored)]

    def test_filters(self):
        gets, stored = self.read_point(compressors=None, filters=zarr.codecs.TransposeCodec(order=(1, 0)))
        assert [(get.start, get.stop, get.n_bytes) for get in gets] == [(0, None, stored)]

    def test_shards(self):
        """Of a shard, its index and the touched chunks are fetched, these as a whole."""
        gets, stored = self.read_point(compressors=None, chunks=(150, 150), shards=(300, 300))
        assert len(gets) == 2
        assert stored / 5 < total(gets) < stored / 3


def test_file_in_the_place_of_a_frame_is_read_as_a_whole():
    one = Case(uniform(16, 90)[:200, :200].astype("i4"))
    one.store.put("c/0/0", standalone.simple_compress(one.given.ravel(), ChunkConfig()))
    for part in (np.s_[3, 5], np.s_[:, 9]):
        gets = one.read(lambda a, part=part: a[part])
        assert [(get.start, get.stop) for get in gets] == [(0, one.first), (0, None)]
