"""Compatibility in size: on real data, never far above the wheel, and on the whole below it."""

import pytest
import real_arrays
from benchmarks import sizes


@pytest.mark.parametrize("paging", sizes.PAGES)
def test_real_arrays_are_no_larger_than_the_wheel_makes_them(paging):
    missing = {reason for name in real_arrays.NAMES if (reason := real_arrays.available(name))}
    if missing:
        pytest.skip(f"real arrays need {', '.join(sorted(missing))}")
    rows = [sizes.measure(name, paging) for name in real_arrays.NAMES]
    assert len(rows) == 31
    assert {row.array: row.ratio for row in rows if row.ratio > 1.02} == {}
    assert sizes.geometric_mean([row.ratio for row in rows]) <= 1
