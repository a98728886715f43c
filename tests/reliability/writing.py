"""Fuzzing of the writers: `python tests/reliability/writing.py --inputs 20000`.

Hostile arrays with any settings, by both twins of the kernels: the same bytes from both, every bit back from either, in
a bounded time.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from reliability.arrays import hostile, settings
from reliability.limits import TooLongError, Watch
from twins import TWINS

from pcodec_numcodecs import ChunkConfig, DeltaSpec, InvalidArgumentError, ModeSpec, PagingSpec, frame, standalone
from pcodec_numcodecs.kernels.choice import VARIABLE

SECONDS = 20.0
"""Processor time that an array of some thousand cells may take to be written and read."""


class Found(NamedTuple):
    """What a run came to."""

    arrays: int
    cells: int
    longest: float
    seconds: float
    faults: list[str]


def chunk_config(rng: np.random.Generator, numbers: np.ndarray) -> ChunkConfig:
    """Return settings of a chunk, whether or not they suit."""
    base = float(rng.choice([0.1, 1.0, -3.0, 5e-324, 1e-310, 1e300, 0.25]))
    modes = [
        *(ModeSpec.auto(), ModeSpec.classic(), ModeSpec.try_dict()),
        ModeSpec.try_float_mult(base) if numbers.dtype.kind == "f" else ModeSpec.try_int_mult(int(rng.integers(1, 99))),
        ModeSpec.try_float_quant(int(rng.integers(1, 10))) if numbers.dtype.kind == "f" else ModeSpec.auto(),
    ]
    order = int(rng.integers(1, 8))
    deltas = [DeltaSpec.auto(), DeltaSpec.no_op(), DeltaSpec.try_consecutive(order), DeltaSpec.try_lookback()]
    if numbers.itemsize < 8:
        deltas.append(DeltaSpec.try_conv1(order))
    pages = PagingSpec.equal_pages_up_to(int(rng.choice([1, 255, 256, 257, 1 << 20])))
    mode, delta = modes[rng.integers(len(modes))], deltas[rng.integers(len(deltas))]
    return ChunkConfig(int(rng.integers(0, 13)), mode, delta, pages, True)


def check_frame(array: np.ndarray, asked: dict[str, Any], twins: Sequence[str]) -> None:
    """Write and read an array as a frame."""
    written = []
    for twin in twins:
        os.environ[VARIABLE] = twin
        written.append(frame.write(array, **asked))
        found = frame.read(written[-1])
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert found.tobytes() == array.tobytes(), f"{twin} reads other bits"
    assert written[0] == written[-1], "the twins write other bytes"


def check_file(numbers: np.ndarray, config: ChunkConfig, twins: Sequence[str]) -> None:
    """Write and read numbers as a standalone file."""
    written = []
    for twin in twins:
        os.environ[VARIABLE] = twin
        try:
            written.append(standalone.simple_compress(numbers, config))
        except InvalidArgumentError:  # of a base that is none in this type
            written.append(b"")
            continue
        assert standalone.simple_decompress(written[-1]).tobytes() == numbers.tobytes(), f"{twin} reads other bits"
    assert written[0] == written[-1], "the twins write other bytes"


def flat_numbers(array: np.ndarray) -> np.ndarray | None:
    """Return the numbers of an array as Pco takes them; None where it takes none."""
    if array.dtype.kind not in "iuf" or not array.size:
        return None
    return np.ascontiguousarray(array.reshape(-1), array.dtype.newbyteorder("="))


def run(inputs: int, seed: int = 0, *, seconds: float = float("inf"), twins: Sequence[str] = TWINS) -> Found:
    """Write and read so many arrays, or for so many seconds."""
    start = time.perf_counter()
    done = cells = 0
    faults: list[str] = []
    with warnings.catch_warnings(), Watch(SECONDS) as watch:
        warnings.simplefilter("error")
        for twin in twins:
            check_frame(np.arange(3000.0).reshape(50, 60), {}, [twin])
        while done < inputs and time.perf_counter() - start < seconds and len(faults) < 10:
            rng = np.random.default_rng([seed, done])
            watch.alive()
            array = hostile(rng)
            asked, numbers = settings(rng, array.shape), flat_numbers(array)
            try:
                watch.call(lambda array=array, asked=asked: check_frame(array, asked, twins))
                if numbers is not None:
                    config = chunk_config(rng, numbers)
                    watch.call(lambda numbers=numbers, config=config: check_file(numbers, config, twins))
            except (TooLongError, Exception) as error:
                faults.append(f"[{seed}, {done}] {array.dtype} {array.shape} {asked}: {type(error).__name__}: {error}")
            done += 1
            cells += array.size
    return Found(done, cells, watch.longest, time.perf_counter() - start, faults)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    found = run(chosen.inputs, chosen.seed, seconds=chosen.seconds)
    print(f"{found.arrays} arrays, {found.cells} cells, longest {found.longest:.2f} s, {found.seconds:.0f} s in all")
    print("\n".join(found.faults) or "no faults")
    return len(found.faults)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
