"""Plain HTTP, by fsspec and by obstore, from servers with and without ranges: the right bits, or a clear error."""

import warnings
from contextlib import contextmanager, suppress

import aiohttp
import numpy as np
import obstore
import pytest
import xarray as xr
import zarr
from codec_cases import assert_same_bits
from servers import NGINX, Ranges, nginx_server, no_range_server, python_server, range_server
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
from zarr.storage import FsspecStore, LocalStore, ObjectStore

from pcodec_numcodecs.codecs.xarray import encoding_for
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

# One chunk of 4 MB, in which no number resembles another: nearly as many bytes are stored.
LARGE = np.random.default_rng(0).integers(-(2**31), 2**31, (1000, 1000)).astype(np.int32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What is served: an array in each layout, a large one, one without chunks, and groups that xarray wrote."""
    folder = tmp_path_factory.mktemp("served")
    for layout, options in LAYOUTS.items():
        zarr.create_array(folder / layout, data=given(), **options)
    write_odd_frames(LocalStore(folder / "odd"))
    v3 = {"serializer": PcoSerializer(level=0), "compressors": None}
    zarr.create_array(folder / "large", data=LARGE, chunks=LARGE.shape, **v3)
    zarr.create_array(folder / "missing", shape=(9, 9), chunks=(9, 9), dtype="i4", fill_value=-7, **v3)
    data = dataset()
    data.to_zarr(folder / "xarray-2", zarr_format=2, encoding=encoding_for(data, 2, level=0))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Consolidated metadata is currently not part", zarr.errors.ZarrUserWarning)
        data.to_zarr(folder / "xarray-3", zarr_format=3, encoding=encoding_for(data, 3, level=0))
    return folder


def dataset():
    return xr.Dataset({"a": (("y", "x"), given()), "b": (("y", "x"), given("i2"))}, coords={"x": np.arange(SHAPE[1])})


@pytest.fixture(scope="module", params=["nginx", "python"])
def with_ranges(request, folder, tmp_path_factory):
    if request.param == "nginx":
        if NGINX is None:
            pytest.skip("nginx is not installed")
        running = nginx_server(folder, tmp_path_factory.mktemp("nginx"))
    else:
        running = range_server(folder)
    with running as server:
        yield server


@pytest.fixture(scope="module")
def without_ranges(folder):
    with no_range_server(folder) as server:
        yield server


@contextmanager
def by_fsspec(url):
    store = FsspecStore.from_url(url, storage_options={"skip_instance_cache": True}, read_only=True)
    yield store
    if store.fs._session is not None:
        sync(store.fs._session.close())


@contextmanager
def by_obstore(url):
    yield ObjectStore(obstore.store.HTTPStore.from_url(url, client_options={"allow_http": True}), read_only=True)


@pytest.fixture(params=[by_fsspec, by_obstore], ids=["fsspec", "obstore"])
def opened(request):
    """Function that opens an array by its URL, with one of the clients."""
    stores = []

    def open_array(server, name):
        stores.append(request.param(f"{server.url}/{name}"))
        return zarr.open_array(stores[-1].__enter__(), mode="r")

    yield open_array
    for store in stores:
        store.__exit__(None, None, None)


@pytest.fixture(params=PIPELINES.values(), ids=PIPELINES)
def pipeline(request):
    with zarr.config.set(request.param):
        yield


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.usefixtures("pipeline")
def test_whole_and_parts_come_back(with_ranges, opened, layout):
    assert_reads(opened(with_ranges, layout), given())


@pytest.mark.usefixtures("pipeline")
def test_frames_that_are_short_or_mostly_index(with_ranges, opened):
    assert_odd_frames(lambda name: opened(with_ranges, f"odd/{name}"))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("client", [by_fsspec, by_obstore])
def test_xarray(with_ranges, client, zarr_format):
    with client(f"{with_ranges.url}/xarray-{zarr_format}") as store:
        # Without a listing, which HTTP has not, only consolidated metadata say what there is.
        found = xr.open_zarr(store, consolidated=True, chunks=None)
        for name, variable in dataset().variables.items():
            assert_same_bits(found[name].values, variable.values)
        assert_same_bits(found["a"][[3, 120], 7:30].values, given()[[3, 120], 7:30])


@pytest.mark.usefixtures("pipeline")
def test_whole_chunk_is_fetched_once(with_ranges, opened):
    array = opened(with_ranges, "large")
    with with_ranges.watch("/c/") as requests:
        assert_same_bits(array[:], LARGE)
    assert len(requests) <= 2
    assert LARGE.nbytes * 0.95 <= sum(request.n_bytes for request in requests) <= LARGE.nbytes * 1.02


@pytest.mark.usefixtures("pipeline")
@PARTS_OF_LARGE
def test_part_of_a_chunk_is_fetched_by_ranges(with_ranges, opened, part, share):
    array = opened(with_ranges, "large")
    with with_ranges.watch("/c/") as requests:
        assert_same_bits(array[part], LARGE[part])
    assert {(request.method, request.status) for request in requests} == {("GET", 206)}
    assert sum(request.n_bytes for request in requests) <= share * LARGE.nbytes


@pytest.mark.usefixtures("pipeline")
def test_missing_chunk_costs_one_request(with_ranges, opened):
    array = opened(with_ranges, "missing")
    for part in (np.s_[:], np.s_[3, 4:9]):
        with with_ranges.watch("/c/") as requests:
            assert_same_bits(array[part], np.full((9, 9), -7, np.int32)[part])
        assert [request.status for request in requests] == [404]


class TestServerWithoutRanges:
    """It answers a request for a range with the whole file, and some clients pass that on as if it were the range."""

    PARTS = (np.s_[:], np.s_[5, :10], np.s_[999, 999], np.s_[300:600:50, 3], np.s_[500:520, 500:520])

    @pytest.mark.usefixtures("pipeline")
    @pytest.mark.parametrize("part", PARTS, ids=range(len(PARTS)))
    def test_right_or_refused(self, without_ranges, opened, part):
        array = opened(without_ranges, "large")
        # obstore looks at what comes back before it hands it on; fsspec never does.
        refusal = obstore.exceptions.NotSupportedError if isinstance(array.store, ObjectStore) else ()
        with suppress(refusal):
            assert_same_bits(array[part], LARGE[part])

    @pytest.mark.usefixtures("pipeline")
    @pytest.mark.parametrize("layout", ["v2", "v3"])
    def test_whole_array_comes_back_by_fsspec(self, without_ranges, layout):
        with by_fsspec(f"{without_ranges.url}/{layout}") as store:
            assert_same_bits(zarr.open_array(store, mode="r")[:], given())


@contextmanager
def failing_after(n_answers, folder):
    """Serve a folder, but from the chunk's request number `n_answers` on, answer that the server is broken."""

    class Failing(Ranges):
        def find(self):
            before = sum("/c/" in request.path for request in self.noted)
            return (500, b"broken", {}) if "/c/" in self.path and before >= n_answers else super().find()

    with python_server(Failing, folder) as server:
        yield server


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("n_answers", [0, 1])
def test_failing_server_is_no_missing_chunk(folder, n_answers):
    with failing_after(n_answers, folder) as server, by_fsspec(f"{server.url}/large") as store:
        array = zarr.open_array(store, mode="r")
        with pytest.raises(aiohttp.ClientResponseError, match="500"):
            array[999, 3:5]
