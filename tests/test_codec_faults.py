"""Objects that change, vanish or are damaged while or before they are read: never mixed or wrong data."""

from functools import cache

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from counting_store import PIPELINES, CountingStore, is_chunk

from pcodec_numcodecs import ChunkConfig, frame, standalone
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer
from pcodec_numcodecs.errors import CorruptionError, InsufficientDataError

SHAPE = (200, 180)  # 144 kB, too much to be read in one go
TILE = (25, 30)
KEY = "c/0/0"
FILL = -7

PARTS = {
    "point": (100, 100),
    "window": np.s_[20:60, 25:95],
    "column": np.s_[:, 70],
    "steps": np.s_[3::90, ::90],
    "all-but-a-row": np.s_[1:],
    "whole": np.s_[:],
}


@pytest.fixture(params=PIPELINES.values(), ids=PIPELINES, autouse=True)
def pipeline(request):
    # No gap is read along, so that even small parts need several requests.
    with zarr.config.set({"codec_pipeline.path": request.param, "pcodec_numcodecs.coalesce_gap": 0}):
        yield


class FaultyStore(CountingStore):
    """A store to which something happens before or at a certain read.

    Attributes
    ----------
    happens
        Called with the store and the number of the read, before it is answered.
    changes
        Called with the number of the read, the range and the bytes that are right; returns the bytes of the answer.
    """

    happens = None
    changes = None

    def before(self, key, byte_range):
        # What is asked for may have been right for the object that was there before: no checks.
        if is_chunk(key) and self.happens is not None:
            self.happens(self, len(self.gets))

    def answer(self, key, prototype, byte_range):
        right = super().answer(key, prototype, byte_range)
        if not is_chunk(key) or self.changes is None or right is None:
            return right
        whole = self._store_dict[key].to_bytes()
        changed = self.changes(len(self.gets), byte_range, right.to_bytes(), whole)
        return prototype.buffer.from_bytes(changed)


@cache
def data(seed=0, bits=11, shape=SHAPE):
    return np.random.default_rng(seed).integers(0, 1 << bits, shape, dtype="i4")


def frame_of(array, tile=TILE):
    return frame.write(array, tile=tile)


def open_with(content, shape=SHAPE, dtype="i4"):
    """Return an array of one chunk, and its store."""
    store = FaultyStore()
    options = {"serializer": PcoSerializer(), "compressors": None, "chunks": shape, "fill_value": FILL}
    array = zarr.create_array(store, shape=shape, dtype=dtype, **options)
    store.put(KEY, content)
    return array, store


def changed_cell():
    array = data().copy()
    array[100, 100] += 1
    return array


VERSIONS = {
    # As large as the first, page by page: only the checksums differ.
    "other-numbers": (data(1), frame_of(data(1))),
    "other-sizes": (data(2, 20), frame_of(data(2, 20))),
    "one-cell": (changed_cell(), frame_of(changed_cell())),
    "other-tiles": (data(3), frame_of(data(3), (8, 9))),
    "large-front": (data(4), frame_of(data(4), (5, 6))),
    "constant": (np.full(SHAPE, 5, np.int32), frame_of(np.full(SHAPE, 5, np.int32))),
    "file": (data(5), standalone.simple_compress(data(5).ravel(), ChunkConfig())),
    # Readers of this array are to refuse these.
    "other-shape": (None, frame_of(data(6, shape=(180, 200)))),
    "other-type": (None, frame_of(data(7).astype("f4"))),
    "no-frame": (None, b"<html>moved</html>" * 1000),
    "empty": (None, b""),
}
FIRST = frame_of(data())


def outcome(array, part):
    """Return what a read gives, or the error that says the object is damaged."""
    try:
        return array[part]
    except (CorruptionError, InsufficientDataError) as error:
        return error


def moments(content, part):
    """Return numbers of the requests that a part of an object takes, all or some of them; the last one never comes."""
    array, store = open_with(content)
    outcome(array, part)
    count = len(store.gets)
    return [*range(min(count, 12)), *range(12, count, 40), count]


def is_part_of(found, candidates, part):
    return any(np.asarray(found).tobytes() == whole[part].tobytes() for whole in candidates)


