"""What the user asks of a frame: frozen, checked when created."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..config import checked_integer
from ..constants import DEFAULT_LEVEL, MAX_CHUNK_NUMBERS, MAX_LEVEL
from ..errors import InvalidArgumentError

__all__ = ["ACCESS", "PREDICTORS", "FrameSettings"]

PREDICTORS = ("auto", "none")
ACCESS = ("balanced", "series", "maps", "whole")


@dataclass(frozen=True)
class FrameSettings:
    """Settings for a frame. They never change what can be read: a frame says all about itself.

    Parameters
    ----------
    level
        0 to 12; better ratio and slower encoding with each step.
    tile
        ``"auto"``, or the cells of a tile along each axis; a tile is what is read, checked and coded by itself. Where
        an axis is shorter, so is the tile.
    predictor
        ``"auto"``: cells may be split, masked and predicted from neighbours along several axes, whatever will take the
        least, as far as the level searches; ``"none"``: Pco gets them as they are.
    access
        What ``tile="auto"`` should suit: ``"balanced"``, ``"series"`` (few cells along all of the first axis),
        ``"maps"`` (planes of the last two axes) or ``"whole"`` (chunks that are always read as a whole).

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for a wrong type or a value out of its limits.
    """

    level: int = DEFAULT_LEVEL
    tile: str | tuple[int, ...] = "auto"
    predictor: str = "auto"
    access: str = "balanced"

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", checked_integer(self.level, "level", 0, MAX_LEVEL))
        object.__setattr__(self, "tile", _checked_tile(self.tile))
        for name, allowed in (("predictor", PREDICTORS), ("access", ACCESS)):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a str, got {type(value).__name__}")
            if value not in allowed:
                raise InvalidArgumentError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")

    def check_dimensions(self, ndim: int) -> None:
        """Refuse a tile of another number of axes than an array has.

        Raises
        ------
        InvalidArgumentError
            For such a tile.
        """
        if not isinstance(self.tile, str) and len(self.tile) != ndim:
            raise InvalidArgumentError(
                f"tile must have a length for each of the array's {ndim} axes, got {self.tile}; or use tile='auto'"
            )

    def as_json(self) -> dict[str, Any]:
        """Return the level, and what differs from the defaults."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        defaults = {field.name: field.default for field in fields(self)}
        chosen = {name: value for name, value in values.items() if name == "level" or value != defaults[name]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items()}

    @property
    def arguments(self) -> str:
        """The same, as arguments of a call."""
        return ", ".join(f"{name}={value!r}" for name, value in self.as_json().items())


def _checked_tile(tile: object) -> str | tuple[int, ...]:
    if isinstance(tile, str):
        if tile != "auto":
            raise InvalidArgumentError(f"tile must be 'auto' or a sequence of integers, got {tile!r}")
        return tile
    if not isinstance(tile, Sequence | np.ndarray) or isinstance(tile, bytes | bytearray):
        raise TypeError(f"tile must be 'auto' or a sequence of integers, got {type(tile).__name__}")
    return tuple(checked_integer(length, "length of a tile", 1, MAX_CHUNK_NUMBERS) for length in tile)
