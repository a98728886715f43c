"""Corruption: no damaged frame is read, the message names what was hit, and what was not hit can still be read."""

import itertools
import re
import tracemalloc
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from frame_cases import assert_same, random_array
from frame_heads import COMPLEX, CONSTANT, EMPTY, HOSTILE, PACKED, PLAIN, Head
from frame_pipelines import FEATURES
from frame_records import HOSTILE_PIPELINES

from pcodec_numcodecs import CorruptionError, InsufficientDataError, InvalidArgumentError, frame
from pcodec_numcodecs.frame import writer
from pcodec_numcodecs.frame.checksums import crc32c
from pcodec_numcodecs.frame.head import read_head
from pcodec_numcodecs.frame.layout import MASKS, METADATA, VALUES

pytestmark = pytest.mark.numpy_only

DAMAGED = (CorruptionError, InsufficientDataError)
TRUNCATIONS = 5_000

# dtype, shape, tile, and the most numbers of a Pco chunk.
RECIPES = {
    "plane": ("<i4", (40, 50), (16, 16), None),
    "complex": ("<c8", (12, 9), (5, 4), None),
    "packed": ("|b1", (40, 40), (16, 16), None),
    "constant": (">f8", (7, 7), (4, 4), None),
    "Pco chunks": ("<f8", (300,), (30,), 60),
    "times": (">M8[ns]", (5, 1, 6, 4), (2, 1, 3, 4), None),
    "empty": ("<u2", (0, 5), (1, 2), None),
    "one page": ("<f2", (3, 4), (3, 4), None),
}
# With every kind of chunk-level stream, in one block and in several.
FORCED = ("ranks, masked", "ranks of 16 bits, predicted", "contexts, masked", "complex", "several sets of weights")
NAMES = (*RECIPES, *(f"{name}, forced" for name in FORCED))
# A damaged page is found before any is decoded, but of several Pco chunks one after the other is.
FLIPS = dict.fromkeys(NAMES, 1850) | dict.fromkeys(("Pco chunks", "contexts, masked, forced", "complex, forced"), 500)
assert sum(FLIPS.values()) == 20_000


class Case(NamedTuple):
    array: np.ndarray
    written: bytes
    # Name in messages, first byte and the byte after the last of each part; and the cells of each page.
    parts: list[tuple[str, int, int]]
    cells: list[tuple[slice, ...]]


@cache
def case(name):
    if name.endswith(", forced"):
        made = FEATURES[name.removesuffix(", forced")]()
        array, tile, written = made.array, made.tile, made.write()
        return Case(array, written, *parts_and_cells(written, array.shape, tile))
    dtype, shape, tile, limit = RECIPES[name]
    array = random_array(dtype, shape, 1)
    if name == "constant":
        array = np.full(shape, np.nan, dtype)
    elif name == "packed":
        array = np.add.outer(np.arange(40) ** 2, np.arange(40)) // 4 % 2 == 0
    with pytest.MonkeyPatch.context() as patch:
        if limit:
            patch.setattr(writer, "MAX_CHUNK_NUMBERS", limit)
        written = frame.write(array, tile=tile, level=2, predictor="none")
    return Case(array, written, *parts_and_cells(written, shape, tile))