def test_parts_take_several_requests():
    """Without which the tests below would show nothing."""
    array, store = open_with(FIRST)
    for part, least in (("point", 2), ("window", 3), ("column", 9), ("steps", 6), ("all-but-a-row", 2), ("whole", 1)):
        with store.watch() as gets:
            assert_same_bits(array[PARTS[part]], data()[PARTS[part]])
        assert len(gets) >= least
    array, store = open_with(VERSIONS["large-front"][1])
    with store.watch() as gets:
        assert_same_bits(array[100, 100], data(4)[100, 100])
    assert len(gets) == 3


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("part", ["point", "window", "steps", "whole"])
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_object_is_swapped_once(version, part, back):
    """Before each of the requests in turn: what comes is wholly of the one object or wholly of the other."""
    new, content = VERSIONS[version]
    order = [(data(), FIRST), (new, content)]
    (before, first), (after, second) = order[::-1] if back else order
    part = PARTS[part]
    candidates = [whole for whole in (before, after) if whole is not None]
    for moment in moments(first, part):
        array, store = open_with(first)
        store.happens = lambda store, n, moment=moment: store.put(KEY, second) if n == moment else None
        found = outcome(array, part)
        assert sum(get.stop is None for get in store.gets) <= 1
        if isinstance(found, Exception):
            # Only an object that does not belong to this array is an error.
            assert len(candidates) == 1
        else:
            assert is_part_of(found, candidates, part)
        if moment == 0 and after is not None:
            assert is_part_of(found, [after], part)
    if before is not None:
        assert is_part_of(found, [before], part)


@pytest.mark.parametrize("seed", range(3))
def test_object_never_stays_the_same(seed):
    """Before each request another object is put there, or none."""
    rng = np.random.default_rng(seed)
    versions = [(data(), FIRST), *VERSIONS.values(), (None, None)]
    candidates = [whole for whole, _ in versions if whole is not None]
    seen = {"data": 0, "error": 0, "fill": 0}
    for _ in range(40):
        array, store = open_with(FIRST)
        store.happens = lambda store, _: store.put(KEY, versions[rng.integers(len(versions))][1])
        part = list(PARTS.values())[rng.integers(len(PARTS))]
        found = outcome(array, part)
        if isinstance(found, Exception):
            seen["error"] += 1
        elif (np.asarray(found) == FILL).all():
            seen["fill"] += 1
            assert not store.gets[-1].found
        else:
            seen["data"] += 1
            assert is_part_of(found, candidates, part)
    assert min(seen.values()) >= 3


@pytest.mark.parametrize("part", PARTS)
def test_object_is_deleted_between_requests(part):
    """The chunk is missing then, which is known from one more look."""
    part = PARTS[part]
    expected = np.full(SHAPE, FILL, np.int32)[part]
    *during, after = moments(FIRST, part)
    for moment in during:
        array, store = open_with(FIRST)
        store.happens = lambda store, n, moment=moment: store.put(KEY, None) if n == moment else None
        assert_same_bits(array[part], expected)
        assert not store.gets[-1].found
        assert store.gets[-1].stop is None or len(store.gets) == 1
    array, store = open_with(FIRST)
    store.happens = lambda store, n: store.put(KEY, None) if n == after else None
    assert_same_bits(array[part], data()[part])


def test_object_is_missing_for_a_moment():
    part = PARTS["steps"]
    for moment in moments(FIRST, part)[1:-1]:
        array, store = open_with(FIRST)
        store.happens = lambda store, n, moment=moment: store.put(KEY, None if n == moment else FIRST)
        assert_same_bits(array[part], data()[part])
        assert not store.gets[moment].found


@pytest.mark.parametrize("part", PARTS)
def test_object_is_cut_short_between_requests(part):
    part = PARTS[part]
    rng = np.random.default_rng(9)
    errors = 0
    for size in (0, 1, 3, 13, 14, 100, 2000, len(FIRST) - 1, *rng.integers(0, len(FIRST), 4).tolist()):
        for moment in range(3):
            array, store = open_with(FIRST)
            cut = FIRST[:size]
            store.happens = lambda store, n, cut=cut, moment=moment: store.put(KEY, cut) if n == moment else None
            found = outcome(array, part)
            if isinstance(found, Exception):
                errors += 1
                assert isinstance(found, InsufficientDataError) or size < 4
            else:
                assert_same_bits(found, data()[part])
    assert errors >= 8


