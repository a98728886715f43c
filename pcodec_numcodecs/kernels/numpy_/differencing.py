"""The delta encodings of many pages at once."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...pages import beyond, first_latents, page_starts

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


def difference_consecutive(latents: Latents, counts: I64, stored: Latents, states: Latents) -> None:
    """See `Kernels.difference_consecutive`."""
    order = states.shape[1]
    differences = latents
    for place in range(order):
        states[:, place] = first_latents(differences, counts, place + 1)[:, place]
        following = np.zeros_like(differences)
        np.subtract(differences[1:], differences[:-1], out=following[1:])
        differences = following
    np.bitwise_xor(differences[beyond(counts, order)], _middle(latents), out=stored)


def difference_lookback(latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, stored: Latents) -> None:
    """See `Kernels.difference_lookback`."""
    kept = np.flatnonzero(beyond(counts, 1))
    lookbacks[: kept.size] = lookbacks[kept]
    origins = kept - lookbacks[: kept.size]
    earlier = latents[np.maximum(origins, 0)]
    earlier[origins < np.repeat(page_starts(counts), np.maximum(counts - 1, 0))] = 0
    np.subtract(latents[kept], earlier, out=stored)
    np.bitwise_xor(stored, _middle(latents), out=stored)


def _middle(latents: Latents) -> Any:
    return latents.dtype.type(1 << (8 * latents.itemsize - 1))
