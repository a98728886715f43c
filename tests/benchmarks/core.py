"""The core beside the wheel, one thread: the wheel's own pages of 8,192 numbers, at least a million numbers in all."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pcodec

import pcodec_numcodecs

from . import arrays
from .contestants import (
    NUMBA_WRAPPED,
    NUMPY_WRAPPED,
    WHEEL,
    WHEEL_ONE_PAGE,
    Contestant,
    stored_bytes,
    wrapped_decode,
    wrapped_encode,
)
from .timing import in_turn

NUMBA, NUMPY, RUST = NUMBA_WRAPPED.name, NUMPY_WRAPPED.name, WHEEL.name
WAYS: tuple[tuple[str, ModuleType, str | None], ...] = (
    (NUMBA, pcodec_numcodecs, "numba"),
    (NUMPY, pcodec_numcodecs, "numpy"),
    (RUST, pcodec, None),
)
FILE_CHUNK = 1 << 18


class Found(NamedTuple):
    """Seconds, and bytes stored, of each way by its name."""

    array: str
    numbers: int
    raw: int
    encode: dict[str, float]
    decode: dict[str, float]
    stored: dict[str, int]

    def against_wheel(self, kind: str, way: str = NUMBA) -> float:
        """Return how many times as fast as the wheel a way is."""
        times: dict[str, float] = getattr(self, kind)
        return times[RUST] / times[way]

    def mb(self, kind: str, way: str) -> float:
        """Return MB/s of raw numbers."""
        times: dict[str, float] = getattr(self, kind)
        return self.raw / 1e6 / times[way]


def measure(name: str, budget: float, least: int = arrays.LEAST) -> Found:
    """Measure one real array, level 8 and automatic choices."""
    return _compare(name, arrays.repeated(name, least), [NUMBA_WRAPPED, NUMPY_WRAPPED, WHEEL, WHEEL_ONE_PAGE], budget)


def normal(budget: float, n: int = 1_000_000) -> Found:
    """Measure normal float64, Classic, no delta encoding, 4,096 numbers a page."""
    ways = []
    for name, package, kernels in WAYS:
        plain = {"mode_spec": package.ModeSpec.classic(), "delta_spec": package.DeltaSpec.no_op()}
        ways.append(Contestant(name, wrapped_encode(package, 4096, **plain), wrapped_decode(package), kernels=kernels))
    return _compare("normal float64", arrays.normal(n), ways, budget)


def standalone(budget: float, n: int = 2 * FILE_CHUNK) -> Found:
    """Measure .pco files of chunks of 2**18 float64 with two decimals, read into an array that is there."""
    ways = [_file_way(*way, way[1].standalone.simple_decompress_into) for way in WAYS]
    return _compare("standalone float64", np.round(arrays.normal(n), 2), ways, budget)


def files(name: str, budget: float, least: int = arrays.LEAST) -> Found:
    """Measure .pco files of one real array, in chunks of 2**18 numbers, read into a new one: Numba and the wheel.

    NumPy takes long: one kind of numbers, as `standalone` has it, says enough of it.
    """
    ways = [
        _file_way(*way, lambda stored, out, package=way[1]: package.standalone.simple_decompress(stored))
        for way in WAYS
        if way[0] != NUMPY
    ]
    return _compare(name, arrays.repeated(name, least), ways, budget)


def _file_way(name: str, package: Any, kernels: str | None, decode: Any) -> Contestant:
    paging = package.PagingSpec.equal_pages_up_to(FILE_CHUNK)
    config = package.ChunkConfig(paging_spec=paging, enable_8_bit=True)
    return Contestant(name, lambda array: package.standalone.simple_compress(array, config), decode, kernels=kernels)


def _compare(name: str, numbers: np.ndarray, ways: Sequence[Contestant], budget: float) -> Found:
    """Measure in turn; all decode what the wheel wrote, but for the way that has another paging."""
    own = {way.name: way.write(numbers) for way in ways}
    out = np.empty_like(numbers)
    tasks: dict[str, Any] = {}
    for way in ways:
        stored = own[way.name if way is WHEEL_ONE_PAGE else RUST]
        assert way.read(stored, np.zeros_like(numbers)).tobytes() == numbers.tobytes()
        tasks[f"encode {way.name}"] = lambda way=way: way.write(numbers)
        tasks[f"decode {way.name}"] = lambda way=way, stored=stored: way.read(stored, out)
    seconds = in_turn(tasks, budget)
    times = [{way.name: seconds[f"{kind} {way.name}"] for way in ways} for kind in ("encode", "decode")]
    return Found(name, numbers.size, numbers.nbytes, *times, {key: stored_bytes(kept) for key, kept in own.items()})
