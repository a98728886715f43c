"""Icechunk: what is committed comes back, also from the past; on this disk, and on S3 by ranges."""

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr
from codec_cases import assert_same_bits
from servers import BUCKET, CREDENTIAL, s3_server
from store_cases import LAYOUTS, PIPELINES, V3, assert_odd_frames, assert_reads, given, write_odd_frames

from pcodec_numcodecs.codecs.xarray import encoding_for
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

every_layout = pytest.mark.parametrize("layout", [name for name in LAYOUTS if name.startswith("v3")])  # all it holds


@pytest.fixture
def repository(tmp_path):
    return icechunk.Repository.create(icechunk.local_filesystem_storage(str(tmp_path)))


@every_layout
@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
def test_whole_and_parts_come_back(repository, layout, pipeline):
    with zarr.config.set(pipeline):
        session = repository.writable_session("main")
        array = zarr.create_array(session.store, data=given(), **LAYOUTS[layout])
        assert_same_bits(array[:], given())
        session.commit("all of it")
        assert_reads(zarr.open_array(repository.readonly_session("main").store, mode="r"), given())


def test_frames_that_are_short_or_mostly_index(repository):
    session = repository.writable_session("main")
    write_odd_frames(session.store)
    session.commit("odd")
    store = repository.readonly_session("main").store
    assert_odd_frames(lambda name: zarr.open_array(store, path=name, mode="r"))


def test_the_past_stays_as_it_was(repository):
    session = repository.writable_session("main")
    array = zarr.create_array(session.store, data=np.asfortranarray(given()[:100]), **V3)
    first = session.commit("the first rows")
    session = repository.writable_session("main")
    array = zarr.open_array(session.store, mode="r+")
    array.append(given()[100:])
    array[7, 3:100] = 0
    session.commit("all rows, and some zeros")
    expected = given()
    expected[7, 3:100] = 0
    assert_reads(zarr.open_array(repository.readonly_session("main").store, mode="r"), expected)
    assert_same_bits(zarr.open_array(repository.readonly_session(snapshot_id=first).store, mode="r")[:], given()[:100])


def test_xarray(repository):
    data = xr.Dataset({"a": (("y", "x"), given()), "b": (("y", "x"), given("i2"))}, coords={"y": np.arange(150) * 0.5})
    first, rest = data.isel(y=slice(100)), data.isel(y=slice(100, None))
    session = repository.writable_session("main")
    first.to_zarr(session.store, zarr_format=3, consolidated=False, encoding=encoding_for(first, level=0))
    session.commit("first")
    session = repository.writable_session("main")
    rest.to_zarr(session.store, zarr_format=3, consolidated=False, append_dim="y")
    session.commit("rest")
    found = xr.open_zarr(repository.readonly_session("main").store, consolidated=False, chunks=None)
    for name, variable in data.variables.items():
        assert_same_bits(found[name].values, variable.values)
    assert_same_bits(found["a"][[3, 120], 7:30].values, given()[[3, 120], 7:30])


def test_part_of_a_chunk_is_fetched_by_ranges():
    numbers = np.random.default_rng(0).integers(-(2**31), 2**31, (1000, 1000)).astype(np.int32)
    with s3_server() as server:
        storage = icechunk.s3_storage(
            bucket=BUCKET,
            prefix="repository",
            region="us-east-1",
            endpoint_url=server.url,
            allow_http=True,
            force_path_style=True,
            access_key_id=CREDENTIAL,
            secret_access_key=CREDENTIAL,
        )
        session = icechunk.Repository.create(storage).writable_session("main")
        zarr.create_array(
            session.store, data=numbers, chunks=numbers.shape, serializer=PcoSerializer(level=0), compressors=None
        )
        session.commit("large")
        # A new one, which has no chunks in its cache.
        store = icechunk.Repository.open(storage).readonly_session("main").store
        array = zarr.open_array(store, mode="r")
        with server.watch("/chunks/") as requests:
            assert_same_bits(array[5, :10], numbers[5, :10])
        assert 0 < sum(request.n_bytes for request in requests) <= 0.05 * numbers.nbytes
        with server.watch("/chunks/") as requests:
            assert_same_bits(array[:], numbers)
        assert 0.9 * numbers.nbytes <= sum(request.n_bytes for request in requests) <= 1.02 * numbers.nbytes
