"""Consecutive delta: differences of neighbours, taken up to seven times."""

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..pages import page_starts


def encode(latents: Latents, counts: npt.NDArray[np.int64], order: int) -> tuple[Latents, Latents]:
    """Difference each page `order` times.

    Parameters
    ----------
    latents
        Pages end to end; not changed.
    counts
        Latents of each page.

    Returns
    -------
    The differences, centred on 0, in an array like `latents` (the first `order` places of each page do not matter), and
    the states, shape (pages, order): the first value of each order of difference, 0 where a page is too short.
    """
    starts = page_starts(counts)
    states = np.zeros((counts.size, order), latents.dtype)
    differences = latents
    for place in range(order):
        long = counts > place
        states[long, place] = differences[starts[long] + place]
        following = np.zeros_like(differences)
        np.subtract(differences[1:], differences[:-1], out=following[1:])
        differences = following
    return differences, states
