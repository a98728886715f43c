"""Compatibility: what the wheel writes we read, and what we write it reads, bit for bit.

Every mode with every delta encoding that the format allows, for every number type; counted in the metadata as written,
not by what was asked for.
"""

from collections import Counter

import chunk_cases
import numpy as np
import pcodec
import pytest

from pcodec_numcodecs import config, wrapped
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.metadata import ChunkMetadata, FormatVersion

# The full count takes minutes.
TIMES = [pytest.param(10, id="ten-times"), pytest.param(50, id="fifty-times", marks=pytest.mark.slow)]
MOST_ATTEMPTS = 12
HEADER = b"\x04\x01"
NAMES = {
    "Classic": "classic",
    "IntMult": "int_mult",
    "FloatMult": "float_mult",
    "FloatQuant": "float_quant",
    "Dict": "dict",
    "NoDelta": "none",
    "Consecutive": "consecutive",
    "Lookback": "lookback",
    "Conv1": "conv1",
}


def written(meta: bytes, type_name: str) -> tuple[str, str]:
    """Say which mode and delta encoding the metadata name."""
    metadata, size = ChunkMetadata.read(meta, NUMBER_TYPES[type_name], FormatVersion(4, 1))
    assert size == len(meta)
    return NAMES[type(metadata.mode).__name__], NAMES[type(metadata.delta).__name__]


def bits(numbers: np.ndarray) -> bytes:
    return numbers.tobytes()


def wheel_writes_we_read(case: chunk_cases.Case) -> bytes:
    chunk = pcodec.wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(pcodec, case))
    meta, numbers = chunk.write_meta(), chunk.n_per_page()
    pages = [chunk.write_page(i) for i in range(len(numbers))]
    decompressor, size = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, case.type_name)
    assert size == len(meta)
    found = np.empty_like(case.numbers)
    progress, read = decompressor.read_pages_into(pages, numbers, found)
    assert (progress.n_processed, progress.finished) == (case.numbers.size, True)
    assert read == [len(page) for page in pages]
    assert bits(found) == bits(case.numbers)
    return meta


def we_write_wheel_reads(case: chunk_cases.Case) -> bytes:
    chunk = wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(config, case))
    meta = chunk.write_meta()
    decompressor, size = pcodec.wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, case.type_name)
    assert size == len(meta)
    start = 0
    for page, n in zip(chunk.write_pages(), chunk.n_per_page(), strict=True):
        found = np.empty(n, case.numbers.dtype)
        progress, read = decompressor.read_page_into(page, n, found)
        assert (progress.n_processed, progress.finished, read) == (n, True, len(page))
        assert bits(found) == bits(case.numbers[start : start + n])
        start += n
    assert start == case.numbers.size
    return meta


@pytest.mark.parametrize("combination", chunk_cases.combinations(), ids="-".join)
@pytest.mark.parametrize("direction", [wheel_writes_we_read, we_write_wheel_reads])
@pytest.mark.parametrize("times", TIMES)
def test_every_combination_crosses_over(times, direction, combination):
    mode, delta, type_name = combination
    seed = chunk_cases.combinations().index(combination)
    rng = np.random.default_rng([seed, direction is we_write_wheel_reads])
    seen = Counter()
    for _ in range(times * MOST_ATTEMPTS):
        case = chunk_cases.build(rng, mode, delta, type_name)
        if direction is wheel_writes_we_read and chunk_cases.wheel_panics(case):
            continue
        seen[written(direction(case), type_name)] += 1
        if seen[mode, delta] >= times:
            break
    assert seen[mode, delta] >= times, f"too few of {combination} were written: {seen}"


@pytest.mark.parametrize("type_name", chunk_cases.TYPES)
def test_automatic_choices_cross_over(type_name):
    rng = np.random.default_rng(len(type_name) + ord(type_name[0]))
    for mode, delta, name in chunk_cases.combinations():
        if name == type_name:
            case = chunk_cases.build(rng, mode, delta, name)
            numbers = case.numbers
            ours = wrapped.FileCompressor().chunk_compressor(numbers, chunk_cases.settings(config, case, auto=True))
            decompressor, _ = pcodec.wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(ours.write_meta(), name)
            parts = []
            for page, n in zip(ours.write_pages(), ours.n_per_page(), strict=True):
                parts.append(np.empty(n, numbers.dtype))
                decompressor.read_page_into(page, n, parts[-1])
            assert bits(np.concatenate(parts)) == bits(numbers)
