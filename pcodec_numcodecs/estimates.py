"""Repeatable samples of a chunk, for trials."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .dtypes import Latents

I64 = npt.NDArray[np.int64]

_RUNS = 16
_RUN_LENGTH = 512
_SCATTERED = 1 << 10
_DENSE = 1 << 15
_DENSE_SHARE = 8  # one latent in so many, at least
_MULTIPLIER = 0x9E3779B97F4A7C15


class Runs(NamedTuple):
    """Stretches of neighbours from all over a chunk.

    Attributes
    ----------
    latents
        The stretches end to end.
    counts
        Length of each, int64.
    scale
        How many times the sample goes into the chunk, at least 1.
    """

    latents: Latents
    counts: I64
    scale: int


def _hashes(count: int) -> npt.NDArray[np.uint64]:
    """Return a number of no pattern for each index below `count`."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_MULTIPLIER)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MULTIPLIER)
    return mixed


def sample_runs(latents: Latents) -> Runs:
    """Take one stretch from each of 16 equal parts of the chunk, at a hashed place; or all of a small chunk."""
    n = latents.size
    if n <= 2 * _RUNS * _RUN_LENGTH:
        return Runs(latents, np.array([n], np.int64), 1)
    parts = []
    for index, hashed in enumerate(_hashes(_RUNS).tolist()):
        first, last = n * index // _RUNS, n * (index + 1) // _RUNS
        start = first + hashed % (last - first - _RUN_LENGTH + 1)
        parts.append(latents[start : start + _RUN_LENGTH])
    sample = np.concatenate(parts)
    return Runs(sample, np.full(_RUNS, _RUN_LENGTH, np.int64), n // sample.size)


def sample_scattered(latents: Latents) -> Latents:
    """Take one latent from each of 1,024 equal parts of the chunk, at a hashed place; or all of a small chunk."""
    n = latents.size
    if n <= _SCATTERED:
        return latents
    step = n // _SCATTERED
    places = _hashes(_SCATTERED) % np.uint64(step)
    return latents[places.view(np.int64) + np.arange(_SCATTERED) * step]


def sample_dense(latents: Latents) -> Latents:
    """Take one latent in eight, 32,768 at least, each from a hashed place of equal parts; or all of a small chunk."""
    size = max(_DENSE, latents.size // _DENSE_SHARE)
    step = latents.size // size
    if step <= 1:
        return latents
    places = np.arange(size, dtype=np.uint64)
    hashed = ((places + np.uint64(1)) * np.uint64(_MULTIPLIER)) >> np.uint64(40)
    return latents[(places * np.uint64(step) + hashed % np.uint64(step)).view(np.int64)]
