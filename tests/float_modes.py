"""Float modes of the processor, set for the calling thread as a library compiled with -ffast-math would."""

import contextlib
import ctypes
import ctypes.util
import platform
import struct
from collections.abc import Iterator

MODES = ("flush to zero", "subnormals are zero", "round up", "round down", "round towards zero")

# Where the control word of SSE or of AArch64 lies in glibc's fenv_t, and its bits.
_X86 = {"offset": 28, "flush to zero": 1 << 15, "subnormals are zero": 1 << 6}
_X86 |= {"round down": 1 << 13, "round up": 2 << 13, "round towards zero": 3 << 13}
_ARM = {"offset": 0, "flush to zero": 1 << 24, "subnormals are zero": 1 << 24}
_ARM |= {"round up": 1 << 22, "round down": 2 << 22, "round towards zero": 3 << 22}
_MACHINES = {"x86_64": _X86, "aarch64": _ARM}

KNOWN = platform.libc_ver()[0] == "glibc" and platform.machine() in _MACHINES
UNKNOWN = "how to set the float mode is known for glibc on x86_64 and aarch64 alone"


@contextlib.contextmanager
def float_mode(name: str) -> Iterator[None]:
    """Have the calling thread compute in another mode."""
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    before, changed = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
    if libm.fegetenv(before):
        raise OSError("fegetenv")
    layout = _MACHINES[platform.machine()]
    changed.raw = before.raw
    (word,) = struct.unpack_from("<I", before.raw, layout["offset"])
    struct.pack_into("<I", changed, layout["offset"], word | layout[name])
    if libm.fesetenv(changed):
        raise OSError("fesetenv")
    try:
        yield
    finally:
        libm.fesetenv(before)
