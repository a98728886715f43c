"""Dask, in threads and in a cluster of processes: lazy arrays of any chunks, and data larger than a worker's memory."""

import os
from pathlib import Path
from unittest import mock

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from codec_cases import assert_same_bits
from dask.base import tokenize
from distributed import Client, LocalCluster
from store_cases import LAYOUTS, PIPELINES, SHAPE, given

from pcodec_numcodecs.codecs.numcodecs import Pco
from pcodec_numcodecs.codecs.xarray import encoding_for
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

# With Dask's chunks the same as Zarr's, and with such as cut through them.
CHUNKS = [None, (40, 50), SHAPE]


def assert_lazy_reads(lazy, expected):
    """Compare what Dask computes, whole and in parts, by as many tasks as it likes."""
    for part in (np.s_[:], np.s_[3], np.s_[95:97, 88:92], np.s_[33::17, ::31], np.s_[::-1, 5], np.s_[[97, 1, 30], 4:]):
        assert_same_bits(lazy[part].compute(), expected[part])
    assert_same_bits(lazy.vindex[[5, 149, 0], [129, 0, 63]].compute(), expected[[5, 149, 0], [129, 0, 63]])
    assert_same_bits(lazy.view("u8").max(axis=0).compute(), expected.view("u8").max(axis=0))


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_threads_read_any_chunks(layout, chunks, tmp_path):
    zarr.create_array(tmp_path, data=given(), **LAYOUTS[layout])
    lazy = da.from_zarr(tmp_path) if chunks is None else da.from_zarr(tmp_path, chunks=chunks)
    for pipeline in PIPELINES.values():
        with zarr.config.set(pipeline), dask.config.set(scheduler="threads", num_workers=4):
            assert_lazy_reads(lazy, given())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_threads_write(layout, tmp_path):
    array = zarr.create_array(tmp_path, shape=SHAPE, dtype="f8", **LAYOUTS[layout])
    lazy = da.from_array(given(), chunks=(40, 50)).rechunk(array.shards or array.chunks)
    with dask.config.set(scheduler="threads", num_workers=4):
        da.store(lazy, array, lock=False)
    assert_same_bits(zarr.open_array(tmp_path, mode="r")[:], given())


def test_dask_creates_the_array(tmp_path):
    lazy = da.from_array(np.asfortranarray(given()), chunks=(96, 90))
    lazy.to_zarr(str(tmp_path), component="a", serializer=PcoSerializer(level=0), compressors=None)
    array = zarr.open_array(tmp_path / "a", mode="r")
    assert (array.serializer, array.compressors, array.chunks) == (PcoSerializer(level=0), (), (96, 90))
    assert_same_bits(array[:], given())


@pytest.mark.filterwarnings("ignore:The specified chunks separate the stored chunks:UserWarning")
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("chunks", [{}, {"y": 40, "x": 50}], ids=["same", "other"])
def test_xarray_reads_and_writes_lazily(zarr_format, chunks, tmp_path):
    data = xr.Dataset({"a": (("y", "x"), given())}).chunk(y=96, x=90)
    data.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, encoding=encoding_for(data, zarr_format, 0))
    with xr.open_zarr(tmp_path, consolidated=False, chunks=chunks) as found:
        assert_lazy_reads(found["a"].data, given())
        picked = found["a"].isel(y=[97, 1, 30], x=slice(4, 100)).transpose("x", "y")
        assert_same_bits(picked.values, given()[[97, 1, 30], 4:100].T)


@pytest.mark.parametrize("codec", [Pco, PcoSerializer])
def test_equal_codecs_are_one_task(codec):
    # Else Dask would compute again what it has, or take one array for another.
    with dask.config.set({"tokenize.ensure-deterministic": True}):
        assert tokenize(codec(level=3)) == tokenize(codec(level=3))
        assert tokenize(codec(level=3)) != tokenize(codec(level=4))


LIMIT_MIB = 320  # a worker that has done nothing but its imports takes about 140
PATIENCE = 120  # seconds, after which a cluster that lost its workers is given up: it would wait for ever


