"""Kernels compiled ahead, so that no later process has to: for images of containers, and for the impatient."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .compress import compress_chunk
from .config import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec
from .constants import FORMAT_VERSION
from .decompress import ChunkTables, decompress_pages, laid_out, open_usual
from .dtypes import NUMBER_TYPES, NumberType
from .errors import InvalidArgumentError
from .kernels import ChunkPages, Kernels, Rows, load
from .kernels.predictions import FLOAT_WEIGHTS, LORENZO, MED, WEIGHTS, Prediction
from .kernels.streams import INT_MULT
from .metadata import ChunkHeader, Classic, FormatVersion, NoDelta
from .recipes import recipe_of

__all__ = ["Case", "Warmed", "WarmupError", "cases", "compile_all", "predict", "run", "use"]

_NUMBERS = 600
_PAGES = 3
_TILES, _MANY_TILES = 4, 9


class WarmupError(Exception):
    """Nothing can be compiled ahead; the message is for the user."""


class Warmed(NamedTuple):
    """What has been made ready.

    Attributes
    ----------
    folders
        Where the compiled code is stored; as a rule one.
    kernels
        Count of kernels, each set of types counted.
    compiled
        How many of them this call had to compile.
    seconds
        Time that it took.
    """

    folders: list[Path]
    kernels: int
    compiled: int
    seconds: float


class Case(NamedTuple):
    """Numbers, and the mode and delta encoding that they are to be coded by."""

    number_type: NumberType
    mode: ModeSpec
    delta: DeltaSpec
    numbers: npt.NDArray[Any]


def run() -> Warmed:
    """Compile every kernel for every type of numbers and store the code for other processes.

    Raises
    ------
    WarmupError
        When Numba cannot be imported, and when there is no folder to store the code in.
    """
    start = time.perf_counter()
    try:
        kernels = load(name="numba")
    except InvalidArgumentError as error:
        raise WarmupError(str(error)) from None
    compile_all(kernels)

    from .kernels.numba_.compiled import KERNELS, cache_folders

    found = [kernel._cache.folder_of(signature) for kernel in KERNELS for signature in kernel.signatures]
    folders = [folder for folder in cache_folders() if folder in found]
    if None in found:
        tried = ", ".join(map(str, cache_folders())) or "none, as the package is no folder of files"
        raise WarmupError(
            f"compiled code must be stored in a folder that can be written, got: {tried}; "
            "name another one by the environment variable NUMBA_CACHE_DIR, here and where the code is to be used"
        )
    compiled = sum(sum(kernel.stats.cache_misses.values()) for kernel in KERNELS)
    return Warmed(folders, len(found), compiled, time.perf_counter() - start)


def compile_all(kernels: Kernels) -> None:
    """Call every kernel for every type of numbers."""
    for case in cases():
        use(case, kernels)
    predict(kernels)


def cases() -> Iterator[Case]:
    """Return numbers for every mode and delta encoding that the format allows for each number type."""
    steps = np.arange(_NUMBERS)
    for number_type in NUMBER_TYPES.values():
        signals = {
            DeltaSpec.no_op(): steps * steps % 17,
            DeltaSpec.try_consecutive(1): np.abs(steps % 60 - 30) + steps % 2,
            DeltaSpec.try_lookback(): np.resize(np.arange(50) ** 2 % 37, _NUMBERS),
        }
        if number_type.bits <= 32:
            signals[DeltaSpec.try_conv1(2)] = np.abs(steps % 40 - 20)
        for delta, signal in signals.items():
            for mode, numbers in _numbers(number_type, signal):
                yield Case(number_type, mode, delta, numbers.astype(number_type.dtype))


def _numbers(number_type: NumberType, signal: npt.NDArray[np.int64]) -> Iterator[tuple[ModeSpec, npt.NDArray[Any]]]:
    yield ModeSpec.classic(), signal
    yield ModeSpec.try_dict(), signal % 5 * 23
    if number_type.is_float:
        yield ModeSpec.try_float_mult(0.25), signal * 0.25
        yield ModeSpec.try_float_quant(number_type.mantissa_bits - 6), 1 + signal / 64
    else:
        yield ModeSpec.try_int_mult(4), signal % 25 * 4 + (signal == 1)


def use(case: Case, kernels: Kernels) -> ChunkTables:
    """Compress the numbers of a case and decompress them; return what their pages share."""
    paging = PagingSpec.equal_pages_up_to(-(-case.numbers.size // _PAGES))
    config = ChunkConfig(8, case.mode, case.delta, paging, enable_8_bit=True)
    chunk = compress_chunk(case.numbers, case.number_type, config, kernels)
    pages = chunk.write_pages(kernels)
    # Twice, as two chunks: kernels may have one way for pages of one chunk, and one for those of several.
    tables = [ChunkTables(chunk.metadata), ChunkTables(chunk.metadata)]
    counts = chunk.page_numbers.tolist()
    data, once = laid_out(tables[0], pages, counts)
    kernels.crc32c_of_stretches(data, once.starts, once.stops)
    decompress_pages(data, [once], kernels)
    decompress_pages(data, [once, once._replace(chunk=tables[1])], kernels)
    usual = open_usual(
        np.frombuffer(chunk.metadata.write(), np.uint8), 0, case.number_type, FormatVersion(*FORMAT_VERSION), kernels
    )
    if usual is not None:
        out = np.empty(case.numbers.size, case.number_type.latent)
        n = int(once.n[0])
        file = ChunkHeader(case.number_type, n).write() + chunk.metadata.write() + pages[0] + bytes(16)
        kind = case.number_type.byte, case.number_type.mantissa_bits, case.number_type.is_signed
        kernels.decode_usual_file(np.frombuffer(file, np.uint8), 0, *kind, out[:n], 0)
        kernels.decode_usual_chunk(usual, ChunkPages(data, *once[1:4]), out, Rows.end_to_end(once.n))
    return tables[0]


def predict(kernels: Kernels) -> None:
    """Predict a tile of latents of each width in every way, and restore it."""
    shapes = np.array([[1, 1, 1, 3, 4]])
    offsets, weights = np.array([[0, 0, 0, -1]]), np.ones((1, 1, 1), np.int64)
    thresholds = np.ones(1, np.uint64)
    absent = np.zeros(12, np.uint8)
    for bits in sorted({number_type.bits for number_type in NUMBER_TYPES.values()}):
        latents = np.arange(12).astype(f"u{bits // 8}")
        for kind in (LORENZO, MED, WEIGHTS, *([FLOAT_WEIGHTS] if bits >= 32 else [])):
            prediction = Prediction(kind, 2, shapes, 0, offsets, weights, 0, np.zeros(1, np.int64), False)
            residuals = np.empty_like(latents)
            kernels.predict_tiles(latents, absent, prediction, residuals)
            kernels.restore_tiles(residuals, prediction)
            if kind == WEIGHTS:  # several tiles are restored side by side, with wide sums where weights are heavy
                for tiles, heavy in ((_TILES, weights), (_MANY_TILES, weights), (_TILES, weights << 24)):
                    several = shapes.repeat(tiles, axis=0), np.zeros(tiles, np.int64)
                    many = prediction._replace(shapes=several[0], sets=several[1], weights=heavy)
                    kernels.restore_tiles(np.tile(residuals, tiles), many)
        kernels.assign_contexts(latents, shapes, 2, thresholds, absent)
        starts = np.zeros((1, 2), np.int64)
        kernels.merge_contexts(latents, starts, absent, shapes, 2, thresholds, np.empty_like(latents))
        kernels.cost_by_lengths(latents, absent, np.array([latents.size]), np.empty(1, np.int64))
        kernels.keep_present(latents, np.zeros(12, np.uint8), np.empty_like(latents))
        kernels.spread_present(latents, np.zeros(12, np.uint8), 0, np.empty_like(latents))
        counts = np.array([12])
        recipe = recipe_of(Classic(), NoDelta(), NUMBER_TYPES[f"u{bits}"], 1)
        rows = Rows(counts, np.zeros(1, np.int64), np.zeros(1, np.int64))
        nothing = np.zeros(0, np.uint64)
        kernels.place_numbers(latents, None, counts, recipe, absent[:0], nothing, np.empty_like(latents), rows)
        split = recipe._replace(mode=INT_MULT, base=1)
        kernels.place_numbers(latents, latents, counts, split, absent[:0], nothing, np.empty_like(latents), rows)
        listed = recipe._replace(values=latents)
        for places in (absent, absent.astype(np.uint16)):
            spans = np.array([[0, 11]])
            out = np.empty_like(latents)
            kernels.place_values(places, counts, 0, spans, listed, absent[:0], nothing, out, rows)
    kernels.accumulate_changes(absent.copy(), np.array([12]), np.array([3]))
    kernels.take_changes(absent, np.array([12]), np.array([3]), absent.copy())
    kernels.fill_runs(np.array([5, 7], np.uint32), absent.copy())
    kernels.list_runs(absent, np.empty(13, np.uint32))
    kernels.count_present(absent, np.array([12]))
    kernels.survey_floats(np.arange(12, dtype=np.uint64), 52, is_glance=False)
    ones = np.ones(1, np.int64)
    kernels.cut_ranges(absent, 1, np.empty(2, np.uint64), np.empty(2, np.uint64), np.empty(2, np.int64))
    kernels.price_ranges(absent, 12 * ones, ones, 12, ones)
    kernels.fit_neighbours(np.arange(8), np.arange(8), 8 * ones, ones, np.array([[-2], [0], [-1]]), np.empty(1))
