"""S3, by s3fs and by obstore: every bit comes back, and a small part of a chunk costs little of the chunk."""

from contextlib import contextmanager

import numpy as np
import obstore
import pytest
import s3fs
import xarray as xr
import zarr
from codec_cases import assert_same_bits
from servers import BUCKET, CREDENTIAL, s3_server
from store_cases import (
    LAYOUTS,
    PARTS_OF_LARGE,
    PIPELINES,
    SHAPE,
    assert_odd_frames,
    assert_reads,
    given,
    write_odd_frames,
)
from zarr.core.sync import sync
from zarr.storage import FsspecStore, ObjectStore

from pcodec_numcodecs.codecs.xarray import encoding_for
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer


@pytest.fixture(scope="module")
def server():
    with s3_server() as running:
        yield running


@contextmanager
def by_s3fs(url, prefix):
    filesystem = s3fs.S3FileSystem(
        key=CREDENTIAL,
        secret=CREDENTIAL,
        endpoint_url=url,
        client_kwargs={"region_name": "us-east-1"},
        asynchronous=True,
        skip_instance_cache=True,
    )
    yield FsspecStore(filesystem, path=f"{BUCKET}/{prefix}")
    if filesystem._s3 is not None:
        sync(filesystem._s3.close())


@contextmanager
def by_obstore(url, prefix):
    yield ObjectStore(
        obstore.store.S3Store(
            BUCKET,
            prefix=prefix,
            endpoint=url,
            region="us-east-1",
            access_key_id=CREDENTIAL,
            secret_access_key=CREDENTIAL,
            client_options={"allow_http": True},
        )
    )


CLIENTS = {"s3fs": by_s3fs, "obstore": by_obstore}


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS)
def store(request, server, tmp_path):
    """A store under a prefix of its own."""
    with request.param(server.url, tmp_path.name) as opened:
        yield opened


@pytest.mark.parametrize("layout", ["v2", "v3", "v3-shards"])
@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
def test_whole_and_parts_come_back(store, layout, pipeline):
    with zarr.config.set(pipeline):
        zarr.create_array(store, data=given(), **LAYOUTS[layout])
        assert_reads(zarr.open_array(store, mode="r"), given())


def test_frames_that_are_short_or_mostly_index(store):
    write_odd_frames(store)
    assert_odd_frames(lambda name: zarr.open_array(store, path=name, mode="r"))


@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_what_one_client_wrote_the_other_reads(server, layout, tmp_path):
    for writer, reader in (CLIENTS, list(CLIENTS)[::-1]):
        prefix = f"{tmp_path.name}/{writer}"
        with CLIENTS[writer](server.url, prefix) as store:
            zarr.create_array(store, data=given(), **LAYOUTS[layout])
        with CLIENTS[reader](server.url, prefix) as store:
            assert_same_bits(zarr.open_array(store, mode="r")[:], given())


@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_append_and_resize(store, layout):
    expected = given()
    array = zarr.create_array(store, data=np.asfortranarray(expected[:70]), **LAYOUTS[layout])
    array.append(expected[70:])
    assert_same_bits(zarr.open_array(store, mode="r")[:], expected)
    array.resize((96, 100))
    assert_same_bits(zarr.open_array(store, mode="r")[:], expected[:96, :100])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_xarray(store, zarr_format):
    data = xr.Dataset({"a": (("y", "x"), given()), "b": (("y", "x"), given("i2"))})
    data = data.assign_coords(y=np.arange(SHAPE[0]) * 0.5)
    first, rest = data.isel(y=slice(100)), data.isel(y=slice(100, None))
    first.to_zarr(store, zarr_format=zarr_format, consolidated=False, encoding=encoding_for(first, zarr_format, 0))
    rest.to_zarr(store, zarr_format=zarr_format, consolidated=False, append_dim="y")
    found = xr.open_zarr(store, consolidated=False, chunks=None)
    for name in data.variables:
        assert_same_bits(found[name].values, data[name].values)
    assert_same_bits(found["a"][[3, 120], 7:30].values, given()[[3, 120], 7:30])


# One chunk of 4 MB, in which no number resembles another: nearly as many bytes are stored.
LARGE = np.random.default_rng(0).integers(-(2**31), 2**31, (1000, 1000)).astype(np.int32)


@pytest.fixture
def large(store):
    zarr.create_array(store, data=LARGE, chunks=LARGE.shape, serializer=PcoSerializer(level=0), compressors=None)
    return zarr.open_array(store, mode="r")


def bodies(requests):
    """Sizes of what was fetched; s3fs asks for the size of an object before it fetches the whole."""
    assert {request.method for request in requests} <= {"GET", "HEAD"}
    return [request.n_bytes for request in requests if request.method == "GET"]


def test_whole_chunk_is_fetched_once(server, large):
    with server.watch("/c/") as requests:
        assert_same_bits(large[:], LARGE)
    stored = large.nbytes_stored()
    assert sum(bodies(requests)) <= stored * 1.02
    assert len(bodies(requests)) <= 2


@PARTS_OF_LARGE
def test_part_of_a_chunk_is_fetched_by_ranges(server, large, part, share):
    with server.watch("/c/") as requests:
        assert_same_bits(large[part], LARGE[part])
    assert all(request.status == 206 for request in requests)
    assert sum(bodies(requests)) <= share * LARGE.nbytes


def test_scattered_numbers_are_fetched_by_ranges(server, large):
    rows, columns = [999, 0, 500, 0], [0, 999, 500, 999]
    with server.watch("/c/") as requests:
        assert_same_bits(large.vindex[rows, columns], LARGE[rows, columns])
    assert sum(bodies(requests)) <= 0.2 * LARGE.nbytes
    with server.watch("/c/") as requests:
        assert_same_bits(large.oindex[[999, 0], [999, 3]], LARGE[np.ix_([999, 0], [999, 3])])
    assert sum(bodies(requests)) <= 0.2 * LARGE.nbytes


def test_missing_chunk_costs_one_request(server, store):
    array = zarr.create_array(
        store,
        shape=(100, 100),
        chunks=(100, 100),
        dtype="i4",
        fill_value=-7,
        serializer=PcoSerializer(level=0),
        compressors=None,
    )
    for part in (np.s_[:], np.s_[3, 4:9]):
        with server.watch("/c/") as requests:
            assert_same_bits(array[part], np.full((100, 100), -7, np.int32)[part])
        assert [request.status for request in requests] == [404]


def test_many_chunks(server, store):
    # More chunks than Zarr asks for at a time.
    array = zarr.create_array(
        store, data=given("i4", (24, 20)), chunks=(1, 20), serializer=PcoSerializer(level=0), compressors=None
    )
    with server.watch("/c/") as requests:
        assert_same_bits(array[:, 3:7], given("i4", (24, 20))[:, 3:7])
    assert len({request.path for request in requests}) == 24
