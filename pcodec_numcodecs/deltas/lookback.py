"""Lookback delta: the difference to an earlier latent, each at a distance of its own."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..dtypes import Latents
from ..metadata import Lookback
from ..pages import first_latents

if TYPE_CHECKING:
    from ..kernels import Kernels

_MIN_WINDOW_LOG = 4
_MAX_WINDOW_LOG = 15  # more distances cost more to search, and readers more memory, than they have been seen to save


def plan(longest_page: int) -> Lookback:
    """Return the encoding whose window spans a page, as far as it is worth it."""
    window_log = (longest_page - 1).bit_length()
    return Lookback(min(max(window_log, _MIN_WINDOW_LOG), _MAX_WINDOW_LOG))


def encode(
    delta: Lookback,
    latents: Latents,
    counts: npt.NDArray[np.int64],
    kernels: "Kernels",
    distance: int | None = None,
) -> tuple[Latents, Latents, npt.NDArray[np.uint32]]:
    """Find a distance for each latent of each page, unless one is given for all, and take the differences.

    Returns
    -------
    The differences that are stored, the states, shape (pages, 1), and the distances of the differences.
    """
    if distance is None:
        lookbacks = scratch.empty(latents.size, np.uint32)
        kernels.find_lookbacks(latents, counts, delta.window_log, lookbacks)
    else:
        lookbacks = np.full(latents.size, distance, np.uint32)
    stored = scratch.empty(int(np.maximum(counts - delta.state_length, 0).sum()), latents.dtype)
    kernels.difference_lookback(latents, lookbacks, counts, stored)
    return stored, first_latents(latents, counts, delta.state_length), lookbacks[: stored.size]
