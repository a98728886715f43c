"""The kernel twins, as parameters of tests; one that cannot be imported here is skipped and says why."""

import importlib.util

import pytest

from pcodec_numcodecs.kernels import numpy_

HAVE_NUMBA = importlib.util.find_spec("numba") is not None
NO_NUMBA = "numba is not installed: pip install numba"
TWINS = ("numpy", "numba") if HAVE_NUMBA else ("numpy",)

if HAVE_NUMBA:
    from pcodec_numcodecs.kernels import numba_
else:
    numba_ = None

KERNELS = [
    pytest.param(numpy_, id="numpy"),
    pytest.param(numba_, id="numba", marks=[] if HAVE_NUMBA else pytest.mark.skip(reason=NO_NUMBA)),
]
