"""xarray's own tests of its Zarr backend pass with Pco as the default as they pass without."""

from pathlib import Path

import pytest
import xarray
from reliability import borrowed

THERE = (Path(xarray.__file__).parent / "tests" / "test_backends.py").exists()


@pytest.mark.skipif(not THERE, reason="this xarray was installed without its tests")
@pytest.mark.parametrize("keyword", [borrowed.FEW, pytest.param(borrowed.ALL, marks=pytest.mark.slow)])
def test_backend_of_xarray(keyword):
    found = borrowed.run(keyword)
    assert found.failed == []
    assert found.passed > 30
    assert found.without < found.passed // 10
    assert found.chunks > found.passed
