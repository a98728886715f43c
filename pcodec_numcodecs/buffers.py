"""Checks of the arrays and bytes that callers hand in, before any work is done."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .dtypes import NumberType, number_type_of

Buffer = bytes | bytearray | memoryview | npt.NDArray[Any]
"""What holds bytes; any other object with the buffer protocol serves as well."""


def as_bytes_view(src: object) -> memoryview:
    """View any bytes-like object as bytes, without a copy.

    Raises
    ------
    TypeError
        When it is no contiguous buffer.
    """
    try:
        return memoryview(src).cast("B")  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise TypeError(f"src must be a contiguous bytes-like object, got {type(src).__name__}: {error}") from None


def _check_array(array: object) -> npt.NDArray[Any]:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"'{type(array).__name__}' object is not an instance of 'ndarray'")
    return array


def _check_plain(array: npt.NDArray[Any]) -> None:
    if array.ndim != 1:
        raise TypeError(f"the array must be 1-D, got {array.ndim} dimensions")
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise TypeError("the given array is not contiguous or is misaligned")


def check_numbers(src: object) -> NumberType:
    """Return the number type of an array to compress: 1-D, contiguous, aligned, of a type that Pco holds.

    Raises
    ------
    TypeError
        For anything else. The type comes first, then dimensions, then layout.
    """
    array = _check_array(src)
    number_type = number_type_of(array.dtype)
    _check_plain(array)
    return number_type


def check_destination(dst: object, number_type: NumberType | None = None) -> NumberType:
    """Return the number type of an array to decompress into, which must be that given, if any.

    Raises
    ------
    TypeError
        When it is not a 1-D, contiguous, aligned, writeable array of that type.
    """
    array = _check_array(dst)
    found = number_type_of(array.dtype)
    if number_type is not None and found is not number_type:
        raise TypeError(f"dst must be an array of {number_type.dtype}, got {array.dtype}")
    _check_plain(array)
    if not array.flags.writeable:
        raise TypeError("dst must be writeable, got a read-only array")
    return found
