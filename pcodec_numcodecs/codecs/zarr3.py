"""The codec of Zarr v3 arrays: an array -> bytes codec, so the `serializer` of an array or of the chunks in a shard."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from zarr.abc.codec import ArrayBytesCodec

from ..constants import DEFAULT_LEVEL
from ..errors import CorruptionError, InvalidArgumentError
from ..standalone import simple_compress, simple_decompress_into
from .numbers import as_numbers, number_dtype, settings

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["PcoSerializer"]

_NAME = "pcodec_numcodecs.pco"


@dataclass(frozen=True)
class PcoSerializer(ArrayBytesCodec):
    """Lossless compression of numbers, for the `serializer` of a Zarr v3 array.

    It holds integers of 8 to 64 bits, floats of 16 to 64 bits, datetimes and timedeltas. Each chunk becomes one
    standalone .pco file, which any Pco implementation can read, its numbers in C order.

    Create arrays with ``compressors=None`` as well: what Zarr puts after the serializer otherwise costs time and
    saves nothing.

    Parameters
    ----------
    level
        0 to 12; better ratio and slower encoding with each step.

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for a level that is no integer or out of its limits.
    """

    is_fixed_size = False

    level: int = DEFAULT_LEVEL

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", settings(self.level).compression_level)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make the codec of its entry in an array's metadata; without a configuration, the default one.

        Raises
        ------
        TypeError, InvalidArgumentError
            For another name or form, and for unknown keys, which might change what the bytes mean.
        """
        if data.get("name") != _NAME:
            raise InvalidArgumentError(f"name of the codec must be {_NAME!r}, got {data.get('name')!r}")
        configuration = data.get("configuration", {})
        if not isinstance(configuration, dict):
            raise TypeError(f"configuration of {_NAME} must be a dict, got {type(configuration).__name__}")
        if unknown := configuration.keys() - {"level"}:
            raise InvalidArgumentError(
                f"configuration of {_NAME} may only have the key 'level', got {', '.join(map(repr, sorted(unknown)))}; "
                "check the spelling, or install the version of pcodec-numcodecs that wrote this"
            )
        return cls(**configuration)

    def to_dict(self) -> dict[str, Any]:
        """Return the codec's entry in an array's metadata."""
        return {"name": _NAME, "configuration": {"level": self.level}}

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Refuse data types that Pco cannot hold, when an array is created or opened.

        Raises
        ------
        TypeError
            With what to use instead.
        """
        number_dtype(dtype.to_native_dtype())

    def evolve_from_array_spec(self, array_spec: "ArraySpec") -> Self:
        """Return the codec itself: nothing depends on the array. Refuses what `validate` does.

        Before its release 3.4, Zarr does not call `validate` for the codecs inside a shard, but it calls this.
        """
        number_dtype(array_spec.dtype.to_native_dtype())
        return self

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: "ArraySpec") -> int:
        """Raise NotImplementedError: the size is known once the chunk is compressed."""
        raise NotImplementedError

    def _encode_sync(self, chunk_data: "NDBuffer", chunk_spec: "ArraySpec") -> "Buffer":
        # C order, whatever order the caller's array came in: metadata of v3 knows no other, and decoding assumes it.
        array = np.ascontiguousarray(chunk_data.as_numpy_array())
        encoded = simple_compress(as_numbers(array), settings(self.level))
        return chunk_spec.prototype.buffer.from_bytes(encoded)

    def _decode_sync(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "NDBuffer":
        dtype = chunk_spec.dtype.to_native_dtype()
        array = np.empty(chunk_spec.shape, dtype.newbyteorder("="))
        progress = simple_decompress_into(chunk_data.as_numpy_array(), array.reshape(-1).view(number_dtype(dtype)))
        if progress.n_processed != array.size or not progress.finished:
            got = f"at least {array.size + 1}" if not progress.finished else progress.n_processed
            raise CorruptionError(
                f"chunk of shape {chunk_spec.shape} must hold {array.size} numbers, got {got}; "
                "it may be damaged, or of another array"
            )
        return chunk_spec.prototype.nd_buffer.from_numpy_array(array.astype(dtype, copy=False))

    async def _encode_single(self, chunk_data: "NDBuffer", chunk_spec: "ArraySpec") -> "Buffer":
        return await asyncio.to_thread(self._encode_sync, chunk_data, chunk_spec)

    async def _decode_single(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "NDBuffer":
        return await asyncio.to_thread(self._decode_sync, chunk_data, chunk_spec)
