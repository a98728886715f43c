"""Stores in this process and on this disk: memory, folders, zip files."""

import shutil
import warnings

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from store_cases import (
    ARRANGEMENTS,
    LAYOUTS,
    PIPELINES,
    SHAPE,
    assert_odd_frames,
    assert_reads,
    given,
    write_odd_frames,
)
from zarr.storage import LocalStore, MemoryStore, ZipStore

STORES = ["memory", "local", "zip"]


@pytest.fixture(params=PIPELINES.values(), ids=PIPELINES)
def pipeline(request):
    with zarr.config.set(request.param):
        yield


@pytest.fixture
def store(request, tmp_path):
    """A new store that can be written; its kind is the parameter."""
    if request.param == "zip":
        with ZipStore(tmp_path / "store.zip", mode="w") as opened:
            yield opened
    else:
        yield MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "store")


@pytest.fixture
def reopened(store, tmp_path):
    """Function that gives what was written so far to a reader who shares nothing with the writer but the bytes."""
    opened = []

    def reopen():
        if isinstance(store, MemoryStore):
            again = MemoryStore(dict(store._store_dict), read_only=True)
        elif isinstance(store, LocalStore):
            again = LocalStore(shutil.copytree(store.root, tmp_path / "copy", dirs_exist_ok=True), read_only=True)
        else:
            store.close()
            again = ZipStore(store.path, mode="r")
            opened.append(again)
        return zarr.open_array(again, mode="r")

    yield reopen
    for again in opened:
        again.close()


every_store = pytest.mark.parametrize("store", STORES, indirect=True)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


@every_store
@every_layout
@pytest.mark.usefixtures("pipeline")
def test_whole_and_parts_come_back(store, layout, reopened):
    array = zarr.create_array(store, data=given(), **LAYOUTS[layout])
    assert_same_bits(array[:], given())
    assert_reads(reopened(), given())


@every_store
@pytest.mark.usefixtures("pipeline")
def test_frames_that_are_short_or_mostly_index(store):
    write_odd_frames(store)
    group = zarr.open_group(store, mode="r+")
    assert_odd_frames(lambda name: group[name])


@every_store
@every_layout
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_any_arrangement_of_the_input(store, layout, arrangement, reopened):
    arranged = ARRANGEMENTS[arrangement](given())
    assert not arranged.flags.c_contiguous
    zarr.create_array(store, data=arranged, **LAYOUTS[layout])
    assert_same_bits(reopened()[:], given())


@every_store
@every_layout
def test_append(store, layout, reopened):
    expected = given()
    array = zarr.create_array(store, data=expected[:50], **LAYOUTS[layout])
    with warnings.catch_warnings():
        if isinstance(store, ZipStore):
            # The chunks at the edge and the metadata are written a second time; in a zip file the last one counts.
            warnings.filterwarnings("ignore", "Duplicate name:", UserWarning)
        array.append(expected[50:149])
        array.append(expected[149:])
    assert_reads(reopened(), expected)


@pytest.mark.parametrize("store", ["memory", "local"], indirect=True)  # from zip files, Zarr cannot remove
@every_layout
def test_resize(store, layout, reopened):
    array = zarr.create_array(store, data=given(), fill_value=7, **LAYOUTS[layout])
    array.resize((101, 28))
    assert_same_bits(reopened()[:], given()[:101, :28])
    array.resize(SHAPE)
    expected = np.full(SHAPE, 7, np.float64)
    # What was cut off within a chunk is still there; whole chunks are gone.
    rows, columns = array.shards or array.chunks
    kept = np.s_[: -(-101 // rows) * rows, : -(-28 // columns) * columns]
    expected[kept] = given()[kept]
    assert_reads(reopened(), expected)


@every_store
@every_layout
def test_chunks_that_were_never_written_are_fill(store, layout, reopened):
    array = zarr.create_array(store, shape=SHAPE, dtype="f8", fill_value=np.nan, **LAYOUTS[layout])
    expected = np.full(SHAPE, np.nan, np.float64)
    array[110:, 100:] = expected[110:, 100:] = given()[110:, 100:]
    assert_same_bits(array[:], expected)
    assert_reads(reopened(), expected)


@every_store
@every_layout
@pytest.mark.usefixtures("pipeline")
def test_parts_are_written(store, layout, reopened):
    array = zarr.create_array(store, data=np.zeros(SHAPE, np.float64), fill_value=1, **LAYOUTS[layout])
    expected = np.zeros(SHAPE, np.float64)
    with warnings.catch_warnings():
        if isinstance(store, ZipStore):
            warnings.filterwarnings("ignore", "Duplicate name:", UserWarning)
        for part in (np.s_[10:30], np.s_[:, 89:91], np.s_[34, 5], np.s_[::17, ::31]):
            array[part] = expected[part] = given()[part]
        part = [5, 149, 0], [129, 0, 39]
        array.vindex[part] = expected[part] = given()[part]
        if not array.shards:  # Zarr 3.1 itself cannot, with any codec
            rows, columns = part
            part = np.ix_(rows, columns)
            array.oindex[rows, columns] = expected[part] = given()[part]
    assert_reads(reopened(), expected)
