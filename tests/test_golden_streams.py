"""Compatibility: what any published `pcodec` wheel has written is read back bit for bit.

The files under `golden/` are never written here: a lost or changed one fails. `golden/make.py` made them.
"""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from golden.inputs import build, case_names

from pcodec_numcodecs import standalone, wrapped

pytestmark = pytest.mark.numpy_only

GOLDEN = Path(__file__).parent / "golden"
STREAMS = GOLDEN / "streams"


def rows_of(index):
    with (GOLDEN / index).open(newline="") as lines:
        return [pytest.param(row, id=row["file"]) for row in csv.DictReader(lines)]


STANDALONE = rows_of("index.csv")
WRAPPED = rows_of("wrapped_index.csv")


def integers(text):
    return [int(part) for part in text.split()]


def bits(numbers):
    """The bytes that tell -0.0 from 0.0 and one NaN from another."""
    return numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()


def assert_same_bits(found, expected):
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert bits(found) == bits(expected)


def test_every_published_wheel_has_streams():
    versions = {version for row in STANDALONE for version in row.values[0]["versions"].split()}
    assert versions == {
        *("0.0.0", "0.0.1", "0.1.0", "0.1.1", "0.2.0"),
        *("0.3.0", "0.3.1", "0.3.2", "0.3.3", "0.3.4", "0.3.5", "0.3.6"),
        *("1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0"),
    }
    wrapping = {version for row in WRAPPED for version in row.values[0]["versions"].split()}
    assert wrapping == versions - {"0.0.0", "0.0.1"}  # which had no wrapped API


def test_no_stream_is_missing_or_unlisted():
    listed = [row.id for row in STANDALONE + WRAPPED]
    assert sorted(listed) == sorted(path.name for path in STREAMS.iterdir())


def test_every_input_has_a_stream():
    assert {row.values[0]["case"] for row in STANDALONE} == set(case_names())


@pytest.mark.parametrize("row", STANDALONE + WRAPPED)
def test_stream_and_numbers_are_those_of_the_index(row):
    assert hashlib.sha256((STREAMS / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    expected = build(row["case"])
    assert expected.size == int(row["n"])
    assert hashlib.sha256(bits(expected)).hexdigest() == row["numbers_sha256"]


@pytest.mark.parametrize("row", STANDALONE)
def test_standalone_stream_gives_its_numbers(row):
    expected = build(row["case"])
    found = standalone.simple_decompress((STREAMS / row["file"]).read_bytes())
    if expected.size == 0:
        # No wheel names the type of an empty file.
        assert found is None
    else:
        assert_same_bits(found, expected)


@pytest.mark.parametrize("row", WRAPPED)
def test_wrapped_stream_gives_its_numbers(row):
    data = (STREAMS / row["file"]).read_bytes()
    counts, lengths = integers(row["page_n"]), integers(row["page_len"])
    expected = build(row["case"])

    # Every part is given with all that follows it: the reader has to find its end.
    file, n_read = wrapped.FileDecompressor.new(data)
    assert n_read == int(row["header_len"])
    chunk, n_read = file.chunk_decompressor(data[n_read:], row["dtype"])
    assert n_read == int(row["meta_len"])

    starts = np.cumsum([int(row["header_len"]) + int(row["meta_len"]), *lengths])
    assert starts[-1] == len(data)
    found = [np.empty(count, expected.dtype) for count in counts]
    for page in reversed(range(len(counts))):  # no page needs the one before it
        progress, n_read = chunk.read_page_into(data[starts[page] :], counts[page], found[page])
        assert (progress.n_processed, progress.finished) == (counts[page], True)
        assert n_read == lengths[page]
    assert_same_bits(np.concatenate(found), expected)
