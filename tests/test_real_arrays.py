"""The real arrays are rebuilt bit by bit, and the PP reader behind some of them reads what it should."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import real_arrays
from pp_files import LBEXT, LBNPT, LBPACK, LBROW, LBUSER1, LBUSER4, read_pp

THETA, PRESSURE = 4, 408


def record(payload: bytes) -> bytes:
    length = len(payload).to_bytes(4, "big")
    return length + payload + length


def pp_field(values: np.ndarray, item: int, *, extra: int = 0, **words: int) -> bytes:
    header = np.zeros(64, ">i4")
    header[[LBROW, LBNPT]] = values.shape
    header[[LBEXT, LBPACK, LBUSER1, LBUSER4]] = extra, words.get("lbpack", 0), words.get("lbuser1", 1), item
    return record(header.tobytes()) + record(values.astype(">f4").tobytes() + bytes(4 * extra))


@pytest.mark.parametrize("name", real_arrays.NAMES)
def test_array_is_the_listed_one(name: str) -> None:
    if reason := real_arrays.available(name):
        pytest.skip(reason)
    listed = real_arrays.LISTED[name]
    array = real_arrays.load(name)
    assert (array.shape, array.dtype) == (listed.shape, listed.dtype)
    assert hashlib.sha256(array.tobytes(order="C")).hexdigest() == listed.sha256
    assert array.flags.c_contiguous
    assert not array.flags.writeable
    assert real_arrays.load(name) is array


def test_each_listed_array_has_a_source() -> None:
    assert set(real_arrays.SOURCES) == set(real_arrays.NAMES)


def test_missing_distribution_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "syn_walk_i64"
    builder, *_ = real_arrays.SOURCES[name]
    assert real_arrays.available(name) is None
    monkeypatch.setitem(real_arrays.NEEDS, builder, ("no-such-distribution",))
    assert "no-such-distribution" in str(real_arrays.available(name))


def test_array_that_disagrees_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "syn_walk_i64"
    listed = real_arrays.LISTED[name]
    monkeypatch.setitem(real_arrays.LISTED, name, listed._replace(sha256="0" * 64))
    with pytest.raises(AssertionError, match=f"{name}: .* {'0' * 64}, got {listed.sha256}"):
        real_arrays.load.__wrapped__(name)


def test_pp_fields_come_back_bit_by_bit(tmp_path: Path) -> None:
    bits = np.arange(24, dtype=np.uint32).reshape(4, 2, 3) * np.uint32(0x0A3B5C7D)
    bits[0, 0] = 0x80000000, 0x7FC00001, 0xCE800000  # -0, a NaN with a payload, the usual missing data
    fields = bits.view(np.float32)
    path = tmp_path / "two_items.pp"
    path.write_bytes(
        pp_field(fields[0], THETA)
        + pp_field(fields[1], PRESSURE, extra=5)
        + pp_field(fields[2], THETA, extra=1)
        + pp_field(fields[3], PRESSURE)
    )
    assert read_pp(path).tobytes() == fields.tobytes()
    assert read_pp(path, PRESSURE).tobytes() == fields[1::2].tobytes()
    assert read_pp(path, THETA).shape == (2, 2, 3)
    assert read_pp(path).dtype == np.float32


PLANE = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no field"),
        (pp_field(PLANE, PRESSURE), "no field of item 4"),
        (pp_field(PLANE, THETA)[:-4], "byte 264 is not framed"),
        (pp_field(PLANE, THETA)[:264], "byte 264 is not framed"),
        (record(bytes(512)) + record(bytes(8)), "64 words of 32 bits, got 128"),
        (pp_field(PLANE, THETA, lbpack=1), "LBPACK"),
        (pp_field(PLANE, THETA, lbuser1=2), "LBUSER1"),
        (pp_field(PLANE, THETA) + pp_field(PLANE.T, THETA), "same shape"),
    ],
    ids=["empty", "other-item", "cut", "header-only", "64-bit", "packed", "integers", "shapes"],
)
def test_pp_file_that_is_not_understood_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "bad.pp"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=complaint):
        read_pp(path, THETA)
