"""FloatQuant: the last k bits of floats, mostly zeros, apart from the rest."""

import numpy as np

from ..dtypes import Latents, NumberType
from ..metadata import FloatQuant


def join(mode: FloatQuant, primary: Latents, secondary: Latents, number_type: NumberType) -> Latents:
    """Return ``primary`` shifted up by k bits, with the secondary below; mirrored for negative numbers."""
    latent = number_type.latent.type
    low_mask = latent((1 << mode.k) - 1)
    negative = primary < latent(number_type.mid >> mode.k)
    low = np.where(negative, low_mask - secondary, secondary)
    return np.add(primary << latent(mode.k), low)


def split(mode: FloatQuant, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Invert `join`; bits that are 0 in the float are 0 in the secondary, whatever the sign."""
    latent = number_type.latent.type
    low_mask = latent((1 << mode.k) - 1)
    secondary = latents & low_mask
    negative = latents < latent(number_type.mid)
    return latents >> latent(mode.k), np.where(negative, low_mask - secondary, secondary)
