"""Compressed sizes over the real arrays, beside the wheel's: metadata and pages, level 8, automatic choices.

`python tests/benchmarks/sizes.py` prints a row for each array and paging, and the geometric means.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pcodec

sys.path.insert(0, str(Path(__file__).parent.parent))

import real_arrays

import pcodec_numcodecs
from pcodec_numcodecs import config, wrapped

PAGES = {"one page": 1 << 24, "8,192 a page": 8192}


class Row(NamedTuple):
    """Sizes in bytes of one array under one paging."""

    array: str
    paging: str
    raw: int
    ours: int
    wheel: int
    choice: str

    @property
    def ratio(self) -> float:
        """Our size over the wheel's."""
        return self.ours / self.wheel


def our_chunk(numbers: np.ndarray, level: int, page: int) -> wrapped.ChunkCompressor:
    settings = config.ChunkConfig(
        compression_level=level, paging_spec=config.PagingSpec.equal_pages_up_to(page), enable_8_bit=True
    )
    return wrapped.FileCompressor().chunk_compressor(numbers, settings)


def wheel_size(numbers: np.ndarray, level: int, page: int) -> int:
    settings = pcodec.ChunkConfig(
        compression_level=level, paging_spec=pcodec.PagingSpec.equal_pages_up_to(page), enable_8_bit=True
    )
    chunk = pcodec.wrapped.FileCompressor().chunk_compressor(numbers, settings)
    return len(chunk.write_meta()) + sum(len(chunk.write_page(i)) for i in range(len(chunk.n_per_page())))


def measure(array: str, paging: str, level: int = 8) -> Row:
    """Compress one array with both."""
    numbers = real_arrays.load(array).ravel()
    chunk = our_chunk(numbers, level, PAGES[paging])
    ours = len(chunk.write_meta()) + sum(map(len, chunk.write_pages()))
    metadata = chunk._chunk.metadata
    wheel = wheel_size(numbers, level, PAGES[paging])
    choice = f"{metadata.mode} {metadata.delta}"
    return Row(array, paging, numbers.nbytes, ours, wheel, choice)


def geometric_mean(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def main() -> None:
    print(f"pcodec_numcodecs {pcodec_numcodecs.__version__}, pcodec {pcodec.__version__}, level 8, sizes in bytes")
    for paging in PAGES:
        rows = [measure(array, paging) for array in real_arrays.NAMES]
        for row in rows:
            print(f"{row.array:24s} {row.paging:>13s} {row.ours:9d} {row.wheel:9d} {row.ratio:7.4f}  {row.choice}")
        print(f"geometric mean, {paging}: {geometric_mean([row.ratio for row in rows]):.4f}")


if __name__ == "__main__":
    main()
