"""Requests: which bytes are asked for; and whatever a store answers, cells of two objects are never mixed."""

import functools
import itertools
import operator
from dataclasses import replace

import numpy as np
import pytest
from frame_cases import assert_same, random_array
from frame_pipelines import FEATURES
from hypothesis import given, settings
from hypothesis import strategies as st

from pcodec_numcodecs import CorruptionError, InsufficientDataError, frame
from pcodec_numcodecs.frame.head import read_head
from pcodec_numcodecs.frame.reader import select
from pcodec_numcodecs.frame.requests import (
    GAP_BYTES,
    WHOLE,
    Request,
    first_bytes,
    is_small,
    needed_ranges,
    read_ranges,
)

pytestmark = pytest.mark.numpy_only

SHAPE, TILE = (30, 40), (10, 8)
DAMAGED = (CorruptionError, InsufficientDataError)


def made(seed, dtype="<i4"):
    array = random_array(dtype, SHAPE, seed)
    return array, frame.write(array, tile=TILE, level=1, predictor="none")


OLD, OLD_BYTES = made(1)
NEW, NEW_BYTES = made(2)
# Like the old one but for the last page; and one of other sizes throughout.
NEARLY = OLD.copy()
NEARLY[29, 39] += 1
NEARLY_BYTES = frame.write(NEARLY, tile=TILE, level=1, predictor="none")
COARSE = OLD // 4096
COARSE_BYTES = frame.write(COARSE, tile=TILE, level=1, predictor="none")
HEAD = (found := frame.info(OLD_BYTES)).head_bytes
FRONT = HEAD + found.stream_bytes
ENDS = (FRONT + np.cumsum(found.page_bytes)).tolist()
SELECTIONS = {
    "cell": np.s_[12, 20],
    "row": np.s_[29],
    "column": np.s_[:, 39],
    "corners": np.s_[::29, ::39],
    "points": ([0, 15, 29, 0], [39, 3, 39, 39]),
    "most": np.s_[1:],
}


class Store:
    """One object that may change between requests.

    Parameters
    ----------
    versions
        The object's bytes at each request, None where there is none; the last one stays.
    answer
        Changes what comes back: of the request's number, the request, and the bytes that were asked for.
    """

    def __init__(self, *versions, answer=None):
        self.versions = versions
        self.answer = answer or (lambda number, request, content: content)
        self.rounds = []

    def get(self, request):
        number = sum(map(len, self.rounds)) - 1
        content = self.versions[min(number, len(self.versions) - 1)]
        if content is not None:
            content = self.answer(number, request, content[request.start : request.stop])
        return None if content is None else memoryview(content)

    def read(self, selection, first=FRONT + 50, gap=0):
        """Drive the generator; return its result."""

        def prepare(layout):
            wanted = select(layout, selection)
            return wanted, np.empty(wanted.shape, layout.element.dtype)

        def whole(content):
            # All checks of a whole frame, and NumPy's own selection.
            return np.asarray(frame.read(content)[selection])

        steps = read_ranges(first, gap, prepare, whole)
        requests = next(steps)
        while True:
            assert requests
            answers = []
            self.rounds.append([])
            for request in requests:
                assert isinstance(request, Request)
                assert request.start >= 0
                assert request == WHOLE or request.start < request.stop
                self.rounds[-1].append(request)
                answers.append(self.get(request))
            assert all(a.stop < b.start for a, b in itertools.pairwise(requests))
            try:
                requests = steps.send(answers)
            except StopIteration as end:
                return end.value


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize(
    "first", [14, 30, HEAD - 1, HEAD, FRONT - 1, FRONT, FRONT + 1, ENDS[0], ENDS[3] + 7, len(OLD_BYTES) - 1]
)
@pytest.mark.parametrize("gap", [0, 100, GAP_BYTES])
def test_object_that_stays(selection, first, gap):
    store = Store(OLD_BYTES)
    assert_same(store.read(selection, first, gap), np.asarray(OLD[selection]))
    assert store.rounds[0] == [Request(0, first)]
    assert len(store.rounds) <= (2 if first >= HEAD else 3)
    at_hand = max(first, FRONT if first < HEAD else HEAD)
    if first < HEAD:
        # The chunk-level stream is so short that it is read along.
        assert store.rounds[1] == [Request(first, FRONT)]
    for request in functools.reduce(operator.iadd, store.rounds[1 + (first < HEAD) :], []):
        # Whole pages, and the chunk-level stream, of which the last bytes at least are not at hand.
        assert request.stop in [FRONT, *ENDS]
        assert request.start in [HEAD, FRONT, *ENDS]
        assert request.stop > at_hand
        assert min(end for end in [FRONT, *ENDS] if end > request.start) > at_hand


