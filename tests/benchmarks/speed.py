"""Speed of the core beside the wheel: pages of 4,096 of a million normal float64, Classic, no delta, level 8.

`python tests/benchmarks/speed.py` runs all in turn, several rounds in one process, and prints the median speeds.
"""

import time
from collections.abc import Callable
from statistics import median
from types import ModuleType

import numpy as np
import pcodec

import pcodec_numcodecs

N = 1_000_000
PAGE = 4096
ROUNDS = 15


def settings(package: ModuleType) -> object:
    return package.ChunkConfig(
        compression_level=8,
        mode_spec=package.ModeSpec.classic(),
        delta_spec=package.DeltaSpec.no_op(),
        paging_spec=package.PagingSpec.equal_pages_up_to(PAGE),
    )


def write(package: ModuleType, numbers: np.ndarray) -> tuple[bytes, list[bytes], list[int]]:
    chunk = package.wrapped.FileCompressor().chunk_compressor(numbers, settings(package))
    if package is pcodec_numcodecs:
        return chunk.write_meta(), chunk.write_pages(), chunk.n_per_page()
    return chunk.write_meta(), [chunk.write_page(i) for i in range(len(chunk.n_per_page()))], chunk.n_per_page()


def reader(package: ModuleType, meta: bytes, pages: list[bytes], ns: list[int]) -> Callable[[], np.ndarray]:
    decompressor, _ = package.wrapped.FileDecompressor.new(b"\x04\x01")[0].chunk_decompressor(meta, "f64")
    out = np.empty(sum(ns))

    def read() -> np.ndarray:
        if package is pcodec_numcodecs:
            decompressor.read_pages_into(pages, ns, out)
            return out
        start = 0
        for page, n in zip(pages, ns, strict=True):
            decompressor.read_page_into(page, n, out[start : start + n])
            start += n
        return out

    return read


def measure(rounds: int = ROUNDS, n: int = N) -> dict[str, float]:
    """Return median MB/s of each contestant; both read the wheel's own pages."""
    numbers = np.random.default_rng(0).normal(size=n)
    written = write(pcodec, numbers)
    work: dict[str, Callable[[], object]] = {}
    for name, package in (("NumPy core", pcodec_numcodecs), ("Rust wheel", pcodec)):
        work[f"encode, {name}"] = lambda package=package: write(package, numbers)
        work[f"decode, {name}"] = reader(package, *written)
    for name in ("decode, NumPy core", "decode, Rust wheel"):
        assert np.array_equal(np.asarray(work[name]()).view(np.uint64), numbers.view(np.uint64))
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, task in work.items():
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    return {name: numbers.nbytes / 1e6 / median(times) for name, times in seconds.items()}


def main() -> None:
    print(
        f"normal float64, {N:,} numbers, {PAGE:,} a page, Classic, no delta, level 8, one thread; medians of {ROUNDS}"
    )
    for name, speed in measure().items():
        print(f"{name:20s} {speed:8.0f} MB/s")


if __name__ == "__main__":
    main()
