"""What the serializers of Zarr v3 arrays share: work in threads, and sizes that nobody knows before."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from zarr.abc.codec import ArrayBytesCodec

from .workers import in_thread

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["ThreadedSerializer"]


class ThreadedSerializer(ArrayBytesCodec):
    """An array -> bytes codec that codes chunks in threads, so that the event loop stays free."""

    is_fixed_size = False

    @abstractmethod
    def _encode_sync(self, chunk_data: "NDBuffer", chunk_spec: "ArraySpec") -> "Buffer": ...

    @abstractmethod
    def _decode_sync(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "NDBuffer": ...

    async def _encode_single(self, chunk_data: "NDBuffer", chunk_spec: "ArraySpec") -> "Buffer":
        return await in_thread(self._encode_sync, chunk_data, chunk_spec)

    async def _decode_single(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "NDBuffer":
        return await in_thread(self._decode_sync, chunk_data, chunk_spec)

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: "ArraySpec") -> int:
        """Raise NotImplementedError: the size is known once the chunk is compressed."""
        raise NotImplementedError