@pytest.mark.parametrize("first", [len(OLD_BYTES), len(OLD_BYTES) + 1, 1 << 20])
def test_all_in_the_first_answer(first):
    store = Store(OLD_BYTES)
    assert_same(store.read(np.s_[3:5], first), OLD[3:5])
    assert store.rounds == [[Request(0, first)]]


def test_pages_at_hand_are_not_asked_for():
    store = Store(OLD_BYTES)
    assert_same(store.read(np.s_[:10, :8], ENDS[0]), OLD[:10, :8].copy())
    assert store.rounds == [[Request(0, ENDS[0])]]
    store = Store(OLD_BYTES)
    assert store.read(np.s_[:0], FRONT).shape == (0, 40)
    assert store.rounds == [[Request(0, FRONT)]]


def test_constant_needs_one_request():
    written = frame.write(np.full(SHAPE, 7, "<i4"))
    store = Store(written + bytes(1000))  # as if the first bytes of an object were asked for that goes on
    assert store.read(np.s_[3], first=len(written)).tolist() == [7] * 40
    assert len(store.rounds) == 1


def test_gap():
    store = Store(OLD_BYTES)
    between = ENDS[1] - ENDS[0]
    assert_same(store.read(np.s_[:10, [0, 20]], FRONT, between), OLD[:10, [0, 20]])
    assert store.rounds[1] == [Request(FRONT, ENDS[2])]
    store = Store(OLD_BYTES)
    assert_same(store.read(np.s_[:10, [0, 20]], FRONT, between - 1), OLD[:10, [0, 20]])
    assert store.rounds[1] == [Request(FRONT, ENDS[0]), Request(ENDS[1], ENDS[2])]


LAYOUT = read_head(memoryview(OLD_BYTES))


@given(
    st.sets(st.integers(0, len(ENDS) - 1)).map(sorted),
    st.integers(HEAD, FRONT + 9) | st.integers(FRONT, len(OLD_BYTES)),
    st.integers(0, 1000) | st.sampled_from(np.diff(ENDS).tolist()),
)
@settings(max_examples=150)
def test_ranges(pages, at_hand, gap):
    found = needed_ranges(LAYOUT, np.array(pages, np.int64), at_hand, gap)
    bounds = dict(enumerate(zip([FRONT, *ENDS], ENDS, strict=False)))
    needed = [(HEAD, FRONT), *(bounds[page] for page in pages)] if pages else []
    missing = [(start, stop) for start, stop in needed if start < stop and stop > at_hand]
    assert all(any(r.start <= start and stop <= r.stop for r in found) for start, stop in missing)
    # No more than that: what is read along are gaps that are no longer than is allowed, but all of those.
    assert {r.start for r in found} <= {start for start, _ in missing}
    assert {r.stop for r in found} <= {stop for _, stop in missing}
    assert all(b.start - a.stop > gap for a, b in itertools.pairwise(found))
    for r in found:
        inside = [(start, stop) for start, stop in missing if r.start <= start < r.stop]
        assert all(b[0] - a[1] <= gap for a, b in itertools.pairwise(inside))


def test_pages_without_bytes_are_not_asked_for():
    # A page of one value may take no bytes at all; those around it do.
    array = np.zeros((3, 500), "<u4")
    array[0] = np.arange(500)
    array[2] = np.arange(500)[::-1] // 3
    written = frame.write(array, tile=(1, 500), level=0)
    layout = read_head(memoryview(written))
    sizes = frame.info(written).page_bytes.tolist()
    for page, size in enumerate(sizes):
        assert len(needed_ranges(layout, np.array([page]), layout.front_bytes, 0)) == (size > 0)
    sizes = np.array([5, 0, 7])
    layout = replace(layout, page_sizes=sizes)
    front = layout.front_bytes
    assert needed_ranges(layout, np.array([1]), front, 0) == []
    assert needed_ranges(layout, np.arange(3), front, 0) == [Request(front, front + 12)]
    assert needed_ranges(layout, np.arange(2), front, 0) == [Request(front, front + 5)]


