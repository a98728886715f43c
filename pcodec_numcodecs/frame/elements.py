"""The types of a frame's elements, and the numbers that stand for them in Pco."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dtypes import NumberType, number_type_of
from ..errors import CorruptionError

Bits = npt.NDArray[np.unsignedinteger[Any]]

__all__ = ["Element", "element_named", "element_of", "from_numbers", "parts_of", "to_numbers"]

_INSTEAD = "another codec, such as Zstd or Blosc"

SMALL_FLOATS = {
    "bfloat16": 16,
    **dict.fromkeys(
        [
            "float8_e3m4",
            "float8_e4m3",
            "float8_e4m3b11fnuz",
            "float8_e4m3fn",
            "float8_e4m3fnuz",
            "float8_e5m2",
            "float8_e5m2fnuz",
            "float8_e8m0fnu",
        ],
        8,
    ),
}
"""Floats of the package ml_dtypes that a frame holds, and their bits."""

_UNSIGNED = {(order, size): np.dtype(f"{order}u{size}") for order in "<>" for size in (1, 2, 4, 8)}

_NAME = re.compile(
    r"\|b1|[<|][iu]1|[<>](?:[iu][248]|f[248]|c8|c16|[mM]8(?:\[[1-9]?[0-9]{0,9}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?)"
)


@dataclass(frozen=True)
class Element:
    """The type of an array's elements.

    Attributes
    ----------
    name
        How a frame spells it: NumPy's `dtype.str`, or the name of a small float.
    dtype
        NumPy dtype, byte order included.
    number_type
        Pco's type of the numbers that stand for the elements, or for each part of them.
    parts
        Numbers for one element: 2 for complex, else 1.
    ordered
        Whether the numbers are bits of a float that Pco does not know, mapped to unsigned integers of equal order.
    """

    name: str
    dtype: np.dtype[Any]
    number_type: NumberType
    parts: int = 1
    ordered: bool = False

    @property
    def is_bool(self) -> bool:
        """Whether eight elements may share a byte."""
        return self.dtype.kind == "b"

    def is_but_for_order(self, dtype: np.dtype[Any]) -> bool:
        """Tell whether a dtype is this element's but for the byte order."""
        return dtype == self.dtype or dtype.newbyteorder("=") == self.dtype.newbyteorder("=")


def element_of(dtype: np.dtype[Any]) -> Element:
    """Find the element type of a NumPy dtype.

    Raises
    ------
    TypeError
        For dtypes that a frame cannot hold, with what to use instead.
    """
    if dtype.type.__module__ != "numpy":
        if SMALL_FLOATS.get(dtype.name) == 8 * dtype.itemsize and dtype.type.__module__.startswith("ml_dtypes"):
            unsigned = number_type_of(np.dtype(f"u{dtype.itemsize}"))
            return Element(dtype.name, dtype.newbyteorder("="), unsigned, ordered=True)
        raise _refusal(dtype)
    native = dtype.newbyteorder("=")
    if native.kind == "b":
        return Element(dtype.str, dtype, number_type_of(np.dtype(np.uint8)))
    if native.kind in "mM":
        return Element(dtype.str, dtype, number_type_of(np.dtype(np.int64)))
    try:
        if native.kind == "c":
            return Element(dtype.str, dtype, number_type_of(np.dtype(f"f{native.itemsize // 2}")), parts=2)
        return Element(dtype.str, dtype, number_type_of(native))
    except TypeError:
        raise _refusal(dtype) from None


def _refusal(dtype: np.dtype[Any]) -> TypeError:
    return TypeError(
        "a frame may hold bool, integers of 8 to 64 bits, floats of 16 to 64 bits, complex64, complex128, datetime64, "
        f"timedelta64, and bfloat16 and float8 of ml_dtypes, got dtype {dtype}; use {_INSTEAD}, for this array"
    )


def element_named(name: str) -> Element:
    """Find the element type that a frame spells so.

    Raises
    ------
    CorruptionError
        For another name.
    TypeError
        When the type is one of ml_dtypes and that is not installed, or too old.
    """
    if name in SMALL_FLOATS:
        try:
            import ml_dtypes
        except ImportError:
            raise TypeError(f"{name} is a type of ml_dtypes, which is not installed: pip install ml_dtypes") from None
        if not hasattr(ml_dtypes, name):
            raise TypeError(f"{name} is a type of newer releases of ml_dtypes: pip install --upgrade ml_dtypes")
        return element_of(np.dtype(getattr(ml_dtypes, name)))
    return _numpys_element(name)


@lru_cache(64)
def _numpys_element(name: str) -> Element:
    if not _NAME.fullmatch(name):
        raise CorruptionError(f"element type must be one that frames know, got {name!r}")
    try:
        return element_of(np.dtype(name))
    except (TypeError, ValueError, OverflowError) as error:
        raise CorruptionError(f"element type must be one that NumPy knows, got {name!r}: {error}") from None


def parts_of(array: npt.NDArray[Any]) -> list[Bits]:
    """View the bits of an array's elements as unsigned integers of the array's own byte order, part by part.

    What is written to these views arrives in the array.
    """
    parts = [array.real, array.imag] if array.dtype.kind == "c" else [array]
    order = ">" if array.dtype.str[0] == ">" else "<"
    return [part.view(_UNSIGNED[order, part.dtype.itemsize]) for part in parts]


def to_numbers(bits: Bits, element: Element) -> npt.NDArray[Any]:
    """Turn the bits of elements, contiguous and of native byte order, into Pco's numbers."""
    if element.ordered:
        return np.bitwise_xor(bits, _spread(bits) | _top(bits))
    return bits.view(element.number_type.dtype)


def from_numbers(numbers: npt.NDArray[Any], element: Element) -> Bits:
    """Invert `to_numbers`."""
    bits: Bits = numbers.view(element.number_type.latent)
    if element.ordered:
        return np.bitwise_xor(bits, ~_spread(bits) | _top(bits))
    return bits


def _spread(bits: Bits) -> Bits:
    """Copy each top bit to all bits."""
    width = 8 * bits.itemsize
    return (bits.view(f"i{bits.itemsize}") >> (width - 1)).view(bits.dtype)


def _top(bits: Bits) -> np.unsignedinteger[Any]:
    top: np.unsignedinteger[Any] = bits.dtype.type(1 << (8 * bits.itemsize - 1))
    return top
