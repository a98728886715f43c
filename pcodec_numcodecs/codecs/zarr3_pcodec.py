"""The codec `numcodecs.pcodec` of Zarr v3 arrays, and a way to have Zarr use this one."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

import numpy as np
import zarr.registry
from numcodecs.registry import codec_registry

from ..errors import InvalidArgumentError
from .chunks import read_file
from .pcodec import PCodec, check_dtype, known_settings
from .threaded import ThreadedSerializer

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["PCodecSerializer", "serving_numcodecs_pcodec"]

_NAME = "numcodecs.pcodec"


class _Settings(TypedDict, total=False):
    level: int
    mode_spec: str
    delta_spec: str
    paging_spec: str
    delta_encoding_order: int | None
    equal_pages_up_to: int


@dataclass(frozen=True, init=False, repr=False)
class PCodecSerializer(ThreadedSerializer):
    """The codec `numcodecs.pcodec` of Zarr v3 without the compiled wheel: same metadata, same chunks.

    In place of `zarr.codecs.numcodecs.PCodec`. Numbers are stored in C order, whatever order they come in; the one in
    Zarr before 3.3 stores Fortran-ordered chunks so that they are read back wrong. For new data, `PcoSerializer` holds
    more types.

    Parameters
    ----------
    **settings
        As for `PCodec`. Those that are given, and no others, are written into an array's metadata.

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for an unknown setting, and for one of another type or out of its limits.
    """

    settings: tuple[tuple[str, int | str | None], ...]

    def __init__(self, **settings: Unpack[_Settings]) -> None:
        # Both the check and the form to write: plain integers, and "none" for "no_op", which some readers do not know.
        written = PCodec(**settings).get_config()
        object.__setattr__(self, "settings", tuple((name, written[name]) for name in written if name in settings))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make the codec of its entry in an array's metadata; without a configuration, the default one.

        Unknown keys are ignored with an `UnknownSettingWarning`.

        Raises
        ------
        TypeError, InvalidArgumentError
            For another name or form, and for a setting of another type or out of its limits.
        """
        if data.get("name") != _NAME:
            raise InvalidArgumentError(f"name of the codec must be {_NAME!r}, got {data.get('name')!r}")
        configuration = data.get("configuration", {})
        if not isinstance(configuration, dict):
            raise TypeError(f"configuration of {_NAME} must be a dict, got {type(configuration).__name__}")
        return cls(**known_settings(configuration))

    def to_dict(self) -> dict[str, Any]:
        """Return the codec's entry in an array's metadata."""
        return {"name": _NAME, "configuration": dict(self.settings)}

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Refuse data types that the codec does not hold, when an array is created or opened.

        Raises
        ------
        TypeError
            With what to use instead.
        """
        check_dtype(dtype.to_native_dtype())

    def evolve_from_array_spec(self, array_spec: "ArraySpec") -> Self:
        """Return the codec itself: nothing depends on the array. Refuses what `validate` does.

        Before its release 3.4, Zarr does not call `validate` for the codecs inside a shard, but it calls this.
        """
        check_dtype(array_spec.dtype.to_native_dtype())
        return self

    def _encode_sync(self, chunk_data: "NDBuffer", chunk_spec: "ArraySpec") -> "Buffer":
        array = chunk_data.as_numpy_array()
        # C order and the machine's byte order, whatever the caller's: metadata of v3 know no order, and a .pco file
        # holds numbers, not bytes.
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        return chunk_spec.prototype.buffer.from_bytes(PCodec(**dict(self.settings)).encode(array))  # type: ignore[arg-type]

    def _decode_sync(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "NDBuffer":
        array = read_file(chunk_data.as_numpy_array(), chunk_spec.shape, chunk_spec.dtype.to_native_dtype())
        return chunk_spec.prototype.nd_buffer.from_numpy_array(array)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.settings)})"


_PATH = f"{PCodecSerializer.__module__}.{PCodecSerializer.__qualname__}"

_lock = threading.Lock()
# One entry for each block that runs, in any thread. The first knows what to put back, the others are empty.
_blocks: list[ExitStack] = []


@contextmanager
def serving_numcodecs_pcodec() -> Iterator[None]:
    """Have this package serve the codecs `numcodecs.pcodec` (v3) and `pcodec` (v2), where the wheel is installed too.

    It holds for arrays that are created or opened inside the block, for the whole process, all threads; afterwards
    everything is as it was. Arrays keep the codec that they were opened with. Without the wheel, arrays are opened and
    read outside such a block too; but Zarr's own class then stands between, so before its release 3.3
    Fortran-ordered chunks are written wrong there.

    Examples
    --------
    >>> with serving_numcodecs_pcodec():  # doctest: +SKIP
    ...     array = zarr.open_array(store)
    """
    with _lock:
        if not _blocks:
            with ExitStack() as undo:
                _serve(undo)
                _blocks.append(undo.pop_all())
        else:
            _blocks.append(ExitStack())
    try:
        yield
    finally:
        with _lock:
            # Blocks of different threads need not end in turn; the first entry, the one that undoes, goes last.
            _blocks.pop().close()


def _serve(undo: ExitStack) -> None:
    if PCodec.codec_id in codec_registry:
        undo.callback(codec_registry.__setitem__, PCodec.codec_id, codec_registry[PCodec.codec_id])
    else:
        undo.callback(codec_registry.pop, PCodec.codec_id, None)
    codec_registry[PCodec.codec_id] = PCodec

    # Zarr knows how to add a class, not how to take one away. Left there it would do nothing, as long as the
    # configuration names another; but where that does not, Zarr would take the class added last.
    implementations = _zarr_registry().get(_NAME, {})
    if _PATH not in implementations:
        zarr.registry.register_codec(_NAME, PCodecSerializer)
        undo.callback(lambda: _zarr_registry().get(_NAME, {}).pop(_PATH, None))
    # The name has a dot, so it can only be set with all others around it.
    codecs = {**zarr.config.get("codecs", {}), _NAME: _PATH}
    undo.enter_context(zarr.config.set({"codecs": codecs}))


def _zarr_registry() -> Any:
    # Private in Zarr; 3.1 has the second name. Should both be gone one day, the class merely stays registered.
    return getattr(zarr.registry, "_codec_registries", None) or getattr(zarr.registry, "__codec_registries", {})
