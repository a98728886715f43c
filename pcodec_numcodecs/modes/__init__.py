"""Modes: one number as one or two latents, and back; a file a mode."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, NumberType
from ..metadata import Classic, Dict, FloatMult, FloatQuant, IntMult, Mode
from . import dictionary, float_mult, float_quant, int_mult

if TYPE_CHECKING:
    from ..kernels import Kernels


def join(mode: Mode, primary: Latents, secondary: Latents | None, number_type: NumberType) -> Latents:
    """Return the ordered latents of numbers from the latents of their mode."""
    match mode:
        case Classic():
            return primary
        case Dict():
            indices: npt.NDArray[np.uint32] = primary.astype(np.uint32, copy=False)
            return dictionary.join(mode, indices)
    assert secondary is not None
    match mode:
        case IntMult():
            return int_mult.join(mode, primary, secondary, number_type)
        case FloatMult():
            return float_mult.join(mode, primary, secondary, number_type)
        case FloatQuant():
            return float_quant.join(mode, primary, secondary, number_type)


def split(mode: Mode, latents: Latents, number_type: NumberType, kernels: "Kernels") -> tuple[Latents, Latents | None]:
    """Invert `join`, for modes that are legal for the type; for Dict see `dictionary.build`."""
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
