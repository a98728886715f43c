"""The automatic choice of mode and delta makes files hardly larger than the best that can be asked for."""

import numpy as np
import pytest

from pcodec_numcodecs import ChunkConfig, DeltaSpec, ModeSpec, standalone

N = 250_000


def skewed(rng: np.random.Generator) -> np.ndarray:
    """Make whole numbers of which few are frequent and many rare, some of them missing."""
    delays = np.round(rng.gamma(0.7, 25, N)) - 10.0
    delays[rng.random(N) < 0.025] = np.nan
    return delays


KINDS = {
    "skewed whole numbers": skewed,
    "skewed integers": lambda rng: np.round(rng.gamma(0.5, 40, N)).astype(np.int64),
    "few values without order": lambda rng: rng.choice(rng.integers(0, 2**60, 150), N),
    "small steps": lambda rng: np.cumsum(rng.integers(-100, 101, N)),
    "two decimals": lambda rng: np.round(rng.normal(size=N), 2),
    "a period": lambda rng: np.resize(rng.integers(0, 2**31, 1500), N) + rng.integers(0, 3, N),
    "noise": lambda rng: rng.normal(size=N),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("level", [8, 12])
def test_nothing_that_is_asked_for_makes_files_much_smaller(name, seed, level):
    numbers = KINDS[name](np.random.default_rng(seed))
    modes = [ModeSpec.classic(), ModeSpec.try_dict()]
    if numbers.dtype.kind == "f":
        modes += [ModeSpec.try_float_mult(1.0), ModeSpec.try_float_mult(0.01)]
    asked = [(mode, DeltaSpec.auto()) for mode in modes]
    asked += [(modes[0], DeltaSpec.no_op()), (modes[0], DeltaSpec.try_consecutive(1))]
    sizes = {
        f"{mode} {delta}": len(standalone.simple_compress(numbers, ChunkConfig(level, mode, delta)))
        for mode, delta in asked
    }
    found = len(standalone.simple_compress(numbers, ChunkConfig(level)))
    best = min(sizes, key=sizes.__getitem__)
    assert found <= 1.04 * sizes[best], (found, best, sizes[best])
