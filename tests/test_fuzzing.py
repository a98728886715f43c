"""Corruption: damaged inputs of every reader are read or refused, by both twins alike, in bounded time and memory."""

import os
import random
from collections import Counter

import pytest
from reliability import corpus, fuzzing, guided, limits
from reliability.readers import FRAMES, READERS, Reader, outcome, with_checksums

from pcodec_numcodecs.kernels.choice import VARIABLE

INPUTS = 600
FULL = 1_000_000


@pytest.fixture(autouse=True)
def _kernels_as_before(monkeypatch):
    monkeypatch.setenv(VARIABLE, os.environ.get(VARIABLE, ""))


@pytest.mark.parametrize("name", READERS)
def test_sound_inputs_are_read(name):
    seeds = corpus.seeds(name)
    assert len(seeds) > 10
    for data in seeds:
        kind, what = outcome(READERS[name], data)
        assert kind == "read"
        assert what not in ("no JSON", "no object")
        assert name not in FRAMES or with_checksums(data) == data


def test_sound_inputs_are_small():
    sizes = [path.stat().st_size for path in corpus.FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) < corpus.MOST_BYTES
    assert max(sizes) < 1 << 13


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("inputs", [INPUTS, pytest.param(FULL, marks=[pytest.mark.slow, pytest.mark.timeout(0)])])
def test_damaged_inputs_are_read_or_refused(name, inputs, monkeypatch):
    monkeypatch.setattr(fuzzing, "MEASURED", 20 if inputs == INPUTS else fuzzing.MEASURED)
    found = fuzzing.run(name, inputs)
    assert found.faults == []
    assert (found.inputs, found.read + found.refused) == (inputs, inputs)
    assert min(found.read, found.refused) > inputs // 20
    assert 0 < found.peak < fuzzing.MOST_PEAK


def test_checksums_do_not_end_the_way():
    rng = random.Random(3)
    seen = Counter()
    seeds = corpus.seeds("frame")
    for _ in range(400):
        kind, what = outcome(READERS["frame"], fuzzing.mutated(READERS["frame"], rng, seeds))
        seen["checksum" if kind == "refused" and "CRC-32C" in what[1] else kind] += 1
    assert seen["checksum"] < 20
    assert seen["read"] > 40


def test_head_is_mended_wherever_the_damage_is():
    data = max(corpus.seeds("frame"), key=len)
    for place in range(18, len(data), 97):
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        kind, what = outcome(READERS["frame"], with_checksums(bytes(spoilt)))
        assert kind == "read" or "CRC-32C" not in what[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda _: 1 // 0, "ZeroDivisionError"),
        (lambda _: bytes(1 << 60), "MemoryError"),
        (lambda _: os.environ[VARIABLE], "the twins do not agree"),
    ],
    ids=["error", "memory", "twins"],
)
def test_broken_promise_is_found(wrong, words):
    reader = Reader("page", wrong, (), twins=True)
    with limits.Watch(1.0) as watch:
        found = fuzzing.fault(reader, b"", watch, ("numpy", "numba"), Counter())
    assert words in found


def test_endless_loop_is_found():
    def loop(_):
        while True:
            pass

    with limits.Watch(0.1) as watch:
        found = fuzzing.fault(Reader("page", loop, (), twins=False), b"", watch, ("numpy",), Counter())
    assert "may take 0.1 s" in found


def test_memory_is_measured():
    assert limits.peak_bytes(lambda: bytearray(1 << 20)) >= 1 << 20


def test_guided_fuzzing_finds_ways():
    pytest.importorskip("atheris", reason='Atheris is not installed: pip install ".[fuzz]"')
    found = guided.run("metadata", 2)
    assert found.fault == ""
    assert found.inputs > 100
    assert found.edges > 50
