"""Arrays that make a writer stumble: of every type, of odd shapes, at the ends of what floats and integers can be."""

from typing import Any

import numpy as np
from frame_cases import DTYPES, special_bits, unsigned_of

Bits = np.ndarray

SHAPES = ((), (0,), (1,), (2,), (0, 3), (3, 0, 2), (1, 1, 1, 1), (1, 300), (300, 1), (257,), (5, 1, 7), (3, 2, 1, 2, 3))


def shape_of(rng: np.random.Generator, most: int) -> tuple[int, ...]:
    """Return a shape, tiny or odd, or of up to so many cells along one to four axes."""
    if rng.random() < 0.25:
        return SHAPES[rng.integers(len(SHAPES))]
    axes = int(rng.integers(1, 5))
    side = max(2.0, float(rng.uniform(2, most)) ** (1 / axes))
    return tuple(int(np.exp(rng.uniform(0, np.log(side * 2)))) for _ in range(axes))


def bits_of_some_kind(rng: np.random.Generator, kind: str, dtype: np.dtype, count: int) -> Bits:
    """Return so many parts of elements as unsigned integers of their width, in the machine's byte order."""
    width = 8 * unsigned_of(dtype).itemsize
    unsigned = np.dtype(f"u{width // 8}")
    whole = (1 << width) - 1
    place = np.arange(count, dtype=np.uint64)
    special = np.array(special_bits(dtype), unsigned)
    match kind:
        case "random":
            return rng.integers(0, whole, count, np.uint64, endpoint=True).astype(unsigned)
        case "subnormal":  # of floats: the least numbers there are, about as many as cells
            first = int(rng.integers(0, 5))
            return (place * np.uint64(rng.integers(1, 9)) + np.uint64(first)).astype(unsigned)
        case "gaps":  # steps of the least number, far apart and near
            steps = np.uint64(1) << rng.integers(0, max(1, width // 2), count).astype(np.uint64)
            return np.cumsum(steps).astype(unsigned)
        case "signs":
            top = np.uint64(1 << (width - 1))
            return np.where(rng.random(count) < 0.5, place, place | top).astype(unsigned)
        case "special":
            return rng.choice(special, count)
        case "two":
            return rng.choice(rng.choice(special, 2), count)
        case "one odd":
            found = np.full(count, rng.choice(special), unsigned)
            if count:
                found[rng.integers(count)] = rng.choice(special)
            return found
        case "payloads" if dtype.kind in "fc":
            info = np.finfo(f"f{width // 8}")
            infinity = np.uint64((1 << info.nexp) - 1 << info.nmant)
            return (rng.integers(0, 1 << info.nmant, count).astype(np.uint64) | infinity).astype(unsigned)
        case "binades":  # every exponent, or every width of integers
            return (np.uint64(1) << (place % np.uint64(width))).astype(unsigned) | rng.choice(special[:2], count)
        case "sawtooth":
            period = int(rng.integers(1, 40))
            return ((place % np.uint64(period)) * np.uint64(_below(rng, whole // 40))).astype(unsigned)
        case "rising":
            step = _below(rng, max(2, whole // max(1, count)))
            return (place * np.uint64(step) + np.uint64(_below(rng, whole))).astype(unsigned)
        case "wrapping":
            return (place * np.uint64(whole - _below(rng, whole // 2) | 1)).astype(unsigned)
        case "multiples":
            base = _below(rng, 1 << max(1, width - 9))
            return (rng.integers(0, 200, count).astype(np.uint64) * np.uint64(base)).astype(unsigned)
        case _ if dtype.kind in "fc":
            return _grid(rng, kind, f"f{width // 8}", count).view(unsigned)
    return rng.integers(0, 5, count).astype(unsigned)


def _below(rng: np.random.Generator, limit: int) -> int:
    """Return an integer from 1, unless the limit is that."""
    return int(rng.integers(min(1, limit - 1), limit, dtype=np.uint64))


def _grid(rng: np.random.Generator, kind: str, dtype: str, count: int) -> np.ndarray:
    """Return floats on a grid whose step may be as small, or as large, as a float can be."""
    info = np.finfo(dtype)
    least, largest = float(info.smallest_subnormal), float(info.max)
    scales = (least, 3 * least, float(info.tiny), float(info.eps), 0.1, 1.0, 7.3, largest / 1000, largest / 2)
    scale = float(rng.choice(scales))
    offset = float(rng.choice((0.0, -0.0, least, 1.0, 273.15, -largest, largest / 3)))
    steps = rng.integers(-300, 300, count).astype(np.float64)
    if kind == "smooth":
        steps = np.rint(100 * np.sin(np.arange(count) * rng.uniform(0, 1)))
    if kind == "least gap":  # the least numbers there are among others that are far apart
        noise = rng.normal(size=count) * rng.choice((1.0, 1e-30, 1e30))
        with np.errstate(all="ignore"):
            return np.where(np.arange(count) % 5 < 2, np.arange(count) % 5 * least, noise).astype(dtype)
    with np.errstate(all="ignore"):
        return (steps * scale + offset).astype(dtype)


KINDS = (
    *("random", "subnormal", "gaps", "signs", "special", "two", "one odd", "payloads", "binades", "sawtooth"),
    *("rising", "wrapping", "multiples", "grid", "smooth", "least gap"),
)


def hostile(rng: np.random.Generator, most: int = 3000) -> np.ndarray:
    """Make an array of any type, kind and shape; now and then with odd bits strewn over it."""
    dtype = np.dtype(DTYPES[rng.integers(len(DTYPES))])
    shape = shape_of(rng, most)
    parts = 2 if dtype.kind == "c" else 1
    count = parts * int(np.prod(shape, dtype=int))
    bits = bits_of_some_kind(rng, KINDS[rng.integers(len(KINDS))], dtype, count)
    if count and rng.random() < 0.3:
        odd = rng.random(count) < rng.choice([0.001, 0.05, 0.5])
        bits = np.where(odd, rng.choice(np.array(special_bits(dtype), bits.dtype), count), bits)
    if dtype.kind == "b":
        bits = bits & np.uint8(rng.choice([1, 0xFF]))
    return bits.astype(unsigned_of(dtype)).view(dtype).reshape(shape)


def settings(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return settings of a frame: any level and access, any tile or none."""
    asked: dict[str, Any] = {"level": int(rng.integers(0, 13))}
    asked["access"] = str(rng.choice(["balanced", "series", "maps", "whole"]))
    asked["predictor"] = str(rng.choice(["auto", "auto", "auto", "none"]))
    if rng.random() < 0.3:
        asked["tile"] = tuple(int(rng.integers(1, max(1, size) + 2)) for size in shape)
    return asked
