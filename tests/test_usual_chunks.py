"""Recovery, corruption: the short way through a Pco chunk gives what the careful way does, or leaves it alone."""

import chunk_cases
import numpy as np
import pytest
from twins import HAVE_NUMBA, NO_NUMBA, numba_

import pcodec_numcodecs
from pcodec_numcodecs import standalone, wrapped
from pcodec_numcodecs.constants import FORMAT_VERSION
from pcodec_numcodecs.decompress import decompress_usual_chunk, open_usual
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.errors import PcoError
from pcodec_numcodecs.kernels import ChunkPages, Rows
from pcodec_numcodecs.kernels.choice import VARIABLE
from pcodec_numcodecs.metadata import Consecutive, Dict, FormatVersion, Lookback, NoDelta

pytestmark = [pytest.mark.numpy_only, pytest.mark.skipif(not HAVE_NUMBA, reason=NO_NUMBA)]

VERSION = FormatVersion(*FORMAT_VERSION)
FILE, _ = wrapped.FileDecompressor.new(wrapped.FileCompressor().write_header())
CHUNK_HEADER = 4
USUAL = {(mode, delta) for mode in chunk_cases.MODES if mode != "dict" for delta in ("none", "consecutive", "lookback")}


def written(mode, delta, name, seed=0):
    """Return the numbers of a case, and a file of them as one chunk."""
    case = chunk_cases.build(np.random.default_rng(seed), mode, delta, name)
    numbers = case.numbers[:5000]
    config = chunk_cases.settings(pcodec_numcodecs, case._replace(numbers=numbers, pages=numbers.size))
    return numbers, standalone.simple_compress(numbers, config)


def pages_of(mode, delta, name, seed=0):
    """Return the numbers of a case, the metadata of a chunk of them, and its pages."""
    case = chunk_cases.build(np.random.default_rng(seed), mode, delta, name)
    chunk = wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(pcodec_numcodecs, case))
    counts = np.array(chunk.n_per_page())
    return case.numbers, chunk.write_meta(), chunk.write_pages(), counts


def pages_by_short_way(metadata, data, starts, stops, counts, name):
    """Return the numbers of pages in the reverse order, if all is well."""
    number_type = NUMBER_TYPES[name]
    out = np.zeros(counts.sum(), number_type.latent)
    order = np.arange(counts.size)[::-1]
    rows = Rows.end_to_end(counts)
    chunk = open_usual(np.frombuffer(metadata, np.uint8), 0, number_type, VERSION, numba_)
    if chunk is None or chunk.size != len(metadata):
        return None
    pages = ChunkPages(np.frombuffer(data, np.uint8), starts[order], stops[order], counts[order])
    ends = numba_.decode_usual_chunk(chunk, pages, out, Rows(rows.lengths[order], order, rows.starts))
    return None if ends is None or (ends[::-1] != stops).any() else out.view(number_type.dtype)


def start_of_metadata(data):
    (first, *_) = standalone.walk(data)
    return len(data) - 1 - first.page_bytes - first.metadata_bytes + CHUNK_HEADER


def by_short_way(data, start, name, numbers):
    number_type = NUMBER_TYPES[name]
    out = np.zeros_like(numbers)
    return decompress_usual_chunk(np.frombuffer(data, np.uint8), start, number_type, VERSION, numba_, out), out


@pytest.mark.parametrize(("mode", "delta", "name"), chunk_cases.combinations())
def test_chunk_comes_back_by_the_short_way_where_there_is_one(mode, delta, name):
    numbers, data = written(mode, delta, name)
    end, found = by_short_way(data, start_of_metadata(data), name, numbers)
    (first,) = standalone.walk(data)
    usual = not isinstance(first.metadata.mode, Dict) and isinstance(
        first.metadata.delta, NoDelta | Consecutive | Lookback
    )
    assert usual or (mode, delta) not in USUAL
    if usual:
        assert end == len(data) - 1
        assert found.tobytes() == numbers.tobytes()
    else:
        assert end is None


