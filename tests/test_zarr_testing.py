"""Zarr's own strategies and stateful tests, over arrays that are written by Pco because it is the default."""

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from pco_as_default import USED, pco_as_default
from zarr.storage import MemoryStore
from zarr.testing import strategies
from zarr.testing.stateful import ZarrHierarchyStateMachine

pytestmark = pytest.mark.filterwarnings("ignore")  # of names and types that Zarr warns of

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _by_default():
    with pco_as_default():
        yield


@QUICK
@given(data=st.data())
def test_arrays_come_back(data):
    values = data.draw(strategies.numpy_arrays())
    # Else Zarr leaves out chunks that equal the fill value, of complex numbers whatever the signs of their zeros.
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = data.draw(strategies.arrays(arrays=st.just(values)))
    found = array[...]
    np.testing.assert_array_equal(found, values)
    if values.dtype.kind in "biufcmM":
        assert_same_bits(found, values)


@QUICK
@given(data=st.data())
def test_basic_selections(data):
    array = data.draw(strategies.simple_arrays())
    values = array[:]
    selection = data.draw(strategies.basic_indices(shape=values.shape))
    np.testing.assert_array_equal(array[selection], values[selection])


@QUICK
@given(data=st.data())
def test_orthogonal_selections(data):
    shapes = strategies.array_shapes
    array = data.draw(strategies.simple_arrays(shapes=shapes))
    values = array[:]
    selection, same = data.draw(strategies.orthogonal_indices(shape=values.shape))
    np.testing.assert_array_equal(array.oindex[selection], values[same])


def test_hierarchies_of_arrays(monkeypatch):
    """The machine asks for plain bytes, so as not to lose time: it is to get the default instead."""
    create = zarr.array

    def without_codecs(*arguments, codecs=None, **others):
        return create(*arguments, **others)

    monkeypatch.setattr(zarr, "array", without_codecs)
    before = USED.copy()
    many = settings(QUICK, max_examples=20, stateful_step_count=20)
    run_state_machine_as_test(lambda: ZarrHierarchyStateMachine(MemoryStore()), settings=many)
    assert (USED - before)["v3 written"] > 10


def test_pco_is_the_default():
    before = USED.copy()
    numbers, words = np.arange(300.0), np.array(["a", "b"])
    array = zarr.create_array({}, data=numbers)
    assert type(array.serializer).__name__ == "PcoSerializer"
    assert array.compressors == ()
    assert_same_bits(array[:], numbers)
    old = zarr.create_array({}, data=numbers, zarr_format=2)
    assert_same_bits(old[:], numbers)
    used = USED - before
    assert all(used[name] for name in ("v3 written", "v3 read", "v2 written", "v2 read"))
    assert type(zarr.create_array({}, data=words).serializer).__name__ != "PcoSerializer"
