"""Recovery: every array comes back from its frame in bits, type and shape, and frames are no larger than promised."""

from math import prod

import numpy as np
import pytest
from frame_cases import DTYPES, NUMBERS, assert_same, bits_of, random_array, special_bits, unsigned_of
from frame_heads import head_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pcodec_numcodecs import CorruptionError, InsufficientDataError, InvalidArgumentError, frame
from pcodec_numcodecs.frame import writer
from pcodec_numcodecs.pipeline.tiles import auto_tile

pytestmark = pytest.mark.numpy_only

ACCESS = ("balanced", "series", "maps", "whole")
SHAPES = (
    (),
    (1,),
    (0,),
    (1, 1, 1),
    (0, 3),
    (4, 0, 2),
    (37,),
    (1, 29),
    (6, 1, 9),
    (11, 13),
    (3, 4, 5, 2),
    (2, 3, 1, 4, 3),
)

shapes = st.one_of(
    st.sampled_from(SHAPES),
    st.lists(st.integers(0, 7), min_size=1, max_size=5).map(tuple),
    st.tuples(st.integers(1, 700)),
)


def misaligned(array):
    found = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    found[...] = array
    return found


def strided(array):
    room = np.zeros(tuple(2 * n + 1 for n in array.shape), array.dtype)
    found = room[(..., *(slice(1, None, 2),) * array.ndim)]  # an ellipsis, so that it is an array without axes too
    found[...] = array
    return found


def backwards(array):
    return array[(..., *(slice(None, None, -1),) * array.ndim)]


def read_only(array):
    found = array.copy()
    found.flags.writeable = False
    return found


# Ways for an array to lie in memory; the cells are the same, which the test checks before anything else.
LAYOUTS = {
    "C": lambda a: a.copy(order="C"),
    "F": lambda a: a.copy(order="F"),
    "reversed": lambda a: backwards(backwards(a).copy()),
    "strided": strided,
    "misaligned": misaligned,
    "read-only": read_only,
    "axes": lambda a: np.moveaxis(np.moveaxis(a, -1, 0).copy(), 0, -1) if a.ndim else a,
}