@pytest.mark.parametrize("part", PARTS)
class TestWrongAnswers:
    def test_all_for_every_range(self, part):
        """As from a server that knows no ranges."""
        array, store = open_with(FIRST)
        store.changes = lambda n, byte_range, right, whole: whole
        with store.watch() as gets:
            assert_same_bits(array[PARTS[part]], data()[PARTS[part]])
        assert len(gets) == 1

    def test_all_for_ranges_after_the_first(self, part):
        array, store = open_with(FIRST)
        store.changes = lambda n, byte_range, right, whole: right if n == 0 else whole
        assert_same_bits(array[PARTS[part]], data()[PARTS[part]])

    def test_all_of_another_object(self, part):
        """The object is swapped, and ranges are answered with all of it."""
        array, store = open_with(FIRST)
        new, content = VERSIONS["other-numbers"]
        store.changes = lambda n, byte_range, right, whole: right if n == 0 else content
        found = array[PARTS[part]]
        assert_same_bits(found, (data() if len(store.gets) == 1 else new)[PARTS[part]])

    @pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
    def test_always_short(self, part, keep):
        array, store = open_with(FIRST)
        store.changes = lambda n, byte_range, right, whole: right[: int(len(right) * keep)]
        assert isinstance(outcome(array, PARTS[part]), InsufficientDataError)

    @pytest.mark.parametrize(
        "change",
        [
            lambda right, whole: right[:-1],
            lambda right, whole: b"",
            lambda right, whole: right + b"\0",
            lambda right, whole: right[1:] + right[:1],
            lambda right, whole: bytes(len(right)),
            lambda right, whole: whole[: len(right)],
        ],
        ids=["short", "nothing", "long", "shifted", "zeros", "from-the-start"],
    )
    def test_once(self, part, change):
        """After the first, one answer is wrong: all is read again, and right."""
        for moment in moments(FIRST, PARTS[part])[1:-1]:
            array, store = open_with(FIRST)
            store.changes = lambda n, byte_range, right, whole, moment=moment: (
                change(right, whole) if n == moment else right
            )
            assert_same_bits(array[PARTS[part]], data()[PARTS[part]])
            assert (store.gets[-1].start, store.gets[-1].stop) == (0, None)


def test_errors_of_the_store_are_passed_on():
    """They tell nothing of the object; least of all that it is missing."""

    def fails_at(moment):
        def happens(store, n):
            if n == moment:
                raise PermissionError("not for you")

        return happens

    for moment in (0, 1, 2):
        array, store = open_with(FIRST)
        store.happens = fails_at(moment)
        with pytest.raises(PermissionError, match="not for you"):
            array[PARTS["steps"]]


