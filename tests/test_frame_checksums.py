"""CRC-32C is the one of RFC 3720 for bytes of every length, with and without a compiled function."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import TWINS

from pcodec_numcodecs.frame import checksums
from pcodec_numcodecs.kernels import load

pytestmark = pytest.mark.numpy_only

# RFC 3720, appendix B.4, and what is customary to tell kinds of CRC apart.
VECTORS = {
    "zeros": (bytes(32), 0x8A9136AA),
    "ones": (b"\xff" * 32, 0x62A8AB43),
    "rising": (bytes(range(32)), 0x46DD794E),
    "falling": (bytes(range(31, -1, -1)), 0x113FDB5C),
    "iSCSI read command": (
        bytes.fromhex(
            "01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000"
        ),
        0xD9963A56,
    ),
    "digits": (b"123456789", 0xE3069283),
    "nothing": (b"", 0),
    "one zero": (b"\0", 0x527D5351),
    "letter": (b"a", 0xC1D04330),
}


def bit_by_bit(part):
    """The definition: a register of 32 bits, shifted bit by bit."""
    register = 0xFFFFFFFF
    for byte in bytes(part):
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def by_kernels(parts):
    """Return what kernels make of the parts, which has to be the same for both twins, and next to other bytes."""
    stops = np.cumsum([1 + len(part) for part in parts], dtype=np.int64)
    starts = stops - [len(part) for part in parts]
    data = np.frombuffer(b"".join(b"\xa5" + bytes(part) for part in parts), np.uint8)
    found = [checksums.crc32c_of_stretches(data, starts, stops, load(name=twin)) for twin in TWINS]
    found += [load(name=twin).crc32c_of_stretches(data, starts, stops) for twin in TWINS]
    assert all(one.dtype == np.uint32 for one in found)
    assert all(np.array_equal(one, found[0]) for one in found)
    return found[0].tolist()


RANDOM = np.random.default_rng(1).bytes(5000)


@pytest.mark.parametrize(("part", "expected"), VECTORS.values(), ids=VECTORS)
def test_known_values(part, expected):
    assert bit_by_bit(part) == expected
    assert by_kernels([part]) == [expected]
    assert checksums.crc32c(part) == expected
    assert checksums.crc32c_of_each([part, part[:-1], part]).tolist()[::2] == [expected] * 2


def test_every_length_up_to_300():
    parts = [RANDOM[i : i + i] for i in range(301)]
    expected = [bit_by_bit(part) for part in parts]
    assert by_kernels(parts) == checksums.crc32c_of_each(parts).tolist() == expected
    # One by one: what else is in the call must not matter.
    assert [by_kernels([part])[0] for part in parts] == expected


@pytest.mark.parametrize("length", [511, 512, 513, 1023, 1025, 2047, 2049, 4095, 4096, 4097])
def test_around_powers_of_two(length):
    assert by_kernels([RANDOM[:length]]) == [bit_by_bit(RANDOM[:length])]


def test_joined_from_a_long_part_and_a_short_one():
    # The definition takes seconds for a MiB; but the register may start from any value, so it can do the end alone.
    part = RANDOM * 220
    values = by_kernels([part, part + b"\x17\xa0"])
    register = values[0] ^ 0xFFFFFFFF
    for byte in b"\x17\xa0":
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert values[1] == register ^ 0xFFFFFFFF


@given(st.lists(st.binary(max_size=40), max_size=12))
@settings(deadline=None)
def test_each_of_many(parts):
    expected = [bit_by_bit(part) for part in parts]
    assert by_kernels(parts) == expected
    assert checksums.crc32c_of_each(parts).tolist() == expected


@given(st.binary(min_size=1, max_size=60), st.data())
@settings(deadline=None)
def test_every_flip_changes_it(part, data):
    bit = data.draw(st.integers(0, 8 * len(part) - 1))
    other = bytearray(part)
    other[bit >> 3] ^= 1 << (bit & 7)
    first, second = by_kernels([part, bytes(other)])
    assert first != second


@pytest.mark.parametrize("length", [0, 1, 3, 4, 9, 100])
def test_any_buffer(length):
    part = RANDOM[:length]
    expected = [bit_by_bit(part)]
    array = np.frombuffer(bytearray(part), np.uint8)
    for kind in (
        part,
        memoryview(part),
        memoryview(bytearray(part)),
        memoryview(array),
        memoryview(array).toreadonly(),
    ):
        assert by_kernels([kind]) == expected
        assert checksums.crc32c_of_each([kind]).tolist() == expected
        assert checksums.crc32c(kind) == expected[0]


def test_without_a_compiled_function(monkeypatch):
    monkeypatch.setattr(checksums, "_value", None)
    assert checksums.crc32c(b"123456789") == 0xE3069283


def test_a_slow_function_is_left_alone(monkeypatch):
    # google_crc32c has one in pure Python, which takes a microsecond for each byte.
    class Slow:
        implementation = "python"
        value = None

    monkeypatch.setitem(sys.modules, "google_crc32c", Slow)
    assert checksums._compiled() is None
    monkeypatch.setattr(Slow, "implementation", "c")
    monkeypatch.setattr(Slow, "value", bit_by_bit)
    assert checksums._compiled() is bit_by_bit