def outcome(store, selection, first=FRONT + 50, gap=0):
    """Return the result's bytes, None for no object, or the error."""
    try:
        found = store.read(selection, first, gap)
    except DAMAGED as error:
        return error
    return None if found is None else found.tobytes()


def count_requests(content, selection, first, gap=0):
    store = Store(content)
    store.read(selection, first, gap)
    return sum(map(len, store.rounds))


FIRSTS = [20, FRONT - 3, FRONT + 50, ENDS[6]]
OTHERS = {
    "other cells": (NEW, NEW_BYTES),
    "one other page": (NEARLY, NEARLY_BYTES),
    "other sizes": (COARSE, COARSE_BYTES),
    "constant": (np.full_like(OLD, 5), frame.write(np.full_like(OLD, 5))),
    "longer": (NEW, NEW_BYTES + bytes(5000)),  # no frame, as a whole
}


def test_others_are_other():
    assert len(NEARLY_BYTES) != len(OLD_BYTES) or NEARLY_BYTES[: ENDS[-2]] != OLD_BYTES[: ENDS[-2]]
    pages = [content[a:b] for content in (OLD_BYTES, NEARLY_BYTES) for a, b in zip([FRONT, *ENDS], ENDS, strict=False)]
    assert pages[0] == pages[15]  # the same page at the same place, of two objects
    assert len(COARSE_BYTES) < len(OLD_BYTES) * 0.9


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize("name", OTHERS)
def test_replaced_between_any_two_requests(name, selection):
    new, content = OTHERS[name]
    results = set()
    for first in FIRSTS:
        for after in range(1, count_requests(OLD_BYTES, selection, first) + 1):
            store = Store(*[OLD_BYTES] * after, content)
            found = outcome(store, selection, first)
            # Wholly the old one or wholly the new one; for what is no frame, perhaps an error.
            assert sum(requests == [WHOLE] for requests in store.rounds) <= 1
            if isinstance(found, DAMAGED) and name == "longer":
                continue
            wholes = [np.asarray(array[selection]).tobytes() for array in (OLD, new)]
            assert found in wholes
            results.add(wholes.index(found))
    # Both have been seen, where they differ.
    assert results == set(range(len({np.asarray(array[selection]).tobytes() for array in (OLD, new)})))


@given(
    st.lists(st.sampled_from([OLD_BYTES, NEW_BYTES, NEARLY_BYTES, COARSE_BYTES, None]), min_size=1, max_size=8),
    st.data(),
)
@settings(max_examples=120, deadline=None)
def test_replaced_again_and_again(versions, data):
    selection = data.draw(st.sampled_from(list(SELECTIONS.values())))
    found = outcome(
        Store(*versions), selection, data.draw(st.sampled_from(FIRSTS)), data.draw(st.sampled_from([0, 200]))
    )
    if not isinstance(found, DAMAGED) and found is not None:
        assert found in [np.asarray(array[selection]).tobytes() for array in (OLD, NEW, NEARLY, COARSE)]


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
def test_cut_short_between_requests(selection):
    expected = np.asarray(OLD[selection]).tobytes()
    rng = np.random.default_rng(3)
    for first in FIRSTS:
        for after in range(count_requests(OLD_BYTES, selection, first) + 1):
            for size in [0, 3, FRONT, *rng.integers(0, len(OLD_BYTES), 4).tolist()]:
                found = outcome(Store(*[OLD_BYTES] * after, OLD_BYTES[:size]), selection, first)
                assert isinstance(found, DAMAGED) or found == expected
                if after == 0 and size == 0:
                    assert isinstance(found, InsufficientDataError)


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
def test_gone_between_requests(selection):
    for first in FIRSTS:
        needed = count_requests(OLD_BYTES, selection, first)
        for after in range(needed):
            store = Store(*[OLD_BYTES] * after, None)
            assert store.read(selection, first) is None
            assert sum(requests == [WHOLE] for requests in store.rounds) == (after > 0)
        assert outcome(Store(*[OLD_BYTES] * needed, None), selection, first) == np.asarray(OLD[selection]).tobytes()


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize("since", range(4))
def test_server_that_knows_no_ranges(selection, since):
    store = Store(OLD_BYTES, answer=lambda number, request, content: OLD_BYTES if number >= since else content)
    for first in FIRSTS:
        store.rounds = []
        assert outcome(store, selection, first) == np.asarray(OLD[selection]).tobytes()
        # What it sent is all, so that nothing more need be asked for.
        assert len(store.rounds) <= (1 if since == 0 else 3)
        assert [WHOLE] not in store.rounds


