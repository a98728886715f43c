"""Which twin of the kernels does the work: the one place that chooses, and says why."""

import importlib.util
import os
from typing import Any, Final, NamedTuple

from ..errors import InvalidArgumentError
from . import numpy_

__all__ = ["NAMES", "VARIABLE", "Backend", "backend", "module"]

VARIABLE: Final = "PCODEC_NUMCODECS_KERNELS"
NAMES: Final = ("numba", "numpy")

_WORTH_IMPORTING: Final = 1 << 22
"""Numbers after which the import of Numba, about a second, has been worth it: NumPy takes about as long for so many."""
_WORTH_COMPILING: Final = 1 << 28
"""The same for kernels that no process has compiled here yet, which takes a minute or so."""


class Backend(NamedTuple):
    """The kernels that are live.

    Attributes
    ----------
    name
        ``"numba"`` or ``"numpy"``.
    reason
        Why these.
    """

    name: str
    reason: str


class _Process:
    """What this process has done, and found out about Numba. Results never depend on it."""

    numbers = 0
    numba: Any = None
    failure: str | None = None
    compiled = False
    """Whether compiled kernels were found, which are then there to stay."""


def module(name: str | None, numbers: int) -> Any:
    """Return a twin of the kernels.

    Parameters
    ----------
    name
        Which one; if None, the one that the environment variable names; else Numba's, where it is installed and this
        process has enough to do.
    numbers
        Count of numbers that are about to be coded.

    Raises
    ------
    InvalidArgumentError
        For another name, and for ``"numba"`` where it cannot be imported.
    """
    _Process.numbers += numbers
    wanted = _wanted(name)
    if wanted == "numba" and _numba() is None:
        raise InvalidArgumentError(
            f"kernels may be 'numba' where it can be imported, got: {_Process.failure}; "
            'pip install "pcodec-numcodecs[jit]"'
        )
    if wanted == "numba" or (wanted is None and _is_worth_it()):
        return _Process.numba
    return numpy_


def _is_worth_it() -> bool:
    if _Process.numbers < _WORTH_IMPORTING or _numba() is None:
        return False
    return _Process.numbers >= _WORTH_COMPILING or _is_compiled()


def backend() -> Backend:
    """Tell which kernels do the work in this process from now on, and why. Both write and read the same bytes.

    Raises
    ------
    InvalidArgumentError
        When the environment variable PCODEC_NUMCODECS_KERNELS names neither.
    """
    wanted = _wanted(None)
    if wanted is not None:
        return Backend(wanted, f"the environment variable {VARIABLE} says so")
    if importlib.util.find_spec("numba") is None:
        return Backend("numpy", 'numba is not installed: pip install "pcodec-numcodecs[jit]"')
    if _Process.failure is not None:
        return Backend("numpy", f"numba cannot be imported: {_Process.failure}")
    coded = f"got {_Process.numbers} so far"
    if _Process.numbers < _WORTH_IMPORTING:
        return Backend(
            "numpy", f"numba will be imported once this process has coded {_WORTH_IMPORTING} numbers, {coded}"
        )
    if _is_worth_it():
        return Backend("numba", "numba is installed, and this process has enough to do")
    return Backend(
        "numpy",
        "numba's kernels have not been compiled here yet: run pcodec-numcodecs warmup; they will be compiled once this "
        f"process has coded {_WORTH_COMPILING} numbers, {coded}",
    )


def _wanted(name: str | None) -> str | None:
    name = name or os.environ.get(VARIABLE) or None
    if name is not None and name not in NAMES:
        raise InvalidArgumentError(
            f"kernels must be one of {', '.join(map(repr, NAMES))}, got {name!r}; see {VARIABLE}"
        )
    return name


def _numba() -> Any:
    """Import Numba's twin, once; None where that fails."""
    if _Process.numba is None and _Process.failure is None:
        try:
            from . import numba_

            _Process.numba = numba_
        except Exception as error:  # as a numba that does not fit the NumPy that is installed raises them
            _Process.failure = f"{type(error).__name__}: {error}"
    return _Process.numba


def _is_compiled() -> bool:
    """Tell whether a process has compiled kernels of this build before; asked once Numba is imported."""
    if not _Process.compiled:
        from .numba_.compiled import cache_folders

        _Process.compiled = any(folder.is_dir() for folder in cache_folders())
    return _Process.compiled