def parts_and_cells(written, shape, tile):
    found = frame.info(written)
    parts = [("header and index", 0, found.head_bytes)]
    for i, (start, stop) in enumerate(read_head(memoryview(written)).stream_bounds):
        parts.append((f"chunk-level stream {i} (", start, stop))
    cells = list(np.ndindex(*(-(-n // t) for n, t in zip(shape, tile, strict=True))))
    bounds = [
        tuple(slice(i * t, min(i * t + t, n)) for i, t, n in zip(place, tile, shape, strict=True)) for place in cells
    ]
    for page, size in enumerate(found.page_bytes.tolist()):
        spelt = ", ".join(f"{axis.start}:{axis.stop}" for axis in bounds[page])
        parts.append((f"page {page} (cells [{spelt}])", parts[-1][2], parts[-1][2] + size))
    assert parts[-1][2] == len(written)
    return parts, bounds


def test_cases_are_what_they_are_called():
    kinds = set()
    for name in FORCED:
        layout = read_head(memoryview(case(f"{name}, forced").written))
        kinds |= {kind for kind, _, _ in layout.sections}
        assert_same(frame.read(case(f"{name}, forced").written), case(f"{name}, forced").array)
        assert layout.grid.pages > 1
    assert kinds == {METADATA, VALUES, MASKS}
    for name in RECIPES:
        found = frame.info(case(name).written)
        assert (found.storage == "packed") == (name == "packed")
        assert (found.storage == "constant") == (name == "constant")
        assert (len(found.chunks) > 2) == (name == "Pco chunks")
        assert (found.page_bytes.size > 1) == (name not in {"constant", "empty", "one page"})
        assert_same(frame.read(case(name).written), case(name).array)


HEAD_MESSAGES = re.compile(
    "CRC-32C of header and index must be|header and index need|a frame must begin with|the head must have"
)


def names(error, part):
    """Tell whether a message says which part is damaged."""
    return part in str(error) if part != "header and index" else bool(HEAD_MESSAGES.search(str(error)))


def spoilt_in(case, data, part, check_others):
    """Check that damage within one part is found and named; and that others can be read."""
    with pytest.raises(DAMAGED) as found:
        frame.read(data)
    assert names(found.value, part[0]), (part, str(found.value))
    if not check_others:
        return
    pages = [p for p in case.parts if p[0].startswith("page ")]
    page = pages.index(part) if part in pages else None
    for other, cells in enumerate(case.cells):
        if part[0].startswith("page "):
            if other != page:
                assert_same(frame.read(data, cells), case.array[cells].copy())
        elif part[0] == "header and index":
            with pytest.raises(DAMAGED):
                frame.read(data, cells)
        else:
            stream = int(re.search(r"stream (\d+) ", part[0])[1])
            if stream in read_head(memoryview(case.written)).streams_of(np.array([other])):
                found = cells_or_error(data, cells)
                # Metadata may go unread where a page has no numbers in a stream.
                assert part[0] in str(found) if isinstance(found, DAMAGED) else kind_of(case, stream) == METADATA
            else:
                assert_same(frame.read(data, cells), case.array[cells].copy())


def cells_or_error(data, cells):
    try:
        return frame.read(data, cells)
    except DAMAGED as error:
        return error


def kind_of(case, stream):
    sections = read_head(memoryview(case.written)).sections
    return [kind for kind, _, count in sections for _ in range(count)][stream]


@pytest.mark.parametrize("name", NAMES)
def test_every_flip_is_found(name):
    one = case(name)
    rng = np.random.default_rng(20)
    ends = [stop for _, _, stop in one.parts]
    data = bytearray(one.written)
    for i, bit in enumerate(rng.integers(0, 8 * len(data), FLIPS[name]).tolist()):
        data[bit >> 3] ^= 1 << (bit & 7)
        part = one.parts[np.searchsorted(ends, bit >> 3, side="right")]
        # To decode all other pages each time would take minutes.
        spoilt_in(one, data, part, check_others=i % 140 == 0)
        data[bit >> 3] ^= 1 << (bit & 7)
    assert data == one.written


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_flip_leaves_the_other_pages(name):
    one = case(name)
    for part in one.parts:
        for bit in range(8 * part[1], 8 * part[2]):
            data = bytearray(one.written)
            data[bit >> 3] ^= 1 << (bit & 7)
            spoilt_in(one, data, part, check_others=bit % 61 == 0)


@pytest.mark.parametrize("name", NAMES)
def test_every_truncation_is_found(name):
    one = case(name)
    rng = np.random.default_rng(21)
    for i, size in enumerate(rng.integers(0, len(one.written), TRUNCATIONS // len(NAMES)).tolist()):
        data = one.written[:size]
        with pytest.raises(InsufficientDataError) as found:
            frame.read(data)
        if size < one.parts[0][2]:
            assert re.search(
                rf"(header and index need {one.parts[0][2]} bytes|14 bytes or more), got {size}", str(found.value)
            )
            continue
        assert f"the frame has {len(one.written)} bytes, got {size}; a selection may still be read" in str(found.value)
        if i % 20:
            continue
        pages = [p for p in one.parts if p[0].startswith("page ")]
        for (what, _, stop), cells in zip(pages, one.cells, strict=False):
            if stop <= size:
                assert_same(frame.read(data, cells), one.array[cells].copy())
            else:
                with pytest.raises(InsufficientDataError) as found:
                    frame.read(data, cells)
                assert what in str(found.value) or "chunk-level stream" in str(found.value)


@pytest.mark.parametrize("name", NAMES)
def test_longer_damage_is_found(name):
    one = case(name)
    rng = np.random.default_rng(22)
    for _ in range(100):
        start = int(rng.integers(0, len(one.written)))
        stop = min(len(one.written), start + int(rng.integers(1, 40)))
        data = bytearray(one.written)
        data[start:stop] = rng.bytes(stop - start)
        if data == one.written:
            continue
        with pytest.raises(DAMAGED):
            frame.read(data)


@pytest.mark.parametrize("name", NAMES)
def test_appended_bytes_are_found(name):
    one = case(name)
    for more in (b"\0", b"\xff" * 9, one.written):
        with pytest.raises(CorruptionError, match=f"must end after {len(one.written)} bytes"):
            frame.read(one.written + more)


@pytest.mark.parametrize("name", ["packed", "complex", "Pco chunks", "times"])
def test_swapped_pages_are_found(name):
    # All pages are whole, and two have each other's bytes.
    one = case(name)
    pages = [part for part in one.parts if part[0].startswith("page ")]
    pairs = [(p, q) for p, q in itertools.combinations(pages, 2) if p[2] - p[1] == q[2] - q[1]]
    p, q = next((p, q) for p, q in pairs if one.written[p[1] : p[2]] != one.written[q[1] : q[2]])
    data = bytearray(one.written)
    data[p[1] : p[2]], data[q[1] : q[2]] = one.written[q[1] : q[2]], one.written[p[1] : p[2]]
    for page, cells in zip(pages, one.cells, strict=True):
        if page in (p, q):
            with pytest.raises(CorruptionError, match=re.escape(page[0])):
                frame.read(data, cells)
        else:
            assert_same(frame.read(data, cells), one.array[cells].copy())


@pytest.mark.parametrize("part", range(3))
def test_pco_chunks_that_are_not_needed_may_be_damaged(part):
    one = case("Pco chunks")
    streams = [p for p in one.parts if p[0].startswith("chunk-level")]
    assert len(streams) == 5
    name, start, stop = streams[part]
    data = bytearray(one.written)
    data[start:stop] = bytes(stop - start)
    for chunk in range(5):
        cells = np.s_[60 * chunk : 60 * chunk + 60]
        if chunk == part:
            with pytest.raises(CorruptionError, match=re.escape(name)):
                frame.read(data, cells)
        else:
            assert_same(frame.read(data, cells), one.array[cells])
    with pytest.raises(CorruptionError, match=re.escape(name)):
        frame.info(data)


@pytest.fixture
def little_memory():
    """Fail when more than a few MiB are in use at once."""
    frame.read(PLAIN.frame())  # whatever is allocated once
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def errors_of(data, **limits):
    """Return what reading in each way raises; anything but what is documented comes out."""
    found = []
    for read in (lambda: frame.read(data, **limits), lambda: frame.read(data, ..., **limits), lambda: frame.info(data)):
        try:
            read()
        except (*DAMAGED, InvalidArgumentError) as error:
            found.append(str(error))
    return found


def test_helper_makes_good_heads():
    for head in (PLAIN, COMPLEX, CONSTANT, EMPTY):
        assert errors_of(head.frame()) == []
        assert errors_of(head.but(padded=4).frame()) == []
    assert frame.read(CONSTANT.frame()).tobytes() == b"\1\2\3\4" * 12


WRONG = HOSTILE | HOSTILE_PIPELINES
assert len(WRONG) == len(HOSTILE) + len(HOSTILE_PIPELINES)


@pytest.mark.parametrize(("head", "words"), WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("little_memory")
def test_hostile_heads(head, words):
    data = head.frame()
    found = errors_of(data)
    assert found
    assert re.search(words, found[0]), found[0]


def test_sizes_that_cannot_be_counted():
    # More than 2**63 bytes in all, from an index of a few hundred kB.
    pages = 1 << 15
    head = Head(
        name=b"|u1",
        shape=(pages + 1,),
        tile=(1,),
        chunk_pages=1 << 24,
        streams=PLAIN.streams,
        width=6,
        page_sizes=((1 << 48) - 1,) * (pages + 1),
        page_crcs=(0,) * (pages + 1),
    )
    data = head.frame()
    for selection in (None, 0, -1, np.s_[pages - 3 :], [5, 3]):
        with pytest.raises(CorruptionError, match="pages may not have"):
            frame.read(data, selection)
    with pytest.raises(CorruptionError, match="pages may not have"):
        frame.info(data)


@pytest.mark.usefixtures("little_memory")
def test_random_heads_with_right_checksums():
    heads = [PLAIN, COMPLEX, CONSTANT, EMPTY, PACKED, PLAIN.but(padded=3)]
    frames = [head.frame() for head in heads]
    rng = np.random.default_rng(23)
    refused = 0
    for _ in range(700):
        data = bytearray(frames[rng.integers(len(frames))])
        size = int.from_bytes(data[6:10], "little")
        for _ in range(int(rng.integers(1, 4))):
            place = int(rng.choice([5, *range(14, size - 4)]))
            data[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256), data[place] ^ 1 << rng.integers(8)])
        data[size - 4 : size] = crc32c(bytes(data[: size - 4])).to_bytes(4, "little")
        # The limit is what keeps shapes small that are large and right.
        refused += bool(errors_of(data, max_bytes=1 << 20))
    assert refused > 350


@pytest.mark.parametrize("size", range(20))
def test_hardly_anything(size):
    for data in (PLAIN.frame()[:size], bytes(size), b"\xff" * size):
        with pytest.raises(DAMAGED):
            frame.read(data)
        with pytest.raises(DAMAGED):
            frame.read(data, ...)
        with pytest.raises(DAMAGED):
            frame.info(data)
