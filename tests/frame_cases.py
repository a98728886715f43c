"""Arrays for the tests of frames, made from seeds, with all that is easily lost on the way."""

from typing import Any

import numpy as np

NUMBERS = ("|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
BIG_ENDIAN = (">i2", ">u4", ">i8", ">f2", ">f4", ">f8", ">c8", ">c16", ">M8[ms]", ">m8[7h]")
TIMES = ("<M8[D]", "<M8[ns]", "<M8[25us]", "<M8", "<m8[s]", "<m8[3W]")
DTYPES = ("|b1", *NUMBERS, "<c8", "<c16", *TIMES, *BIG_ENDIAN)


def unsigned_of(dtype: Any) -> np.dtype:
    """Return the type of the bits of an element, or of each part of a complex one."""
    dtype = np.dtype(dtype)
    order = ">" if dtype.str[0] == ">" else "<"
    return np.dtype(f"{order}u{dtype.itemsize // (2 if dtype.kind == 'c' else 1)}")


def bits_of(array: np.ndarray) -> bytes:
    """Return all bits in C order; comparing these tells -0.0 from 0.0 and one NaN from another."""
    return np.ascontiguousarray(array).tobytes()


def assert_same(found: Any, expected: np.ndarray) -> None:
    """Compare type, byte order, shape and bits."""
    assert isinstance(found, np.ndarray)
    assert found.dtype == expected.dtype
    assert found.dtype.str == expected.dtype.str
    assert found.shape == expected.shape
    assert bits_of(found) == bits_of(expected)


def special_bits(dtype: Any) -> list[int]:
    """Bit patterns of an element's part that are easily lost: ends of the range, zeros, NaNs with payloads, NaT."""
    dtype = np.dtype(dtype)
    width = 8 * unsigned_of(dtype).itemsize
    top = 1 << (width - 1)
    found = [0, 1, top, top - 1, top + 1, 2 * top - 1]
    if dtype.kind == "b":
        return [0, 1, 2, 0x80, 0xFF]
    if dtype.kind in "fc":
        info = np.finfo(np.dtype(f"f{width // 8}"))
        infinity = (1 << info.nexp) - 1 << info.nmant
        found += [infinity, infinity | top, infinity + 1, infinity | top | 5, infinity | 1 << (info.nmant - 1) | 42]
    return found


def random_array(dtype: Any, shape: tuple[int, ...], seed: int = 0, spread: int = 12) -> np.ndarray:
    """Make an array of rising and falling values, with the bit patterns above strewn over it.

    Parameters
    ----------
    spread
        About the bits of difference between neighbours.
    """
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    bits = unsigned_of(dtype)
    parts = 2 if dtype.kind == "c" else 1
    count = parts * int(np.prod(shape, dtype=int))
    if dtype.kind == "b":
        walk = rng.integers(0, 2, count)
    elif dtype.kind in "fc":
        steps = np.cumsum(rng.integers(-(1 << spread), 1 << spread, count)) / 128
        with np.errstate(over="ignore"):
            walk = steps.astype(f"f{bits.itemsize}").view(f"u{bits.itemsize}")
    else:
        walk = np.cumsum(rng.integers(-(1 << spread), 1 << spread, count))
    found = walk.astype(f"u{bits.itemsize}").astype(bits)
    if count:
        special = np.array(special_bits(dtype), f"u{bits.itemsize}")
        places = rng.integers(0, count, max(1, count // 16))
        found[places] = rng.choice(special, places.size)
    return found.view(dtype).reshape(shape)
