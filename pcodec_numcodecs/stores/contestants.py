"""Codecs by the names that users give them."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .. import frame
from ..constants import MAX_LEVEL
from ..diagnostics import Contestant
from .errors import StoreError

__all__ = ["USUAL", "contestants_named"]

Array = npt.NDArray[Any]

USUAL: Final = ("pco-4", "pco-8", "blosc-zstd", "blosc-lz4", "zstd", "pcodec")
"""Who is compared by default; the last only where the wheel is installed."""
_WAYS: Final[dict[str, dict[str, Any]]] = {
    "blosc-zstd": {"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 1},
    "blosc-lz4": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
    "zstd": {"id": "zstd", "level": 3},
    "pcodec": {"id": "pcodec"},
}


def contestants_named(names: Sequence[str] | None = None) -> list[Contestant]:
    """Return codecs: ``pco-N`` for a level of Pco, names of `USUAL`, and identifiers of numcodecs.

    Raises
    ------
    StoreError
        For a name that is unknown, or of a codec that is not installed.
    """
    if names is not None:
        return [_contestant(name) for name in names]
    return [_contestant(name) for name in USUAL if name != "pcodec" or _has_wheel()]


def _has_wheel() -> bool:
    try:
        import numcodecs.pcodec  # noqa: F401 -- fails without the compiled wheel
    except ImportError:
        return False
    return True


def _contestant(name: str) -> Contestant:
    family, _, level = name.partition("-")
    if family == "pco" and level.isdigit() and int(level) <= MAX_LEVEL:
        return _pco(int(level))
    import numcodecs

    if name == "pcodec" and not _has_wheel():
        raise StoreError("the codec pcodec of numcodecs needs the compiled wheel; pip install 'numcodecs[pcodec]'")
    try:
        codec = numcodecs.get_codec(dict(_WAYS.get(name, {"id": name})))
    except Exception:
        known = ", ".join(sorted(set(_WAYS) | set(numcodecs.registry.codec_registry)))
        raise StoreError(f"unknown codec {name!r}; there are pco-0 to pco-{MAX_LEVEL}, {known}") from None

    def decode(stored: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        return np.frombuffer(codec.decode(stored), np.uint8).view(dtype).reshape(shape)

    return Contestant(name, "numcodecs" if name == "pcodec" else family, codec.encode, decode)


def _pco(level: int) -> Contestant:
    return Contestant(
        f"pco-{level}",
        "Pco, this package",
        lambda array: frame.write(array, level=level),
        lambda stored, dtype, shape: frame.read(stored),
        lambda stored, dtype, shape, box: frame.read(stored, box),
    )
