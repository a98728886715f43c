"""Chunks that cross over between this package and the Rust wheel: `python tests/reliability/differential.py`.

Half are written by the wheel and read here, half the other way; settings are forced or automatic, numbers adversarial.
What modes and delta encodings the bytes came to have is read in their metadata and counted.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import chunk_cases
import numpy as np
from crossing import we_write_wheel_reads, wheel_writes_we_read, written
from reliability.arrays import KINDS, bits_of_some_kind
from twins import TWINS

from pcodec_numcodecs import ChunkConfig, wrapped
from pcodec_numcodecs.dtypes import NUMBER_TYPES, from_latents
from pcodec_numcodecs.kernels.choice import VARIABLE
from pcodec_numcodecs.metadata import ChunkMetadata, FormatVersion

LARGEST = 1 << 24
MOST = 6000
KINDS_OF_NUMBERS = ("suited", "edges", *KINDS)


class Found(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    chunks, numbers
        How many crossed over.
    mix
        How many had each mode and delta encoding, as written; for each direction.
    kinds
        How many were of each kind of numbers.
    panics
        Chunks that the wheel cannot write, which were replaced.
    """

    chunks: int
    numbers: int
    mix: dict[str, dict[str, int]]
    kinds: dict[str, int]
    panics: int
    seconds: float
    faults: list[str]


def pages_of(rng: np.random.Generator, n: int, order: int) -> int | list[int]:
    """Return page sizes about those at which something changes: a batch, and what delta encodings keep apart."""
    kind = rng.integers(4)
    if kind == 0:
        return 1 << 24
    if kind == 1:
        return int(rng.choice([1 + n // 40, 255, 256, 257, 511, 512, 513]))
    sizes: list[int] = []
    while (left := n - sum(sizes)) > 0 and len(sizes) < 60:
        near = (1, 2, order, order + 1, max(1, order - 1), 32, 33, 255, 256, 257, 512)
        sizes.append(min(left, max(1, int(rng.choice(near)))))
    return [*sizes, left] if left else sizes


def edges(rng: np.random.Generator, numbers: np.ndarray, name: str, level: int) -> np.ndarray:
    """Return numbers on the first and last values of the bins that others get, and beside them."""
    chunk = wrapped.FileCompressor().chunk_compressor(numbers, ChunkConfig(level, enable_8_bit=True))
    metadata, _ = ChunkMetadata.read(chunk.write_meta(), NUMBER_TYPES[name], FormatVersion(4, 1))
    bins = metadata.bins[-1] if len(metadata.bins[-1]) else metadata.bins[0]
    if not len(bins):
        return numbers
    lowers = bins.lowers
    uppers = lowers + (np.uint64(1) << np.minimum(bins.offset_bits, 63).astype(np.uint64)) - np.uint64(1)
    values = np.concatenate((lowers, uppers, lowers - np.uint64(1), uppers + np.uint64(1)))
    return from_latents(rng.choice(values, numbers.size).astype(NUMBER_TYPES[name].latent), NUMBER_TYPES[name])


def build(rng: np.random.Generator, turn: int) -> tuple[chunk_cases.Case, str, bool]:
    """Make a chunk; say of what kind its numbers are, and whether the choices are left to the encoder."""
    combinations = chunk_cases.combinations()
    mode, delta, name = combinations[turn // 2 % len(combinations)]
    case = chunk_cases.build(rng, mode, delta, name)
    kind = KINDS_OF_NUMBERS[rng.integers(len(KINDS_OF_NUMBERS))]
    n = int(np.exp(rng.uniform(0, np.log(MOST))))
    if kind == "suited":
        numbers = case.numbers[:MOST]
    elif kind == "edges":
        numbers = edges(rng, np.resize(case.numbers, n), name, case.level)
    else:
        dtype = chunk_cases.dtype_of(name)
        numbers = bits_of_some_kind(rng, kind, dtype, n).view(dtype)
    pages = pages_of(rng, numbers.size, case.order)
    return case._replace(numbers=np.ascontiguousarray(numbers), pages=pages), kind, bool(rng.random() < 0.3)


def large() -> list[tuple[chunk_cases.Case, str, bool]]:
    """Make chunks of as many numbers as there can be."""
    rng = np.random.default_rng(1)
    made = []
    for name, pages in (("u16", 1 << 18), ("f32", LARGEST)):
        numbers = np.cumsum(rng.integers(-3, 4, LARGEST)).astype(chunk_cases.dtype_of(name))
        made.append((chunk_cases.Case(numbers, name, "classic", None, "none", 0, 4, pages), "2**24 numbers", True))
    return made


def way_of(case: chunk_cases.Case, turn: int) -> str:
    """Choose the direction and our kernels, each in turn."""
    os.environ[VARIABLE] = TWINS[turn // 2 % len(TWINS)] if case.numbers.size < LARGEST else TWINS[-1]
    return "wheel to ours" if turn % 2 else "ours to wheel"


@mock.patch.dict(os.environ)
def run(chunks: int, seed: int = 0, *, seconds: float = float("inf"), with_large: bool = False) -> Found:
    """Have so many chunks cross over, or for so many seconds."""
    start = time.perf_counter()
    mix: dict[str, Counter[str]] = {"ours to wheel": Counter(), "wheel to ours": Counter()}
    kinds: Counter[str] = Counter()
    faults: list[str] = []
    done = numbers = panics = turn = 0
    extra = [one for one in large() for _ in range(2)] if with_large else []
    while (done < chunks and time.perf_counter() - start < seconds and len(faults) < 10) or extra:
        rng = np.random.default_rng([seed, turn])
        case, kind, auto = extra.pop() if extra else build(rng, turn)
        turn += 1
        direction = way_of(case, turn)
        send = wheel_writes_we_read if direction == "wheel to ours" else we_write_wheel_reads
        if direction == "wheel to ours" and chunk_cases.wheel_panics(case):
            panics += 1
            continue
        try:
            meta = send(case, auto)
        except BaseException as error:
            if type(error).__name__ == "PanicException" and direction == "wheel to ours":
                panics += 1
                continue
            if isinstance(error, KeyboardInterrupt):
                raise
            faults.append(f"[{seed}, {turn - 1}] {direction}, {kind}: {type(error).__name__}: {error}")
            continue
        mix[direction][", ".join(written(meta, case.type_name))] += 1
        kinds[kind] += 1
        done += 1
        numbers += case.numbers.size
    spent = time.perf_counter() - start
    return Found(done, numbers, {way: dict(found) for way, found in mix.items()}, dict(kinds), panics, spent, faults)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    found = run(chosen.chunks, chosen.seed, seconds=chosen.seconds, with_large=chosen.chunks >= 20_000)
    print(f"{found.chunks} chunks of {found.numbers} numbers in all, {found.seconds:.0f} s")
    print(f"{found.panics} replaced because the wheel panicked")
    for way, mix in found.mix.items():
        print(way, dict(sorted(mix.items())))
    print("\n".join(found.faults) or "no faults")
    return len(found.faults)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
