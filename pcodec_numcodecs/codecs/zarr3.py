"""The codec of Zarr v3 arrays: an array -> bytes codec, so the `serializer` of an array or of the chunks in a shard."""

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import zarr
from zarr.abc.codec import ArrayBytesCodecPartialDecodeMixin, BytesBytesCodec
from zarr.abc.store import RangeByteRequest

from ..buffers import as_bytes_view
from ..config import checked_integer
from ..constants import DEFAULT_LEVEL
from ..errors import InvalidArgumentError
from ..frame import FrameSettings
from ..frame.elements import element_of
from ..frame.requests import WHOLE, Request, Requests, first_bytes, is_small, read_ranges
from ..frame.writer import write_frame
from .chunks import ChunkReading
from .threaded import ThreadedSerializer
from .unknown import without_unknown
from .workers import in_thread

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["PartialReadWarning", "PcoSerializer"]

Answers = list[memoryview | None] | Exception

_NAME = "pcodec_numcodecs.pco"
_GAP_SETTING = "pcodec_numcodecs.coalesce_gap"
_UNSET = object()


class PartialReadWarning(UserWarning):
    """A codec that follows this one makes it read whole chunks."""


@dataclass(frozen=True)
class PcoSerializer(ThreadedSerializer, ArrayBytesCodecPartialDecodeMixin):
    """Lossless compression of arrays, for the `serializer` of a Zarr v3 array.

    It holds bool, integers of 8 to 64 bits, floats of 16 to 64 bits, complex numbers, datetimes and timedeltas. Each
    chunk becomes one frame: pages of Pco's format, each with a checksum, and of a chunk only the pages are read that a
    selection touches. Settings never change what can be read.

    Create arrays with ``compressors=None`` as well: what Zarr puts after the serializer otherwise costs time, saves
    nothing, and makes every read one of whole chunks.

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

    Notes
    -----
    Pages up to 4 KiB apart in a chunk are read with one request; where that makes more than five requests, those
    up to 32 KiB apart. Zarr's configuration can set one gap, in bytes, for all reads:
    ``zarr.config.set({"pcodec_numcodecs.coalesce_gap": 0})``.
    """

    level: int = DEFAULT_LEVEL
    tile: Any = "auto"
    predictor: str = "auto"
    access: str = "balanced"

    def __post_init__(self) -> None:
        settings = self._settings
        object.__setattr__(self, "level", settings.level)
        object.__setattr__(self, "tile", settings.tile)

    @property
    def _settings(self) -> FrameSettings:
        return FrameSettings(self.level, self.tile, self.predictor, self.access)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.arguments})"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make the codec of its entry in an array's metadata; without a configuration, the default one.

        Keys of newer versions are left out with a warning: frames can be read without them.

        Raises
        ------
        TypeError, InvalidArgumentError
            For another name or form.
        """
        if data.get("name") != _NAME:
            raise InvalidArgumentError(f"name of the codec must be {_NAME!r}, got {data.get('name')!r}")
        configuration = data.get("configuration", {})
        if not isinstance(configuration, Mapping):
            raise TypeError(f"configuration of {_NAME} must be a dict, got {type(configuration).__name__}")
        return cls(**without_unknown(configuration, _NAME))

    def to_dict(self) -> dict[str, Any]:
        """Return the codec's entry in an array's metadata: the level, and what differs from the defaults."""
        return {"name": _NAME, "configuration": self._settings.as_json()}

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Refuse data types that a frame cannot hold, when an array is created or opened.

        Raises
        ------
        TypeError
            With what to use instead.
        InvalidArgumentError
            For a tile of another number of axes.
        """
        element_of(dtype.to_native_dtype())
        self._settings.check_dimensions(len(shape))
        # Zarr does not say which codecs come next; whoever validates all of them knows.
        validating = sys._getframe(1).f_locals.get("self")
        followers = [codec for codec in getattr(validating, "codecs", ()) if isinstance(codec, BytesBytesCodec)]
        if followers and self in validating.codecs:  # type: ignore[union-attr]
            warnings.warn(
                f"{type(followers[0]).__name__} after PcoSerializer compresses what is compressed, and makes every "
                "read one of whole chunks; create the array with compressors=None",
                PartialReadWarning,
                stacklevel=2,
            )

    def evolve_from_array_spec(self, array_spec: "ArraySpec") -> Self:
        """Return the codec itself: nothing depends on the array. Refuses what `validate` does.

        Before its release 3.4, Zarr does not call `validate` for the codecs inside a shard, but it calls this.
        """
        element_of(array_spec.dtype.to_native_dtype())
        self._settings.check_dimensions(len(array_spec.shape))
        return self

    def _encode_sync(self, chunk_data: "NDBuffer", chunk_spec: "ArraySpec") -> "Buffer":
        # Whatever byte order and layout the caller's array came in: metadata of v3 know neither.
        array = np.asarray(chunk_data.as_numpy_array())
        element = element_of(array.dtype.newbyteorder("<"))
        return chunk_spec.prototype.buffer.from_bytes(write_frame(array, element, self._settings))

    def _decode_sync(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "NDBuffer":
        result = _reading(chunk_spec, ...).whole(_view(chunk_data))
        return chunk_spec.prototype.nd_buffer.from_numpy_array(result)

    async def _decode_partial_single(
        self, byte_getter: Any, selection: Any, chunk_spec: "ArraySpec"
    ) -> "NDBuffer | None":
        async def get(request: Request) -> memoryview | None:
            return _view(await byte_getter.get(chunk_spec.prototype, byte_range=_byte_range(request)))

        steps = _requests(selection, chunk_spec)
        state = _step(steps, None)
        while isinstance(state, list):
            answers: Answers
            try:
                answers = [await get(state[0])] if len(state) == 1 else await _gathered(get, state)
            except Exception as error:
                answers = error
            state = await in_thread(_step, steps, answers)
        return None if state.result is None else chunk_spec.prototype.nd_buffer.from_numpy_array(state.result)

    def _decode_partial_sync(self, byte_getter: Any, selection: Any, chunk_spec: "ArraySpec") -> "NDBuffer | None":
        steps = _requests(selection, chunk_spec)
        state = _step(steps, None)
        while isinstance(state, list):
            answers: Answers
            try:
                answers = [
                    _view(byte_getter.get_sync(prototype=chunk_spec.prototype, byte_range=_byte_range(request)))
                    for request in state
                ]
            except Exception as error:
                answers = error
            state = _step(steps, answers)
        return None if state.result is None else chunk_spec.prototype.nd_buffer.from_numpy_array(state.result)


async def _gathered(get: Callable[[Request], Awaitable[memoryview | None]], requests: list[Request]) -> Answers:
    """Get several ranges, at most as many at a time as Zarr is set to."""
    at_once = asyncio.Semaphore(zarr.config.get("async.concurrency") or 1)

    async def in_turn(request: Request) -> memoryview | None:
        async with at_once:
            return await get(request)

    return await asyncio.gather(*map(in_turn, requests))


@dataclass(frozen=True)
class _Done:
    result: Any


def _step(steps: Requests, answers: Answers | None) -> list[Request] | _Done:
    """Hand on what has come in, or what a store raised; return what is needed next, or the result."""
    try:
        return steps.throw(answers) if isinstance(answers, Exception) else steps.send(answers)  # type: ignore[arg-type]
    except StopIteration as end:
        return _Done(end.value)


def _requests(selection: Any, chunk_spec: "ArraySpec") -> Requests:
    """Read the cells of a chunk that are selected."""
    reading = _reading(chunk_spec, selection)
    if reading.is_whole or is_small(reading.raw_bytes):
        (content,) = yield [WHOLE]
        return None if content is None else reading.whole(content)
    gap = zarr.config.get(_GAP_SETTING, _UNSET)
    gap = None if gap is _UNSET else checked_integer(gap, _GAP_SETTING, 0)
    first = first_bytes(prod(reading.shape), reading.dtype.itemsize)
    return (yield from read_ranges(first, gap, reading.prepare, reading.whole))


def _reading(chunk_spec: "ArraySpec", selection: Any) -> ChunkReading:
    return ChunkReading(tuple(chunk_spec.shape), chunk_spec.dtype.to_native_dtype(), selection)


def _view(buffer: "Buffer | None") -> Any:
    return None if buffer is None else as_bytes_view(buffer.as_numpy_array())


def _byte_range(request: Request) -> RangeByteRequest | None:
    return None if request.stop is None else RangeByteRequest(request.start, request.stop)
