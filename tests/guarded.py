"""Kernels on memory that ends, or begins, where the process may not read: `python tests/guarded.py SEEDS`.

Runs random cases through both twins, arguments of Numba's in guarded memory, first against its upper end, then against
its lower one. A kernel that touches anything else ends the process. With PCODEC_NUMCODECS_CHECKED_KERNELS=1, kernels
check every access themselves, also those to arrays that they make.
"""

import contextlib
import ctypes
import mmap
import sys
from typing import Any

import chunk_cases
import numpy as np
import prediction_cases
import random_chunks
from compared import Compared
from kernel_cases import decode_case, encode_case, floats_of_some_kind, latents_of_some_kind, words_below
from twins import numba_

import pcodec_numcodecs
from pcodec_numcodecs.compress import compress_chunk
from pcodec_numcodecs.decompress import ChunkTables, decompress_pages, laid_out
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.errors import PcoError

PROT_NONE = 0


class Guard:
    """Memory between two pages that may not be touched, from which one array after another is cut."""

    def __init__(self, size: int, at_end: bool) -> None:
        self.size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        self.at_end = at_end
        self.memory = mmap.mmap(-1, self.size + 2 * mmap.PAGESIZE)
        first = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        libc = ctypes.CDLL(None, use_errno=True)
        for address in (first, first + mmap.PAGESIZE + self.size):
            if libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE), PROT_NONE):
                raise OSError(ctypes.get_errno(), "mprotect")

    def copy(self, array: np.ndarray) -> np.ndarray:
        """Copy an array to one end of the memory; its last or first byte is the outermost."""
        start = mmap.PAGESIZE + (self.size - array.nbytes if self.at_end else 0)
        copied: np.ndarray = np.ndarray(array.shape, array.dtype, self.memory, start)
        copied[...] = array
        copied.flags.writeable = array.flags.writeable
        return copied


class Guarded:
    """Fulfils `Kernels`: Numba's, on guarded copies of all arguments."""

    def __init__(self, at_end: bool) -> None:
        self.at_end = at_end

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            pairs: list[tuple[np.ndarray, np.ndarray]] = []
            result = getattr(numba_, name)(*(self._guard(argument, pairs) for argument in arguments))
            for array, copied in pairs:
                if array.flags.writeable:
                    array[...] = copied
            return result

        return call

    def _guard(self, argument: Any, pairs: list[tuple[np.ndarray, np.ndarray]]) -> Any:
        if isinstance(argument, np.ndarray):
            pairs.append((argument, Guard(argument.nbytes, self.at_end).copy(argument)))
            return pairs[-1][1]
        if isinstance(argument, tuple):
            parts = [self._guard(part, pairs) for part in argument]
            return type(argument)(*parts) if hasattr(argument, "_fields") else tuple(parts)
        return argument


def run(rng: np.random.Generator, at_end: bool) -> None:
    """Put one random case of each kind through the kernels."""
    kernels = Compared(Guarded(at_end))
    counts = [int(rng.choice([0, 1, 3, 4, 255, 256, 257, 700])) for _ in range(int(rng.integers(1, 5)))]
    widths = [int(rng.choice([8, 16, 32, 64])) for _ in range(int(rng.integers(1, 4)))]
    kernels.encode_pages(*encode_case(rng, counts, widths))
    data, starts, *others = decode_case(rng, counts, widths[0], int(rng.integers(1, 4)))
    kernels.decode_pages(data, starts, *others)
    stops = starts + rng.integers(0, data.size - starts + 1)
    kernels.crc32c_of_stretches(data, starts, stops)
    wild = rng.integers(-(1 << 63), (1 << 63) - 1, starts.size) >> int(rng.integers(0, 60))
    kernels.twin.decode_pages(data, wild, *others)
    bits = widths[0]
    latents = words_below(rng, int(rng.integers(1, bits + 1)), sum(counts) + 1).astype(f"u{bits // 8}")
    lowers = np.unique(np.append(rng.choice(latents, 100), latents.min())).astype(np.uint64)
    bins = np.zeros(latents.size, np.uint16)
    kernels.assign_bins(latents, lowers, bins)
    kernels.measure_bins(latents, lowers, bins, lowers.copy(), lowers.copy(), np.zeros(lowers.size, np.int64))
    lanes = np.array([*counts, 1], np.int64)
    kernels.find_lookbacks(latents, lanes, int(rng.integers(1, 12)), np.zeros(latents.size, np.uint32))
    run_choosing(rng, kernels, bits, lanes)
    chunk = random_chunks.metadata(rng)
    n = int(rng.choice([1, 255, 256, 1500]))
    with contextlib.suppress(PcoError):
        data, pages = laid_out(ChunkTables(chunk), [random_chunks.page(rng, chunk)], [n])
        decompress_pages(data, [pages], kernels)
    mode, delta, name = chunk_cases.combinations()[rng.integers(len(chunk_cases.combinations()))]
    case = chunk_cases.build(rng, mode, delta, name)
    numbers = case.numbers[:3000]
    config = chunk_cases.settings(pcodec_numcodecs, case._replace(numbers=numbers, pages=1000))
    compressed = compress_chunk(numbers, NUMBER_TYPES[name], config, kernels)
    tables = ChunkTables(compressed.metadata)
    n_per_page = compressed.page_numbers.tolist()
    data, pages = laid_out(tables, compressed.write_pages(kernels), n_per_page)
    found, _ = decompress_pages(data, [pages], kernels)
    assert found.tobytes() == numbers.tobytes()


