"""Speed of each kernel in both twins, beside the wheel on the same pages; all in turn in one process, medians.

`python tests/benchmarks/kernels.py` prints nanoseconds a number of each kernel that made numbers have use for, and of
decoding the pages that the wheel made of each real array; `... NAME ...` for some real arrays alone.

A kernel's own time is that of its calls alone, on arguments kept from a real run. `all` is `decompress_pages`: reading
page metadata, the kernels, and NumPy joining modes. The wheel's encoding chooses and trains, the kernels' does not.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import geometric_mean, median
from types import ModuleType
from typing import Any

import numpy as np
import pcodec

sys.path.insert(0, str(Path(__file__).parent.parent))

import real_arrays

import pcodec_numcodecs
from pcodec_numcodecs.compress import compress_chunk
from pcodec_numcodecs.decompress import ChunkTables, Pages, decompress_pages, laid_out
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.kernels import numba_, numpy_
from pcodec_numcodecs.metadata import ChunkMetadata, FormatVersion

TWINS = {"numba": numba_, "numpy": numpy_}
N = 1 << 20
ROUNDS = 9
PAGE = 8192


class Kept:
    """Kernels that keep the arguments of each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append((name, tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)))
            return getattr(numpy_, name)(*arguments)

        return call


def seconds(kernels: ModuleType, calls: list[tuple[str, tuple[Any, ...]]]) -> float:
    """Time calls again; what they change is copied before the clock starts."""
    total = 0.0
    for name, arguments in calls:
        copies = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)
        start = time.perf_counter()
        getattr(kernels, name)(*copies)
        total += time.perf_counter() - start
    return total


