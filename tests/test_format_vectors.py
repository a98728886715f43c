"""Stability: small streams, some assembled by hand from the format's rules, give exactly these numbers.

`golden/vectors.csv` holds complete standalone files. Ids with T come from the newest wheel, O from old ones, C are
hand-made and hold what no known encoder writes.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from pcodec_numcodecs import standalone, wrapped

pytestmark = pytest.mark.numpy_only

DTYPES = {
    **{"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64},
    **{"i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64},
    **{"f16": np.float16, "f32": np.float32, "f64": np.float64},
}


def vectors():
    with (Path(__file__).parent / "golden" / "vectors.csv").open(newline="") as lines:
        return [pytest.param(row["dtype"], row["hex"], row["values"], id=row["id"]) for row in csv.DictReader(lines)]


def parse(texts, dtype):
    """Numbers from decimals; a NaN is written `nan:` and its bit pattern."""
    numbers = np.zeros(len(texts), DTYPES[dtype])
    patterns = numbers.view(f"u{numbers.itemsize}")
    for i, text in enumerate(texts):
        if text.startswith("nan:"):
            patterns[i] = int(text[4:], 16)
        else:
            numbers[i] = float(text) if dtype.startswith("f") else int(text)
    return numbers


@pytest.mark.parametrize(("dtype", "data", "values"), vectors())
def test_vector(dtype, data, values):
    found = standalone.simple_decompress(bytes.fromhex(data))
    if not dtype:
        # No chunk and no type to make an empty array of.
        assert found is None
        return
    expected = parse(values.split(), dtype)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


def test_no_vector_is_lost():
    ids = {vector.id for vector in vectors()}
    assert ids == {
        *("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T7c", "T8", "T9b", "T10", "T11", "T11b", "T12", "T13", "T14"),
        *("O1", "O2", "O3", "O4", "C1", "C2", "C3", "C4"),
    }


def test_wrapped_vector():
    header, meta = bytes.fromhex("0401"), bytes.fromhex("10010100ffffff3f02")
    file, n_read = wrapped.FileDecompressor.new(header)
    assert n_read == len(header)
    chunk, n_read = file.chunk_decompressor(meta, "i32")
    assert n_read == len(meta)
    for page, values in (("040000809693", [4, 8, 15, 16, 23]), ("2a00008000", [42, 40, 38])):
        found = np.zeros(len(values), np.int32)
        progress, n_read = chunk.read_page_into(bytes.fromhex(page), len(values), found)
        assert (progress.n_processed, progress.finished) == (len(values), True)
        assert n_read == len(bytes.fromhex(page))
        assert found.tolist() == values