def predict(rng: np.random.Generator, at_end: bool) -> None:
    """Predict random tiles in all ways, find their contexts, and merge them by counts that may be wrong."""
    kernels = Compared(Guarded(at_end))
    kinds, widths = prediction_cases.KINDS, prediction_cases.WIDTHS
    kind, axes, bits = int(rng.choice(kinds)), int(rng.integers(1, 5)), int(rng.choice(widths))
    if not prediction_cases.allowed(kind, axes, bits):
        return
    case = prediction_cases.prediction(rng, kind, axes, bits, int(rng.integers(1, 5)))
    cells = prediction_cases.cells_of(rng, case, bits)
    residuals = np.zeros_like(cells)
    absent = prediction_cases.absent_of(rng, cells.size)
    kernels.predict_tiles(cells, absent, case, residuals)
    thresholds = np.sort(words_below(rng, int(rng.integers(0, 60)), int(rng.integers(0, 12))))
    kernels.assign_contexts(residuals, case.shapes, axes, thresholds, np.zeros(cells.size, np.uint8))
    starts = rng.integers(-2, cells.size + 2, (case.sets.size, thresholds.size + 1))
    some = residuals[: int(rng.integers(0, cells.size + 1))].copy()
    kernels.merge_contexts(some, starts, absent, case.shapes, axes, thresholds, np.zeros_like(cells))
    kernels.cost_by_lengths(
        residuals, np.ones(residuals.size, np.uint8), np.array([residuals.size]), np.zeros(1, np.int64)
    )
    masked = absent if absent.size else np.zeros(cells.size, np.uint8)
    kept = np.zeros(cells.size - np.count_nonzero(masked), cells.dtype)
    kernels.keep_present(cells, masked, kept)
    kernels.spread_present(kept, masked, 1, np.zeros_like(cells))
    sizes = case.shapes.prod(axis=1)
    kernels.count_present(masked, sizes)
    kernels.fill_runs(np.array([3, cells.size - 3] if cells.size > 3 else [cells.size], np.uint32), masked.copy())
    kernels.accumulate_changes(masked.copy(), sizes, sizes // case.shapes[:, 0])
    kernels.take_changes(masked, sizes, sizes // case.shapes[:, 0], np.zeros_like(masked))
    kernels.list_runs((masked != 0).view(np.uint8), np.zeros(masked.size + 1, np.uint32))
    kernels.restore_tiles(residuals, case)
    assert np.array_equal(residuals, cells)
    fitted = prediction_cases.fit_case(rng)
    kernels.fit_neighbours(*fitted, np.zeros(len(fitted[-1]) - 2))


def run_choosing(rng: np.random.Generator, kernels: Compared, bits: int, lanes: np.ndarray) -> None:
    """Put one random case through the kernels that serve samples and whole chunks before they are coded."""
    latents = latents_of_some_kind(rng, bits, int(lanes.sum()))
    room = 1 << int(rng.integers(1, 9))
    kernels.cut_ranges(
        latents, room // 2, np.zeros(room, np.uint64), np.zeros(room, np.uint64), np.zeros(room, np.int64)
    )
    orders = int(rng.integers(1, 9))
    kernels.price_ranges(
        *(latents, lanes, np.full(orders, room // 2), int(rng.integers(1, 1 << 24)), np.full(orders, 50))
    )
    places = rng.integers(0, latents.size, int(rng.integers(0, 2000)))
    bounds = kernels.find_bounds(latents, places, room // 2, 50, bool(rng.integers(2)))
    uppers = np.append(bounds[1:] - np.uint64(1), latents.max())
    counts = rng.integers(0, 1 << int(rng.integers(1, 24)), bounds.size)
    counts[int(rng.integers(bounds.size))] = 1
    kernels.fit_bins(bounds, np.maximum(bounds, uppers), counts, int(rng.integers(1 << 24)), bool(rng.integers(2)))
    kernels.index_values(
        latents, int(rng.integers(1, latents.size + 1)), np.zeros(latents.size, np.uint32), bool(rng.integers(2))
    )
    order = int(rng.integers(1, 8))
    stored = np.zeros(np.maximum(lanes - order, 0).sum(), latents.dtype)
    kernels.difference_consecutive(latents, lanes, stored, np.zeros((lanes.size, order), latents.dtype))
    lookbacks = np.ones(latents.size, np.uint32)
    kernels.difference_lookback(latents, lookbacks, lanes, np.zeros(np.maximum(lanes - 1, 0).sum(), latents.dtype))
    floats, base = floats_of_some_kind(rng, str(rng.choice(["f16", "f32", "f64"])), latents.size)
    kernels.split_float_mult(floats, bool(rng.integers(2)), base, np.zeros_like(floats), np.zeros_like(floats))
    kernels.survey_floats(floats, np.finfo(base.dtype).nmant, is_glance=bool(rng.integers(2)))


def main(what: str) -> None:
    if what == "touch":
        array = Guard(100, at_end=True).copy(np.zeros(100, np.uint8))
        print(ctypes.string_at(array.ctypes.data, 100) == bytes(100), flush=True)
        ctypes.string_at(array.ctypes.data, 101)
        return
    for seed in range(int(what)):
        run(np.random.default_rng(seed), at_end=seed % 2 == 0)
        for turn in range(4):
            predict(np.random.default_rng((seed, turn)), at_end=seed % 2 == 0)
    print("sound")


if __name__ == "__main__":
    main(sys.argv[1])
