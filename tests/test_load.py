"""Load: threads share everything, workers are lost, processes start cold, and memory stays where it was."""

import pytest
from reliability import load

from pcodec_numcodecs.kernels.choice import VARIABLE

FLAT = 24 << 20
"""Bytes that a process may hold more in the last quarter of its work than in the second."""


@pytest.mark.parametrize("seconds", [0.5, pytest.param(60.0, marks=pytest.mark.slow)])
def test_sixteen_threads_share_codecs_and_arrays(seconds):
    found = load.threads(seconds)
    assert found.calls >= 16 * 5
    assert found.wrong == 0


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("stream", 32 << 20),
        pytest.param("stream", 2 << 30, marks=[pytest.mark.slow, pytest.mark.timeout(0)]),
        pytest.param("mixed", 1800.0, marks=[pytest.mark.slow, pytest.mark.timeout(0)]),
    ],
)
def test_memory_stays_flat(kind, amount, monkeypatch):
    if amount < 1 << 30:
        monkeypatch.setenv(VARIABLE, "numpy")  # so much work brings Numba in halfway, which takes some memory
    found = load.memory(kind, amount)
    assert found.samples >= 8
    assert found.late < found.early + FLAT
    assert found.traced_late < found.traced + FLAT
    assert found.peak < 32 * 512 * 1024 * 8


@pytest.mark.slow
def test_a_cluster_that_loses_workers_writes_every_chunk():
    found = load.restarts(4)
    assert found.killed >= 2
    assert found.wrong == 0


@pytest.mark.slow
def test_cold_processes_write_and_read_alike():
    found = load.cold()
    assert (found.failed, found.digests) == (0, 1)
