"""FloatQuant: the last k bits of floats, mostly zeros, apart from the rest."""

import numpy as np

from .. import scratch
from ..dtypes import Latents, NumberType
from ..kernels import FloatSurvey
from ..metadata import FloatQuant

_BLOCK = 1 << 14  # numbers at a time: they stay in the cache
_TELLING = 4  # one bit for each of so many numbers is a gain that is no matter of chance


def split(mode: FloatQuant, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Return the latents less their last k bits, and these; bits that are 0 in the float are 0, whatever the sign."""
    latent = number_type.latent.type
    low_mask = latent((1 << mode.k) - 1)
    primary, secondary = scratch.empty_like(latents), scratch.empty_like(latents)
    for start in range(0, latents.size, _BLOCK):
        block, low = latents[start : start + _BLOCK], secondary[start : start + _BLOCK]
        np.right_shift(block, latent(mode.k), out=primary[start : start + _BLOCK])
        # The top bit of a latent is clear when the number is negative; spread over the low bits, it mirrors them.
        np.right_shift(block.view(f"i{block.itemsize}"), number_type.bits - 1, out=low.view(f"i{block.itemsize}"))
        np.invert(low, out=low)
        np.bitwise_xor(low, block, out=low)
        np.bitwise_and(low, low_mask, out=low)
    return primary, secondary


def bid(survey: FloatSurvey, number_type: NumberType) -> list[int]:
    """Propose the k for which most numbers of a sample end in k zero bits, weighed by the bits that this saves."""
    count = int(survey.endings.sum())  # zeros say nothing
    if not count:
        return []
    ks = np.arange(1, number_type.mantissa_bits + 1)
    # Numbers that end in k zeros at least, of all kinds of ends.
    ending = survey.endings[::-1].cumsum()[::-1][ks]
    # What k zeros save, less what the exceptions pay.
    gains = ks * (2 * ending - count)
    best = int(gains.argmax())
    return [int(ks[best])] if _TELLING * gains[best] > count else []
