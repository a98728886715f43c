"""Recovery, corruption: the short way through a chunk of a file gives what the careful way does, or leaves it alone."""

import chunk_cases
import numpy as np
import pytest
from twins import HAVE_NUMBA, NO_NUMBA, numba_

import pcodec_numcodecs
from pcodec_numcodecs import standalone
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.errors import PcoError
from pcodec_numcodecs.kernels.choice import VARIABLE
from pcodec_numcodecs.metadata import Consecutive, Dict, NoDelta

pytestmark = [pytest.mark.numpy_only, pytest.mark.skipif(not HAVE_NUMBA, reason=NO_NUMBA)]

CHUNK_HEADER = 4
USUAL = {(mode, delta) for mode in chunk_cases.MODES if mode != "dict" for delta in ("none", "consecutive")}


def written(mode, delta, name, seed=0):
    """Return the numbers of a case, and a file of them as one chunk."""
    case = chunk_cases.build(np.random.default_rng(seed), mode, delta, name)
    numbers = case.numbers[:5000]
    config = chunk_cases.settings(pcodec_numcodecs, case._replace(numbers=numbers, pages=numbers.size))
    return numbers, standalone.simple_compress(numbers, config)


def start_of_metadata(data):
    (first, *_) = standalone.walk(data)
    return len(data) - 1 - first.page_bytes - first.metadata_bytes + CHUNK_HEADER


def by_short_way(data, start, name, numbers):
    number_type = NUMBER_TYPES[name]
    out = np.zeros(numbers.size, number_type.latent)
    view = np.frombuffer(data, np.uint8)
    end = numba_.decode_file_chunk(view, start, number_type.mantissa_bits, number_type.is_signed, out)
    return end, out.view(number_type.dtype)


@pytest.mark.parametrize(("mode", "delta", "name"), chunk_cases.combinations())
def test_chunk_comes_back_by_the_short_way_where_there_is_one(mode, delta, name):
    numbers, data = written(mode, delta, name)
    end, found = by_short_way(data, start_of_metadata(data), name, numbers)
    (first,) = standalone.walk(data)
    usual = not isinstance(first.metadata.mode, Dict) and isinstance(first.metadata.delta, NoDelta | Consecutive)
    assert usual or (mode, delta) not in USUAL
    if usual:
        assert end == len(data) - 1
        assert found.tobytes() == numbers.tobytes()
    else:
        assert end == -1


@pytest.mark.parametrize(("mode", "delta", "name"), [one for one in chunk_cases.combinations() if one[:2] in USUAL])
def test_damaged_chunk_is_read_as_the_careful_way_reads_it(mode, delta, name, monkeypatch):
    _, data = written(mode, delta, name, seed=1)
    start, rng = start_of_metadata(data), np.random.default_rng(2)
    for _ in range(60):
        other = bytearray(data)
        # Most flips hit the metadata: the page is by far the longer.
        place = int(rng.integers(start, start + 40 if rng.random() < 0.7 else len(data)))
        other[place] ^= 1 << int(rng.integers(8))
        if rng.random() < 0.1:
            del other[int(rng.integers(start, len(data))) :]
        outcomes = []
        for twin in ("numpy", "numba"):
            monkeypatch.setenv(VARIABLE, twin)
            try:
                outcomes.append(standalone.simple_decompress(bytes(other)).tobytes())
            except PcoError as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]