@pytest.fixture(scope="module")
def client():
    # What does not fit is not to be moved to disk either.
    with (
        # Nor is Numba, which a worker imports after some work, what is measured here.
        mock.patch.dict(os.environ, {"PCODEC_NUMCODECS_KERNELS": "numpy"}),
        dask.config.set({"distributed.worker.memory.target": False, "distributed.worker.memory.spill": False}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            memory_limit=f"{LIMIT_MIB}MiB",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


# What workers run is defined within the tests: so it travels as code, and no module is imported that imports ours.


def test_workers_find_the_codecs_by_name(client, tmp_path):
    codecs = {
        2: {"compressors": {"id": "pcodec_numcodecs.pco", "level": 0}},
        3: {"serializer": {"name": "pcodec_numcodecs.pco", "configuration": {"level": 0}}, "compressors": None},
    }

    def has_codecs():
        import sys

        return "pcodec_numcodecs.codecs.zarr3" in sys.modules, "pcodec_numcodecs.codecs.numcodecs" in sys.modules

    def write(path, zarr_format, values, options):
        import zarr

        zarr.create_array(path, data=values, chunks=(96, 90), zarr_format=zarr_format, **options)

    def read(path):
        import zarr

        return zarr.open_array(path, mode="r")[:]

    client.restart()
    workers = list(client.scheduler_info()["workers"])
    assert list(client.run(has_codecs).values()) == [(False, False)] * 2
    for zarr_format, options in codecs.items():
        path = str(tmp_path / str(zarr_format))
        client.submit(write, path, zarr_format, given(), options, workers=workers[0]).result(PATIENCE)
        assert_same_bits(client.submit(read, path, workers=workers[1]).result(PATIENCE), given())
    assert list(client.run(has_codecs).values()) == [(True, True)] * 2


@pytest.mark.parametrize(
    ("n_chunks", "chunk_mib"),
    [(24, 2), pytest.param(LIMIT_MIB // 4 + 2, 4, marks=pytest.mark.slow)],
    ids=["some", "more than a worker may hold"],
)
def test_workers_hold_a_few_chunks_at_a_time(client, tmp_path, n_chunks, chunk_mib):
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process is read from Linux's /proc")
    shape = (n_chunks * 256, chunk_mib * 512)

    def block(block_id):
        import numpy as np

        # Random bits: nothing that could be held in less memory than it has.
        words = np.random.Generator(np.random.Philox(key=block_id[0])).integers(0, 2**64, (256, shape[1]), np.uint64)
        return words.view(np.float64)

    def state():
        import os
        import pathlib

        import dask.array  # noqa: F401
        import zarr  # noqa: F401, so that what is measured later is not these

        # Not `getrusage`: its peak is one of this process and whichever started it.
        status = dict(line.split(":") for line in pathlib.Path("/proc/self/status").read_text().splitlines())
        return os.getpid(), int(status["VmHWM"].split()[0]) / 1024

    def n_wrong_words(found, expected):
        return (found.view("u8") != expected.view("u8")).sum(keepdims=True)

    lazy = da.map_blocks(block, chunks=((256,) * n_chunks, shape[1:]), dtype="f8", meta=np.empty((0, 0)))
    array = zarr.create_array(
        tmp_path,
        shape=shape,
        dtype="f8",
        chunks=(256, shape[1]),
        serializer=PcoSerializer(level=0),
        compressors=None,
    )
    before = client.run(state)
    # Not `to_zarr`: that merges chunks, up to the size in Dask's configuration.
    client.compute(da.store(lazy, array, lock=False, compute=False)).result(PATIENCE)
    wrong = da.map_blocks(n_wrong_words, da.from_zarr(tmp_path), lazy, chunks=((1,) * n_chunks, (1,)), dtype="i8")
    assert client.compute(wrong.sum()).result(PATIENCE) == 0
    assert array.nchunks_initialized == n_chunks
    after = client.run(state)
    assert after.keys() == before.keys(), "a worker was ended for its memory"
    for worker, (pid, peak_mib) in before.items():
        assert after[worker][0] == pid, "a worker was ended for its memory"
        assert after[worker][1] - peak_mib < n_chunks * chunk_mib / 2
        assert after[worker][1] < LIMIT_MIB