def elapsed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def in_turn(tasks: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each task; the first round, which compiles, does not count."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            taken = task()
            if turn:
                times[name].append(taken)
    return {name: median(taken) for name, taken in times.items()}


def settings(package: ModuleType, mode: str | None, delta: tuple[str, ...] | None, page: int) -> Any:
    mode_spec = package.ModeSpec.auto() if mode is None else getattr(package.ModeSpec, mode)()
    delta_spec = package.DeltaSpec.auto()
    if delta is not None:
        delta_spec = getattr(package.DeltaSpec, delta[0])(*map(int, delta[1:]))
    paging = package.PagingSpec.equal_pages_up_to(page)
    return package.ChunkConfig(8, mode_spec, delta_spec, paging, True)


def wheel_pages(numbers: np.ndarray, config: Any) -> tuple[bytes, list[bytes], list[int]]:
    chunk = pcodec.wrapped.FileCompressor().chunk_compressor(numbers, config)
    counts = chunk.n_per_page()
    return chunk.write_meta(), [chunk.write_page(i) for i in range(len(counts))], counts


def wheel_decode(meta: bytes, pages: list[bytes], counts: list[int], type_name: str, out: np.ndarray) -> None:
    reader, _ = pcodec.wrapped.FileDecompressor.new(b"\x04\x01")[0].chunk_decompressor(meta, type_name)
    start = 0
    for page, n in zip(pages, counts, strict=True):
        reader.read_page_into(page, n, out[start : start + n])
        start += n


def requests_of(meta: bytes, pages: list[bytes], counts: list[int], type_name: str) -> tuple[Any, list[Pages]]:
    metadata, _ = ChunkMetadata.read(meta, NUMBER_TYPES[type_name], FormatVersion(4, 1))
    tables = ChunkTables(metadata)
    data, laid = laid_out(tables, pages, counts)
    return data, [laid]


def type_name_of(numbers: np.ndarray) -> str:
    return f"{numbers.dtype.kind}{8 * numbers.itemsize}"


def decode_times(numbers: np.ndarray, config: Any, rounds: int) -> dict[str, float]:
    """Return seconds of decoding the wheel's pages: `wheel`, `numba kernels`, `numba all` and so on."""
    name = type_name_of(numbers)
    written = wheel_pages(numbers, config)
    requests = requests_of(*written, name)
    kept = Kept()
    found, _ = decompress_pages(*requests, kept)
    assert found.tobytes() == numbers.tobytes()
    out = np.empty_like(numbers)
    tasks: dict[str, Callable[[], float]] = {"wheel": lambda: elapsed(lambda: wheel_decode(*written, name, out))}
    for twin, kernels in TWINS.items():
        tasks[f"{twin} kernels"] = lambda kernels=kernels: seconds(kernels, kept.calls)
        tasks[f"{twin} all"] = lambda kernels=kernels: elapsed(lambda: decompress_pages(*requests, kernels))
    return in_turn(tasks, rounds)


def kernel_times(numbers: np.ndarray, mode: str, delta: tuple[str, ...], page: int, rounds: int) -> dict[str, float]:
    """Return seconds of each kernel's calls in both twins, and the wheel's for all of encoding and decoding."""
    name = type_name_of(numbers)
    ours, wheels = (settings(package, mode, delta, page) for package in (pcodec_numcodecs, pcodec))
    encoding, decoding = Kept(), Kept()
    chunk = compress_chunk(numbers, NUMBER_TYPES[name], ours, encoding)
    chunk.write_pages(encoding)
    written = wheel_pages(numbers, wheels)
    decompress_pages(*requests_of(*written, name), decoding)
    out = np.empty_like(numbers)
    tasks: dict[str, Callable[[], float]] = {
        "wheel encode": lambda: elapsed(lambda: wheel_pages(numbers, wheels)),
        "wheel decode": lambda: elapsed(lambda: wheel_decode(*written, name, out)),
    }
    # Trials on samples call kernels too; what counts are the calls on all numbers, which come last.
    for kernel, arguments in {call[0]: call for call in (*encoding.calls, *decoding.calls)}.values():
        for twin, kernels in TWINS.items():
            tasks[f"{twin} {kernel}"] = lambda k=kernels, c=[(kernel, arguments)]: seconds(k, c)
    return in_turn(tasks, rounds)


def made() -> dict[str, tuple[np.ndarray, str, tuple[str, ...], int]]:
    """Return numbers, mode, delta encoding and page size of each case."""
    rng = np.random.default_rng(0)
    normal = rng.normal(size=N)
    walk = np.cumsum(rng.integers(-1000, 1000, N))
    period = np.resize(rng.integers(0, 1 << 30, 611), N) + rng.integers(0, 3, N)
    wave = (np.sin(np.arange(N) / 30) * 1e6).astype(np.int32) + rng.integers(0, 99, N).astype(np.int32)
    return {
        "normal f64, 4,096 a page": (normal, "classic", ("no_op",), 4096),
        "normal f64, one page": (normal, "classic", ("no_op",), N),
        "normal f32, 4,096 a page": (normal.astype(np.float32), "classic", ("no_op",), 4096),
        "uniform i64, 4,096 a page": (rng.integers(0, 1 << 40, N), "classic", ("no_op",), 4096),
        "walk i64, Consecutive": (walk, "classic", ("try_consecutive", "1"), 4096),
        "period i64, Lookback": (period, "classic", ("try_lookback",), 4096),
        "wave i32, Conv1": (wave, "classic", ("try_conv1", "4"), 4096),
    }


def main(names: list[str]) -> None:
    def ns(taken: float, n: int) -> str:
        return f"{taken / n * 1e9:7.2f}"

    if not names:
        print(f"ns a number, {N:,} numbers, medians of {ROUNDS}")
        for case, arguments in made().items():
            times = kernel_times(*arguments, ROUNDS)
            wheel = f"wheel encode {ns(times['wheel encode'], N)}, decode {ns(times['wheel decode'], N)}"
            print(f"\n{case}: {wheel}\n{'':18s}{'numba':>8s}{'numpy':>8s}")
            for kernel in (name.partition(" ")[2] for name in times if name.startswith("numba ")):
                print(f"  {kernel:16s} {ns(times[f'numba {kernel}'], N)} {ns(times[f'numpy {kernel}'], N)}")
    columns = ["wheel", *(f"{twin} {what}" for twin in TWINS for what in ("kernels", "all"))]
    print(f"\nns a number, the wheel's pages of {PAGE:,} numbers, level 8, automatic choices; ratio: wheel / numba")
    print(f"{'':24s}{''.join(f'{column:>15s}' for column in columns)}   ratio of kernels, of all")
    ratios: dict[str, list[float]] = {"kernels": [], "all": []}
    for name in names or real_arrays.NAMES:
        if real_arrays.available(name) is not None:
            continue
        numbers = real_arrays.load(name).ravel()
        numbers = np.ascontiguousarray(np.resize(numbers, max(numbers.size, N)))
        times = decode_times(numbers, settings(pcodec, None, None, PAGE), ROUNDS)
        for what, found in ratios.items():
            found.append(times["wheel"] / times[f"numba {what}"])
        cells = "".join(f"{ns(times[column], numbers.size):>15s}" for column in columns)
        print(f"{name:24s}{cells}   {ratios['kernels'][-1]:6.2f} {ratios['all'][-1]:6.2f}", flush=True)
    print(f"geometric means: {geometric_mean(ratios['kernels']):.2f} {geometric_mean(ratios['all']):.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
