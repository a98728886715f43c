"""How kernels are compiled, and kept on disk for the next process.

Numba's own cache is not used: it does not see when a callee in another file changes, and processes that start together
can write one signature's code under the name of another's. Here each signature of each kernel is a file of its own, in
a folder named by a hash of all that the machine code depends on, and is moved into place when it is whole.
"""

import contextlib
import gc
import hashlib
import importlib.util
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
import numpy.typing as npt
from numba.core import caching, compiler, serialize
from numba.core.runtime import rtsys

from .parts import part, whole

Function = TypeVar("Function", bound=Callable[..., Any])

CHECKED = os.environ.get("PCODEC_NUMCODECS_CHECKED_KERNELS", "") not in {"", "0"}
"""Whether each access to memory is checked, which is slow: for tests. Read once, at import."""

KERNELS: list[Any] = []
"""All kernels, as Numba's dispatchers."""

_DIGEST = hashlib.sha256().digest_size


def compiled(function: Function) -> Function:
    """Compile a kernel at its first call with each set of types, or load what an earlier process compiled.

    It makes no arrays: so its references to them need not be counted. (A part that is given a number written out is
    compiled for that number alone, and for others once more: so they begin as `np.int64`.)
    """
    return _compiled(function, counts=False)


def compiled_allocating(function: Function) -> Function:
    """Do what `compiled` does, for kernels that make arrays."""
    return _compiled(function, counts=True)


def _compiled(function: Function, counts: bool) -> Function:
    kernel = whole(function, counts=counts, nogil=True, boundscheck=CHECKED)
    kernel._cache = _DiskCache(function)
    kernel.compile = _without_collecting(kernel.compile)
    KERNELS.append(kernel)
    made: Function = kernel
    return made


def _without_collecting(compile_for: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have nothing looked for meanwhile that Python could forget: a tenth of the time, and nothing is found."""

    def run(signature: Any) -> Any:
        if not gc.isenabled():
            return compile_for(signature)
        gc.disable()
        try:
            return compile_for(signature)
        finally:
            gc.enable()

    return run


def inlined(function: Function) -> Function:
    """Compile a part of kernels into each of them."""
    made: Function = part(function, light=False, inline=True, counts=False, nogil=True, boundscheck=CHECKED)
    return made


def inlined_lightly(function: Function) -> Function:
    """Do what `inlined` does in less time; for parts whose loops do not get slower, or are not waited for."""
    made: Function = part(function, light=True, inline=True, counts=False, nogil=True, boundscheck=CHECKED)
    return made


def allocating(function: Function) -> Function:
    """Do what `inlined_lightly` does, for parts that make arrays or return some."""
    made: Function = part(function, light=True, inline=True, counts=True, nogil=True, boundscheck=CHECKED)
    return made


def separate(function: Function) -> Function:
    """Compile a part of kernels into each of them as a function of its own.

    For what is called from several places, and for loops that find the registers they need only so. Give it pointers
    (`words.items`): arrays would be counted at each call.
    """
    made: Function = part(function, light=True, inline=False, counts=True, nogil=True, boundscheck=CHECKED)
    return made


class _DiskCache(caching._Cache):  # type: ignore[misc]
    """The compiled signatures of one kernel; whatever goes wrong with files, the kernel is compiled in memory."""

    def __init__(self, function: Callable[..., Any]) -> None:
        # The module as well: other kernels of one name may have one signature too.
        self._name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

    @property
    def cache_path(self) -> str:
        """The folder that is written to, empty where there is none."""
        return next((str(folder) for folder in cache_folders() if folder.is_dir()), "")

    def folder_of(self, sig: Any) -> Path | None:
        """Return where the compiled code of a signature is stored, None if it is not."""
        return next((folder for folder in cache_folders() if (folder / self._file_name(sig)).is_file()), None)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled code of a signature, None where it is not to be had."""
        # Numba would first load all that it can compile, which takes longer than to decode most chunks. What has been
        # compiled needs the runtime alone.
        rtsys.initialize(target_context)
        for folder in cache_folders():
            try:
                stored = (folder / self._file_name(sig)).read_bytes()
                code, digest = stored[:-_DIGEST], stored[-_DIGEST:]
                if hashlib.sha256(code).digest() == digest:
                    return compiler.CompileResult._rebuild(target_context, *pickle.loads(code))
            except Exception:  # unreadable, or of a numba that stores it otherwise: compile
                continue
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store the compiled code of a signature where it can be."""
        try:
            code = serialize.dumps(data._reduce())
        except Exception:  # numba cannot write it down
            return
        for folder in cache_folders():
            with contextlib.suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle, temporary = tempfile.mkstemp(dir=folder)
                try:
                    with os.fdopen(handle, "wb") as file:
                        file.write(code + hashlib.sha256(code).digest())
                    Path(temporary).replace(folder / self._file_name(sig))
                except OSError:
                    Path(temporary).unlink(missing_ok=True)
                    raise
                return

    def _file_name(self, sig: Any) -> str:
        return f"{self._name}-{hashlib.sha256(str(sig).encode()).hexdigest()[:24]}.bin"

    def enable(self) -> None:
        """Do nothing: the cache is always on."""

    def disable(self) -> None:
        """Do nothing: the cache is always on."""

    def flush(self) -> None:
        """Do nothing: what is stored stays right."""


@cache
def cache_folders() -> tuple[Path, ...]:
    """Return where compiled code is looked for and, in the first that can be written, stored.

    That is below the folder that `NUMBA_CACHE_DIR` names, if any; else below that of the kernels' byte code, or the
    user's cache.
    """
    if not _sources():
        return ()
    if os.environ.get("NUMBA_CACHE_DIR"):
        bases = [Path(os.environ["NUMBA_CACHE_DIR"])]
    else:
        bases = [Path(importlib.util.cache_from_source(__file__)).parent, *_user_caches()]
    return tuple(base / f"pcodec_numcodecs-{_build_key()}" for base in bases)


def _user_caches() -> list[Path]:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return [Path(local) / "pcodec_numcodecs"] if local else []
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home
        return []
    if sys.platform == "darwin":
        return [home / "Library" / "Caches" / "pcodec_numcodecs"]
    return [Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "pcodec_numcodecs"]


def _build_key() -> str:
    """Hash what machine code depends on: sources, compilers, and the processor."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    codegen = numba.core.registry.cpu_target.target_context.codegen()
    for made_of in (
        *(sys.version, sys.byteorder, numba.__version__, llvmlite.__version__, np.__version__),
        *(codegen.magic_tuple(), CHECKED),
    ):
        digest.update(repr(made_of).encode() + b"\0")
    return digest.hexdigest()[:24]


def _sources() -> list[Path]:
    """Return the files whose code or constants are compiled; none where the package is no folder of files."""
    package = Path(__file__).parents[2]
    if not Path(__file__).is_file():
        return []
    others = [package / f"{name}.py" for name in ("bits", "constants", "fixed_log")]
    return [*sorted((package / "kernels").rglob("*.py")), *others]


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """View an array as one that cannot be written to, so that kernels need no second signature for those."""
    view = array.view()
    view.flags.writeable = False
    return view