@st.composite
def cases(draw):
    shape = draw(shapes)
    array = random_array(draw(st.sampled_from(DTYPES)), shape, draw(st.integers(0, 2**32)), draw(st.integers(0, 60)))
    asked = {"level": draw(st.integers(0, 12)), "access": draw(st.sampled_from(ACCESS))}
    if draw(st.booleans()):
        asked["tile"] = tuple(draw(st.integers(1, max(1, size) + 1)) for size in shape)
        # Pages of one cell each are right, and many of them are slow.
        asked["tile"] = tuple(max(length, size // 6) for length, size in zip(asked["tile"], shape, strict=True))
    return array, asked


@given(cases(), st.sampled_from(list(LAYOUTS)), st.sampled_from(["C", "F"]))
@settings(max_examples=150, deadline=None)
def test_arrays_come_back(case, layout, order):
    array, asked = case
    laid_out = LAYOUTS[layout](array)
    assert bits_of(laid_out) == bits_of(array)
    written = frame.write(laid_out, order=order, **asked)
    found = frame.read(written)
    assert_same(found, array)
    assert found.flags[f"{order}_CONTIGUOUS"]
    assert found.flags.owndata
    assert found.flags.writeable
    # Frames are the same whatever the layout in memory; the order is a flag of the head, whose CRC then differs.
    plain = frame.write(array, **asked)
    if order == "C":
        assert written == plain
    else:
        head = frame.info(written).head_bytes
        assert written[5] == plain[5] | 1
        assert (written[:5], written[6 : head - 4], written[head:]) == (plain[:5], plain[6 : head - 4], plain[head:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_in_pages(dtype):
    # The property test above picks types at random; here is each, with pages at edges and more than 256 numbers in one.
    array = random_array(dtype, (45, 31), 3)
    assert array.size > 16 * len(special_bits(dtype))
    written = frame.write(array, tile=(20, 16), level=4)
    assert frame.info(written).page_cells.tolist() == [320, 300, 320, 300, 80, 75]
    assert_same(frame.read(written), array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_bits_alone(dtype):
    bits = np.array(special_bits(dtype), unsigned_of(dtype))
    if np.dtype(dtype).kind == "c":
        # Each special part beside each.
        array = np.stack(np.broadcast_arrays(bits[:, None], bits), axis=-1).view(dtype)[..., 0]
        assert array.shape == (bits.size, bits.size)
    else:
        array = bits.view(dtype)
    for tile in ("auto", (3,) * array.ndim, (1,) * array.ndim):
        assert_same(frame.read(frame.write(array, tile=tile)), array)


def test_specials_are_what_they_are_called():
    assert np.isnan(np.array(special_bits("f4"), "u4").view("f4")).sum() == 5
    assert np.isnat(np.array(special_bits("<M8[ns]"), "u8").view("M8[ns]")).sum() == 1
    assert 2**63 in special_bits("u8")
    assert np.signbit(np.array(special_bits("f8"), "u8").view("f8")[2])
    assert 2 in special_bits("?")


@pytest.mark.parametrize("dtype", ["<i4", ">f8", "|b1", "<c8"])
def test_broadcast_input(dtype):
    row = random_array(dtype, (1, 40), 5)
    given = np.broadcast_to(row, (9, 40))
    written = frame.write(given, tile=(4, 16))
    assert written == frame.write(np.ascontiguousarray(given), tile=(4, 16))
    assert_same(frame.read(written), np.ascontiguousarray(given))


def test_whatever_numpy_makes_an_array_of():
    assert_same(frame.read(frame.write([[1, 2], [3, 4]])), np.array([[1, 2], [3, 4]]))
    assert_same(frame.read(frame.write(np.float32(2.5))), np.array(2.5, np.float32))
    masked = np.ma.masked_array([1, 2, 3], [False, True, False])
    assert_same(frame.read(frame.write(masked)), np.array([1, 2, 3]))
    for same_as_i8 in (np.dtype("q"), np.dtype("l"), np.dtype("i8", metadata={"unit": "K"})):
        given = np.array([3, 1, -2], same_as_i8)
        if given.itemsize == 8:
            assert_same(frame.read(frame.write(given)), given.astype("i8"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1), (1000, 1000), (3, 1, 70000, 5)], ids=str)
def test_constants_take_less_than_100_bytes(dtype, shape):
    part = unsigned_of(dtype)
    for bits in special_bits(dtype):
        one = np.full(np.dtype(dtype).itemsize // part.itemsize, bits, part).view(dtype)
        array = np.broadcast_to(one[0], shape) if np.dtype(dtype).kind != "b" else np.broadcast_to(one, shape or (1,))
        array = array.reshape(()) if shape == () else array
        written = frame.write(array)
        assert len(written) < 100
        found = frame.info(written)
        assert (found.storage, found.frame_bytes) == ("constant", len(written))
        assert found.chunks == ()
        if array.size < 100:
            assert_same(frame.read(written), array.copy())
        else:
            corner = (slice(0, 2),) * len(shape)
            assert_same(frame.read(written, corner), array[corner].copy())


def test_constants_of_equal_value_and_other_bits_are_none():
    zeros = np.array([0.0, -0.0, 0.0], np.float64)
    found = frame.info(frame.write(zeros))
    assert found.storage == "plain"
    assert_same(frame.read(frame.write(zeros)), zeros)
    complexes = np.array([complex(1, np.nan), complex(1, -np.nan)])
    assert frame.info(frame.write(complexes)).storage == "plain"
    assert_same(frame.read(frame.write(complexes)), complexes)


def test_bools_share_bytes_where_that_is_smaller():
    rng = np.random.default_rng(7)
    coins = rng.integers(0, 2, (50, 60)).astype(bool)
    assert len(frame.write(coins)) < coins.size / 8 + 150
    # Squares: Pco sees no pattern in single cells, but one in groups of eight.
    squares = np.add.outer(np.arange(50), np.arange(60)) // 4 % 2 == 0
    written = frame.write(squares, tile=(20, 33), predictor="none")
    assert frame.info(written).storage == "packed"
    assert len(written) < coins.size / 8
    assert_same(frame.read(written), squares)
    assert_same(frame.read(written, np.s_[3:47:5, 59]), squares[3:47:5, 59].copy())
    rare = np.zeros((300, 300), bool)
    rare[7, 9] = True
    assert_same(frame.read(frame.write(rare, tile=(100, 70))), rare)
    odd = coins.view(np.uint8) * np.uint8(2)
    assert frame.info(frame.write(odd.view(bool))).storage == "plain"
    assert_same(frame.read(frame.write(odd.view(bool))), odd.view(bool))


@pytest.mark.parametrize("dtype", ["<i4", "<c8", "|b1", "<M8[s]"])
@pytest.mark.parametrize("access", ["balanced", "whole"])
def test_several_pco_chunks(monkeypatch, dtype, access):
    array = random_array(dtype, (9, 50), 11)
    # Only the writer is told the smaller limit: the reader reads what the head says.
    monkeypatch.setattr(writer, "MAX_CHUNK_NUMBERS", 128)
    written = frame.write(array, tile=(4, 8), level=3, access=access)
    found = frame.info(written)
    pages = 3 * 7
    parts = 2 if np.dtype(dtype).kind == "c" else 1
    assert [chunk.pages for chunk in found.chunks[::parts]] == [
        range(first, min(first + 4, pages)) for first in range(0, pages, 4)
    ]
    assert [chunk.part for chunk in found.chunks] == list(range(parts)) * 6
    assert_same(frame.read(written), array)
    for selection in (np.s_[3:9:2, 5:45], np.s_[:, 17], np.s_[[8, 0, 3], [49, 0, 21]]):
        assert_same(frame.read(written, selection), array[selection].copy())


@pytest.mark.slow
def test_more_than_a_pco_chunk_can_hold():
    cells = np.arange((1 << 24) + 70_000, dtype=np.int64)
    array = (cells * 3 % 1001).astype(np.int16)
    written = frame.write(array, level=1)
    found = frame.info(written)
    assert len(found.chunks) == 2
    first = int(found.page_cells[: found.chunks[0].pages.stop].sum())
    assert (1 << 24) - found.tile[0] < first <= 1 << 24
    assert_same(frame.read(written), array)
    assert_same(frame.read(written, np.s_[first - 3 : first + 3]), array[first - 3 : first + 3])
    whole = frame.write(array, level=1, access="whole")
    assert len(frame.info(whole).chunks) == len(frame.info(whole).page_bytes) == 2
    assert_same(frame.read(whole), array)


def overhead(written):
    """Bytes that are not Pco's own, of a frame without pipelines."""
    found = frame.info(written)
    metadata = sum(chunk.metadata_bytes for chunk in found.chunks)
    assert metadata == found.stream_bytes
    assert found.frame_bytes == len(written) == found.head_bytes + metadata + found.page_bytes.sum()
    return found.head_bytes + (tables(written) if found.dtype.kind == "c" else 0)


def tables(written):
    """Bytes for the sizes of the first streams at the beginning of pages."""
    found = frame.info(written)
    ends = found.head_bytes + found.stream_bytes + np.cumsum(found.page_bytes)
    starts = (ends - found.page_bytes).tolist()
    return sum(next(i for i in range(1, 10) if written[start + i - 1] < 128) for start in starts)


def allowed(pages, parts):
    return 128 + 16 * pages + 10 * pages * (parts - 1)


@given(cases())
@settings(max_examples=40, deadline=None)
def test_overhead(case):
    array, asked = case
    written = frame.write(array, predictor="none", **asked)
    pages = frame.info(written).page_bytes.size
    assert overhead(written) <= allowed(pages, 2 if array.dtype.kind == "c" else 1)


def bytes_of_varint(value):
    return max(1, -(-value.bit_length() // 7))


@pytest.mark.parametrize("dtype", ["<i4", ">c16", "<M8[25us]", "|b1"])
@pytest.mark.parametrize("limit", [1 << 24, 16])
def test_size_is_the_one_of_the_specification(monkeypatch, dtype, limit):
    # With the lower limit each page is a Pco chunk of its own: the most that a page can cost.
    monkeypatch.setattr(writer, "MAX_CHUNK_NUMBERS", limit)
    array = random_array(dtype, (1, 9, 22, 1, 2), 2)
    written = frame.write(array, tile=(1, 4, 4, 1, 1), level=0)
    found = frame.info(written)
    k = 2 if array.dtype.kind == "c" else 1
    pages = found.page_bytes.size
    assert len(found.chunks) == k * (pages if limit == 16 else 1)
    v = bytes_of_varint
    n = -(-int(found.page_bytes.max()).bit_length() // 8)
    head = 14 + v(len(array.dtype.str)) + len(array.dtype.str) + v(5) + sum(map(v, array.shape))
    head += sum(map(v, found.tile)) + v(max(1, limit // 16)) + 2 + 4 * k + v(len(found.chunks))
    head += sum(5 + v(chunk.metadata_bytes) for chunk in found.chunks) + 1 + pages * (n + 4) + 4
    assert found.head_bytes == head
    assert overhead(written) == head + (tables(written) if k == 2 else 0)
    assert overhead(written) <= allowed(pages, k)


def test_overhead_of_the_longest_fields():
    array = np.arange(3.0).astype("<M8[2147483647us]").reshape(1, 1, 1, 3, 1, 1, 1, 1)
    assert overhead(frame.write(array, tile=(1,) * 8)) <= allowed(3, 1)
    # Lengths that no cell stands behind, as long as they can be.
    empty = np.broadcast_to(np.zeros((0,) + (1,) * 7, ">M8[2147483647us]"), (0, *[300] * 7))
    assert overhead(frame.write(empty, tile=(1, *[8] * 7))) <= allowed(0, 1)


def test_info_tells_what_is_there_from_the_front_alone():
    array = random_array("<c16", (10, 9), 4)
    written = frame.write(array, tile=(4, 5), order="F", level=2)
    found = frame.info(written)
    assert (found.dtype, found.shape, found.order, found.storage) == (array.dtype, (10, 9), "F", "plain")
    assert (found.tile, found.raw_bytes, found.frame_bytes) == ((4, 5), array.nbytes, len(written))
    assert found.page_cells.tolist() == [20, 16, 20, 16, 10, 8]
    assert found.ratio == array.nbytes / len(written)
    assert [(chunk.pages, chunk.part, chunk.number_type) for chunk in found.chunks] == [
        (range(6), 0, "f64"),
        (range(6), 1, "f64"),
    ]
    front = found.head_bytes + found.stream_bytes
    assert vars(frame.info(written[:front])).keys() == vars(found).keys()
    assert frame.info(written[:front]).page_bytes.tolist() == found.page_bytes.tolist()
    with pytest.raises(InsufficientDataError, match="chunk-level stream 1"):
        frame.info(written[: front - 1])
    with pytest.raises(CorruptionError, match="must begin with"):
        frame.info(b"pco!" + written[4:])


@given(st.lists(st.one_of(st.integers(0, 20), st.integers(0, 10**6)), max_size=5).map(tuple), st.sampled_from(ACCESS))
@settings(max_examples=200)
def test_automatic_tiles(shape, access):
    tile = auto_tile(shape, access)
    assert len(tile) == len(shape)
    assert all(1 <= length <= max(1, size) for length, size in zip(tile, shape, strict=True))
    cells = prod(tile)
    assert cells <= 1 << 24
    if access == "whole":
        return
    assert cells <= 4 * 8192
    if access == "series" and shape and shape[0] <= 8192:
        assert tile[0] == max(1, shape[0])
    if access == "maps":
        assert tile[:-2] == (1,) * len(tile[:-2])
    if access == "balanced" and prod(shape) >= 1 << 20 and 0 not in shape:
        assert cells >= 1024


def test_whole_is_one_page_where_that_can_be():
    for shape in ((4096, 4096), (1 << 24,), (3, 5, 7)):
        assert auto_tile(shape, "whole") == shape
    for shape in ((4097, 4096), ((1 << 24) + 1,), (300, 300, 300), (2, 1 << 25)):
        tile = auto_tile(shape, "whole")
        assert prod(-(-size // length) for size, length in zip(shape, tile, strict=True)) <= 4
        assert prod(tile) <= 1 << 24


@pytest.mark.parametrize("dtype", ["U4", "S3", "V5", [("a", "i4"), ("b", "f4")], "O", "g", "G"], ids=str)
def test_types_that_no_frame_holds(dtype):
    if np.dtype(dtype).itemsize in (8, 16) and np.dtype(dtype).kind in "fc" and np.dtype(dtype).num in (12, 15):
        pytest.skip("long double is double here")
    with pytest.raises(TypeError, match=r"a frame may hold bool, .*use another codec"):
        frame.write(np.zeros(3, dtype))


def test_what_is_refused_when_writing():
    array = np.arange(12).reshape(3, 4)
    with pytest.raises(InvalidArgumentError, match="order must be 'C' or 'F', got 'K'"):
        frame.write(array, order="K")
    with pytest.raises(InvalidArgumentError, match="tile must have a length for each of the array's 2 axes"):
        frame.write(array, tile=(3,))
    with pytest.raises(InvalidArgumentError, match="may not exceed 8589934592 bytes"):
        frame.write(np.broadcast_to(np.int8(1), ((8 << 30) + 1,)))
    with pytest.raises(InvalidArgumentError, match="a tile may not exceed 16777216 cells"):
        frame.write(np.broadcast_to(np.int8(1), (5000, 5000)), tile=(5000, 5000))
    # But a tile is no longer than the array.
    assert frame.info(frame.write(array, tile=(1 << 20, 1 << 20))).tile == (3, 4)


@pytest.mark.parametrize("shape", [(0, 1 << 40), (1 << 40, 0), (1 << 20, 0, 1 << 20), (0, (1 << 60))])
def test_no_cells_along_long_axes(shape):
    array = np.empty(shape, np.int8)
    for tile in ("auto", (1,) * len(shape)):
        written = frame.write(array, tile=tile)
        assert len(written) < 128
        assert frame.info(written).page_bytes.size == 0
        assert_same(frame.read(written), array)
        for selection in (np.s_[..., 0:0], np.s_[::-1], np.s_[..., [], :]):
            expected = np.broadcast_to(np.int8(0), shape)[selection]
            assert_same(frame.read(written, selection), np.empty(expected.shape, np.int8))


@pytest.mark.parametrize("dtype", NUMBERS)
def test_head_helper_makes_what_is_written(dtype):
    # The tests of hostile heads change single fields of what this makes.
    array = random_array(dtype, (9, 11), 1)
    head = head_of(array, tile=(4, 6), level=1)
    assert head.frame() == frame.write(array, tile=(4, 6), level=1)
    assert_same(frame.read(head.but(padded=5).frame()), array)


@pytest.mark.parametrize("axes", [33, 64])
def test_many_axes_are_no_harder_than_few(axes):
    shape = (*[1] * (axes - 3), 3, 2, 4)
    array = random_array("<i4", shape, 1)
    for tile in ((1,) * axes, (*[1] * (axes - 2), 2, 3), "auto"):
        written = frame.write(array, tile=tile, level=0)
        assert_same(frame.read(written), array)
        assert_same(frame.read(written, (..., slice(1, 2), slice(0, 3))), array[..., 1:2, 0:3].copy())
