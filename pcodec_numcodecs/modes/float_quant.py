"""FloatQuant: the last k bits of floats, mostly zeros, apart from the rest."""

import numpy as np

from ..bits import bit_lengths
from ..dtypes import Latents, NumberType, from_latents
from ..metadata import FloatQuant


def split(mode: FloatQuant, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Return the latents less their last k bits, and these; bits that are 0 in the float are 0, whatever the sign."""
    latent = number_type.latent.type
    low_mask = latent((1 << mode.k) - 1)
    secondary = latents & low_mask
    negative = latents < latent(number_type.mid)
    return latents >> latent(mode.k), np.where(negative, low_mask - secondary, secondary)


def bid(sample: Latents, number_type: NumberType) -> list[int]:
    """Propose the k for which most numbers of the sample end in k zero bits, weighed by the bits that this saves."""
    bits = from_latents(sample, number_type).view(number_type.latent).astype(np.uint64)
    bits = bits[(bits << np.uint64(65 - number_type.bits)) != 0]  # zeros say nothing
    if not bits.size:
        return []
    trailing = bit_lengths(bits & (~bits + np.uint64(1))) - 1
    ks = np.arange(1, number_type.mantissa_bits + 1)
    ending = np.array([np.count_nonzero(trailing >= k) for k in ks])
    # What k zeros save, less what the exceptions pay.
    gains = ks * (2 * ending - bits.size)
    best = int(gains.argmax())
    return [int(ks[best])] if gains[best] > 0 else []
