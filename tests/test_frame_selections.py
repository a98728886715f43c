"""Selections: `frame.read` takes from a frame what NumPy takes from the array, and needs the pages it touches."""

from functools import cache

import numpy as np
import pytest
from frame_cases import assert_same, bits_of, random_array
from frame_heads import Head, head_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pcodec_numcodecs import CorruptionError, InsufficientDataError, InvalidArgumentError, frame

pytestmark = pytest.mark.numpy_only

# dtype, shape, tile; the last two have bools that share bytes, and one Pco chunk for each part of the cells.
FRAMES = (
    ("<i4", (11, 13), (4, 5)),
    (">f8", (5, 1, 7), (2, 1, 3)),
    ("<u2", (40,), (7,)),
    ("|b1", (), ()),
    ("<M8[D]", (0, 4), (1, 2)),
    ("<i8", (3, 4, 2, 3), (2, 2, 2, 2)),
    ("|b1", (9, 10), (4, 3)),
    ("<c8", (6, 5, 4), (5, 2, 3)),
)


@cache
def case(index):
    dtype, shape, tile = FRAMES[index]
    array = random_array(dtype, shape, index)
    array.flags.writeable = False
    return array, frame.write(array, tile=tile, level=1)


def taken(array, selection):
    """Return what NumPy takes, in bits: a scalar of NumPy's would not keep those of every bool or NaN."""
    return np.asarray(array.view(f"V{array.itemsize}")[selection]).view(array.dtype)


def lists(elements, most=6):
    return st.lists(elements, max_size=most)


def items(size):
    """Strategy: what may stand in a selection for an axis of some length, and now and then does not fit."""
    index = st.integers(-size, max(size - 1, 0)) if size else st.just(0)
    bound = st.none() | st.integers(-size - 3, size + 3)
    step = st.none() | st.integers(-4, 4).filter(bool)
    integers = lists(index).map(lambda found: np.array(found, np.intp))
    return st.one_of(
        index,
        st.builds(slice, bound, bound, step),
        st.builds(slice, bound, bound, st.none() | st.integers(1, 5)),
        index.map(np.int16),
        index.map(np.array),
        integers,
        lists(index, 4),
        st.lists(index, min_size=4, max_size=4).map(lambda found: np.array(found).reshape(2, 2)),
        st.lists(st.booleans(), min_size=size, max_size=size).map(lambda found: np.array(found, bool)),
    )


@st.composite
def selections(draw, shape):
    kind = draw(st.sampled_from(["axes", "axes", "axes", "boxes", "grid", "mask", "odd", "points"]))
    if kind == "boxes":
        bound = st.none() | st.integers(-9, 9)
        return tuple(draw(st.builds(slice, bound, bound, st.none() | st.integers(1, 3))) for _ in shape)
    if kind == "grid" and shape:
        index = [draw(lists(st.integers(-size, size - 1), 4)) if size else [] for size in shape]
        return np.ix_(*(np.array(found, np.intp) for found in index))
    if kind == "mask":
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        return rng.random(shape[: draw(st.integers(0, len(shape)))]) < draw(st.sampled_from([0.0, 0.1, 0.6, 1.0]))
    if kind == "points" and shape and 0 not in shape:
        count = draw(st.integers(0, 6))
        return tuple(
            np.array(draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count)), np.int32)
            for size in shape
        )
    if kind == "odd":
        return draw(st.sampled_from([True, False, np.True_, [], (), ..., (None,), (None, ..., None), 99, (0,) * 7]))
    found = [draw(items(size)) for size in shape[: draw(st.integers(0, len(shape)))]]
    if draw(st.booleans()):
        found.insert(draw(st.integers(0, len(found))), ...)
    if draw(st.booleans()):
        found.insert(draw(st.integers(0, len(found))), None)
    return found[0] if len(found) == 1 and draw(st.booleans()) else tuple(found)


@given(st.data())
@settings(max_examples=350, deadline=None)
def test_like_numpy(data):
    array, written = case(data.draw(st.integers(0, len(FRAMES) - 1)))
    selection = data.draw(selections(array.shape))
    if selection is None:
        selection = (None,)  # alone, it asks for all
    try:
        expected = taken(array, selection)
    except (IndexError, ValueError, TypeError) as error:
        with pytest.raises(type(error)):
            frame.read(written, selection)
    else:
        assert_same(frame.read(written, selection), expected)


