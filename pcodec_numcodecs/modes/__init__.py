"""Modes: one number as one or two latents; a file a mode. The way back is a matter of kernels."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..config import ModeSpec
from ..dtypes import Latents, NumberType, to_latents
from ..errors import InvalidArgumentError
from ..metadata import Classic, Dict, FloatMult, FloatQuant, IntMult, Mode, check_mode
from . import float_base, float_mult, float_quant, int_mult

if TYPE_CHECKING:
    from ..kernels import Kernels

LEAST_NUMBERS = 10
"""A smaller chunk tells nothing about itself."""
SAMPLE = 1 << 10
"""Numbers that `proposed` looks at."""
GLANCE = 1 << 7
"""Numbers of a chunk that a glance is taken at."""
_CHANCE_BITS = 2  # a few numbers may all end in so many zero bits


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


def proposed(sample: Latents, number_type: NumberType, kernels: "Kernels", is_glance: bool = False) -> Iterator[Mode]:
    """List the modes worth a trial besides the plain one, for numbers of which `SAMPLE` are given, or all of fewer.

    At a glance, those that are likely even if it is a few numbers that show them.
    """
    if sample.size < LEAST_NUMBERS:
        return
    if number_type.is_float:
        survey = kernels.survey_floats(sample, number_type.mantissa_bits, is_glance)
        for base in float_base.propose(survey, number_type.mantissa_bits):
            mode = _float_mult(base, number_type)
            if check_mode(mode, number_type) is None:
                yield mode
        for k in float_quant.bid(survey, number_type):
            if not is_glance or k > _CHANCE_BITS:
                yield FloatQuant(k)
    else:
        for divisor in int_mult.bid(sample):
            yield IntMult(divisor)


def requested(spec: ModeSpec, number_type: NumberType) -> Mode:
    """Return the mode that is asked for, if not one that is chosen or built from the numbers.

    Raises
    ------
    InvalidArgumentError
        When it does not fit the number type.
    """
    mode: Mode
    match spec.name:
        case "try_int_mult":
            # As in the wheel, a base beyond the type loses its upper bits.
            mode = IntMult(spec.argument & ((1 << number_type.bits) - 1))
        case "try_float_mult":
            mode = _float_mult(spec.argument, number_type)
        case "try_float_quant":
            mode = FloatQuant(spec.argument)
        case _:
            mode = Classic()
    if reason := check_mode(mode, number_type):
        raise InvalidArgumentError(f"{reason}; {spec!r} was asked for {number_type.name}")
    return mode


def _float_mult(base: float, number_type: NumberType) -> FloatMult:
    with np.errstate(all="ignore"):
        typed = np.array([base]).astype(number_type.dtype)
    return FloatMult(int(to_latents(typed, number_type)[0]))
