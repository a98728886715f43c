"""Recovery: any array is written in a bounded time, whatever its numbers, and every bit comes back."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reliability.arrays import KINDS, hostile
from reliability.arrays import settings as frame_settings
from reliability.limits import time_limit
from reliability.writing import SECONDS, check_file, check_frame, chunk_config, flat_numbers

from pcodec_numcodecs import frame
from pcodec_numcodecs.kernels.choice import VARIABLE

pytestmark = pytest.mark.numpy_only


@pytest.fixture(autouse=True)
def _kernels_as_before(monkeypatch):
    monkeypatch.setenv(VARIABLE, os.environ.get(VARIABLE, ""))


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_any_array_comes_back_from_a_frame(seed):
    rng = np.random.default_rng(seed)
    array = hostile(rng, 1500)
    with time_limit(SECONDS):
        check_frame(array, frame_settings(rng, array.shape), ["numpy"])


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_any_numbers_come_back_from_a_file(seed):
    rng = np.random.default_rng([seed, 1])
    numbers = flat_numbers(hostile(rng, 1500))
    if numbers is not None:
        with time_limit(SECONDS):
            check_file(numbers, chunk_config(rng, numbers), ["numpy"])


def test_arrays_are_of_every_kind():
    """Each kind is made for integers and floats, and most can be told from a constant."""
    kinds = {hostile(np.random.default_rng(seed)).dtype.kind for seed in range(200)}
    assert kinds == set("biufcmM")
    assert len(KINDS) == len(set(KINDS))
    small = sum(len(frame.write(hostile(np.random.default_rng(seed), 300), level=0)) > 60 for seed in range(100))
    assert small > 50
