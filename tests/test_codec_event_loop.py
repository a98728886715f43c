"""The event loop stays free: all that takes time to compute happens in other threads."""

import asyncio
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import zarr
import zarr.api.asynchronous
from codec_cases import assert_same_bits
from counting_store import PIPELINES, CountingStore

import pcodec_numcodecs
from pcodec_numcodecs import ChunkConfig, CorruptionError, standalone
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

ROOT = str(Path(pcodec_numcodecs.__file__).parent)
SHAPE = (200, 180)
# What may run on the loop: it settles what to ask for and hands on what came, and looks at no number and no index.
LIGHT = {
    "codecs/zarr3.py": {
        *("_decode_partial_single", "get", "_gathered", "in_turn", "_requests", "_reading", "_step"),
        *("_view", "_byte_range", "evolve_from_array_spec", "_settings", "__post_init__", "<genexpr>", "<listcomp>"),
    },
    "codecs/threaded.py": {"_encode_single", "_decode_single"},
    "codecs/workers.py": {"in_thread", "done", "_start", "_ended", "_settle", "__init__", "_processors"},
    "codecs/chunks.py": {"__init__", "is_whole", "raw_bytes", "<genexpr>"},
    "frame/requests.py": {"is_small", "first_bytes", "read_ranges"},
    "frame/elements.py": {"element_of", "__init__", "_refusal"},
    "frame/settings.py": {"__post_init__", "_checked_tile", "check_dimensions", "<genexpr>"},
    "config.py": {"checked_integer"},
    "dtypes.py": {"number_type_of"},
    "buffers.py": {"as_bytes_view"},
    "scratch.py": {"__del__", "give_back", "<listcomp>"},  # of an array that Zarr has copied
}


def heavy_work_on_the_loop(work):
    """Run something on a new event loop; return the result, and the package's functions that kept the loop busy."""
    called = defaultdict(set)

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            called[Path(frame.f_code.co_filename).relative_to(ROOT).as_posix()].add(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)  # for this thread, which is the loop's
    try:
        result = asyncio.run(work())
    finally:
        sys.setprofile(before)
    heavy = {path: names - LIGHT.get(path, set()) for path, names in called.items()}
    return result, {path: names for path, names in heavy.items() if names}


@pytest.fixture(params=PIPELINES.values(), ids=PIPELINES, autouse=True)
def pipeline(request):
    with zarr.config.set({"codec_pipeline.path": request.param, "pcodec_numcodecs.coalesce_gap": 0}):
        yield request.param


def data(shape=SHAPE):
    return np.random.default_rng(0).integers(0, 256, shape, dtype="i4")


def store_with(shape=SHAPE, **options):
    store = CountingStore()
    options = {"serializer": PcoSerializer(tile=(25, 30)), "compressors": None, "chunks": shape} | options
    zarr.create_array(store, shape=shape, dtype="i4", **options)[:] = data(shape)
    return store


def opened(store):
    return asyncio.run(zarr.api.asynchronous.open_array(store=store, mode="r+"))


@pytest.mark.parametrize(
    "part", [np.s_[:], np.s_[3, 5], np.s_[:, 70], np.s_[1:]], ids=["all", "cell", "column", "most"]
)
@pytest.mark.parametrize(
    "options", [{}, {"chunks": (100, 180), "shards": SHAPE}, {"chunks": (100, 90)}], ids=["chunk", "shard", "small"]
)
def test_reading(part, options):
    array = opened(store_with(**options))
    found, heavy = heavy_work_on_the_loop(lambda: array.getitem(part))
    assert_same_bits(found, data()[part])
    assert not heavy


@pytest.mark.parametrize("options", [{}, {"chunks": (100, 180), "shards": SHAPE}], ids=["chunk", "shard"])
@pytest.mark.parametrize("part", [np.s_[:], np.s_[40:60, 9]], ids=["all", "part"])
def test_writing(part, options):
    store = store_with(**options)
    array = opened(store)
    _, heavy = heavy_work_on_the_loop(lambda: array.setitem(part, data()[part] + 1))
    assert not heavy
    expected = data()
    expected[part] += 1
    assert_same_bits(zarr.open_array(store, mode="r")[:], expected)


def test_files_and_damaged_chunks():
    store = store_with()
    ((key, content),) = store.chunks().items()
    array = opened(store)
    store.put(key, content[:-1] + bytes([content[-1] ^ 1]))

    async def read_damage():
        with pytest.raises(CorruptionError, match="page 47 "):
            await array.getitem((199, 179))

    _, heavy = heavy_work_on_the_loop(read_damage)
    assert not heavy
    store.put(key, standalone.simple_compress(data().ravel(), ChunkConfig()))
    found, heavy = heavy_work_on_the_loop(lambda: array.getitem((slice(None), 7)))
    assert_same_bits(found, data()[:, 7])
    assert not heavy


def test_work_on_the_loop_is_noticed():
    async def work():
        return pcodec_numcodecs.frame.write(data())

    _, heavy = heavy_work_on_the_loop(work)
    assert {"frame/writer.py", "frame/checksums.py", "compress.py"} <= heavy.keys()
