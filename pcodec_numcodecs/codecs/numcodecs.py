"""Codecs of numcodecs: the compressors of Zarr v2 arrays."""

from typing import Any

import numpy as np
from numcodecs.abc import Codec

from ..buffers import Buffer
from ..config import ChunkConfig
from ..constants import DEFAULT_LEVEL
from ..standalone import simple_compress, simple_decompress
from .numbers import as_array, as_numbers, check_chunk_bytes, fill, settings

__all__ = ["Pco"]


def encode_file(buf: object, config: ChunkConfig) -> bytes:
    array = as_array(buf)
    if not array.dtype.isnative:
        # Zarr views what decode returns as the array's dtype, but a .pco file does not say which byte order it was.
        raise TypeError(
            f"byte order must be native, got dtype {array.dtype}; create the array with dtype "
            f"{array.dtype.newbyteorder('=')}, or use another compressor"
        )
    check_chunk_bytes(array)
    # Memory order, as all of numcodecs does it: for an array of order="F", Zarr hands over Fortran-contiguous chunks
    # and gives the decoded numbers their shape in that order again. Strided input has no order to keep: C order.
    return simple_compress(as_numbers(array), config)


def decode_file(buf: Buffer, out: object) -> Any:
    numbers = simple_decompress(buf)
    if numbers is None:
        # A file without numbers does not say their type.
        numbers = np.empty(0, np.uint8)
    return numbers if out is None else fill(out, numbers)


class Pco(Codec):
    """Lossless compression of numbers, for the `compressors` of a Zarr v2 array.

    It holds integers of 8 to 64 bits, floats of 16 to 64 bits, datetimes and timedeltas, in native byte order. Each
    chunk becomes one standalone .pco file, which any Pco implementation can read.

    Parameters
    ----------
    level
        0 to 12; better ratio and slower encoding with each step.

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for a level that is no integer or out of its limits.
    """

    codec_id = "pcodec_numcodecs.pco"

    # Private: numcodecs and Zarr write every public attribute into an array's metadata.
    _config: ChunkConfig

    def __init__(self, level: int = DEFAULT_LEVEL) -> None:
        self._config = settings(level)

    @property
    def level(self) -> int:
        """Level of compression."""
        return self._config.compression_level

    def encode(self, buf: object) -> bytes:
        """Compress a chunk.

        Parameters
        ----------
        buf
            Array of any shape and layout, or another buffer of numbers.

        Raises
        ------
        TypeError
            For numbers that Pco cannot hold: bool, complex, another byte order and others; for bytes.
        InvalidArgumentError
            For a chunk of more than 8 GiB.
        """
        return encode_file(buf, self._config)

    def decode(self, buf: Buffer, out: object = None) -> Any:
        """Decompress a chunk.

        Parameters
        ----------
        buf
            What `encode` returned, or any standalone .pco file.
        out
            Contiguous, writeable buffer of just the chunk's bytes. An array of either order is filled in the order of
            its memory.

        Returns
        -------
        `out` if it was given; else a 1-D array of the file's numbers: of int64 for datetimes, of uint8 where
        there are none.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the file breaks the format or is cut short.
        InvalidArgumentError
            When `out` does not fit.
        """
        return decode_file(buf, out)

    def get_config(self) -> dict[str, Any]:
        """Return the codec's entry in an array's metadata."""
        return {"id": self.codec_id, "level": self.level}

    def __hash__(self) -> int:
        return hash((self.codec_id, self._config))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(level={self.level})"
