"""What every store and engine has to read back: arrays in both formats, and selections of every kind."""

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits, numbers

from pcodec_numcodecs.codecs.numcodecs import Pco
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

SHAPE = (150, 130)
CHUNKS = (96, 90)  # with edge chunks in both dimensions, and too large to be always read as a whole

# Level 0: what these tests can find does not depend on how well the numbers are compressed, and it is quick.
V2 = {"zarr_format": 2, "compressors": Pco(level=0), "chunks": CHUNKS}
V3 = {"zarr_format": 3, "serializer": PcoSerializer(level=0, tile=(32, 30)), "compressors": None, "chunks": CHUNKS}
LAYOUTS = {
    "v2": V2,
    "v2-F": V2 | {"order": "F"},
    "v3": V3,
    "v3-shards": V3 | {"shards": (96, 180)},
}

# Those that run the codecs of this release of Zarr: one drives them by an event loop, the other without.
PIPELINES = {
    # No gap is read along, so that even small selections need several requests.
    name: {"codec_pipeline.path": f"zarr.core.codec_pipeline.{name}", "pcodec_numcodecs.coalesce_gap": 0}
    for name in ("BatchedCodecPipeline", "FusedCodecPipeline")
    if hasattr(zarr.core.codec_pipeline, name)
}

ARRANGEMENTS = {
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
}

BASIC = (
    np.s_[...],
    np.s_[3],
    np.s_[-1, -1],
    np.s_[:, 89:91],
    np.s_[95:97, 5],
    np.s_[33::17, ::31],
    np.s_[149:, 129:],
    np.s_[5:5],
)
ORTHOGONAL = (
    ([97, 1, 30, 1], [125, 2]),  # in any order and more than once
    (slice(33, 120), [0, 129]),
    (np.arange(SHAPE[0]) % 53 == 4, slice(None, None, 19)),
    (91, [95, 33]),
)
VECTORISED = (
    ([5, 149, 0, 5], [129, 0, 63, 129]),
    ([[95, 35], [96, 0]], [[89, 90], [91, 0]]),
)


def given(dtype="f8", shape=SHAPE):
    """Numbers with all bits in use: NaNs with payloads, both zeros, infinities."""
    return numbers(dtype, shape)


def assert_reads(array, expected):
    """Compare bits of a 2-D Zarr array of `SHAPE`, whole and in parts of every kind."""
    assert_same_bits(array[:], expected)
    for part in BASIC:
        assert_same_bits(array[part], expected[part])
    for rows, columns in ORTHOGONAL:
        # NumPy has no such selection of its own: one dimension after the other.
        assert_same_bits(array.oindex[rows, columns], expected[rows][..., columns])
    for part in VECTORISED:
        assert_same_bits(array.vindex[part], expected[part])
    mask = np.arange(expected.size).reshape(expected.shape) % 997 == 5
    assert_same_bits(array.vindex[mask], expected[mask])
    rows, columns = array.shards or array.chunks
    assert_same_bits(array.blocks[1, 0], expected[rows : 2 * rows, :columns])


# Frames for which a store is asked for more than the object has, or more than once for their front. Stores differ in
# what they do about ranges past the end.
ODD_FRAMES = {
    "constant": (np.full((100, 100), 2.5), (32, 30)),
    "nearly constant": (np.where(np.arange(10_000).reshape(100, 100) == 1234, 7.5, 2.5), (100, 100)),
    "one page": (given()[:100, :100], (100, 100)),
    "mostly index": (given()[:100, :100], (3, 3)),
}


def write_odd_frames(store):
    """Write arrays of one chunk each, by their names in `ODD_FRAMES`."""
    for name, (values, tile) in ODD_FRAMES.items():
        zarr.create_array(
            store,
            name=name.replace(" ", "-"),
            data=values,
            chunks=values.shape,
            serializer=PcoSerializer(level=0, tile=tile),
            compressors=None,
        )


def assert_odd_frames(open_array):
    """Read them, by a function that opens an array by its name."""
    for name, (values, _) in ODD_FRAMES.items():
        array = open_array(name.replace(" ", "-"))
        for part in (np.s_[:], np.s_[99, 99], np.s_[12, 30:40], np.s_[:, 5], np.s_[60:63, 60:63]):
            assert_same_bits(array[part], values[part])
        assert_same_bits(array.vindex[[99, 0], [0, 99]], values[[99, 0], [0, 99]])


PARTS_OF_LARGE = pytest.mark.parametrize(
    ("part", "share"),
    [
        (np.s_[5, :10], 0.05),
        (np.s_[999, 999], 0.05),
        (np.s_[100:110], 0.3),
        (np.s_[:, 3], 0.5),
        (np.s_[500:520, 500:520], 0.1),
    ],
    ids=["few", "last", "rows", "column", "square"],
)
"""Parts of an array of one chunk, 1000 x 1000, and the share of its bytes that each may fetch."""
