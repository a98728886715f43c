"""Compatibility: a second reader, made from docs/format.md and the wheel, reads each frame bit for bit."""

import contextlib
import sys

import google_crc32c
import numpy as np
import pytest
from frame_cases import DTYPES, assert_same, random_array, special_bits, unsigned_of
from frame_heads import COMPLEX, CONSTANT, EMPTY, HOSTILE, PLAIN
from frame_oracle import Frame, WrongError, element
from frame_records import HOSTILE_PIPELINES
from hypothesis import given, settings
from hypothesis import strategies as st
from test_frame_format import example
from twins import TWINS
from wheel_oracle import outcome

from pcodec_numcodecs import frame
from pcodec_numcodecs.frame import checksums, writer
from pcodec_numcodecs.frame.elements import SMALL_FLOATS, element_of, parts_of, to_numbers
from pcodec_numcodecs.kernels import load


def assert_read(written, array):
    """Check that both readers read the array, each page by itself too."""
    oracle = Frame(written)
    assert_same(oracle.array(), array)
    assert_same(frame.read(written), array)
    found = frame.info(written)
    assert (oracle.shape, oracle.dtype) == (found.shape, found.dtype)
    assert oracle.flags == (found.order == "F") + 2 * (found.storage == "constant") + 4 * (found.storage == "packed")
    if oracle.constant is None:
        assert oracle.tile == found.tile
        assert [len(page) for page in oracle.pages] == found.page_bytes.tolist()
        assert [int(np.prod(oracle.page_shape(p))) for p in range(len(oracle.pages))] == found.page_cells.tolist()