@pytest.mark.parametrize(("mode", "delta", "name"), [one for one in chunk_cases.combinations() if one[:2] in USUAL])
def test_damaged_chunk_is_read_as_the_careful_way_reads_it(mode, delta, name, monkeypatch):
    _, data = written(mode, delta, name, seed=1)
    start, rng = start_of_metadata(data), np.random.default_rng(2)
    for _ in range(60):
        other = bytearray(data)
        # Most flips hit the metadata: the page is by far the longer.
        place = int(rng.integers(start, start + 40 if rng.random() < 0.7 else len(data)))
        other[place] ^= 1 << int(rng.integers(8))
        if rng.random() < 0.1:
            del other[int(rng.integers(start, len(data))) :]
        outcomes = []
        for twin in ("numpy", "numba"):
            monkeypatch.setenv(VARIABLE, twin)
            try:
                outcomes.append(standalone.simple_decompress(bytes(other)).tobytes())
            except PcoError as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(("mode", "delta", "name"), [one for one in chunk_cases.combinations() if one[:2] in USUAL])
def test_pages_come_back_by_the_short_way_or_are_left_alone(mode, delta, name):
    numbers, metadata, pages, counts = pages_of(mode, delta, name)
    data, stops = b"".join(pages), np.cumsum([len(page) for page in pages])
    starts = stops - [len(page) for page in pages]
    found = pages_by_short_way(metadata, data, starts, stops, counts, name)
    assert found.tobytes() == numbers.tobytes()
    # Metadata cut short, a page that ends too early, one that ends too late.
    assert pages_by_short_way(metadata[:-1], data, starts, stops, counts, name) is None
    for change in (-1, 1):
        other = stops.copy()
        other[0] += change
        assert pages_by_short_way(metadata, data + b"0", starts, other, counts, name) is None


@pytest.mark.parametrize(("mode", "delta", "name"), [one for one in chunk_cases.combinations() if one[:2] in USUAL])
def test_damaged_pages_are_left_alone_where_the_careful_way_refuses_them(mode, delta, name, monkeypatch):
    monkeypatch.setenv(VARIABLE, "numpy")
    numbers, metadata, pages, counts = pages_of(mode, delta, name, seed=3)
    rng, left = np.random.default_rng(4), 0
    for _ in range(40):
        changed = [bytearray(metadata), *map(bytearray, pages)]
        part = changed[0 if rng.random() < 0.5 else int(rng.integers(len(changed)))]
        part[int(rng.choice([rng.integers(len(part)), len(part) - 1]))] ^= 1 << int(rng.integers(8))
        stops = np.cumsum([len(page) for page in pages])
        starts = stops - [len(page) for page in pages]
        found = pages_by_short_way(bytes(changed[0]), b"".join(changed[1:]), starts, stops, counts, name)
        expected = np.zeros_like(numbers)
        try:
            chunk, size = FILE.chunk_decompressor(bytes(changed[0]), name)
            _, read = chunk.read_pages_into(changed[1:], counts.tolist(), expected)
        except PcoError:
            assert found is None
            left += 1
            continue
        if size != len(metadata) or read != [len(page) for page in pages]:
            assert found is None
        elif found is not None:
            assert found.tobytes() == expected.tobytes()
    assert left


def file_of_many_chunks(mode, delta, name):
    case = chunk_cases.build(np.random.default_rng(5), mode, delta, name)
    return case.numbers, standalone.simple_compress(
        case.numbers, chunk_cases.settings(pcodec_numcodecs, case._replace(pages=400))
    )


def read_into(data, n, number_type):
    """Return what comes of reading a file into room for so many numbers."""
    out = np.zeros(n, number_type.dtype)
    try:
        progress = standalone.simple_decompress_into(data, out)
    except PcoError as error:
        return type(error), str(error)
    return progress, out.tobytes()


@pytest.mark.parametrize(("mode", "delta", "name"), chunk_cases.combinations())
def test_files_are_read_alike_by_both_ways_damaged_or_not(mode, delta, name, monkeypatch):
    numbers, data = file_of_many_chunks(mode, delta, name)
    rng, number_type = np.random.default_rng(6), NUMBER_TYPES[name]
    assert len(list(standalone.walk(data))) > 2
    for turn in range(20):
        n = int(rng.choice([numbers.size, numbers.size + 9, rng.integers(numbers.size)]))
        other = bytearray(data)
        if turn > 3:
            other[int(rng.integers(10, len(data)))] ^= 1 << int(rng.integers(8))
            other = other[: int(rng.integers(len(data))) if rng.random() < 0.1 else len(data)]
        outcomes = []
        for twin in ("numpy", "numba"):
            monkeypatch.setenv(VARIABLE, twin)
            outcomes.append(read_into(bytes(other), n, number_type))
        assert outcomes[0] == outcomes[1]
        if turn <= 3:
            assert outcomes[0][1][: numbers.nbytes] == numbers.tobytes()[: n * numbers.itemsize]
