"""Zarr arrays of chunks of 1000 x 1000 in a store in memory: writing and reading all, with Zarr's own threads."""

import os
import warnings
from typing import Any, NamedTuple

import numpy as np
import zarr
import zarr.codecs.numcodecs

from pcodec_numcodecs import PcoSerializer
from pcodec_numcodecs.kernels.choice import VARIABLE

from . import arrays
from .timing import in_turn

# One chunk wide, so that chunks are contiguous: the peer refuses others.
SHAPE, CHUNKS = (4000, 1000), (1000, 1000)
ARRAYS = ("a1b_temp_f32", "fl_dep_delay_f64", "linke_i32", "alt_u16", "syn_walk_i64")
PEER = "numcodecs.pcodec"
OURS = "this, Numba"
LIKE_PEER = "this, Numba, no prediction, one page"
"""What does the same work as the peer: numbers as they are, in one page, which is only ever read as a whole."""


class Found(NamedTuple):
    """Seconds, and bytes stored, of each codec by its name."""

    array: str
    raw: int
    write: dict[str, float]
    read: dict[str, float]
    stored: dict[str, int]


def _codecs() -> dict[str, tuple[str, dict[str, Any]]]:
    blosc = zarr.codecs.BloscCodec(cname="zstd", shuffle="shuffle")
    return {
        OURS: ("numba", {"serializer": PcoSerializer(), "compressors": None}),
        LIKE_PEER: ("numba", {"serializer": PcoSerializer(predictor="none", access="whole"), "compressors": None}),
        "this, NumPy": ("numpy", {"serializer": PcoSerializer(), "compressors": None}),
        PEER: ("numpy", {"serializer": zarr.codecs.numcodecs.PCodec(), "compressors": None}),
        "Blosc zstd, shuffle": ("numpy", {"compressors": (blosc,)}),
        "Zstd (Zarr's default)": ("numpy", {}),
    }


def measure(name: str, budget: float, shape: tuple[int, int] = SHAPE, chunks: tuple[int, int] = CHUNKS) -> Found:
    """Measure one array, its numbers repeated to fill the shape."""
    with warnings.catch_warnings():
        # Zarr before 3.3 says so of all codecs of numcodecs.
        warnings.filterwarnings("ignore", "Numcodecs codecs are not in the Zarr version 3 specification")
        return _measure(name, arrays.grid(name, shape), chunks, budget)


def _measure(name: str, data: np.ndarray, chunks: tuple[int, int], budget: float) -> Found:
    tasks: dict[str, Any] = {}
    sizes = {}
    listed = _codecs()
    for codec, (kernels, settings) in listed.items():

        def write(kernels: str = kernels, settings: dict[str, Any] = settings) -> zarr.Array:
            os.environ[VARIABLE] = kernels
            return zarr.create_array(zarr.storage.MemoryStore(), data=data, chunks=chunks, **settings)

        stored = write()

        def read(kernels: str = kernels, stored: zarr.Array = stored) -> np.ndarray:
            os.environ[VARIABLE] = kernels
            return stored[:]

        assert read().tobytes() == data.tobytes()
        sizes[codec] = stored.nbytes_stored()
        tasks[f"write {codec}"] = write
        tasks[f"read {codec}"] = read
    seconds = in_turn(tasks, budget)
    times = [{codec: seconds[f"{kind} {codec}"] for codec in listed} for kind in ("write", "read")]
    return Found(name, data.nbytes, *times, sizes)
