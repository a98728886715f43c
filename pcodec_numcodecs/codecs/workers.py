"""Work in the threads of an event loop: on as many chunks at once as there are processors, one after the other.

A thread that is done with a chunk takes the next one that waits, instead of the loop handing it on: the way there and
back costs as much as a small part of a chunk, and before Python 3.13 a burst of jobs may wake but one of the loop's
threads. More chunks at once than processors would only share their caches. The threads are the loop's own, so what
limits them, such as Zarr's setting `threading.max_workers`, holds.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["in_thread"]

P = ParamSpec("P")
T = TypeVar("T")
Done = asyncio.Future[Any]


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a thread of the running loop, with the caller's context; return or raise what it does.

    It must not wait for others that are called so: there may be no thread left for them.
    """
    loop = asyncio.get_running_loop()
    workers = _of_loop.get(loop)
    if workers is None:
        workers = _of_loop.setdefault(loop, _Workers())
    # Without a name: an error that is raised here must not lead to the future that holds it.
    return await workers.done(loop, partial(copy_context().run, function, *args, **kwargs))


class _Workers:
    """What waits for the threads of one loop, and how many of them work. All but `_work` is called by the loop."""

    def __init__(self) -> None:
        self._at_once = _processors()
        self._busy = 0
        self._waiting: deque[tuple[Done, Callable[[], Any]]] = deque()

    def done(self, loop: asyncio.AbstractEventLoop, work: Callable[[], Any]) -> Done:
        """Have some work done; return what will hold the outcome."""
        job = loop.create_future(), work
        self._waiting.append(job)
        try:
            if self._busy < self._at_once:
                self._start(loop)
        except RuntimeError:  # the loop's threads have been shut down
            with suppress(ValueError):
                self._waiting.remove(job)
            raise
        return job[0]

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_in_executor(None, self._work).add_done_callback(self._ended)
        self._busy += 1

    def _ended(self, ended: Done) -> None:
        self._busy -= 1
        if not self._waiting:
            return
        # This came after the thread had looked for the last time.
        try:
            self._start(ended.get_loop())
        except RuntimeError as error:  # the loop's threads have been shut down meanwhile
            while self._waiting and not self._busy:
                done, _ = self._waiting.popleft()
                _settle(done, done.set_exception, error)

    def _work(self) -> None:
        while True:
            try:
                job = self._waiting.popleft()
            except IndexError:
                return
            if not _do(*job):
                # Nobody waits any more, and what waits would keep the loop.
                self._waiting.clear()
                return
            del job  # errors keep the frames that they passed, and those around them


def _do(done: Done, work: Callable[[], Any]) -> bool:
    """Do some work, unless whoever asked has given up; return whether the loop is there to be told the outcome."""
    if done.cancelled():
        return True
    settle: Callable[[Any], None]
    try:
        settle, outcome = done.set_result, work()
    except BaseException as error:  # whatever it is, it belongs to the one that waits
        settle, outcome = done.set_exception, error
    try:
        done.get_loop().call_soon_threadsafe(_settle, done, settle, outcome)
    except RuntimeError:  # it is closed
        return False
    finally:
        del done, work, settle, outcome  # errors keep the frames that they passed
    return True


def _settle(done: Done, settle: Callable[[Any], None], outcome: Any) -> None:
    if not done.done():  # cancelled meanwhile
        settle(outcome)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# Loops begin and end; in a process that was forked, there is a new one.
_of_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Workers]" = WeakKeyDictionary()