MASK = np.random.default_rng(0).random((6, 5, 4)) < 0.3
KINDS = {
    "all": ...,
    "no item": (),
    "integer": 2,
    "negative integer": np.s_[-1, -5],
    "one cell": np.s_[3, 4, 1],
    "one cell, 0-d arrays": (np.array(3), np.array(4), np.array(1)),
    "slices": np.s_[1:5, :3, 2:],
    "steps": np.s_[::2, 1::3, ::3],
    "steps over tiles": np.s_[::5, ::4],
    "backwards": np.s_[::-1, 3:0:-2],
    "empty slice": np.s_[4:2],
    "past the end": np.s_[2:99, -99:3],
    "ellipsis": np.s_[..., 1],
    "ellipsis of nothing": np.s_[1, 2, ..., 3],
    "new axes": np.s_[None, 1, None, ..., None],
    "mask of an axis": np.array([True, False, True, True, False, True]),
    "mask of a later axis": np.s_[:, np.array([True, False, True, False, True])],
    "mask of two axes": MASK[..., 0],
    "mask of all axes": MASK,
    "mask of nothing": np.zeros((6, 5, 4), bool),
    "mask of everything": np.ones((6, 5, 4), bool),
    "unsorted": [5, 0, 3],
    "duplicates": np.s_[[1, 1, 4, 1], :, [3, 0, 0, 3]],
    "negative array": np.array([-1, -6, 2]),
    "unsigned array": np.array([5, 1], np.uint8),
    "empty array": np.array([], int),
    "N-d array": np.array([[0, 5], [3, 3]]),
    "arrays and slices": np.s_[[2, 0], 1:4, [3, 1]],
    "arrays apart": np.s_[[2, 0], ..., [3, 1]],
    "array and integer": np.s_[4, :, [0, 3]],
    "orthogonal": np.ix_([4, 1], [0, 0, 3], [2]),
    "orthogonal masks": np.ix_(MASK[:, 0, 0], MASK[0, :, 1]),
    "mask and array": np.s_[np.array([True, False, False, False, False, True]), [0, 3]],
    "true": True,
    "false": np.s_[False, 1],
    "list": [[0, 1], [2, 3]],
}


