"""The codec of numcodecs: the compressor of Zarr v2 arrays."""

from typing import Any, Self

import numpy as np
from numcodecs.abc import Codec

from .. import frame
from ..buffers import Buffer, as_bytes_view
from ..constants import DEFAULT_LEVEL
from ..frame import FrameSettings
from ..frame.elements import element_of
from ..frame.writer import write_frame
from ..standalone import simple_decompress
from .chunks import is_file
from .numbers import as_array, fill
from .unknown import without_unknown

__all__ = ["Pco"]


class Pco(Codec):
    """Lossless compression of arrays, for the `compressors` of a Zarr v2 array.

    It holds bool, integers of 8 to 64 bits, floats of 16 to 64 bits, complex numbers, datetimes and timedeltas of any
    byte order, and bfloat16 and float8 of ml_dtypes. Each chunk becomes one frame: pages of Pco's format, each with a
    checksum. Settings never change what can be read.

    Parameters
    ----------
    level
        0 to 12; better ratio and slower encoding with each step.
    tile, predictor, access
        See `pcodec_numcodecs.frame.FrameSettings`.

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for a setting of another type or out of its limits.
    """

    codec_id = "pcodec_numcodecs.pco"

    # Private: numcodecs and Zarr write every public attribute into an array's metadata.
    _settings: FrameSettings

    def __init__(
        self, level: int = DEFAULT_LEVEL, tile: Any = "auto", predictor: str = "auto", access: str = "balanced"
    ) -> None:
        self._settings = FrameSettings(level, tile, predictor, access)

    @property
    def level(self) -> int:
        """Level of compression."""
        return self._settings.level

    @property
    def tile(self) -> str | tuple[int, ...]:
        """``"auto"``, or cells of a tile along each axis."""
        return self._settings.tile

    @property
    def predictor(self) -> str:
        """How cells are predicted from neighbours."""
        return self._settings.predictor

    @property
    def access(self) -> str:
        """What automatic tiles suit."""
        return self._settings.access

    def encode(self, buf: object) -> bytes:
        """Compress a chunk.

        Parameters
        ----------
        buf
            Array of any shape, strides and byte order, or another buffer of numbers. The layout in memory of a
            Fortran-contiguous array comes back, as Zarr needs it for arrays of ``order="F"``.

        Raises
        ------
        TypeError
            For elements that a frame cannot hold; for bytes, which say nothing of the numbers in them.
        InvalidArgumentError
            For a chunk of more than 8 GiB, and for a tile that does not fit its axes.
        """
        array = np.asarray(as_array(buf))
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        return write_frame(array, element_of(array.dtype), self._settings, fortran)

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
        `out` if it was given; else an array of the shape, dtype, byte order and layout in memory that were encoded.
        Of a .pco file, which does not say these, a 1-D array of its numbers.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the chunk is damaged or cut short, naming where.
        InvalidArgumentError
            When `out` does not fit.
        """
        content = as_bytes_view(buf)
        if is_file(content):
            numbers = simple_decompress(content)
            # A file without numbers does not say their type.
            array = np.empty(0, np.uint8) if numbers is None else numbers
        else:
            array = frame.read(content)
        return array if out is None else fill(out, array)

    def get_config(self) -> dict[str, Any]:
        """Return the codec's entry in an array's metadata: the level, and what differs from the defaults."""
        return {"id": self.codec_id, **self._settings.as_json()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the codec of its entry in an array's metadata.

        Keys of newer versions are left out with a warning: frames can be read without them.
        """
        return cls(**without_unknown(config, cls.codec_id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pco) and self._settings == other._settings

    def __hash__(self) -> int:
        return hash((self.codec_id, self._settings))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.arguments})"
