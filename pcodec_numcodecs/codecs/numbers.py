"""Arrays as Zarr hands them over, and the 1-D numbers that Pco holds."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..constants import DEFAULT_MAX_BYTES
from ..dtypes import NUMBER_TYPES, number_type_of
from ..errors import InvalidArgumentError

__all__ = ["as_array", "as_numbers", "check_chunk_bytes", "fill", "number_dtype"]

_INSTEAD = "another compressor, such as Zstd or Blosc"


def number_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Find the native dtype of the numbers that stand for an array's elements, byte order apart.

    Datetimes and timedeltas stand for their 64-bit integers, NaT included.

    Raises
    ------
    TypeError
        For dtypes that Pco cannot hold.
    """
    native = dtype.newbyteorder("=")
    try:
        return number_type_of(np.dtype(np.int64) if native.kind in "mM" else native).dtype
    except TypeError:
        raise TypeError(
            f"Pco holds {', '.join(sorted(NUMBER_TYPES))}, datetime64 and timedelta64, got dtype {dtype}; "
            f"use {_INSTEAD}, for this array"
        ) from None


def as_array(buf: object) -> npt.NDArray[Any]:
    """View a buffer of numbers as an array of the buffer's own dtype and shape.

    Raises
    ------
    TypeError
        For bytes, which say nothing of the numbers in them, and for what is no buffer.
    """
    if isinstance(buf, np.ndarray):
        return buf
    if isinstance(buf, bytes | bytearray):
        raise TypeError(
            f"Pco holds numbers, got {type(buf).__name__}, perhaps made by a filter such as VLenUTF8; "
            f"use {_INSTEAD}, for this array"
        )
    try:
        return np.asarray(memoryview(buf))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"Pco holds arrays of numbers, got {type(buf).__name__}; pass a NumPy array") from None


def as_numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array's elements as 1-D, contiguous, aligned numbers of native byte order; a view where possible.

    The order is that of memory for contiguous arrays, so column by column for a Fortran-contiguous one, and C
    order for others.

    Raises
    ------
    TypeError
        For dtypes that Pco cannot hold.
    """
    dtype = number_dtype(array.dtype)
    native = np.asarray(array, dtype=array.dtype.newbyteorder("="))
    return np.require(native.reshape(-1, order="A").view(dtype), requirements=["C", "A"])


def fill(out: object, numbers: npt.NDArray[Any]) -> Any:
    """Write the bytes of a contiguous array into a buffer of any dtype and shape, both in the order of their memory.

    Returns
    -------
    `out` itself.

    Raises
    ------
    InvalidArgumentError
        When it is not contiguous and writeable, or of another count of bytes.
    """
    array = out if isinstance(out, np.ndarray) else np.asarray(memoryview(out))  # type: ignore[arg-type]
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        raise InvalidArgumentError(f"out must be contiguous, got strides {array.strides} for shape {array.shape}")
    if not array.flags.writeable:
        raise InvalidArgumentError("out must be writeable, got a read-only buffer")
    if array.nbytes != numbers.nbytes:
        raise InvalidArgumentError(f"out must hold the chunk's {numbers.nbytes} bytes exactly, got {array.nbytes}")
    # For an array of either order this is a view: what is written to it arrives in `out`.
    array.reshape(-1, order="A").view(np.uint8)[:] = numbers.reshape(-1, order="A").view(np.uint8)
    return out


def check_chunk_bytes(array: npt.NDArray[Any]) -> None:
    """Refuse chunks that a reader would refuse to decompress.

    Raises
    ------
    InvalidArgumentError
        For more than 8 GiB.
    """
    if array.nbytes > DEFAULT_MAX_BYTES:
        raise InvalidArgumentError(
            f"a chunk may not exceed {DEFAULT_MAX_BYTES} bytes, got {array.nbytes}; make the array's chunks smaller"
        )
