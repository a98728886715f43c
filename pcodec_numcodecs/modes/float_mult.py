"""FloatMult: a float is a multiple of a base, give or take units in the last place.

The multiple is an integer held in a float; beyond the integers that the type can tell apart, the next floats are
counted one by one, so that every float, infinities and NaNs included, has its place.
"""

from typing import TYPE_CHECKING

from .. import scratch
from ..dtypes import Latents, NumberType
from ..metadata import FloatMult

if TYPE_CHECKING:
    from ..kernels import Kernels


def split(
    mode: FloatMult, words: Latents, number_type: NumberType, kernels: "Kernels", is_ordered: bool = True
) -> tuple[Latents, Latents]:
    """Return the nearest multiples, counted, and what they miss the numbers by in units in the last place.

    Numbers are given by their ordered latents, or else by their bits.
    """
    primary, secondary = scratch.empty_like(words), scratch.empty_like(words)
    kernels.split_float_mult(words, is_ordered, mode.base(number_type), primary, secondary)
    return primary, secondary
