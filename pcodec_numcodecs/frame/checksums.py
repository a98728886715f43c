"""CRC-32C (Castagnoli), the checksum of all parts of a frame; RFC 3720, appendix B.4."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernels import Kernels, load

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

__all__ = ["crc32c", "crc32c_of_each", "crc32c_of_stretches"]

_COPIED = 1 << 15
"""Up to so many bytes, a copy takes less time than a view."""
_SHORT = 1 << 16
"""Of stretches that are longer, each by itself is cut in three by the compiled function, which is faster still."""


def _compiled() -> Callable[[Any], int] | None:
    """Find the compiled function that Zarr brings along, where it is more than slow Python."""
    try:
        import google_crc32c
    except ImportError:
        return None
    return google_crc32c.value if google_crc32c.implementation == "c" else None


_value = _compiled()


def crc32c(part: bytes | memoryview) -> int:
    """Return the CRC-32C of some bytes."""
    return int(crc32c_of_each([part])[0]) if _value is None else _value(_unchanging(part))


def crc32c_of_each(parts: Sequence[bytes | memoryview]) -> U32:
    """Return the CRC-32C of each of many parts."""
    if _value is None:
        sizes = np.array([len(part) for part in parts], np.int64)
        stops = np.cumsum(sizes)
        return load().crc32c_of_stretches(np.frombuffer(b"".join(parts), np.uint8), stops - sizes, stops)
    return np.array([_value(_unchanging(part)) for part in parts], np.uint32)


def crc32c_of_stretches(data: U8, starts: I64, stops: I64, kernels: Kernels) -> U32:
    """Return the CRC-32C of each of many stretches of bytes."""
    if _value is None or (kernels.HAS_FAST_CRC32C and data.size <= _SHORT * starts.size):
        return kernels.crc32c_of_stretches(data, starts, stops)
    view = memoryview(data)
    return crc32c_of_each([view[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)])


def _unchanging(part: bytes | memoryview) -> Any:
    """Return bytes as the compiled function wants them: such that nothing could change under its hands."""
    if len(part) <= _COPIED:
        return bytes(part)
    view = np.frombuffer(part, np.uint8)
    view.flags.writeable = False
    return view
