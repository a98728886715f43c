"""The first step of a pipeline: ordered latents to primary and secondary ones."""

import numpy as np

from .. import modes
from ..dtypes import Latents, NumberType
from ..kernels import Kernels
from . import affine
from .affine import Affine
from .steps import Rank, Split

__all__ = ["ranks", "split", "without"]


def split(
    step: Split, values: Latents | None, latents: Latents, number_type: NumberType, kernels: Kernels
) -> tuple[Latents, Latents | None]:
    """Split flat latents.

    Parameters
    ----------
    values
        For `Rank` the distinct values; of a latent that is none of them the place means nothing.
    """
    if isinstance(step, Rank):
        assert values is not None
        return ranks(values, latents, step.bits, kernels), None
    if isinstance(step, Affine):
        return affine.split(step, latents, number_type)
    return modes.split(step, latents, number_type, kernels)


def ranks(values: Latents, latents: Latents, bits: int, kernels: Kernels) -> Latents:
    """Return the place of each latent in the ascending list of values."""
    places = np.empty(latents.size, np.uint16)
    kernels.assign_bins(np.maximum(latents, values[0]), values.astype(np.uint64), places)
    return places.astype(np.uint8) if bits == 8 else places


def without(values: Latents, fills: tuple[int, ...]) -> Latents:
    """Return distinct values but for those that are masked; one at least."""
    kept = values[~np.isin(values, np.array(fills, values.dtype))]
    return kept if kept.size else values[:1]
