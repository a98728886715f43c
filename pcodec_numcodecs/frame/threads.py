"""Runs of pages, side by side: what is written and read never depends on the count of threads."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final, TypeVar

__all__ = ["in_threads", "runs"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_LEAST_PAGES: Final = 4
"""Pages of a run: kernels work on several side by side, and a run has costs of its own."""


def runs(pages: int, threads: int) -> list[slice]:
    """Cut a count of pages into one run for each thread, as even as can be; into fewer where pages are few."""
    count = min(threads, pages // _LEAST_PAGES)
    if count <= 1:
        return [slice(0, pages)]
    return [slice(start, stop) for start, stop in pairwise(pages * turn // count for turn in range(count + 1))]


def in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Do all at a time, each in a thread, and return the results in the order of the items.

    Of several errors, the one of the first item is raised, when all others have ended.
    """
    if len(items) == 1:
        return iter([work(items[0])])
    with ThreadPoolExecutor(len(items)) as pool:
        return iter(list(pool.map(work, items)))
