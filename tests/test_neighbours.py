"""Chunks of a .pco file have one search for all, and lose nothing by it."""

import numpy as np
import pytest

from pcodec_numcodecs import ChunkConfig, PagingSpec, modes, standalone
from pcodec_numcodecs.metadata import Lookback

N = 30_000
CHUNKED = ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(N))


def decimals(rng: np.random.Generator) -> np.ndarray:
    return np.round(rng.normal(size=N) * 30, 2)


def walk(rng: np.random.Generator) -> np.ndarray:
    return np.cumsum(rng.normal(size=N))


def listed(rng: np.random.Generator) -> np.ndarray:
    return rng.choice(rng.normal(size=40), N)


def constant(rng: np.random.Generator) -> np.ndarray:
    return np.full(N, rng.normal())


def repeated(rng: np.random.Generator) -> np.ndarray:
    return np.resize(rng.normal(size=700), N)


KINDS = {kind.__name__: kind for kind in (decimals, walk, listed, constant, repeated)}


def file_of(parts: list[np.ndarray]) -> bytes:
    """Write a file of a chunk for each part, and see that it is read back."""
    numbers = np.concatenate(parts)
    file = standalone.simple_compress(numbers, CHUNKED)
    assert len(list(standalone.walk(file))) == len(parts)
    assert standalone.simple_decompress(file).tobytes() == numbers.tobytes()
    return file


def one_by_one(parts: list[np.ndarray]) -> int:
    return sum(len(standalone.simple_compress(part, CHUNKED)) for part in parts)


@pytest.mark.parametrize("name", KINDS)
def test_chunks_that_are_alike_are_as_small_as_one_by_one(name):
    rng = np.random.default_rng(0)
    parts = [KINDS[name](rng) for _ in range(4)]
    assert len(file_of(parts)) <= 1.005 * one_by_one(parts)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_chunks_from_where_numbers_change_are_as_small_as_alone(name, other):
    rng = np.random.default_rng(1)
    for place in (1, 3, 5):
        parts = [KINDS[name if turn < place else other](rng) for turn in range(6)]
        assert len(file_of(parts)) <= 1.02 * one_by_one(parts)


def test_chunks_that_are_alike_are_searched_once(monkeypatch):
    searches = []
    proposed = modes.proposed

    def counted(latents, number_type, kernels, is_glance=False):
        searches.extend([0] * (not is_glance))
        return proposed(latents, number_type, kernels, is_glance)

    monkeypatch.setattr(modes, "proposed", counted)
    rng = np.random.default_rng(2)
    file_of([decimals(rng) for _ in range(8)])
    assert len(searches) == 1
    file_of([decimals(rng)])
    assert len(searches) == 2


def test_longer_repetitions_show_than_in_one_chunk():
    rng = np.random.default_rng(3)
    period = rng.normal(size=20_000)
    numbers = np.resize(period, 8 * 60_000)
    file = standalone.simple_compress(numbers, ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(60_000)))
    assert {type(chunk.metadata.delta) for chunk in standalone.walk(file)} == {Lookback}
    assert len(file) < 0.6 * numbers.nbytes


def test_halves_that_differ_are_not_taken_for_repetitions():
    rng = np.random.default_rng(4)
    numbers = np.concatenate((rng.normal(size=1 << 16), 1000 + np.cumsum(rng.normal(size=1 << 16)) / 1000))
    (chunk,) = standalone.walk(standalone.simple_compress(numbers, ChunkConfig()))
    assert not isinstance(chunk.metadata.delta, Lookback)
