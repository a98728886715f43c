"""Pco's eleven number types, and the order-preserving maps between numbers and unsigned latents.

The maps follow the format: unsigned integers are their own latents; signed integers and floats are
re-based so that the order of latents is the numeric order (-0.0 just below 0.0, NaNs at both ends by sign),
and every bit pattern, NaN payloads included, has its own latent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import scratch
from .errors import InvalidArgumentError

__all__ = ["NUMBER_TYPES", "Latents", "NumberType", "from_latents", "number_type_of", "to_latents"]

_BLOCK = 1 << 14  # numbers at a time: they stay in the cache

Latents = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class NumberType:
    """One of the number types that Pco can hold.

    Attributes
    ----------
    name
        Short name such as ``"f32"``.
    byte
        The type's byte in standalone files.
    dtype
        NumPy dtype of the numbers, native byte order.
    latent
        NumPy dtype of the latents: unsigned, same width.
    mantissa_bits
        Explicit mantissa bits of floats, 0 for integers.
    """

    name: str
    byte: int
    dtype: np.dtype[Any]
    latent: np.dtype[Any]
    mantissa_bits: int = 0

    @property
    def bits(self) -> int:
        """Width of a number and of its latent."""
        return 8 * self.dtype.itemsize

    @property
    def is_float(self) -> bool:
        """Whether the type is a binary float."""
        return self.mantissa_bits > 0

    @property
    def is_signed(self) -> bool:
        """Whether the type is a signed integer."""
        return self.dtype.kind == "i"

    @property
    def mid(self) -> int:
        """Half of the latent range, the latent of zero for signed types."""
        return 1 << (self.bits - 1)


def _number_type(name: str, byte: int, mantissa_bits: int = 0) -> NumberType:
    width = int(name[1:]) // 8
    return NumberType(name, byte, np.dtype(f"{name[0]}{width}"), np.dtype(f"u{width}"), mantissa_bits)


_ALL = (
    _number_type("u32", 1),
    _number_type("u64", 2),
    _number_type("i32", 3),
    _number_type("i64", 4),
    _number_type("f32", 5, 23),
    _number_type("f64", 6, 52),
    _number_type("u16", 7),
    _number_type("i16", 8),
    _number_type("f16", 9, 10),
    _number_type("u8", 10),
    _number_type("i8", 11),
)
NUMBER_TYPES: dict[str, NumberType] = {t.name: t for t in _ALL}
BY_BYTE: dict[int, NumberType] = {t.byte: t for t in _ALL}
_BY_DTYPE: dict[np.dtype[Any], NumberType] = {t.dtype: t for t in _ALL}


def number_type_of(dtype: np.dtype[Any]) -> NumberType:
    """Find the number type of a NumPy dtype.

    Raises
    ------
    TypeError
        For dtypes that Pco cannot hold: bool, complex, big-endian, datetime and others.
    """
    try:
        return _BY_DTYPE[dtype]
    except KeyError:
        raise TypeError(
            f"Unsupported data type: {dtype!r}; Pco holds {', '.join(sorted(NUMBER_TYPES))} in native byte order"
        ) from None


def number_type_named(name: str) -> NumberType:
    """Find the number type of a name such as ``"f32"``, in any case."""
    if not isinstance(name, str):
        raise TypeError(f"dtype must be a str such as 'f32', got {type(name).__name__}")
    try:
        return NUMBER_TYPES[name.lower()]
    except KeyError:
        raise InvalidArgumentError(
            f"unknown data type: {name}; the names are {', '.join(sorted(NUMBER_TYPES))}"
        ) from None


def order_floats(bits: Latents, out: Latents) -> None:
    """Fill `out` with the latents of floats that are given by their bits; see `Kernels.order_floats`."""
    signed, width = f"i{bits.itemsize}", 8 * bits.itemsize
    middle = bits.dtype.type(1 << (width - 1))
    for start in range(0, bits.size, _BLOCK):
        block, part = bits[start : start + _BLOCK], out[start : start + _BLOCK]
        # Sign clear: set the top bit. Sign set: invert all. The arithmetic shift spreads the sign.
        np.right_shift(block.view(signed), width - 1, out=part.view(signed))
        np.bitwise_or(part, middle, out=part)
        np.bitwise_xor(part, block, out=part)


def bits_of_ordered(latents: Latents) -> Latents:
    """Return the bits of floats that are given by their latents: what `order_floats` made them of."""
    shift = 8 * latents.itemsize - 1
    bits: Latents = (latents.view(f"i{latents.itemsize}") >> shift).view(latents.dtype)
    np.invert(bits, out=bits)
    bits |= latents.dtype.type(1 << shift)
    bits ^= latents
    return bits


def to_latents(
    numbers: npt.NDArray[Any], number_type: NumberType, order: Callable[[Latents, Latents], None] = order_floats
) -> Latents:
    """Map numbers to latents of equal order: a new array, or a view for unsigned integers.

    Parameters
    ----------
    numbers
        C-contiguous array of the type's dtype, any shape.
    number_type
        Its number type.
    order
        What orders floats; for many, kernels have a faster one.

    Returns
    -------
    Array of the type's latent dtype, same shape.
    """
    bits: Latents = numbers.view(number_type.latent)
    mid = number_type.latent.type(number_type.mid)
    if number_type.is_float:
        latents: Latents = scratch.empty(bits.size, bits.dtype)
        order(bits.reshape(-1), latents)
        return latents.reshape(bits.shape)
    return np.bitwise_xor(bits, mid) if number_type.is_signed else bits


def from_latents(latents: Latents, number_type: NumberType) -> npt.NDArray[Any]:
    """Invert `to_latents`; `latents` is not changed, and is returned as a view for unsigned integers."""
    mid = number_type.latent.type(number_type.mid)
    if number_type.is_float:
        return bits_of_ordered(latents).view(number_type.dtype)
    if number_type.is_signed:
        return np.bitwise_xor(latents, mid).view(number_type.dtype)
    return latents
