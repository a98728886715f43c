"""What is stored: the real arrays, and some that are made in any size."""

from functools import cache

import numpy as np
import real_arrays

LEAST = 1_000_000


@cache
def real(name: str) -> np.ndarray:
    """Return a real array; writeable, as some codecs want it."""
    return real_arrays.load(name).copy()


@cache
def repeated(name: str, least: int) -> np.ndarray:
    """Return the numbers of a real array as often as it takes to have so many."""
    numbers = real(name).reshape(-1)
    return np.ascontiguousarray(np.resize(numbers, max(numbers.size, least)))


@cache
def grid(name: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the numbers of a real array, repeated to fill a shape."""
    return np.ascontiguousarray(np.resize(real(name), shape))


@cache
def normal(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=n)


@cache
def decimals(n: int) -> np.ndarray:
    """Return temperatures with one decimal, as float32."""
    noise = np.random.default_rng(0).normal(size=n)
    return np.round(283 + 9 * np.sin(np.arange(n) / 200) + noise, 1).astype(np.float32)


def middle(shape: tuple[int, ...], tile: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the box of the tile that holds the middle."""
    starts = (size // 2 // cells * cells for size, cells in zip(shape, tile, strict=True))
    return tuple(slice(start, min(start + cells, size)) for start, size, cells in zip(starts, shape, tile, strict=True))


def point(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the box of the one cell in the middle."""
    return tuple(slice(size // 2, size // 2 + 1) for size in shape)
