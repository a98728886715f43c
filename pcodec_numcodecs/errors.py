"""What can go wrong, by whose fault it is.

Each error has a built-in parent that says its kind in Python's own terms, and `RuntimeError`, which the
Rust bindings raise for everything, so that code written for either catches it. A wrong type is a plain
`TypeError`.
"""

__all__ = ["CorruptionError", "FloatModeError", "InsufficientDataError", "InvalidArgumentError", "PcoError"]


class PcoError(Exception):
    """Parent of every error of this package that is about data or settings."""


class CorruptionError(PcoError, ValueError, RuntimeError):
    """The bytes break a rule of the format."""


class InsufficientDataError(PcoError, EOFError, RuntimeError):
    """The bytes end before what they announce."""


class InvalidArgumentError(PcoError, ValueError, RuntimeError):
    """A setting or argument of the caller is out of its limits."""


class FloatModeError(PcoError, FloatingPointError, RuntimeError):
    """The thread is in a mode in which floats do not add and multiply as they do elsewhere; no bytes are at fault."""


def insufficient(needed_bits: int, available_bits: int, part: str) -> InsufficientDataError:
    """Build the error for a read past the end of `part`."""
    return InsufficientDataError(
        f"InsufficientData: {part} needs {-(-needed_bits // 8)} bytes, got {available_bits // 8}"
    )
