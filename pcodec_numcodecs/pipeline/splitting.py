"""The first step of a pipeline: ordered latents to primary and secondary ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import modes
from ..dtypes import Latents, NumberType
from ..kernels import Kernels
from . import affine
from .affine import Affine
from .steps import Computed

__all__ = ["Listed", "places_in", "split", "without"]

U16 = npt.NDArray[np.uint16]


class Listed(NamedTuple):
    """Cells as places in the list of their distinct values, at most ``2**16``.

    Attributes
    ----------
    values
        Ordered latents, ascending.
    places
        The place of each cell's, in the shape of the array.
    """

    values: Latents
    places: U16


def split(
    step: Computed, latents: Latents, number_type: NumberType, kernels: Kernels
) -> tuple[Latents, Latents | None]:
    """Split flat latents."""
    if isinstance(step, Affine):
        return affine.split(step, latents, number_type)
    return modes.split(step, latents, number_type, kernels)


def places_in(values: Latents, latents: Latents, kernels: Kernels) -> U16:
    """Return the place of each latent in the ascending list of values, which has it."""
    places = np.empty(latents.size, np.uint16)
    kernels.assign_bins(latents, values.astype(np.uint64), places)
    return places


def without(listed: Listed, fills: Sequence[int]) -> Listed:
    """Take values that are masked from a list, which keeps one at least.

    The places of cells that have them mean nothing then.
    """
    masked = np.flatnonzero(np.isin(listed.values, np.array(fills, listed.values.dtype)))
    kept, places = np.delete(listed.values, masked), listed.places
    for place in masked.tolist():
        places = places - (listed.places > place).astype(np.uint16)
    return Listed(kept if kept.size else listed.values[:1], places)
