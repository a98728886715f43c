"""Pages of one frame on several threads: the same bytes, the same cells, the same refusals."""

import threading

import numpy as np
import pytest
from frame_cases import assert_same, random_array

from pcodec_numcodecs import CorruptionError, InvalidArgumentError, frame
from pcodec_numcodecs.frame import decoding, streams, writer
from pcodec_numcodecs.frame.threads import in_threads, runs

pytestmark = pytest.mark.numpy_only

COUNTS = (1, 2, 5)
STEPS = np.cumsum(np.random.default_rng(1).integers(-9, 9, 30_000))
ARRAYS = {
    "floats": random_array("<f4", (61, 53)),
    "big-endian": random_array(">i8", (40, 70)),
    "complex": random_array("<c16", (33, 21)),
    "walk": STEPS.reshape(150, 200),
    "period": np.resize(np.random.default_rng(2).integers(0, 1 << 30, 611), 30_000).reshape(300, 100),
    "decimals": np.round(STEPS * 0.1, 1).reshape(100, 300),
    "bools": np.add.outer(np.arange(90), np.arange(90)) // 7 % 2 == 0,
    "one page": random_array("<u2", (5, 5)),
    "empty": np.zeros((0, 3)),
    "constant": np.full((50, 50), -0.0),
}


@pytest.fixture(params=ARRAYS.values(), ids=ARRAYS)
def array(request):
    return request.param


def tile_of(array):
    return tuple(min(8, size) or 1 for size in array.shape)


@pytest.mark.parametrize("threads", COUNTS)
def test_bytes_are_the_same(array, threads):
    assert frame.write(array, tile=tile_of(array), threads=threads) == frame.write(array, tile=tile_of(array))


@pytest.mark.parametrize("threads", COUNTS)
def test_cells_are_the_same(array, threads):
    written = frame.write(array, tile=tile_of(array))
    assert_same(frame.read(written, threads=threads), array)
    out = np.empty_like(array)
    assert frame.read(written, out=out, threads=threads) is out
    assert_same(out, array)
    for selection in (np.s_[1:-2, 1::3], np.s_[2:40], np.s_[::2, -1]):
        assert_same(frame.read(written, selection, threads=threads), np.asarray(array[selection]))
    if array.size:
        rows = np.array([3, 0, 3])
        assert_same(frame.read(written, rows, threads=threads), array[rows])


@pytest.mark.parametrize("threads", COUNTS)
def test_several_pco_chunks(monkeypatch, threads):
    array = random_array("<f8", (900,))
    monkeypatch.setattr(writer, "MAX_CHUNK_NUMBERS", 300)
    written = frame.write(array, tile=(10,), threads=threads)
    assert [chunk.pages for chunk in frame.info(written).chunks if chunk.stream == 0] == [
        range(first, first + 30) for first in (0, 30, 60)
    ]
    assert written == frame.write(array, tile=(10,))
    assert_same(frame.read(written, threads=threads), array)


@pytest.mark.parametrize("threads", COUNTS)
def test_damage_is_found_in_the_first_page_that_has_any(threads):
    array = ARRAYS["walk"]
    written = bytearray(frame.write(array, tile=(8, 8)))
    pages = frame.info(bytes(written)).page_bytes
    end = len(written)
    for page in (len(pages) - 1, len(pages) // 2):
        written[end - sum(pages[page:])] ^= 1
    with pytest.raises(CorruptionError, match=rf"page {len(pages) // 2} "):
        frame.read(bytes(written), threads=threads)


def test_threads_share_the_pages_of_both_ways(monkeypatch):
    """Each thread waits for the other, so none could do the work alone."""
    seen = {"write": set(), "read": set()}

    def watched(way, function):
        together = threading.Barrier(2, timeout=60)

        def call(*arguments):
            together.wait()
            seen[way].add(threading.get_ident())
            return function(*arguments)

        return call

    chunk = streams.CompressedChunk
    monkeypatch.setattr(chunk, "write_pages", watched("write", chunk.write_pages))
    monkeypatch.setattr(decoding.PartDecoder, "land", watched("read", decoding.PartDecoder.land))
    frame.read(frame.write(ARRAYS["walk"], tile=(8, 8), threads=2), threads=2)
    assert {way: len(threads) for way, threads in seen.items()} == {"write": 2, "read": 2}


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_refused(threads):
    with pytest.raises(InvalidArgumentError, match=f"threads may not be below 1, got {threads}"):
        frame.write(np.zeros(3), threads=threads)
    with pytest.raises(InvalidArgumentError, match=f"threads may not be below 1, got {threads}"):
        frame.read(frame.write(np.zeros(3)), threads=threads)


@pytest.mark.parametrize("threads", ["2", 2.0])
def test_other_types_are_refused(threads):
    with pytest.raises(TypeError, match="threads must be an integer"):
        frame.write(np.zeros(3), threads=threads)


@pytest.mark.parametrize("pages", [0, 1, 3, 4, 7, 8, 41])
@pytest.mark.parametrize("threads", COUNTS)
def test_runs_are_all_pages_once(pages, threads):
    cut = runs(pages, threads)
    assert [page for run in cut for page in range(pages)[run]] == list(range(pages))
    assert 1 <= len(cut) <= threads
    if len(cut) > 1:
        assert min(run.stop - run.start for run in cut) >= 4


def test_first_error_is_raised_after_all_have_ended():
    ended = threading.Event()

    def work(item):
        if item == 2:
            ended.set()
            return item
        assert ended.wait(60)
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"^0$"):
        in_threads(work, [0, 1, 2])
    assert ended.is_set()
