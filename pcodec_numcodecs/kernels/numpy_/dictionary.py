"""Which distinct latents there are."""

from typing import Any

import numpy as np
import numpy.typing as npt

Latents = npt.NDArray[np.unsignedinteger[Any]]
I64 = npt.NDArray[np.int64]


def index_values(
    latents: Latents, most: int, indices: npt.NDArray[np.uint32], by_value: bool
) -> tuple[Latents, I64] | None:
    """See `Kernels.index_values`."""
    values, inverse, counts = np.unique(latents, return_inverse=True, return_counts=True)
    if values.size > most:
        return None
    if by_value:
        indices[:] = inverse.ravel()
        return values, counts
    order = np.argsort(-counts, kind="stable")
    ranks = np.empty(order.size, np.uint32)
    ranks[order] = np.arange(order.size, dtype=np.uint32)
    np.take(ranks, inverse.ravel(), out=indices)
    return values[order], counts[order]
