"""Dict: each distinct number once, and an index for each number."""

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..errors import CorruptionError
from ..metadata import Dict


def join(mode: Dict, primary: npt.NDArray[np.uint32]) -> Latents:
    """Look the numbers' latents up.

    Raises
    ------
    CorruptionError
        When an index is beyond the dictionary.
    """
    most = int(primary.max(initial=0))
    if primary.size and most >= mode.values.size:
        raise CorruptionError(f"dictionary indices must be below {mode.values.size}, got {most}")
    return mode.values[primary]


def build(latents: Latents) -> tuple[Dict, npt.NDArray[np.uint32]]:
    """Make the dictionary of the distinct latents, the most frequent first, equal ones by value; and the indices."""
    values, inverse, counts = np.unique(latents, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(order.size, np.uint32)
    rank[order] = np.arange(order.size, dtype=np.uint32)
    return Dict(values[order]), rank[inverse.ravel()]
