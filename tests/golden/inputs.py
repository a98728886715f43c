"""The numbers inside the golden files, rebuilt from integer arithmetic alone.

No random generator, no transcendental function: integer hashes, shifts and single correctly rounded divisions
give the same bits on every platform, every NumPy and every Python since 3.8, so the numbers need not be stored.
"""

import zlib

import numpy as np

DTYPES = {
    "u8": np.uint8,
    "i8": np.int8,
    "u16": np.uint16,
    "i16": np.int16,
    "f16": np.float16,
    "u32": np.uint32,
    "i32": np.int32,
    "f32": np.float32,
    "u64": np.uint64,
    "i64": np.int64,
    "f64": np.float64,
}
MANTISSA_BITS = {"f16": 10, "f32": 23, "f64": 52}
INTEGERS = [name for name in DTYPES if name[0] != "f"]
FLOATS = list(MANTISSA_BITS)


def case_names():
    """Names of all inputs, `<kind>-<dtype>`."""
    return [kind + "-" + dtype for kind, (_, dtypes) in KINDS.items() for dtype in dtypes]


def build(case):
    """The 1-D native-endian array of a case."""
    kind, dtype = case.split("-")
    make, dtypes = KINDS[kind]
    if dtype not in dtypes:
        raise ValueError("no such case: " + case)
    # The seed depends on the case's name only, so new cases never change old ones.
    numbers = make(dtype, zlib.crc32(case.encode()))
    assert numbers.dtype == DTYPES[dtype]
    return numbers


def width(dtype):
    return int(dtype[1:])


