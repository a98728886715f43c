"""IntMult: integers as multiples of a base, and the rest."""

import numpy as np

from ..dtypes import Latents, NumberType
from ..metadata import IntMult


def join(mode: IntMult, primary: Latents, secondary: Latents, number_type: NumberType) -> Latents:
    """Return ``primary * base + secondary``, modulo the latent width."""
    return np.add(primary * number_type.latent.type(mode.base), secondary)


def split(mode: IntMult, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Return quotients and remainders of the latents by the base."""
    primary = latents // number_type.latent.type(mode.base)
    return primary, latents - primary * number_type.latent.type(mode.base)
