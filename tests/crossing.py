"""A chunk written by the wheel and read here, or the other way."""

import chunk_cases
import numpy as np
import pcodec

from pcodec_numcodecs import config, wrapped
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.metadata import ChunkMetadata, FormatVersion

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


def wheel_writes_we_read(case: chunk_cases.Case, auto: bool = False) -> bytes:
    chunk = pcodec.wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(pcodec, case, auto))
    meta, numbers = chunk.write_meta(), chunk.n_per_page()
    pages = [chunk.write_page(i) for i in range(len(numbers))]
    decompressor, size = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, case.type_name)
    assert size == len(meta)
    found = np.empty_like(case.numbers)
    progress, read = decompressor.read_pages_into(pages, numbers, found)
    assert (progress.n_processed, progress.finished) == (case.numbers.size, True)
    assert read == [len(page) for page in pages]
    assert found.tobytes() == case.numbers.tobytes()
    return meta


def we_write_wheel_reads(case: chunk_cases.Case, auto: bool = False) -> bytes:
    chunk = wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(config, case, auto))
    meta = chunk.write_meta()
    decompressor, size = pcodec.wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, case.type_name)
    assert size == len(meta)
    start = 0
    for page, n in zip(chunk.write_pages(), chunk.n_per_page(), strict=True):
        found = np.empty(n, case.numbers.dtype)
        progress, read = decompressor.read_page_into(page, n, found)
        assert (progress.n_processed, progress.finished, read) == (n, True, len(page))
        assert found.tobytes() == case.numbers[start : start + n].tobytes()
        start += n
    assert start == case.numbers.size
    return meta
