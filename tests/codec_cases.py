"""Small arrays of every type that the codecs hold, with all that is easily lost on the way."""

import numpy as np

NUMBER_DTYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
TIME_DTYPES = ("M8[D]", "M8[ns]", "m8[s]", "m8[us]")
DTYPES = NUMBER_DTYPES + TIME_DTYPES
"""What a .pco file can hold."""
FRAME_DTYPES = (*DTYPES, "?", "c8", "c16")
"""What a frame can hold."""

# Types that no number of Pco's can stand for.
REFUSED_DTYPES = ("U4", "S3", "V5", [("a", "i4"), ("b", "f4")], "O")


def numbers(dtype, shape=(7, 9, 5)):
    """Make an array: patterns of all bits, and at its start extremes, both zeros, NaNs with payloads or NaT."""
    dtype = np.dtype(dtype)
    if dtype.kind == "c":
        parts = numbers(f"f{dtype.itemsize // 2}", (2, *shape))
        return np.ascontiguousarray(np.moveaxis(parts, 0, -1)).view(dtype)[..., 0]
    if dtype.kind == "b":
        return numbers("u1", shape) % 3 == 0
    unsigned = np.dtype(f"u{dtype.itemsize}")
    n = int(np.prod(shape))
    spread = np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits = (spread >> np.uint64(64 - unsigned.itemsize * 8)).astype(unsigned)
    if dtype.kind == "f":
        info = np.finfo(dtype)
        quiet = np.array(np.nan, dtype).view(unsigned)
        sign = unsigned.type(1 << (info.bits - 1))
        first = [
            *np.array([0.0, -0.0, np.inf, -np.inf, info.max, info.min, info.smallest_subnormal], dtype).view(unsigned),
            *(quiet, quiet | sign, quiet | unsigned.type(0x2A), (quiet | sign) + unsigned.type(7)),
        ]
    else:
        top = unsigned.type(1 << (8 * unsigned.itemsize - 1))
        first = [unsigned.type(0), top, top - unsigned.type(1), ~unsigned.type(0)]
    bits[: len(first)] = first[:n]
    return bits.view(dtype).reshape(shape)


def assert_same_bits(found, expected):
    """Compare shape, type and bits, so that -0.0 is not 0.0 and a NaN is the same NaN."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()
