"""Chunks of many kinds in a store that counts requests, and what a reader should ask of each."""

from functools import cache

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from counting_store import PIPELINES, CountingStore

from pcodec_numcodecs import frame
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

KIB = 1024
GAP = 32 * KIB  # pages so far apart are read with one request
NEAR, FEW = 4 * KIB, 5  # or only those so near, where so many requests are enough
MOST_FIRST = 16 * KIB
SHAPE = (1000, 1000)


@pytest.fixture(params=PIPELINES.values(), ids=PIPELINES)
def codec_pipeline(request):
    with zarr.config.set({"codec_pipeline.path": request.param}):
        yield request.param


def noise(spread, seed):
    return np.random.default_rng(seed).normal(0, spread, SHAPE)


def waves(seed):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return 1e6 * np.sin(y / 97) * np.cos(x / 61) + noise(300, seed)


def uniform(bits, seed):
    return np.random.default_rng(seed).integers(0, 1 << bits, SHAPE)


# Of 16, 11 and 8 bits of 32 that are not always the same, Pco stores just those, and reads them fast: with these, many
# places are tried.
KINDS = {
    "uniform-2": lambda: uniform(16, 0),
    "uniform-3": lambda: uniform(11, 1),
    "uniform-4": lambda: uniform(8, 2),
    "normal": lambda: noise(280, 3),
    "waves": lambda: waves(4),
    "walks": lambda: np.random.default_rng(5).integers(-9000, 9001, SHAPE).cumsum(axis=1),
    "waiting-times": lambda: np.random.default_rng(6).geometric(1e-2, SHAPE),
}
DTYPES = {
    "f8": lambda: np.round(noise(1, 7), 5),
    "f4": lambda: np.round(noise(1, 8), 3),
    "i8": lambda: uniform(31, 9),
    "i2": lambda: uniform(7, 10),
    "u1": lambda: uniform(5, 11),
    "c8": lambda: np.round(noise(1, 12), 2) + 1j * np.round(noise(1, 13), 2),
    "?": lambda: noise(1, 14) > 0.3,
    "M8[s]": lambda: uniform(20, 15).view("M8[s]"),
}


class Case:
    """An array of one chunk, and what a reader should ask of it, worked out from its frame."""

    def __init__(self, given, **settings):
        self.given = given
        self.store = CountingStore()
        options = {"serializer": PcoSerializer(**settings), "compressors": None, "chunks": given.shape}
        zarr.create_array(self.store, data=given, **options)
        (self.frame,) = self.store.chunks().values()
        self.info = frame.info(self.frame)
        self.front = self.info.head_bytes + self.info.stream_bytes
        self.starts = self.front + np.concatenate(([0], np.cumsum(self.info.page_bytes)))
        # The number of the page of each cell.
        tiles = [-(-size // length) for size, length in zip(given.shape, self.info.tile, strict=True)]
        self.page_of = np.arange(np.prod(tiles)).reshape(tiles)
        for axis, length in enumerate(self.info.tile):
            self.page_of = np.repeat(self.page_of, length, axis).take(range(given.shape[axis]), axis)
        # The first request is to depend on the chunk's size and type alone, so that of one place is that of all.
        self.first = self.read(lambda array: array[(-1,) * given.ndim])[0].stop or len(self.frame)

    def read(self, take):
        """Read a part, compare it with what NumPy gives, and return the requests."""
        array = zarr.open_array(self.store, mode="r")
        with self.store.watch() as gets:
            found = take(array)
        assert_same_bits(found, take(InMemory(self.given)))
        assert {get.sync for get in gets} == {"Fused" in zarr.config.get("codec_pipeline.path")}
        return gets

    def gaps(self, part):
        """Return the bytes between each two of the pages that hold a part."""
        pages = np.unique(self.page_of[part])
        return self.starts[pages[1:]] - self.starts[pages[:-1] + 1]

    def limits(self, part, gap=None):
        """Return how many requests a part takes at most, and their bytes: pages that it touches, gaps and index."""
        gaps = self.gaps(part)
        if gap is None:
            gap = NEAR if (gaps > NEAR).sum() < FEW else GAP
        index = 1 if self.front <= self.first else 2
        pages = self.info.page_bytes[np.unique(self.page_of[part])]
        count = index + 1 + int((gaps > gap).sum())
        return count, int(max(self.first, self.front) + pages.sum() + gaps[gaps <= gap].sum())


class InMemory:
    """NumPy's answers to the ways in which Zarr arrays are indexed."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, part):
        return self.array[part]

    @property
    def vindex(self):
        return self.array


@cache
def case(name, **settings):
    made = KINDS.get(name, DTYPES.get(name))()
    return Case(made.astype("i4" if name in KINDS else name), **settings)


def total(gets):
    return sum(get.n_bytes for get in gets)


def places(kind, count, high=1000, seed=20):
    """Return random places, as many as are read in a moment."""
    count = count if kind.startswith("uniform") else max(1, count // 10)
    return np.random.default_rng(seed).integers(0, high, (count, 2)).tolist()


every_kind = pytest.mark.parametrize("kind", KINDS)