def hashes(n, seed):
    """`n` well mixed uint64 (splitmix64)."""
    x = np.arange(seed, seed + n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def draws(n, seed, below, stream=0):
    """`n` int64 in [0, below)."""
    return (hashes(n, seed + (stream << 40)) % np.uint64(below)).astype(np.int64)


def from_bits(bits, dtype):
    """Numbers whose bit patterns are the low bits of the given uint64 array."""
    return bits.astype("u%d" % (width(dtype) // 8)).view(DTYPES[dtype])  # noqa: UP031 - dtype codes read best so


def from_integers(values, dtype, divisor):
    """Integers modulo the type's width, or correctly rounded quotients for floats."""
    if dtype in INTEGERS:
        return values.astype(DTYPES[dtype])
    if dtype == "f16":
        return (values.astype(np.float32) / np.float32(divisor)).astype(np.float16)
    return values.astype(DTYPES[dtype]) / DTYPES[dtype](divisor)


def empty(dtype, seed):
    return np.zeros(0, DTYPES[dtype])


def single(dtype, seed):
    return from_bits(hashes(1, seed), dtype)


def constant(dtype, seed):
    return from_integers(np.zeros(300, np.int64) + 97, dtype, 10)


def bits(dtype, seed):
    """Incompressible; as floats also NaNs and all exponents."""
    return from_bits(hashes(70, seed), dtype)


def extremes(dtype, seed):
    low, high = np.iinfo(DTYPES[dtype]).min, np.iinfo(DTYPES[dtype]).max
    values = [low, high, 0, 1, low + 1, high - 1, high // 2, high // 2 + 1]
    return np.array(values, DTYPES[dtype])[draws(80, seed, len(values))]


def specials(dtype, seed):
    """NaNs with payloads (quiet and signalling, both signs), zeros, infinities, subnormals, limits."""
    p = MANTISSA_BITS[dtype]
    sign = 1 << (width(dtype) - 1)
    infinity = sign - (1 << p)
    quiet = infinity + (1 << (p - 1))
    one = (sign >> 1) - (1 << p)
    positive = [0, 1, (1 << p) - 1, 1 << p, one, infinity - 1, infinity, infinity + 1, quiet, quiet + 5, sign - 1]
    patterns = np.array(positive + [sign + x for x in positive], np.uint64)
    return from_bits(patterns[draws(100, seed, len(patterns))], dtype)


def drift(dtype, seed):
    """A random walk over more than two batches."""
    return from_integers(np.cumsum(draws(600, seed, 9) - 4) + 90, dtype, 8)


def poly(dtype, seed):
    """A cubic with a little noise: consecutive deltas of order 3 suit it best."""
    i = np.arange(300, dtype=np.int64)
    return from_integers(i * i * i // 50 - 30 * i * i + 1000 * i + draws(300, seed, 3), dtype, 4)


def skewed(dtype, seed):
    """Magnitudes that halve in frequency as they double: several bins of different width."""
    h, signs = hashes(400, seed), hashes(400, seed + (1 << 40)) & np.uint64(1)
    size = np.zeros(400, np.uint64)
    for bit in range(8):
        size += (h & np.uint64((2 << bit) - 1)) == np.uint64(0)
    if dtype in INTEGERS:
        room = np.uint64(width(dtype) // 8)
        values = (h >> np.uint64(32)) & ((np.uint64(1) << (size * room // np.uint64(2))) - np.uint64(1))
        return from_bits(values * (np.uint64(1) - np.uint64(2) * signs) + np.uint64(width(dtype)), dtype)
    p = np.uint64(MANTISSA_BITS[dtype])
    one = (np.uint64(1) << np.uint64(width(dtype) - 2)) - (np.uint64(1) << p)
    mantissa = (h >> np.uint64(57)) << (p - np.uint64(7))
    return from_bits(one + (size << p) + mantissa + (signs << np.uint64(width(dtype) - 1)), dtype)


def bell(dtype, seed):
    """Sums of three dice: hundreds of values of many frequencies, for large tables."""
    dice = [draws(2400, seed, 200, stream) for stream in range(3)]
    return from_integers(dice[0] + dice[1] + dice[2], dtype, 1)


def multiples(dtype, seed):
    """Multiples of a base, one in sixteen slightly off."""
    base = {8: 7, 16: 300, 32: 100003, 64: 1000000007}[width(dtype)]
    quotients = draws(600, seed, 30 if width(dtype) == 8 else 200)
    off = (draws(600, seed, 16, 1) == 0) * draws(600, seed, base, 2)
    return from_integers(quotients * base + off - (100 if dtype == "i8" else 0), dtype, 1)


def decimals(dtype, seed):
    """Decimal fractions, one in sixteen off by one unit in the last place."""
    exact = from_integers(draws(600, seed, 1000 if dtype == "f16" else 20000), dtype, 10 if dtype == "f16" else 100)
    off = draws(600, seed, 16, 1) == 0
    return from_bits(exact.view("u%d" % (width(dtype) // 8)).astype(np.uint64) + off.astype(np.uint64), dtype)  # noqa: UP031


def quant(dtype, seed):
    """Coarse mantissas, one in sixteen with more bits."""
    p, sign_bit = MANTISSA_BITS[dtype], width(dtype) - 1
    k = {"f16": 6, "f32": 15, "f64": 44}[dtype]
    h = hashes(500, seed)
    one = (1 << (sign_bit - 1)) - (1 << p)
    coarse = ((h >> np.uint64(40)) & np.uint64((1 << (p - k + 1)) - 1)) << np.uint64(k)
    off = (draws(500, seed, 16, 1) == 0).astype(np.uint64) * (h & np.uint64((1 << k) - 1))
    sign = ((h >> np.uint64(33)) & np.uint64(1)) << np.uint64(sign_bit)
    return from_bits(np.uint64(one) + coarse + off + sign, dtype)


def repeats(dtype, seed):
    """Twelve wide values in no order, each of its own frequency: a tie would leave Dict's order to chance."""
    words = np.repeat(hashes(12, seed), np.arange(5, 65, 5))
    order = np.argsort(hashes(words.size, seed + (1 << 40)), kind="mergesort")
    return from_bits(words[order], dtype)


def periodic(dtype, seed):
    """Thirty wide values over and over, one in thirty replaced."""
    words = np.tile(hashes(30, seed), 16)
    replaced = draws(words.size, seed, 30, 1) == 0
    words[replaced] = hashes(words.size, seed + (2 << 40))[replaced]
    return from_bits(words, dtype)


def wave(dtype, seed):
    """Half parabolas of alternate sign, close to a sine of about 31 samples, with a little noise."""
    phase = (np.arange(300, dtype=np.int64) * 2087) & 0xFFFF
    half = phase & 0x7FFF
    height = half * (0x8000 - half) * np.where(phase < 0x8000, 1, -1)
    amplitude = {8: 100, 16: 1000, 32: 100000}[width(dtype)]
    values = ((height * amplitude) >> 28) + draws(300, seed, 3)
    return from_integers(values + (120 if dtype == "u8" else 0), dtype, 1 if dtype == "f16" else 64)


def long(dtype, seed):
    """More numbers than the default page holds, so two chunks, though few bytes."""
    return np.arange(300000, dtype=np.int64).astype(DTYPES[dtype]) * DTYPES[dtype](5)


KINDS = {
    "empty": (empty, ["u32", "f64"]),
    "single": (single, list(DTYPES)),
    "constant": (constant, ["i8", "u16", "f16", "i32", "f32", "u64"]),
    "bits": (bits, list(DTYPES)),
    "extremes": (extremes, INTEGERS),
    "specials": (specials, FLOATS),
    "drift": (drift, list(DTYPES)),
    "poly": (poly, ["u16", "i16", "i32", "f32", "u64", "f64"]),
    "skewed": (skewed, list(DTYPES)),
    "bell": (bell, ["u32"]),
    "multiples": (multiples, INTEGERS),
    "decimals": (decimals, FLOATS),
    "quant": (quant, FLOATS),
    "repeats": (repeats, ["u8", "i16", "f16", "u32", "f32", "i64", "f64"]),
    "periodic": (periodic, ["i8", "u16", "i32", "f32", "u64", "f64"]),
    "wave": (wave, ["u8", "i8", "u16", "i16", "f16", "u32", "i32", "f32"]),
    "long": (long, ["u32"]),
}
