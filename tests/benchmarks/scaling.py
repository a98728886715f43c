"""Speed by the count of numbers in a chunk, and by the count of threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from pcodec_numcodecs import frame

from . import arrays
from .contestants import BLOSC_ZSTD, NUMBA_FRAME, NUMBA_WRAPPED, NUMPY_FRAME, NUMPY_WRAPPED, PCODEC, WHEEL, Contestant
from .timing import Task, elapsed, in_turn

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
BY_SIZE = (NUMBA_FRAME, NUMPY_FRAME, PCODEC, BLOSC_ZSTD)
BY_CHUNKS = (NUMBA_WRAPPED, NUMPY_WRAPPED, WHEEL, PCODEC)
# Of small chunks, many are coded at a time: one alone is shorter than the clock is exact.
AT_ONCE = 20_000
AT_WORK = 0.5
"""Seconds that a thread works for. Where threads wait for each other now and then, schedulers may keep them on one
processor until they have seen, for some hundredths of a second, how busy both are."""


class Sized(NamedTuple):
    """Seconds that one chunk takes, of each codec by its name."""

    numbers: int
    raw: int
    encode: dict[str, float]
    decode: dict[str, float]


class Threaded(NamedTuple):
    """Seconds of work for one thread, and of the same work for two."""

    what: str
    codec: str
    one: float
    two: float

    @property
    def scaling(self) -> float:
        """How many times as fast two threads are."""
        return self.one / self.two


def by_size(n: int, budget: float) -> Sized:
    """Measure float32 with one decimal, `n` of them in a chunk."""
    array = arrays.decimals(n)
    times = max(1, AT_ONCE // n)
    tasks: dict[str, Task] = {}
    for codec in BY_SIZE:
        stored, out = codec.write(array), np.empty_like(array)
        assert codec.read(stored, out).tobytes() == array.tobytes()
        tasks[f"encode {codec.name}"] = repeat(times, lambda codec=codec: codec.write(array))
        tasks[f"decode {codec.name}"] = repeat(
            times, lambda codec=codec, stored=stored, out=out: codec.read(stored, out)
        )
    seconds = in_turn(tasks, budget, least=2)
    ways = [{codec.name: seconds[f"{kind} {codec.name}"] / times for codec in BY_SIZE} for kind in ("encode", "decode")]
    return Sized(n, array.nbytes, *ways)


def repeat(times: int, task: Task) -> Task:
    def work() -> None:
        for _ in range(times):
            task()

    return work


def two_chunks(budget: float, n: int = arrays.LEAST) -> list[Threaded]:
    """Measure two chunks, coded by one thread one after the other, and by two threads, each its own.

    Both many times in a row: how soon a second processor is there is not a matter of the codec.
    """
    given = [arrays.decimals(n), arrays.decimals(n)[::-1].copy()]
    tasks: dict[str, Task] = {}
    rows: dict[str, int] = {}
    with ThreadPoolExecutor(2) as pool:

        def add(name: str, work: Callable[[Any], Any], items: list[Any]) -> None:
            work(items[0])
            times = max(1, round(AT_WORK / elapsed(lambda: work(items[0])))) if budget else 1
            row = lambda item: repeat(times, lambda: work(item))()  # noqa: E731
            tasks[f"{name} one"] = lambda: [row(item) for item in items]
            tasks[f"{name} two"] = lambda: list(pool.map(row, items))
            rows.update({f"{name} one": times, f"{name} two": times})

        for codec in BY_CHUNKS:
            add(f"encode {codec.name}", codec.write, given)
            kept = [(codec.write(array), np.empty_like(array)) for array in given]
            add(f"decode {codec.name}", lambda pair, codec=codec: codec.read(*pair), kept)
        seconds = {name: found / rows[name] for name, found in in_turn(tasks, budget).items()}
    return _pairs(seconds, [codec.name for codec in BY_CHUNKS])


def one_chunk(budget: float, n: int = 4 * arrays.LEAST) -> list[Threaded]:
    """Measure one frame whose pages are coded by one thread, and by two."""
    array = arrays.decimals(n)
    tasks: dict[str, Task] = {}
    for codec in (NUMBA_FRAME, NUMPY_FRAME):
        stored, out = codec.write(array), np.empty_like(array)
        for word, threads in (("one", 1), ("two", 2)):
            encode = lambda array, threads=threads: frame.write(array, threads=threads)  # noqa: E731
            decode = lambda stored, out, threads=threads: frame.read(stored, out=out, threads=threads)  # noqa: E731
            threaded = Contestant(codec.name, encode, decode, kernels=codec.kernels)
            assert threaded.write(array) == stored
            assert threaded.read(stored, np.zeros_like(array)).tobytes() == array.tobytes()
            tasks[f"encode {codec.name} {word}"] = lambda threaded=threaded: threaded.write(array)
            tasks[f"decode {codec.name} {word}"] = lambda t=threaded, stored=stored, out=out: t.read(stored, out)
    return _pairs(in_turn(tasks, budget), [NUMBA_FRAME.name, NUMPY_FRAME.name])


def _pairs(seconds: dict[str, float], codecs: list[str]) -> list[Threaded]:
    return [
        Threaded(kind, name, seconds[f"{kind} {name} one"], seconds[f"{kind} {name} two"])
        for name in codecs
        for kind in ("encode", "decode")
    ]