SHAPES = {(): (), (0,): (1,), (3, 0, 2): (2, 1, 2), (1,): (1,), (700,): (300,), (1, 33, 1): (1, 8, 1), (19, 23): (7, 8)}
SHAPES |= {(4, 5, 6): (3, 2, 6), (2, 3, 4, 2, 3): (2, 2, 3, 1, 2)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "tile"), SHAPES.items(), ids=map(str, SHAPES))
def test_every_type_and_shape(dtype, shape, tile):
    array = random_array(dtype, shape, 1)
    assert_read(frame.write(array, tile=tile, level=2), array)
    assert_read(frame.write(array, access="maps", order="F", level=0), array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_constants(dtype):
    for bits in special_bits(dtype):
        parts = 2 if np.dtype(dtype).kind == "c" else 1
        array = np.full(parts * 12, bits, unsigned_of(dtype)).view(dtype).reshape(3, 4)
        assert_read(frame.write(array), array)


@given(
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 9), max_size=4).map(tuple),
    st.integers(0, 60),
    st.integers(0, 12),
    st.data(),
)
@settings(max_examples=50, deadline=None)
def test_any_settings(dtype, shape, spread, level, data):
    array = random_array(dtype, shape, 7, spread)
    tile = tuple(data.draw(st.integers(max(1, size // 3), max(1, size))) for size in shape)
    assert_read(frame.write(array, tile=tile, level=level), array)


def smooth(n):
    return np.sin(np.arange(n) / 50.0)


DATA = {
    # Each makes Pco choose something else.
    "FloatMult": np.round(smooth(3000) * 500) * 0.01,
    "FloatQuant": np.random.default_rng(5).normal(size=3000).astype("f4").astype("f8"),
    "IntMult": (np.random.default_rng(6).integers(0, 1000, 3000) * 60 + 7).astype("<i4"),
    "Dict": np.random.default_rng(1).choice(np.random.default_rng(2).integers(0, 2**63, 150), 3000),
    "Consecutive": np.cumsum(np.random.default_rng(3).integers(0, 9, 3000)).astype(">i8"),
    "Lookback": np.tile(np.random.default_rng(4).integers(0, 2**31, 100), 30),
    "8 bits": (np.arange(3000) * 3 % 250).astype("u1"),
    "8 bits, signed": (100 * smooth(3000)).astype("i1"),
    "16 bits": (1000 * smooth(3000)).astype("<f2"),
}


@pytest.mark.parametrize("name", DATA)
def test_modes_and_deltas(name):
    array = DATA[name].reshape(50, 60)
    for tile in ((50, 60), (20, 60), (33, 16)):
        assert_read(frame.write(array, tile=tile), array)
        written = frame.write(array, tile=tile, predictor="none")
        assert_read(written, array)
        if tile == (50, 60) and not name[0].isdigit():
            (chunk,) = frame.info(written).chunks
            assert name in chunk.mode + chunk.delta


@pytest.mark.parametrize("dtype", ["<i4", "<c16", "|b1", "|u1"])
def test_several_pco_chunks(monkeypatch, dtype):
    array = random_array(dtype, (9, 50), 3)
    monkeypatch.setattr(writer, "MAX_CHUNK_NUMBERS", 100)
    for tile in ((4, 8), (9, 9), (2, 50)):
        written = frame.write(array, tile=tile, level=1)
        assert len(frame.info(written).chunks) > 4
        assert_read(written, array)


def test_packed_bools():
    for array in (np.add.outer(np.arange(50), np.arange(61)) // 4 % 2 == 0, np.arange(3000).reshape(50, 60) % 7 < 3):
        for tile in ((16, 16), (50, 61), (7, 5)):
            for predictor in ("none", "auto"):
                assert_read(frame.write(array, tile=tile, level=1, predictor=predictor), array)
        assert frame.info(frame.write(array, predictor="none")).storage == "packed"


@pytest.mark.parametrize("name", SMALL_FLOATS)
def test_small_floats(name):
    _, _, dtype = element(name)
    every = np.arange(1 << 8 * dtype.itemsize, dtype=np.uint16).astype(f"u{dtype.itemsize}").view(dtype)
    for array in (every, every[::-7].reshape(1, -1), every[5:5], every[200:201], every[:1].reshape(())):
        written = frame.write(array, level=1)
        found = frame.read(written)
        assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())
        oracle = Frame(written).array()
        assert (oracle.dtype, oracle.shape, oracle.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert frame.read(written).dtype.name == name
    # Half of all, in a strided order, into memory that is neither contiguous nor aligned.
    out = np.zeros((every.size, 3), dtype)[: every.size // 2, 1]
    assert frame.read(frame.write(every, level=1), np.s_[::2], out).tobytes() == every[::2].tobytes()
    # Numbers have the order of the floats, so that neighbours in value are neighbours for Pco.
    if name == "float8_e8m0fnu":
        return  # it has no sign: its upper half is not negative
    with np.errstate(invalid="ignore"):
        values = every.astype(np.float64)
    rising = np.argsort(to_numbers(parts_of(every)[0], element_of(dtype)), kind="stable")
    values = values[rising][~np.isnan(values[rising])]
    assert values.size > every.size * 0.7
    assert (values[1:] >= values[:-1]).all()


def test_without_ml_dtypes(monkeypatch):
    _, _, dtype = element("bfloat16")
    written = frame.write(np.arange(9).astype(dtype))
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(
        TypeError, match="bfloat16 is a type of ml_dtypes, which is not installed: pip install ml_dtypes"
    ):
        frame.read(written)


@pytest.mark.parametrize("name", ["float4_e2m1fn", "float6_e2m3fn", "int4", "uint2"])
def test_other_types_of_ml_dtypes_are_refused(name):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    with pytest.raises(TypeError, match=r"a frame may hold .*, got dtype"):
        frame.write(np.zeros(3, getattr(ml_dtypes, name)))


def test_example_of_the_specification():
    assert Frame(example()).array().tolist() == [[10, 20, 30], [40, 50, 65]]


WRONG = HOSTILE | HOSTILE_PIPELINES


@pytest.mark.parametrize(("head", "words"), WRONG.values(), ids=WRONG)
def test_what_a_reader_must_refuse(head, words):
    def read():
        Frame(head.frame()).array()

    if words == "pass a larger max_bytes":
        return  # right, but for the limit that each reader sets itself
    with contextlib.suppress(WrongError):
        assert outcome(read) == "refused"


@pytest.mark.parametrize("head", [PLAIN, COMPLEX, CONSTANT, EMPTY], ids=["plain", "complex", "constant", "empty"])
def test_what_a_reader_must_not_refuse(head):
    array = frame.read(head.frame())
    assert_read(head.but(padded=9).frame(), array)
    assert_read(head.but(flags=head.flags | 1).frame(), array)
    if head.constant is None:
        assert_read(head.but(pco_header=b"\4\0").frame(), array)
        assert_read(head.but(width=6).frame(), array)


def test_checksums_are_those_of_google_crc32c():
    content = np.random.default_rng(5).bytes(1_000_000)
    lengths = [*range(301), 4095, 4096, 65_537, 262_143, 999_999]
    parts = [content[length : 2 * length] for length in lengths]
    expected = [google_crc32c.value(part) for part in parts]
    sizes = np.array([len(part) for part in parts])
    stops = np.cumsum(sizes)
    data = np.frombuffer(b"".join(parts), np.uint8)
    for twin in TWINS:
        assert load(name=twin).crc32c_of_stretches(data, stops - sizes, stops).tolist() == expected
    assert checksums.crc32c_of_each(parts).tolist() == expected
    assert google_crc32c.implementation == "c"  # else the line above compares the function with itself
