"""Results as JSON."""

from dataclasses import fields, is_dataclass
from math import isfinite
from os import PathLike
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """Return a value as dicts, lists, strings and numbers.

    Of a dataclass, fields and properties are shown alike, but for what begins with an underscore.
    """
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        names += [name for name, found in vars(type(value)).items() if isinstance(found, property)]
        return {name: plain(getattr(value, name)) for name in names if not name.startswith("_")}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        # JSON has no word for what is not finite.
        return float(value) if isfinite(value) else None
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    if isinstance(value, np.dtype | PathLike):
        return str(value)
    if isinstance(value, range | slice):
        return [value.start, value.stop]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__} has no form in JSON")