def test_server_that_knows_no_ranges_and_another_object():
    for selection in SELECTIONS.values():
        store = Store(OLD_BYTES, answer=lambda number, request, content: NEW_BYTES if number else content)
        assert outcome(store, selection) in [np.asarray(array[selection]).tobytes() for array in (OLD, NEW)]


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c[: len(c) // 2], lambda c: b"", lambda c: c + b"\0"])
def test_answers_of_another_length(selection, change):
    expected = np.asarray(OLD[selection]).tobytes()
    for first in FIRSTS:
        for since in (0, 1, 2):
            store = Store(
                OLD_BYTES,
                answer=lambda number, request, content, since=since: (
                    change(content) if number >= since and request != WHOLE else content
                ),
            )
            found = outcome(store, selection, first)
            if since == 0:
                # An answer that is shorter than what was asked for holds all there is.
                assert isinstance(found, DAMAGED)
            else:
                assert found == expected


def test_damage_that_stays():
    for page, (start, stop) in enumerate(zip([FRONT, *ENDS], ENDS, strict=False)):
        data = bytearray(OLD_BYTES)
        data[(start + stop) // 2] ^= 4
        for selection, needs in ((np.s_[12, 20], page == 7), (np.s_[:], True)):
            store = Store(bytes(data))
            found = outcome(store, selection)
            if not needs:
                assert found == np.asarray(OLD[selection]).tobytes()
                assert [WHOLE] not in store.rounds
            else:
                assert isinstance(found, CorruptionError)
                assert f"page {page} " in str(found)
                assert [requests == [WHOLE] for requests in store.rounds].count(True) == 1
                assert store.rounds[-1] == [WHOLE]


def test_other_objects_are_read_as_a_whole():
    seen = []

    def whole(content):
        seen.append(bytes(content))
        return np.zeros(3)

    steps = read_ranges(10, 0, lambda layout: pytest.fail("not a frame"), whole)
    assert next(steps) == [Request(0, 10)]
    assert steps.send([memoryview(b"pco!" + bytes(6))]) == [WHOLE]
    with pytest.raises(StopIteration) as end:
        steps.send([memoryview(b"pco!" + bytes(100))])
    assert end.value.value.tolist() == [0, 0, 0]
    assert seen == [b"pco!" + bytes(100)]


def test_long_streams_are_not_read_along_with_the_head():
    one = FEATURES["two masks of boxes"]()
    one = one._replace(array=np.tile(one.array, (8, 8, 1, 1)), tile=(24, 40, 16, 17))
    data = one.write()
    layout = read_head(memoryview(data))
    assert layout.front_bytes - layout.head_size > 16 << 10
    store = Store(data)
    assert_same(store.read(np.s_[0, 3], 30), one.array[0, 3].copy())
    assert store.rounds[1] == [Request(30, layout.head_size)]


def test_errors_of_the_selection_come_out():
    store = Store(OLD_BYTES)
    with pytest.raises(IndexError):
        store.read(np.s_[99])
    assert len(store.rounds) == 1


def test_first_reads_are_short():
    assert is_small(64 << 10)
    assert not is_small((64 << 10) + 1)
    for cells in (1, 10**4, 10**6, 10**8, 10**10):
        for itemsize in (1, 2, 4, 8, 16):
            assert 1024 < first_bytes(cells, itemsize) <= 16 << 10


@pytest.mark.parametrize("dtype", ["|b1", "<i2", "<f4", "<f8"])
def test_first_read_holds_the_head_and_where_nothing_is_masked_the_front(dtype):
    array = random_array(dtype, (500, 600), 4)
    assert frame.info(frame.write(array, level=4)).head_bytes <= first_bytes(array.size, array.itemsize)
    found = frame.info(frame.write(array, level=4, predictor="none"))
    assert found.head_bytes + found.stream_bytes <= first_bytes(array.size, array.itemsize)
