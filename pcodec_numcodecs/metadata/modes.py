"""How numbers were split into latents: the mode field of the chunk metadata."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..constants import BITS_DICT_COUNT, BITS_MODE, BITS_QUANT_K
from ..dtypes import Latents, NumberType, from_latents
from ..errors import CorruptionError
from .fields import FieldReader, FieldWriter
from .header import FormatVersion


@dataclass(frozen=True)
class Classic:
    """One latent a number."""


@dataclass(frozen=True)
class IntMult:
    """number latent = primary * base + secondary."""

    base: int


@dataclass(frozen=True)
class FloatMult:
    """number = primary * base, corrected by the secondary in units in the last place.

    Attributes
    ----------
    base_latent
        Ordered latent of the base.
    """

    base_latent: int

    def base_bits(self, number_type: NumberType) -> int:
        """The bits of the float that the latent stands for."""
        toggled = number_type.mid if self.base_latent & number_type.mid else (1 << number_type.bits) - 1
        return self.base_latent ^ toggled

    def base(self, number_type: NumberType) -> Any:
        """Return the base as a scalar of the number type."""
        latent = np.array([self.base_latent], number_type.latent)
        return from_latents(latent, number_type)[0]


@dataclass(frozen=True)
class FloatQuant:
    """number latent = primary with `k` more bits, which the secondary holds."""

    k: int


@dataclass(frozen=True)
class Dict:
    """number latent = values[primary].

    Attributes
    ----------
    values
        Ordered latents of the distinct numbers, the type's latent dtype.
    """

    values: Latents = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dict) and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash(self.values.tobytes())


Mode = Classic | IntMult | FloatMult | FloatQuant | Dict

_CLASSIC, _INT_MULT, _FLOAT_MULT, _FLOAT_QUANT, _DICT = range(5)


def primary_bits(mode: Mode, number_type: NumberType) -> int:
    """Width of the primary latents: a dictionary's indices have 32 bits whatever the type."""
    return 32 if isinstance(mode, Dict) else number_type.bits


def has_secondary(mode: Mode) -> bool:
    """Whether the mode makes a secondary latent for each number."""
    return isinstance(mode, IntMult | FloatMult | FloatQuant)


def check(mode: Mode, number_type: NumberType) -> str | None:
    """Say why the mode is not legal for the type, None where it is."""
    match mode:
        case IntMult(base):
            if number_type.is_float:
                return f"IntMult is for integers, got {number_type.name}"
            if base == 0:
                return "base of IntMult may not be 0"
        case FloatMult():
            if not number_type.is_float:
                return f"FloatMult is for floats, got {number_type.name}"
            infinity = ((number_type.mid >> number_type.mantissa_bits) - 1) << number_type.mantissa_bits
            if not 0 < mode.base_bits(number_type) & (number_type.mid - 1) < infinity:
                return f"base of FloatMult must be finite and not 0, got {mode.base(number_type)}"
        case FloatQuant(k):
            if not number_type.is_float:
                return f"FloatQuant is for floats, got {number_type.name}"
            if not 1 <= k <= number_type.mantissa_bits:
                return f"k of FloatQuant for {number_type.name} must be 1 to {number_type.mantissa_bits}, got {k}"
    return None


def read_mode(reader: FieldReader, number_type: NumberType, version: FormatVersion) -> Mode:
    """Read the mode; refuse unknown ones and those not legal for the type."""
    kind = reader.read(BITS_MODE)
    mode: Mode
    if kind == _CLASSIC:
        mode = Classic()
    elif kind == _INT_MULT and version.has_int_mult:
        mode = IntMult(reader.read(number_type.bits))
    elif kind == _FLOAT_MULT:
        mode = FloatMult(reader.read(number_type.bits))
    elif kind == _FLOAT_QUANT:
        mode = FloatQuant(reader.read(BITS_QUANT_K))
    elif kind == _DICT:
        count = reader.read(BITS_DICT_COUNT)
        reader.align()
        (values,) = reader.read_records(count, (number_type.bits,))
        mode = Dict(values.astype(number_type.latent))
    else:
        raise CorruptionError(f"mode may not be {kind} in format version {version.major}.{version.minor}")
    if reason := check(mode, number_type):
        raise CorruptionError(reason)
    return mode


def write_mode(writer: FieldWriter, mode: Mode, number_type: NumberType) -> None:
    """Write the mode field."""
    match mode:
        case Classic():
            writer.write(_CLASSIC, BITS_MODE)
        case IntMult(base):
            writer.write(_INT_MULT, BITS_MODE)
            writer.write(base, number_type.bits)
        case FloatMult(base_latent):
            writer.write(_FLOAT_MULT, BITS_MODE)
            writer.write(base_latent, number_type.bits)
        case FloatQuant(k):
            writer.write(_FLOAT_QUANT, BITS_MODE)
            writer.write(k, BITS_QUANT_K)
        case Dict(values):
            writer.write(_DICT, BITS_MODE)
            writer.write(values.size, BITS_DICT_COUNT)
            writer.align()
            column: npt.NDArray[np.uint64] = values.astype(np.uint64)
            writer.write_records((column,), (number_type.bits,))
