"""Compatibility: what the wheel writes we read, and what we write it reads, bit for bit.

Every mode with every delta encoding that the format allows, for every number type; counted in the metadata as written,
not by what was asked for.
"""

from collections import Counter

import chunk_cases
import numpy as np
import pytest
from crossing import we_write_wheel_reads, wheel_writes_we_read, written
from reliability import differential

# The full count takes minutes.
TIMES = [pytest.param(10, id="ten-times"), pytest.param(50, id="fifty-times", marks=pytest.mark.slow)]
MOST_ATTEMPTS = 12


@pytest.mark.parametrize("combination", chunk_cases.combinations(), ids="-".join)
@pytest.mark.parametrize("direction", [wheel_writes_we_read, we_write_wheel_reads])
@pytest.mark.parametrize("times", TIMES)
def test_every_combination_crosses_over(times, direction, combination):
    mode, delta, type_name = combination
    seed = chunk_cases.combinations().index(combination)
    rng = np.random.default_rng([seed, direction is we_write_wheel_reads])
    seen = Counter()
    for _ in range(times * MOST_ATTEMPTS):
        case = chunk_cases.build(rng, mode, delta, type_name)
        if direction is wheel_writes_we_read and chunk_cases.wheel_panics(case):
            continue
        seen[written(direction(case), type_name)] += 1
        if seen[mode, delta] >= times:
            break
    assert seen[mode, delta] >= times, f"too few of {combination} were written: {seen}"


@pytest.mark.parametrize("type_name", chunk_cases.TYPES)
def test_automatic_choices_cross_over(type_name):
    rng = np.random.default_rng(len(type_name) + ord(type_name[0]))
    for mode, delta, name in chunk_cases.combinations():
        if name == type_name:
            case = chunk_cases.build(rng, mode, delta, name)
            we_write_wheel_reads(case, auto=True)


@pytest.mark.parametrize("chunks", [400, pytest.param(20_000, marks=[pytest.mark.slow, pytest.mark.timeout(0)])])
def test_adversarial_chunks_cross_over(chunks):
    found = differential.run(chunks, with_large=chunks == 20_000)
    assert found.faults == []
    assert found.chunks >= chunks
    for mix in found.mix.values():
        assert len(mix) > 12
    assert set(found.kinds) >= set(differential.KINDS_OF_NUMBERS)
