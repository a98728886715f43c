"""The chunks of an array as they are stored, those inside shards too, down to the bytes that Pco wrote."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np

from ..errors import CorruptionError
from ..frame.checksums import crc32c
from .access import join
from .errors import StoreError

__all__ = ["ArrayChunks", "Inner", "codec_names"]

PCO: Final = ("pcodec_numcodecs.pco", "numcodecs.pcodec", "pcodec")
"""Names of the codecs whose chunks are frames or .pco files."""


@dataclass(frozen=True, eq=False)
class Inner:
    """A chunk, which may lie in a shard.

    Attributes
    ----------
    key
        Of the object that holds it.
    place
        Its number along each axis within the shard; None where there are no shards.
    origin
        Its first cell in the array.
    content
        Its bytes as the array's serializer wrote them, or None when it is not stored.
    failure
        Why there are no such bytes, else None.
    stored_bytes
        What it takes in the store.
    """

    key: str
    place: tuple[int, ...] | None
    origin: tuple[int, ...]
    content: bytes | memoryview | None
    failure: str | None = None
    stored_bytes: int = 0

    @property
    def name(self) -> str:
        """The key, and where in the shard."""
        return self.key if self.place is None else f"{self.key} [chunk {'.'.join(map(str, self.place))} of the shard]"


class ArrayChunks:
    """How the chunks of an array lie.

    Parameters
    ----------
    array
        Of Zarr.

    Raises
    ------
    StoreError
        For a grid whose chunks are not all of one shape.
    """

    def __init__(self, array: Any) -> None:
        self.array = array
        self.metadata = array.metadata
        try:
            self.chunk: tuple[int, ...] = tuple(array.chunks)
            self.shard: tuple[int, ...] | None = None if array.shards is None else tuple(array.shards)
        except (NotImplementedError, AttributeError) as error:
            raise StoreError(f"{array.store_path}: chunks must be of one shape: {error}") from None
        self.outer = self.shard or self.chunk
        """Cells of what one object holds."""
        self.grid = tuple(-(-size // length) for size, length in zip(array.shape, self.outer, strict=True))
        self.objects = prod(self.grid)
        """How many objects there may be."""
        self._codecs = _inner_codecs(self.metadata)

    @property
    def is_pco(self) -> bool:
        """Whether each chunk, once compressors after Pco are undone, is a frame or a .pco file."""
        names = [name for name, kind in self._codecs if kind == "bytes"]
        filters = any(kind == "filter" for _, kind in self._codecs)
        return len(names) == 1 and names[0] in PCO and not (self.metadata.zarr_format == 2 and filters)

    @property
    def followers(self) -> list[str]:
        """Names of the compressors after the serializer."""
        return [name for name, kind in self._codecs if kind == "after"]

    def coordinates(self) -> Iterator[tuple[int, ...]]:
        """Yield where each object lies in the grid."""
        return product(*map(range, self.grid))

    def key(self, at: tuple[int, ...]) -> str:
        """Return the key of an object in the store."""
        return join(self.array.store_path.path, self.metadata.encode_chunk_key(at))

    def region(self, at: tuple[int, ...]) -> tuple[slice, ...]:
        """Return the cells of an object, cut at the array's ends."""
        return tuple(
            slice(i * length, min((i + 1) * length, size))
            for i, length, size in zip(at, self.outer, self.array.shape, strict=True)
        )

    def cells(self, at: tuple[int, ...]) -> int:
        """Count the cells of an object, without those beyond the array's ends."""
        return prod(part.stop - part.start for part in self.region(at))

    def inner(self, at: tuple[int, ...], content: bytes) -> Iterator[Inner]:
        """Yield the chunks in an object, those of a shard in C order; what a shard does not hold is left out."""
        key = self.metadata.encode_chunk_key(at)
        origin = tuple(i * length for i, length in zip(at, self.outer, strict=True))
        if self.shard is None:
            yield self._undone(key, None, origin, memoryview(content))
            return
        sharding = self.metadata.codecs[0]
        counts = tuple(shard // chunk for shard, chunk in zip(self.shard, self.chunk, strict=True))
        try:
            index = _shard_index(sharding, counts, content)
        except (CorruptionError, StoreError) as error:
            yield Inner(key, None, origin, None, str(error), len(content))
            return
        for place in np.ndindex(*counts):
            offset, length = (int(n) for n in index[place])
            if offset == length == _MISSING:
                continue
            first = tuple(o + p * c for o, p, c in zip(origin, place, self.chunk, strict=True))
            part = memoryview(content)[offset : offset + length]
            if len(part) < length:
                text = f"lies in bytes {offset} to {offset + length} of the shard, which has {len(content)}"
                yield Inner(key, place, first, None, text, length)
            else:
                yield self._undone(key, place, first, part)

    def _undone(self, key: str, place: tuple[int, ...] | None, origin: tuple[int, ...], part: memoryview) -> Inner:
        try:
            content = self._without_followers(part)
        except Exception as error:
            # Whatever a codec raises about damaged bytes, it says what is wrong.
            return Inner(key, place, origin, None, str(error) or type(error).__name__, len(part))
        return Inner(key, place, origin, content, None, len(part))

    def _without_followers(self, part: memoryview) -> Any:
        if not self.followers:
            return part
        from zarr.core.array_spec import ArrayConfig, ArraySpec
        from zarr.core.buffer import default_buffer_prototype
        from zarr.core.sync import sync

        prototype = default_buffer_prototype()
        buffer = prototype.buffer.from_bytes(bytes(part))
        config = ArrayConfig.from_dict({})
        spec = ArraySpec((len(part),), self.metadata.dtype, self.metadata.fill_value, config, prototype)
        for codec in reversed(_serial(self.metadata)):
            if _kind(codec) == "after":
                (buffer,) = sync(codec.decode([(buffer, spec)]))
        return memoryview(buffer.to_bytes())


_MISSING = (1 << 64) - 1


def _shard_index(sharding: Any, counts: tuple[int, ...], content: bytes) -> Any:
    """Read the index of a shard, an offset and a length for each chunk."""
    names = [codec.to_dict()["name"] for codec in sharding.index_codecs]
    if names not in (["bytes", "crc32c"], ["bytes"]):
        raise StoreError(f"the index of a shard must be coded by bytes and crc32c, got {', '.join(names)}")
    size = 16 * prod(counts) + 4 * (len(names) - 1)
    at_end = str(getattr(sharding.index_location, "value", sharding.index_location)) == "end"
    index = content[-size:] if at_end else content[:size]
    if len(index) < size:
        raise CorruptionError(f"the index of the shard has {size} bytes, got {len(index)}: it is cut short")
    if names[-1] == "crc32c":
        stored, found = int.from_bytes(index[-4:], "little"), crc32c(index[:-4])
        if stored != found:
            raise CorruptionError(
                f"CRC-32C of the shard's index must be {stored:#010x}, got {found:#010x}: it is damaged"
            )
        index = index[:-4]
    endian = sharding.index_codecs[0].to_dict().get("configuration", {}).get("endian", "little")
    return np.frombuffer(index, ">u8" if endian == "big" else "<u8").reshape(*counts, 2)


def _serial(metadata: Any) -> list[Any]:
    """Return the codec objects that a chunk goes through, those inside a shard if there are shards."""
    codecs = list(metadata.codecs)
    if len(codecs) == 1 and codecs[0].to_dict()["name"] == "sharding_indexed":
        codecs = list(codecs[0].codecs)
    return codecs


def _kind(codec: Any) -> str:
    from zarr.abc.codec import ArrayArrayCodec, ArrayBytesCodec

    return (
        "filter" if isinstance(codec, ArrayArrayCodec) else "bytes" if isinstance(codec, ArrayBytesCodec) else "after"
    )


def _inner_codecs(metadata: Any) -> list[tuple[str, str]]:
    if metadata.zarr_format == 3:
        return [(codec.to_dict()["name"], _kind(codec)) for codec in _serial(metadata)]
    names = [(codec.codec_id, "filter") for codec in metadata.filters or ()]
    if metadata.compressor is not None:
        names.append((metadata.compressor.codec_id, "bytes"))
    return names


def codec_names(metadata: Any) -> str:
    """Spell the codecs that chunks go through."""
    return " + ".join(name for name, _ in _inner_codecs(metadata)) or "none"
