"""Recovery: numbers come back as they were, or not at all, in a thread whose float arithmetic is not IEEE 754's."""

import threading

import numpy as np
import pytest
from float_modes import KNOWN, MODES, UNKNOWN, float_mode
from frame_pipelines import FEATURES
from twins import HAVE_NUMBA

from pcodec_numcodecs import ChunkConfig, FloatModeError, ModeSpec, frame, standalone
from pcodec_numcodecs.arithmetic import check_float_arithmetic
from pcodec_numcodecs.frame.head import read_head

pytestmark = [pytest.mark.numpy_only, pytest.mark.skipif(not KNOWN, reason=UNKNOWN)]

FLOATS = ["f2", "f4", "f8"]


@pytest.mark.parametrize("mode", MODES)
def test_mode_is_noticed_and_told(mode):
    check_float_arithmetic()
    with float_mode(mode), pytest.raises(FloatModeError, match=r"must keep subnormal numbers .* -ffast-math"):
        check_float_arithmetic()
    check_float_arithmetic()


def test_modes_are_those_of_one_thread():
    found = []
    other = threading.Thread(target=lambda: found.append(check_float_arithmetic()))
    other.start()
    other.join()
    with float_mode("flush to zero"), pytest.raises(FloatModeError):
        check_float_arithmetic()
    assert found == [None]


def test_other_settings_of_numpy_do_not_matter():
    with np.errstate(all="raise"):
        check_float_arithmetic()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_nothing_is_written_whose_bytes_could_be_others(dtype, mode):
    numbers = np.arange(300).astype(dtype)
    with float_mode(mode):
        with pytest.raises(FloatModeError):
            frame.write(numbers)
        with pytest.raises(FloatModeError):
            standalone.simple_compress(numbers, ChunkConfig())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FEATURES)
def test_frame_is_read_as_it_was_written_or_not_at_all(name, mode):
    array = FEATURES[name]().array
    data = FEATURES[name]().write()
    exact = not any(pipeline.computes_with_floats for pipeline in read_head(memoryview(data)).pipelines)
    with float_mode(mode):
        try:
            found = frame.read(data)
        except FloatModeError:
            found = None
    # What is made of whole numbers alone is read in any mode. Automatic choices may be FloatMult.
    assert found is not None or not exact or array.dtype.kind in "fc"
    if found is not None:
        assert exact
        assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_file_is_read_as_it_was_written_or_not_at_all(dtype, mode):
    subnormal = np.arange(2000).astype(f"u{dtype[1]}").view(dtype)
    numbers = np.concatenate((subnormal, np.arange(2000).astype(dtype) * np.dtype(dtype).type(0.1)))
    exact = standalone.simple_compress(numbers, ChunkConfig(mode_spec=ModeSpec.classic()))
    products = standalone.simple_compress(numbers, ChunkConfig(mode_spec=ModeSpec.try_float_mult(0.1)))
    with float_mode(mode):
        assert standalone.simple_decompress(exact).tobytes() == numbers.tobytes()
        with pytest.raises(FloatModeError):
            standalone.simple_decompress(products)
    assert standalone.simple_decompress(products).tobytes() == numbers.tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_without_a_look_numbers_would_be_others(mode, monkeypatch):
    numbers = np.concatenate((np.arange(2000).view("f8"), np.arange(2000) * 0.1, np.arange(2000) * -0.1))
    products = standalone.simple_compress(numbers, ChunkConfig(mode_spec=ModeSpec.try_float_mult(0.1)))
    weighted = FEATURES["float weights"]()
    predicted = weighted.write()
    for module in ("decompress", "frame.decoding"):
        monkeypatch.setattr(f"pcodec_numcodecs.{module}.check_float_arithmetic", lambda: None)
    if HAVE_NUMBA:
        monkeypatch.setattr("pcodec_numcodecs.kernels.numba_.chunks.has_float_arithmetic", lambda: True)
    with float_mode(mode):
        found = [standalone.simple_decompress(products).tobytes(), frame.read(predicted).tobytes()]
    assert found != [numbers.tobytes(), weighted.array.tobytes()]