@pytest.mark.parametrize("selection", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("dtype", ["<c8", ">i2", "|b1"])
def test_every_kind(dtype, selection):
    array = random_array(dtype, (6, 5, 4), 1)
    written = frame.write(array, tile=(5, 2, 3), level=1)
    expected = taken(array, selection)
    found = frame.read(written, selection)
    assert_same(found, expected)
    assert found.flags.c_contiguous
    assert found.flags.writeable
    # Constant frames have no pages to take from.
    same = np.full((6, 5, 4), array.flat[0], array.dtype)
    assert_same(frame.read(frame.write(same), selection), np.full(expected.shape, array.flat[0], array.dtype))


def test_none_asks_for_all_and_a_tuple_of_it_for_an_axis():
    array, written = case(0)
    assert frame.read(written, None).shape == array.shape
    assert frame.read(written, (None,)).shape == (1, *array.shape)


@pytest.mark.parametrize("selection", [(), ..., None, True, (True, None), False, (..., None), np.array(True)], ids=str)
@pytest.mark.parametrize("constant", [True, False])
def test_no_axes(selection, constant):
    array = np.array(7, "<i2")
    written = frame.write(array)
    if not constant:
        # What writers make constant is as well read from a page.
        head = head_of(np.array([7, 8], "<i2"), tile=(1,))
        written = head.but(shape=(), tile=(), pages=head.pages[:1], chunk_pages=1).frame()
        assert frame.info(written).storage == "plain"
    expected = array if selection is None else np.asarray(array[selection])
    assert_same(frame.read(written, selection), expected)


ERRORS = {
    "past the end": np.s_[6],
    "past the other end": np.s_[-7],
    "past the end of an array": np.s_[:, [0, 5]],
    "too many": np.s_[0, 0, 0, 0],
    "two ellipses": np.s_[..., 0, ...],
    "float": 1.0,
    "array of floats": [0.0, 1.0],
    "str": "a",
    "mask too short": np.array([True, False]),
    "mask too long": np.ones((6, 5, 5), bool),
    "lengths that do not match": np.s_[[0, 1], [0, 1, 2]],
    "step of 0": np.s_[::0],
    "slice of floats": np.s_[1.0:2.0],
    "object": (object(),),
}


@pytest.mark.parametrize("selection", ERRORS.values(), ids=ERRORS)
def test_errors_are_those_of_numpy(selection):
    array = random_array("<c8", (6, 5, 4), 1)
    with pytest.raises((IndexError, ValueError, TypeError)) as expected:
        array[selection]
    for written in (frame.write(array, tile=(5, 2, 3), level=0), frame.write(np.zeros_like(array))):
        with pytest.raises(expected.type) as found:
            frame.read(written, selection)
        assert found.type is expected.type


class TestOut:
    array = random_array("<f4", (9, 8, 3), 3)
    written = frame.write(array, tile=(4, 3, 2), level=1)

    @pytest.mark.parametrize(
        "selection", [None, ..., np.s_[2:7, ::3], np.s_[::-1, [1, 1, 5]], np.s_[4], np.s_[:0]], ids=str
    )
    def test_any_strides(self, selection):
        expected = self.array if selection is None else self.array[selection]
        room = np.zeros(tuple(3 * n + 2 for n in expected.shape), "<f4")
        every_third = room[tuple(slice(1, 3 * n + 1, 3) for n in expected.shape)]
        bytes_apart = np.zeros(expected.nbytes + 1, np.uint8)[1:].view("<f4").reshape(expected.shape)
        outs = [
            np.zeros(expected.shape, "<f4"),
            np.zeros(expected.shape, "<f4", order="F"),
            np.zeros(expected.shape, "<f4")[::-1],
            np.moveaxis(np.zeros((expected.shape[-1], *expected.shape[:-1]), "<f4"), 0, -1),
            bytes_apart,
            every_third,
        ]
        for out in outs:
            assert out.shape == expected.shape
            assert frame.read(self.written, selection, out) is out
            assert bits_of(out) == bits_of(expected)
        between = np.ones(room.shape, bool)
        between[tuple(slice(1, 3 * n + 1, 3) for n in expected.shape)] = False
        assert not room[between].any()

    def test_of_a_constant(self):
        out = np.zeros((4, 6), ">c16")[::2, ::-1]
        frame.read(frame.write(np.full((2, 6), 1 - 2j, ">c16")), out=out)
        assert (out == 1 - 2j).all()
        assert (out.base[1::2] == 0).all()

    def test_of_one_cell(self):
        out = np.zeros((), "<f4")
        assert frame.read(self.written, (3, 2, 1), out) is out
        assert bits_of(out) == bits_of(self.array[3:4, 2, 1])

    @pytest.mark.parametrize(
        ("out", "error", "complaint"),
        [
            (np.zeros((9, 8, 3), ">f4"), TypeError, "out must be of dtype float32, got >f4"),
            (np.zeros((9, 8, 3), "<i4"), TypeError, "out must be of dtype float32, got int32"),
            (np.zeros((9, 8, 3), "<f8"), TypeError, "out must be of dtype float32, got float64"),
            (
                np.zeros((9, 8, 3, 1), "<f4"),
                InvalidArgumentError,
                r"the shape of the result, \(9, 8, 3\), got \(9, 8, 3, 1\)",
            ),
            (np.zeros(216, "<f4"), InvalidArgumentError, "shape of the result"),
            (np.broadcast_to(np.float32(0), (9, 8, 3)), InvalidArgumentError, "out must be writeable"),
            (bytearray(864), TypeError, "out must be a NumPy array, got bytearray"),
        ],
        ids=["byte order", "kind", "size", "axes", "flat", "read-only", "bytearray"],
    )
    def test_another_is_refused(self, out, error, complaint):
        with pytest.raises(error, match=complaint):
            frame.read(self.written, out=out)
        with pytest.raises(error):
            frame.read(frame.write(np.ones((9, 8, 3), "<f4")), out=out)

    def test_of_the_whole_array_does_not_do_for_a_part(self):
        with pytest.raises(InvalidArgumentError, match="shape of the result"):
            frame.read(self.written, np.s_[:2], np.zeros((9, 8, 3), "<f4"))

    def test_other_units_are_refused(self):
        written = frame.write(np.arange(5).astype("<M8[s]"))
        with pytest.raises(TypeError, match="out must be of dtype"):
            frame.read(written, out=np.zeros(5, "<M8[ms]"))


def page_numbers(shape, tile):
    """Return the page of each cell, from the definition."""
    numbers = np.zeros(shape, int)
    for axis, (size, length) in enumerate(zip(shape, tile, strict=True)):
        places = (np.arange(size) // length).reshape(-1, *(1,) * (len(shape) - axis - 1))
        numbers = numbers * -(-size // length) + places
    return numbers


def page_bounds(written):
    found = frame.info(written)
    ends = found.head_bytes + found.stream_bytes + np.cumsum(found.page_bytes)
    return [(int(end - size), int(end)) for size, end in zip(found.page_bytes, ends, strict=True)]


@given(st.data())
@settings(max_examples=70, deadline=None)
def test_no_other_page_is_needed(data):
    index = data.draw(st.sampled_from([0, 1, 2, 5, 6, 7]))
    array, written = case(index)
    selection = data.draw(selections(array.shape).filter(lambda found: found is not None))
    try:
        expected = taken(array, selection)
    except IndexError:
        return
    needed = np.unique(page_numbers(array.shape, FRAMES[index][2])[selection])
    bounds = page_bounds(written)
    spoilt = bytearray(written)
    for page, (start, stop) in enumerate(bounds):
        if page not in needed:
            spoilt[start:stop] = bytes(0xFF ^ byte for byte in spoilt[start:stop])
    assert_same(frame.read(spoilt, selection), expected)
    # Nor anything behind the last page that is needed.
    end = max([bounds[page][1] for page in needed], default=bounds[0][0])
    assert_same(frame.read(spoilt[:end], selection), expected)
    # While each that is needed is checked.
    for page in needed.tolist():
        start, stop = bounds[page]
        if start == stop:
            continue
        touched = bytearray(written)
        touched[data.draw(st.integers(start, stop - 1))] ^= 1 << data.draw(st.integers(0, 7))
        with pytest.raises(CorruptionError, match=rf"page {page} \(cells \["):
            frame.read(touched, selection)
        with pytest.raises(InsufficientDataError):
            frame.read(written[: stop - 1], selection)


def test_whole_frames_must_be_whole():
    array, written = case(0)
    with pytest.raises(InsufficientDataError, match="a selection may still be read"):
        frame.read(written[:-1])
    with pytest.raises(CorruptionError, match=f"must end after {len(written)} bytes, got {len(written) + 1}"):
        frame.read(written + b"\0")
    assert_same(frame.read(written + b"\0", ...), array)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: np.frombuffer(b, np.uint8)])
def test_from_any_buffer(kind):
    array, written = case(0)
    assert_same(frame.read(kind(written)), array)
    assert_same(frame.read(kind(written), np.s_[3, 2:9]), array[3, 2:9].copy())
    assert frame.info(kind(written)).shape == array.shape


def test_limit_of_bytes():
    array, written = case(0)
    assert_same(frame.read(written, max_bytes=array.nbytes), array)
    with pytest.raises(InvalidArgumentError, match=f"may not exceed {array.nbytes - 1} bytes, got {array.nbytes}"):
        frame.read(written, max_bytes=array.nbytes - 1)
    large = Head(name=b"|i1", shape=(1 << 16, 1 << 16), constant=b"\3", flags=2).frame()
    assert len(large) < 100
    with pytest.raises(InvalidArgumentError, match="if the source is trusted, pass a larger max_bytes"):
        frame.read(large, np.s_[5, 7], max_bytes=1 << 31)
    assert frame.read(large, np.s_[5, 7:9]).tolist() == [3, 3]