def flipped(content, bit):
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def bounds_of(info, page):
    """Return the cells of a page."""
    tiles = [-(-size // length) for size, length in zip(info.shape, info.tile, strict=True)]
    place = np.unravel_index(page, tiles)
    return tuple(slice(i * length, (i + 1) * length) for i, length in zip(place, info.tile, strict=True))


DAMAGED = {
    "i4": data(),
    "c8": data(1).astype("f4") + 1j * data(2).astype("f4"),
    "?": data(3, shape=(300, 280)) % 3 == 0,
    "f8": np.round(data(4) / 7, 1),
}


@pytest.mark.parametrize("dtype", DAMAGED)
def test_damaged_page_is_named_and_others_are_read(dtype):
    given = DAMAGED[dtype].astype(dtype)
    content = frame_of(given)
    info = frame.info(content)
    starts = info.head_bytes + info.stream_bytes + np.concatenate(([0], np.cumsum(info.page_bytes)))
    rng = np.random.default_rng(11)
    pages = len(info.page_bytes)
    assert pages > 40
    for page in {0, pages - 1, *rng.integers(pages, size=3).tolist()}:
        array, store = open_with(
            flipped(content, int(rng.integers(8 * starts[page], 8 * starts[page + 1]))), given.shape, dtype
        )
        inside = bounds_of(info, page)
        cell = tuple(min(cells.stop, size) - 1 for cells, size in zip(inside, given.shape, strict=True))
        for part in (inside, cell, np.s_[:, cell[1]], np.s_[:]):
            store.gets.clear()
            with pytest.raises(CorruptionError, match=rf"CRC-32C of page {page} \(cells .*the page is damaged$"):
                array[part]
            # It could have been replaced in the meantime: one more look, and no more than one.
            assert (store.gets[-1].start, store.gets[-1].stop) == (0, None)
            assert sum(get.stop is None for get in store.gets) == 1
        for other in {(page + 1) % pages, (page - 1) % pages, int(rng.integers(pages))} - {page}:
            part = bounds_of(info, other)
            assert_same_bits(array[part], given[part])
        rows = inside[0]
        below = np.s_[rows.stop :] if rows.start == 0 else np.s_[: rows.start]
        assert_same_bits(array[below], given[below])


def test_damaged_front_is_refused():
    info = frame.info(FIRST)
    rng = np.random.default_rng(12)
    for bit in rng.integers(8 * info.head_bytes, size=60).tolist():
        array, _ = open_with(flipped(FIRST, bit))
        for part in ("point", "window", "whole"):
            with pytest.raises((CorruptionError, InsufficientDataError)):
                array[PARTS[part]]


def test_damaged_stream_of_all_pages_is_named():
    given = np.random.default_rng(13).normal(0, 100, SHAPE).astype("i4")
    content = frame.write(given, tile=TILE, predictor="none")
    info = frame.info(content)
    assert info.stream_bytes > 50
    rng = np.random.default_rng(14)
    for bit in rng.integers(8 * info.head_bytes, 8 * (info.head_bytes + info.stream_bytes), 20).tolist():
        array, _ = open_with(flipped(content, bit))
        for part in ("point", "whole"):
            with pytest.raises(CorruptionError, match=r"CRC-32C of chunk-level stream 0 .* it is damaged"):
                array[PARTS[part]]


@pytest.mark.parametrize("part", PARTS)
def test_stored_chunk_is_cut_short(part):
    """What was stored is not all there from the start; what is needed may be."""
    rng = np.random.default_rng(15)
    for size in (0, 1, 13, 100, len(FIRST) - 1, *rng.integers(0, len(FIRST), 8).tolist()):
        array, _ = open_with(FIRST[:size])
        found = outcome(array, PARTS[part])
        if isinstance(found, Exception):
            assert isinstance(found, InsufficientDataError) or size < 4
        else:
            assert part != "whole"
            assert_same_bits(found, data()[PARTS[part]])


def test_trailing_bytes_are_refused_when_all_is_read():
    array, _ = open_with(FIRST + b"\0")
    with pytest.raises(CorruptionError, match=f"must end after {len(FIRST)} bytes, got {len(FIRST) + 1}"):
        array[:]


def test_damage_in_one_chunk_leaves_others_readable():
    store = FaultyStore()
    given = data(20, shape=(400, 360))
    array = zarr.create_array(
        store, data=given, chunks=SHAPE, serializer=PcoSerializer(tile=TILE), compressors=None, fill_value=FILL
    )
    for key, content in store.chunks().items():
        if key == "c/0/1":
            store.put(key, flipped(content, 8 * len(content) - 1))
    assert_same_bits(array[:, :180], given[:, :180])
    assert_same_bits(array[200:], given[200:])
    assert_same_bits(array[:175], given[:175])
    with pytest.raises(CorruptionError, match="page 47 "):
        array[199, 359]
    with pytest.raises(CorruptionError, match="page 47 "):
        array[:]


def test_damage_in_a_shard_is_named():
    store = FaultyStore()
    given = data(21, shape=(400, 360))
    array = zarr.create_array(
        store, data=given, chunks=SHAPE, shards=(400, 360), serializer=PcoSerializer(tile=TILE), compressors=None
    )
    ((key, content),) = store.chunks().items()
    inner = frame.write(given[:200, :180], tile=TILE)
    place = content.index(inner)
    store.put(key, flipped(content, 8 * (place + len(inner)) - 1))
    assert_same_bits(array[200:], given[200:])
    with pytest.raises(CorruptionError, match="page 47 "):
        array[199, 179]
    if "Fused" not in zarr.config.get("codec_pipeline.path"):  # which decodes all of an inner chunk
        assert_same_bits(array[:175, :180], given[:175, :180])
