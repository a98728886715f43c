"""Modes: one number as one or two latents; a file a mode. The way back is a matter of kernels."""

from typing import TYPE_CHECKING

from ..dtypes import Latents, NumberType
from ..metadata import Classic, Dict, FloatMult, FloatQuant, IntMult, Mode
from . import float_mult, float_quant, int_mult

if TYPE_CHECKING:
    from ..kernels import Kernels


def split(mode: Mode, latents: Latents, number_type: NumberType, kernels: "Kernels") -> tuple[Latents, Latents | None]:
    """Return the primary and the secondary latents of numbers, given by their ordered latents.

    For modes that are legal for the type; for Dict see `dictionary.build`.
    """
    match mode:
        case Classic():
            return latents, None
        case IntMult():
            return int_mult.split(mode, latents, number_type)
        case FloatMult():
            return float_mult.split(mode, latents, number_type, kernels)
        case FloatQuant():
            return float_quant.split(mode, latents, number_type)
        case Dict():
            raise AssertionError("a dictionary is built from the latents, not given")
