"""A store in memory that notes each read, and refuses those that some store would answer wrongly or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer
from zarr.core.buffer.core import default_buffer_prototype
from zarr.storage import MemoryStore

# Those that run the codecs of this release of Zarr: one drives them by an event loop, the other without.
PIPELINES = {
    name: f"zarr.core.codec_pipeline.{name}"
    for name in ("BatchedCodecPipeline", "FusedCodecPipeline")
    if hasattr(zarr.core.codec_pipeline, name)
}


class Get(NamedTuple):
    """One read: the bytes that were asked for, `stop` being None for all up to the end, and how many came."""

    key: str
    start: int
    stop: int | None
    n_bytes: int
    found: bool
    sync: bool


class CountingStore(MemoryStore):
    """MemoryStore that notes each read of a chunk.

    Attributes
    ----------
    gets
        The reads of chunks so far, in the order of their arrival.
    """

    def __init__(self, store_dict: Any = None, *, read_only: bool = False, gets: list[Get] | None = None) -> None:
        super().__init__(store_dict, read_only=read_only)
        self.gets: list[Get] = [] if gets is None else gets

    def with_read_only(self, read_only: bool = False) -> "CountingStore":
        return type(self)(self._store_dict, read_only=read_only, gets=self.gets)

    @contextmanager
    def watch(self) -> Iterator[list[Get]]:
        """Give the list of the reads that are made inside the block."""
        before = len(self.gets)
        seen: list[Get] = []
        try:
            yield seen
        finally:
            seen += self.gets[before:]

    def chunks(self) -> dict[str, bytes]:
        """Return what is stored, without metadata."""
        return {key: value.to_bytes() for key, value in self._store_dict.items() if is_chunk(key)}

    def put(self, key: str, content: bytes | None) -> None:
        """Replace an object, or remove it, behind the back of all readers."""
        if content is None:
            self._store_dict.pop(key, None)
        else:
            self._store_dict[key] = default_buffer_prototype().buffer.from_bytes(content)

    async def get(
        self, key: str, prototype: Any = None, byte_range: ByteRequest | None = None, **others: Any
    ) -> Buffer | None:
        self.before(key, byte_range)
        return self._noted(key, byte_range, self.answer(key, prototype, byte_range), sync=False)

    def get_sync(
        self, key: str, *, prototype: Any = None, byte_range: ByteRequest | None = None, **others: Any
    ) -> Buffer | None:
        self.before(key, byte_range)
        return self._noted(key, byte_range, self.answer(key, prototype, byte_range), sync=True)

    def answer(self, key: str, prototype: Any, byte_range: ByteRequest | None) -> Buffer | None:
        """Return the bytes that were asked for."""
        return super().get_sync(key, prototype=prototype, byte_range=byte_range)

    def before(self, key: str, byte_range: ByteRequest | None) -> None:
        """Check a read: stores differ in what they answer to a range without bytes, or one that begins past the end."""
        if byte_range is None or key not in self._store_dict:
            return
        size = len(self._store_dict[key])
        start, stop = _bounds(byte_range, size)
        assert 0 <= start < size, f"{byte_range} of {key}, which has {size} bytes"
        if stop is not None:
            assert start < stop, f"{byte_range} of {key} asks for nothing"
            # At the start, the reader does not know the size, and any store answers with what there is.
            assert stop <= size or start == 0, f"{byte_range} of {key}, which has {size} bytes"

    def _noted(self, key: str, byte_range: ByteRequest | None, answer: Buffer | None, sync: bool) -> Buffer | None:
        if is_chunk(key):
            start, stop = _bounds(byte_range, len(self._store_dict.get(key, ())))
            self.gets.append(Get(key, start, stop, 0 if answer is None else len(answer), answer is not None, sync))
        return answer


def is_chunk(key: str) -> bool:
    """Tell chunks from metadata."""
    return "c" in key.split("/")


def _bounds(byte_range: ByteRequest | None, size: int) -> tuple[int, int | None]:
    match byte_range:
        case None:
            return 0, None
        case RangeByteRequest(start, stop):
            return start, stop
        case OffsetByteRequest(start):
            return start, None
        case SuffixByteRequest(n):
            return size - n, None
    raise AssertionError(f"unknown kind of range: {byte_range!r}")
