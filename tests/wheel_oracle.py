"""What a call comes to, told alike for the wheel and for this package, so that the two can be compared."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pcodec
import pytest

import pcodec_numcodecs

PACKAGES = (pcodec, pcodec_numcodecs)
both = pytest.mark.parametrize("package", PACKAGES, ids=["wheel", "ours"])

TYPES = ("u8", "i8", "u16", "i16", "f16", "u32", "i32", "f32", "u64", "i64", "f64")
HEADER = b"\x04\x01"


def dtype_of(type_name: str) -> np.dtype:
    return np.dtype(f"{type_name[0]}{int(type_name[1:]) // 8}")


def outcome(call: Callable[[], Any]) -> Any:
    """Return what the call returns, or "TypeError", or "refused" for any other error of the two packages.

    The wheel overflows or panics where an ordinary exception would do.
    """
    try:
        return call()
    except TypeError:
        return "TypeError"
    except (RuntimeError, OverflowError):
        return "refused"
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return "refused"


def plain(result: Any) -> Any:
    """Return (n_processed, finished) for a `Progress`, which cannot be compared in the wheel; look into tuples."""
    if isinstance(result, tuple):
        return tuple(plain(part) for part in result)
    return (result.n_processed, result.finished) if hasattr(result, "n_processed") else result


def bits(numbers: np.ndarray | None) -> tuple[str, bytes] | None:
    """Return type and bytes, which tell -0.0 from 0.0 and one NaN from another."""
    return None if numbers is None else (numbers.dtype.str, numbers.tobytes())
