"""Zarr arrays of chunks of 1000 x 1000 in a store in memory: writing and reading all.

Once with one chunk at a time, which is one thread's work, and once as Zarr does it by default, in several threads.
"""

import os
import warnings
from typing import Any, NamedTuple

import numpy as np
import zarr
import zarr.codecs.numcodecs

from pcodec_numcodecs import PcoSerializer
from pcodec_numcodecs.kernels.choice import VARIABLE

from . import arrays
from .timing import Task, in_turn

# One chunk wide, so that chunks are contiguous: the peer refuses others.
SHAPE, CHUNKS = (4000, 1000), (1000, 1000)
ARRAYS = ("a1b_temp_f32", "fl_dep_delay_f64", "linke_i32", "alt_u16", "syn_walk_i64")
PEER = "numcodecs.pcodec"
OURS = "this, Numba"
LIKE_PEER = "this, Numba, no prediction, one page"
"""What does the same work as the peer: numbers as they are, in one page, which is only ever read as a whole."""


ONE, SEVERAL = "one chunk at a time", "Zarr's threads"
MANNERS: dict[str, dict[str, Any]] = {ONE: {"async.concurrency": 1}, SEVERAL: {}}
"""How chunks are worked on: what to set in Zarr's configuration."""


class Found(NamedTuple):
    """Seconds in each manner, and bytes stored, of each codec by its name."""

    array: str
    raw: int
    write: dict[str, dict[str, float]]
    read: dict[str, dict[str, float]]
    stored: dict[str, int]

    def against_peer(self, way: str, manner: str, codec: str) -> float:
        """Return the speed of a codec in multiples of the peer's."""
        seconds = getattr(self, way)[manner]
        return float(seconds[PEER] / seconds[codec])


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
        for manner, setting in MANNERS.items():
            tasks[f"write {manner} {codec}"] = _configured(setting, write)
            tasks[f"read {manner} {codec}"] = _configured(setting, read)
    seconds = in_turn(tasks, budget)
    times = [
        {manner: {codec: seconds[f"{way} {manner} {codec}"] for codec in listed} for manner in MANNERS}
        for way in ("write", "read")
    ]
    return Found(name, data.nbytes, *times, sizes)


def _configured(setting: dict[str, Any], task: Task) -> Task:
    def work() -> None:
        with zarr.config.set(setting):
            task()

    return work
