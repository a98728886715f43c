"""Digests of what the encoder writes for fixed inputs; run as a script it prints them.

`python tests/encoder_bytes.py > tests/data/encoder_bytes.csv` pins them anew, which is a decision to change what the
encoder writes, never a repair of a failing test.
"""

import csv
import hashlib
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from golden import inputs

from pcodec_numcodecs import standalone
from pcodec_numcodecs.config import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec

LARGE = 40_000  # more than the encoder takes whole as a sample


def large_inputs() -> Iterator[tuple[str, np.ndarray]]:
    """Yield inputs from integer arithmetic and single divisions, the same on every platform."""
    draws = inputs.draws(LARGE, 1, 1000)
    walk = np.cumsum(draws - 500)
    wave = np.abs(np.arange(LARGE) % 2000 - 1000) ** 2
    repeats = np.resize(inputs.draws(700, 2, 1 << 40), LARGE)
    yield "walk-i32", walk.astype(np.int32)
    yield "walk-f64", walk / 8
    yield "decimals-f64", draws / 100
    yield "thirds-f32", draws.astype(np.float32) / np.float32(3)
    yield "wave-f32", wave.astype(np.float32) / np.float32(7)
    yield "casts-f64", (wave.astype(np.float32) / np.float32(7)).astype(np.float64)
    yield "repeats-u64", repeats.astype(np.uint64)
    yield "multiples-i64", walk * 3600 + (draws == 7)
    yield "bytes-u8", (wave >> 12).astype(np.uint8)
    yield "halves-f16", (draws / 16).astype(np.float16)
    yield "noise-f64", inputs.from_bits(inputs.hashes(LARGE, 3) | np.uint64(1 << 62), "f64")


def configurations(dtype: np.dtype, n: int) -> Iterator[tuple[str, ChunkConfig]]:
    """Yield settings that reach every mode and delta encoding, with one chunk and with several."""
    pages = PagingSpec.equal_pages_up_to(n // 3 + 1)
    yield "auto", ChunkConfig(enable_8_bit=True)
    yield "auto-3-pages", ChunkConfig(3, paging_spec=pages, enable_8_bit=True)
    yield "auto-11", ChunkConfig(11, enable_8_bit=True)
    specs = [
        (ModeSpec.classic(), DeltaSpec.try_consecutive(2)),
        (ModeSpec.classic(), DeltaSpec.try_lookback()),
        (ModeSpec.try_dict(), DeltaSpec.no_op()),
    ]
    if dtype.itemsize < 8:
        specs.append((ModeSpec.classic(), DeltaSpec.try_conv1(3)))
    if dtype.kind == "f":
        specs += [(ModeSpec.try_float_mult(0.01), DeltaSpec.auto()), (ModeSpec.try_float_quant(5), DeltaSpec.auto())]
    else:
        specs.append((ModeSpec.try_int_mult(3), DeltaSpec.auto()))
    for mode, delta in specs:
        yield f"{mode}-{delta}", ChunkConfig(6, mode, delta, pages, enable_8_bit=True)


def digests() -> Iterator[tuple[str, str, str]]:
    """Yield input, settings and SHA-256 of the standalone file."""
    small = ((case, inputs.build(case)) for case in inputs.case_names())
    for case, numbers in chain(small, large_inputs()):
        for name, configuration in configurations(numbers.dtype, numbers.size):
            file = standalone.simple_compress(numbers, configuration)
            yield case, name, hashlib.sha256(file).hexdigest()


if __name__ == "__main__":
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("input", "settings", "sha256"))
    rows.writerows(digests())
