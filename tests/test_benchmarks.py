"""The benchmarks run, on little data; no speed is asserted."""

from benchmarks import speed


def test_speed_measures_both_ways_of_both():
    measured = speed.measure(rounds=1, n=10_000)
    assert sorted(measured) == ["decode, NumPy core", "decode, Rust wheel", "encode, NumPy core", "encode, Rust wheel"]
    assert min(measured.values()) > 0
