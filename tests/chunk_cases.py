"""Random chunks that make an encoder use a given mode and delta encoding, for tests against the wheel."""

from typing import NamedTuple

import numpy as np

MODES = ("classic", "int_mult", "float_mult", "float_quant", "dict")
DELTAS = ("none", "consecutive", "lookback", "conv1")
TYPES = ("u8", "i8", "u16", "i16", "f16", "u32", "i32", "f32", "u64", "i64", "f64")
MOST_NUMBERS = 100_000
INT_BASE = 10
FLOAT_BASE = 0.25
QUANT_K = 6


class Case(NamedTuple):
    """One chunk and its settings, as names and numbers that both packages can be configured by."""

    numbers: np.ndarray
    type_name: str
    mode: str
    mode_argument: float | int | None
    delta: str
    order: int
    level: int
    pages: int | list[int]


def combinations() -> list[tuple[str, str, str]]:
    """List (mode, delta, type) where the format allows them together."""
    return [
        (mode, delta, name)
        for mode in MODES
        for delta in DELTAS
        for name in TYPES
        if not (mode == "int_mult" and name[0] == "f")
        and not (mode.startswith("float") and name[0] != "f")
        and not (delta == "conv1" and name.endswith("64"))
    ]


def dtype_of(type_name: str) -> np.dtype:
    return np.dtype(f"{type_name[0]}{int(type_name[1:]) // 8}")


def _shape_signal(rng: np.random.Generator, delta: str, n: int) -> np.ndarray:
    """Return integers that the delta encoding suits."""
    if delta == "none":
        return rng.integers(-8, 8, n)
    if delta == "lookback":
        period = int(rng.integers(2, 200))
        return np.resize(rng.integers(-12, 12, period), n) + (rng.random(n) < 0.01)
    if delta == "conv1":
        return np.rint(11 * np.sin(np.arange(n) * rng.uniform(0.05, 0.3))).astype(np.int64)
    walk = np.cumsum(rng.integers(-1, 2, n))
    return np.abs((walk + 12) % 48 - 24) - 12  # reflected, so that it fits into 8 bits times a base


def _specials(rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Return extremes of the type; for floats NaNs with payloads, infinities, zeros of both signs, subnormals."""
    unsigned = np.dtype(f"u{dtype.itemsize}")
    if dtype.kind != "f":
        info = np.iinfo(dtype)
        return np.array([info.min, info.max, 0, 1, info.max - 1], dtype)
    finite = np.finfo(dtype)
    with np.errstate(over="ignore"):
        values = np.array([np.inf, -np.inf, 0.0, -0.0, finite.max, finite.min, finite.smallest_subnormal], dtype)
    nan = np.array([np.nan, -np.nan], dtype).view(unsigned)
    payload = rng.integers(1, 1 << (finite.nmant - 1), 4).astype(unsigned)
    quiet = np.concatenate((nan, nan[:1] | payload[:2], nan[1:] | payload[2:]))
    return np.concatenate((values, quiet.view(dtype)))


def _numbers(rng: np.random.Generator, mode: str, delta: str, dtype: np.dtype, n: int) -> np.ndarray:
    signal = _shape_signal(rng, delta, n)
    if mode == "int_mult":
        if dtype.itemsize == 1:
            signal = signal // 3  # in 8 bits, only few multiples cost less than the numbers themselves
        signal = signal * INT_BASE + (rng.random(n) < 0.02)
    if dtype.kind == "u":
        signal = signal + 128
    if mode == "float_mult":
        numbers = (signal * FLOAT_BASE).astype(dtype)
    elif mode == "float_quant":
        numbers = (1 + signal / 64).astype(dtype)
    elif mode == "dict":
        levels = np.sort(rng.choice(120, 24, replace=False)).astype(dtype)
        numbers = levels[signal % 24]
    elif dtype.kind == "f":
        numbers = (signal * 1.1 + rng.normal(0, 1e-3, n)).astype(dtype)
    else:
        numbers = signal.astype(dtype)
    odd = np.flatnonzero(rng.random(n) < rng.choice([0, 0.001, 0.02]))
    if odd.size:
        numbers[odd] = rng.choice(_specials(rng, dtype), odd.size)
    return numbers


def _pages(rng: np.random.Generator, n: int) -> int | list[int]:
    kind = int(rng.integers(4))
    if kind == 0:
        return 1 << 24
    if kind == 1:
        return int(np.exp(rng.uniform(np.log(max(n // 40, 1)), np.log(n + 1))))
    if kind == 2:
        return int(rng.choice([255, 256, 257]))
    cuts = np.unique(rng.integers(0, n + 1, int(rng.integers(1, 5))))
    sizes = np.diff(np.concatenate(([0], cuts, [n])))
    return [int(size) for size in sizes if size]


def page_numbers(case: Case) -> list[int]:
    """Return the count of numbers of each page."""
    if isinstance(case.pages, list):
        return case.pages
    pages = -(-case.numbers.size // case.pages)
    size, larger = divmod(case.numbers.size, pages)
    return [size + 1] * larger + [size] * (pages - larger)


def wheel_panics(case: Case) -> bool:
    """Say whether the wheel 1.1.0 panics: its convolution takes 512 latents at a time, and wants its order at least."""
    return case.delta == "conv1" and any(0 < (n % 512 or 512) < case.order for n in page_numbers(case))


def build(rng: np.random.Generator, mode: str, delta: str, type_name: str) -> Case:
    """Make a chunk, n log-uniform from 1 to 100,000, and settings that ask for the mode and delta encoding."""
    n = int(np.exp(rng.uniform(0, np.log(MOST_NUMBERS + 1))))
    order = {"consecutive": int(rng.integers(1, 8)), "conv1": int(rng.choice([1, 2, 3, 8, 32]))}.get(delta, 0)
    numbers = _numbers(rng, mode, delta, dtype_of(type_name), n)
    argument = {"int_mult": INT_BASE, "float_mult": FLOAT_BASE, "float_quant": QUANT_K}.get(mode)
    if mode == "float_quant" and type_name == "f64":
        argument = 30
    return Case(numbers, type_name, mode, argument, delta, order, int(rng.integers(0, 13)), _pages(rng, n))


def settings(package: object, case: Case, auto: bool = False) -> object:
    """Return the settings of a case as a `ChunkConfig` of the wheel or of ours."""
    mode = package.ModeSpec.auto()
    delta = package.DeltaSpec.auto()
    if not auto:
        name = "classic" if case.mode == "classic" else f"try_{case.mode}"
        arguments = [] if case.mode_argument is None else [case.mode_argument]
        mode = getattr(package.ModeSpec, name)(*arguments)
        name = "no_op" if case.delta == "none" else f"try_{case.delta}"
        delta = getattr(package.DeltaSpec, name)(*([case.order] if case.order else []))
    exact = isinstance(case.pages, list)
    paging = package.PagingSpec.exact_page_sizes if exact else package.PagingSpec.equal_pages_up_to
    return package.ChunkConfig(case.level, mode, delta, paging(case.pages), True)
