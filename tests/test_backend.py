"""Which kernels are live: what was asked for, else Numba's where they are worth it; and `backend` says so."""

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import pcodec_numcodecs
from pcodec_numcodecs.errors import InvalidArgumentError
from pcodec_numcodecs.kernels import backend, choice, load, numpy_

pytestmark = pytest.mark.numpy_only

HAS_NUMBA = importlib.util.find_spec("numba") is not None
needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed here")


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin as a process does that has done nothing yet."""
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    monkeypatch.setattr(choice, "_Process", SimpleNamespace(numbers=0, numba=None, failure=None))


def without_numba(monkeypatch):
    """Make the import of Numba fail, as it does with a release that does not know the NumPy installed."""
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in [name for name in sys.modules if name.startswith("pcodec_numcodecs.kernels.numba_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("pcodec_numcodecs.kernels.numba_", raising=False)


def test_numpy_when_asked_for(monkeypatch):
    assert load(1 << 40, "numpy") is numpy_
    monkeypatch.setenv(choice.VARIABLE, "numpy")
    assert load(1 << 40) is numpy_
    assert backend() == ("numpy", "the environment variable PCODEC_NUMCODECS_KERNELS says so")


@needs_numba
def test_numba_when_asked_for(monkeypatch):
    from pcodec_numcodecs.kernels import numba_

    assert load(1, "numba") is numba_
    monkeypatch.setenv(choice.VARIABLE, "numba")
    assert load(1) is numba_
    assert load(1, "numpy") is numpy_
    assert backend().name == "numba"


@pytest.mark.parametrize("name", ["rust", "NumPy"])
def test_other_names_are_refused(name, monkeypatch):
    with pytest.raises(InvalidArgumentError, match=f"kernels must be one of 'numba', 'numpy', got '{name}'"):
        load(1, name)
    monkeypatch.setenv(choice.VARIABLE, name)
    for call in (backend, load, lambda: pcodec_numcodecs.frame.write(np.arange(3))):
        with pytest.raises(InvalidArgumentError, match=r"see .*PCODEC_NUMCODECS_KERNELS"):
            call()


def test_an_empty_variable_says_nothing(monkeypatch):
    monkeypatch.setenv(choice.VARIABLE, "")
    assert load(1) is numpy_


def test_little_work_is_done_by_numpy():
    assert load(choice._WORTH_IMPORTING - 1) is numpy_
    assert backend().name == "numpy"
    if HAS_NUMBA:
        assert backend().reason.endswith("4194304 numbers, got 4194303 so far")


@needs_numba
def test_work_adds_up(monkeypatch):
    from pcodec_numcodecs.kernels import numba_

    monkeypatch.setattr(choice, "_is_compiled", lambda: True)
    for _ in range(3):
        assert load(choice._WORTH_IMPORTING // 4) is numpy_
    assert load(choice._WORTH_IMPORTING // 4) is numba_
    assert load(1) is numba_
    assert backend() == ("numba", "numba is installed, and this process has enough to do")


@needs_numba
def test_compiling_needs_more_work(monkeypatch):
    from pcodec_numcodecs.kernels import numba_

    monkeypatch.setattr(choice, "_is_compiled", lambda: False)
    assert load(choice._WORTH_IMPORTING) is numpy_
    assert "run pcodec-numcodecs warmup" in backend().reason
    assert load(choice._WORTH_COMPILING) is numba_


def test_a_numba_that_fails_is_left_alone(monkeypatch):
    without_numba(monkeypatch)
    assert load(choice._WORTH_COMPILING) is numpy_
    assert backend().name == "numpy"
    with pytest.raises(InvalidArgumentError, match=r"where it can be imported, got: .*pip install"):
        load(1, "numba")


SMALL = """
import sys
import numpy as np
from pcodec_numcodecs import backend, frame

array = np.arange(100_000, dtype="f4")
assert frame.read(frame.write(array)).tobytes() == array.tobytes()
assert "numba" not in sys.modules, "numba"
assert backend().name == "numpy"
assert "numba" not in sys.modules, "numba"
"""


def test_small_chunks_do_not_pay_for_numba():
    done = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
