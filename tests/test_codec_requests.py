"""Which bytes a read asks a store for: how many requests, how large, and never one that stores answer differently."""

import numpy as np
import pytest
from request_cases import DTYPES, KIB, KINDS, NEAR, Case, case, codec_pipeline, every_kind, places, total, uniform  # noqa: F401 - a fixture

from pcodec_numcodecs.frame.head import read_head

pytestmark = pytest.mark.usefixtures("codec_pipeline")


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
        streams = sum(layout.stream_sizes[stream] for stream in layout.streams_of(np.array([page])))
        assert len(gets) <= 3
        assert total(gets) <= one.first + streams + int(one.info.page_bytes[page]) + 2 * NEAR
