"""Configuration that another version wrote."""

import warnings
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..frame import FrameSettings

__all__ = ["UnknownSettingWarning", "without_unknown"]


class UnknownSettingWarning(UserWarning):
    """Metadata of an array hold a setting that this version does not know."""


def without_unknown(configuration: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the settings of a codec that this version knows; warn of others."""
    known = [field.name for field in fields(FrameSettings)]
    unknown = sorted(configuration.keys() - {*known, "id"})
    if unknown:
        warnings.warn(
            f"settings of {name} may be {', '.join(known)}, got {', '.join(map(repr, unknown))} as well; what is "
            "stored can be read without them, but new chunks will be written as if they were not there: check the "
            "spelling, or install the version of pcodec-numcodecs that wrote them",
            UnknownSettingWarning,
            stacklevel=3,
        )
    return {key: configuration[key] for key in known if key in configuration}
