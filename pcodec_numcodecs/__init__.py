"""Lossless numeric compression for Zarr: the Pco format in pure Python and NumPy.

Names are imported on first use: who only compresses arrays loads neither Zarr nor numcodecs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from . import frame, standalone, stores, wrapped
    from .codecs.numcodecs import Pco
    from .codecs.pcodec import PCodec
    from .codecs.unknown import UnknownSettingWarning
    from .codecs.xarray import encoding_for
    from .codecs.zarr3 import PartialReadWarning, PcoSerializer
    from .codecs.zarr3_pcodec import PCodecSerializer, serving_numcodecs_pcodec
    from .config import DEFAULT_COMPRESSION_LEVEL, ChunkConfig, DeltaSpec, ModeSpec, PagingSpec, Progress
    from .errors import CorruptionError, FloatModeError, InsufficientDataError, InvalidArgumentError, PcoError
    from .kernels import Backend, backend

__all__ = [
    "DEFAULT_COMPRESSION_LEVEL",
    "Backend",
    "ChunkConfig",
    "CorruptionError",
    "DeltaSpec",
    "FloatModeError",
    "InsufficientDataError",
    "InvalidArgumentError",
    "ModeSpec",
    "PCodec",
    "PCodecSerializer",
    "PagingSpec",
    "PartialReadWarning",
    "Pco",
    "PcoError",
    "PcoSerializer",
    "Progress",
    "UnknownSettingWarning",
    "backend",
    "encoding_for",
    "frame",
    "serving_numcodecs_pcodec",
    "standalone",
    "stores",
    "wrapped",
]

__version__ = "0.1.0.dev0"

_MODULE_OF: Final = {
    "Backend": "kernels",
    "ChunkConfig": "config",
    "CorruptionError": "errors",
    "DEFAULT_COMPRESSION_LEVEL": "config",
    "DeltaSpec": "config",
    "FloatModeError": "errors",
    "InsufficientDataError": "errors",
    "InvalidArgumentError": "errors",
    "ModeSpec": "config",
    "PCodec": "codecs.pcodec",
    "PCodecSerializer": "codecs.zarr3_pcodec",
    "PagingSpec": "config",
    "PartialReadWarning": "codecs.zarr3",
    "Pco": "codecs.numcodecs",
    "PcoError": "errors",
    "PcoSerializer": "codecs.zarr3",
    "Progress": "config",
    "UnknownSettingWarning": "codecs.unknown",
    "backend": "kernels",
    "encoding_for": "codecs.xarray",
    "serving_numcodecs_pcodec": "codecs.zarr3_pcodec",
}
_MODULES: Final = ("frame", "standalone", "stores", "wrapped")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value  # found without a call from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
