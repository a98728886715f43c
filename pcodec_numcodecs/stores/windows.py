"""Work on many things by a pool, without holding all of them at once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import Any, TypeVar

__all__ = ["batches", "in_windows"]

T = TypeVar("T")

_BATCH = 512


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists."""
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch


def in_windows(pool: Executor, work: Callable[..., T], tasks: Iterable[tuple[Any, ...]], most: int = 16) -> Iterator[T]:
    """Yield the results of tasks as they come, in any order; only so many are under way at a time.

    When a task raises, those under way are waited for, those after them never begun, and the error is raised.
    """
    left = iter(tasks)
    running: set[Future[T]] = {pool.submit(work, *task) for task in islice(left, most)}
    try:
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
            running |= {pool.submit(work, *task) for task in islice(left, len(done))}
    finally:
        for future in running:
            future.cancel()
        if running:
            wait(running)
