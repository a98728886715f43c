"""Bounds of one call: its time, and the memory that it takes."""

import contextlib
import faulthandler
import resource
import signal
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HARD = 1800
"""Seconds by the clock after which the process shows where it is and ends: compiled code that never
returns is not reached by signals."""


class TooLongError(BaseException):
    """A call took longer than it may; no `Exception`, which the code under test might catch."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLongError` after so many seconds of the processor; in the main thread alone."""

    def stop(*_: Any) -> None:
        raise TooLongError(f"a call may take {seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Watch:
    """Times many calls, with one signal handler for all of them.

    Attributes
    ----------
    longest
        Seconds of the processor that the longest call took.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.longest = 0.0

    def __enter__(self) -> "Watch":
        self._before = signal.signal(signal.SIGPROF, self._stop)
        return self

    def __exit__(self, *_: Any) -> None:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)

    def _stop(self, *_: Any) -> None:
        raise TooLongError(f"a call may take {self.seconds} s of the processor")

    def alive(self) -> None:
        """Put off the end of the process."""
        faulthandler.dump_traceback_later(HARD, exit=True)

    def call(self, work: Callable[[], Any]) -> Any:
        """Return what the work returns, if it does in time."""
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        start = time.process_time()
        try:
            return work()
        finally:
            self.longest = max(self.longest, time.process_time() - start)
            signal.setitimer(signal.ITIMER_PROF, 0)


def peak_bytes(work: Callable[[], Any]) -> int:
    """Return the most bytes that Python and NumPy held at a time during the work, beyond what was there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def forbid_more(more: int) -> None:
    """Let the process have so many bytes of address space more than it has: any call for more is a `MemoryError`."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, resource.RLIM_INFINITY))


def resident_bytes() -> int:
    """Return the memory that the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
