"""Checks of the arrays and bytes that callers hand in, before any work is done."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .dtypes import NumberType, number_type_of
from .errors import InvalidArgumentError

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
        return memoryview(np.frombuffer(src, np.uint8))  # type: ignore[call-overload]
    except (TypeError, ValueError, BufferError) as error:
        raise TypeError(f"src must be a contiguous bytes-like object, got {type(src).__name__}: {error}") from None


def check_numbers(src: object) -> tuple[npt.NDArray[Any], NumberType]:
    """Check an array of numbers: 1-D, contiguous, aligned, of a type that Pco holds.

    Returns
    -------
    The same memory as a plain array, without the mask or other habits of a subclass; and its number type.

    Raises
    ------
    TypeError
        For anything else. The type comes first, then dimensions, then layout.
    """
    if not isinstance(src, np.ndarray):
        raise TypeError(f"'{type(src).__name__}' object is not an instance of 'ndarray'")
    number_type = number_type_of(src.dtype)
    if src.ndim != 1:
        raise TypeError(f"{src.ndim}D {src.dtype} numpy array could not be cast to 1D {number_type.name} array")
    if not (src.flags.c_contiguous and src.flags.aligned):
        raise TypeError("The given array is not contiguous or is misaligned.")
    return np.asarray(src), number_type


def check_destination(dst: object) -> tuple[npt.NDArray[Any], NumberType]:
    """Check an array to decompress into, as `check_numbers` does.

    Raises
    ------
    TypeError
        As there.
    InvalidArgumentError
        When it is read-only.
    """
    array, number_type = check_numbers(dst)
    if not array.flags.writeable:
        raise InvalidArgumentError("dst must be writeable, got a read-only array")
    return array, number_type
