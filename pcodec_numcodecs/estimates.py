"""Repeatable samples of a chunk, for trials."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .dtypes import Latents

I64 = npt.NDArray[np.int64]

_MOST_RUNS = 32
_LEAST_RUNS = 16
_RUN_SHARE = 1 << 15  # latents of a chunk for each run, between these bounds
_RUN_LENGTH = 256
_DENSE = 1 << 15
_DENSE_SHARE = 32  # one latent in so many, at least
_MULTIPLIER = 0x9E3779B97F4A7C15
_NO_PLACES = np.zeros(0, np.int64)
_NO_PLACES.flags.writeable = False


class Runs(NamedTuple):
    """Stretches of neighbours from all over a chunk.

    Attributes
    ----------
    latents
        The stretches end to end.
    counts
        Length of each, int64.
    whole
        Latents of the chunk.
    """

    latents: Latents
    counts: I64
    whole: int


def _hashes(count: int) -> npt.NDArray[np.uint64]:
    """Return a number of no pattern for each index below `count`."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_MULTIPLIER)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MULTIPLIER)
    return mixed


def sample_runs(latents: Latents, runs: int | None = None) -> Runs:
    """Take one stretch from each of equal parts of the chunk, at a hashed place; or all of a small chunk.

    Parameters
    ----------
    runs
        How many; by default 16 to 32.
    """
    n = latents.size
    if runs is None:
        runs = min(max(n // _RUN_SHARE, _LEAST_RUNS), _MOST_RUNS)
    if n <= 2 * runs * _RUN_LENGTH:
        return Runs(latents, np.array([n], np.int64), n)
    places = _run_places(n, runs)
    return Runs(latents[places], np.full(runs, _RUN_LENGTH, np.int64), n)


def sample_stretch(latents: Latents, longest_page: int, most: int) -> Runs:
    """Take so many neighbours from the middle of the chunk, but no more than a page has."""
    length = min(latents.size, longest_page, most)
    first = (latents.size - length) // 2
    return Runs(latents[first : first + length], np.array([length], np.int64), latents.size)


def sample_scattered(latents: Latents, count: int) -> Latents:
    """Take one latent from each of `count` equal parts of the chunk, at a hashed place; or all of a small chunk."""
    n = latents.size
    if n <= count:
        return latents
    return latents[_places(count, n // count)]


def dense_places(n: int) -> I64:
    """Return places of one latent in 32, 32,768 at least, each at a hashed place in equal parts; none for few latents.

    Of these all are to be taken.
    """
    size = max(_DENSE, n // _DENSE_SHARE)
    step = n // size
    return _dense_places(size, step) if step > 1 else _NO_PLACES


@lru_cache(maxsize=8)
def _run_places(n: int, runs: int) -> I64:
    """Return the places of the latents of stretches, one at a hashed place in each of equal parts."""
    starts = []
    for index, hashed in enumerate(_hashes(runs).tolist()):
        first, last = n * index // runs, n * (index + 1) // runs
        starts.append(first + hashed % (last - first - _RUN_LENGTH + 1))
    places: I64 = np.add.outer(np.array(starts), np.arange(_RUN_LENGTH)).reshape(-1)
    places.flags.writeable = False
    return places


@lru_cache(maxsize=8)
def _places(count: int, step: int) -> I64:
    """Return a hashed place in each of `count` stretches of so many latents."""
    places = (_hashes(count) % np.uint64(step)).view(np.int64) + np.arange(count) * step
    places.flags.writeable = False
    return places


@lru_cache(maxsize=4)
def _dense_places(count: int, step: int) -> I64:
    """Do what `_places` does, by shorter hashes."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_MULTIPLIER)
    hashed = (mixed >> np.uint64(40)).astype(np.uint32)
    places = np.arange(0, count * step, step) + hashed % np.uint32(step)
    places.flags.writeable = False
    return places
