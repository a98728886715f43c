"""Consecutive delta: differences of neighbours, taken up to seven times."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..dtypes import Latents

if TYPE_CHECKING:
    from ..kernels import Kernels


def encode(latents: Latents, counts: npt.NDArray[np.int64], order: int, kernels: "Kernels") -> tuple[Latents, Latents]:
    """Difference each page `order` times.

    Parameters
    ----------
    latents
        Pages end to end; not changed.
    counts
        Latents of each page.

    Returns
    -------
    The differences that are stored, and the states, shape (pages, order): the first value of each order of difference,
    0 where a page is too short.
    """
    states = np.zeros((counts.size, order), latents.dtype)
    stored = scratch.empty(int(np.maximum(counts - order, 0).sum()), latents.dtype)
    kernels.difference_consecutive(latents, counts, stored, states)
    return stored, states
