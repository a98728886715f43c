"""Damage: whatever a store does while it is read, or its writer meets, no chunk is anything but old, new or refused."""

import sys

import numpy as np
import pytest
from reliability import faults, killed


@pytest.mark.parametrize("cases", [200, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(0)])])
def test_faulty_stores_are_never_believed(cases):
    found = faults.run(cases)
    assert found.wrong == []
    seen = {outcome for outcomes in found.outcomes.values() for outcome in outcomes}
    assert seen >= {"old", "new", "absent", "damaged", "error of the store", "index of the shard damaged"}
    assert all(found.outcomes.values())


def test_mixed_cells_would_be_found():
    candidates = {"old": faults.arrays(0), "new": faults.arrays(1)}
    part = np.s_[90:110, 80:100]
    mixed = np.where(np.arange(20) < 13, candidates["old"][part], candidates["new"][part])
    assert faults.judged(candidates["new"][part], part, candidates, faults.INNER) == "new"
    assert faults.judged(mixed, part, candidates, faults.INNER) == "wrong"
    assert faults.judged(candidates["new"][part] + 1, part, candidates, faults.INNER) == "wrong"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("kills", [3, pytest.param(300, marks=[pytest.mark.slow, pytest.mark.timeout(0)])])
def test_killed_writers_leave_nothing_wrong(kills):
    found = killed.run(kills)
    assert found.killed == kills
    assert found.wrong == []
    chunks = sum(count for outcomes in found.outcomes.values() for count in outcomes.values())
    assert chunks == kills * 20
