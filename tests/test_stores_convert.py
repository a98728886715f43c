"""A converted store holds the same, bit for bit, whatever happened on the way; its source is never touched."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import numpy.testing
import pytest
import xarray as xr
import zarr
from numcodecs import Blosc, Delta
from people_cases import QUIET, field, flip, listing, make_pco_array, make_tree, one_line_failure, run, run_json
from zarr.codecs import BytesCodec, ShardingCodec, TransposeCodec
from zarr.storage import LocalStore, ZipStore

from pcodec_numcodecs import Pco, PcoSerializer, stores
from pcodec_numcodecs.stores import StoreError, inspect, verify
from pcodec_numcodecs.stores.destinations import MARKER

pytestmark = pytest.mark.filterwarnings(*QUIET)


def convert(source, destination, **settings):
    """Convert at the quickest level."""
    return stores.convert(source, destination, **({"level": 0} | settings))


def same(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    return (found.shape, found.dtype, found.tobytes()) == (expected.shape, expected.dtype, expected.tobytes())


@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_all_is_kept_but_the_codecs(tmp_path, zarr_format, consolidated):
    arrays = make_tree(tmp_path / "src.zarr", zarr_format, consolidated)
    before = listing(tmp_path / "src.zarr")
    found = convert(tmp_path / "src.zarr", tmp_path / "dst.zarr", level=4)
    assert listing(tmp_path / "src.zarr") == before
    source = zarr.open_group(tmp_path / "src.zarr", mode="r", use_consolidated=consolidated)
    target = zarr.open_group(tmp_path / "dst.zarr", mode="r", use_consolidated=consolidated)
    assert target.metadata.zarr_format == zarr_format
    assert dict(target.attrs) == dict(source.attrs)
    assert dict(target["inner"].attrs) == {"level": 1}
    for name, cells in arrays.items():
        old, new = source[name], target[name]
        assert same(new[...], cells)
        for key in ("shape", "dtype", "chunks", "shards", "attrs"):
            assert getattr(new, key) == getattr(old, key) or key == "attrs"
        assert dict(new.attrs) == dict(old.attrs)
        numpy.testing.assert_equal(new.fill_value, old.fill_value)
        if zarr_format == 3:
            assert new.metadata.dimension_names == old.metadata.dimension_names
        if name != "inner/words":
            codec = new.compressors[0] if zarr_format == 2 else new.metadata.codecs[0]
            codec = codec.codecs[0] if isinstance(codec, ShardingCodec) else codec
            assert codec == (Pco(level=4) if zarr_format == 2 else PcoSerializer(level=4))
    # What is there, and nothing beside: no marks, no half-written files, the same chunks.
    assert listing(tmp_path / "dst.zarr").keys() == before.keys()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dst.zarr", "src.zarr"]
    by_path = {a.path: a for a in found.arrays}
    assert by_path["sparse"].written == 2
    assert (by_path["inner/words"].copied, by_path["inner/words"].written) == (2, 0)
    assert found.stored_bytes == inspect(tmp_path / "dst.zarr").stored_bytes
    assert found.source_bytes == inspect(tmp_path / "src.zarr").stored_bytes
    assert verify(tmp_path / "dst.zarr").ok


def test_zarr_v2_becomes_v3(tmp_path):
    arrays = make_tree(tmp_path / "src.zarr", 2, consolidated=True)
    convert(tmp_path / "src.zarr", tmp_path / "dst.zarr", zarr_format=3)
    target = zarr.open_group(tmp_path / "dst.zarr", mode="r", use_consolidated=True)
    assert target.metadata.zarr_format == 3
    for name, cells in arrays.items():
        assert same(target[name][...], cells)
    assert target["field"].metadata.dimension_names == ("y", "x")
    assert "_ARRAY_DIMENSIONS" not in target["field"].attrs
    assert target["inner"]["flags"].serializer == PcoSerializer(level=0)
    assert target.attrs["numbers"] == [1, 2.5]
    with pytest.raises(StoreError, match="cannot be converted to v2"):
        convert(tmp_path / "dst.zarr", tmp_path / "again.zarr", zarr_format=2)


@pytest.mark.parametrize(("before", "after"), [(2, None), (3, None), (2, 3)])
def test_xarray_reads_the_same(tmp_path, before, after):
    times = np.array(["2001-01-01", "2001-01-02", "2001-02-01"], "M8[ns]")
    packed = xr.Variable(("t", "x"), np.array([[1.0, np.nan, 2.5]] * 3), {"units": "K"})
    packed.encoding = {"dtype": "i2", "scale_factor": 0.5, "_FillValue": np.int16(-999)}
    dataset = xr.Dataset(
        {
            "packed": packed,
            "f": (("t", "x"), field((3, 3))),
            "n": ("x", ["a", "b", "c"]),
            "b": ("x", [True, False, True]),
        },
        coords={"t": times, "x": [1, 2, 3]},
        attrs={"Conventions": "CF-1.8"},
    )
    dataset.to_zarr(tmp_path / "src.zarr", zarr_format=before)
    convert(tmp_path / "src.zarr", tmp_path / "dst.zarr", zarr_format=after)
    old, new = xr.open_zarr(tmp_path / "src.zarr"), xr.open_zarr(tmp_path / "dst.zarr")
    xr.testing.assert_identical(new, old)
    assert same(new.f.values, old.f.values)
    for name in dataset.variables:
        for key in ("dtype", "_FillValue", "scale_factor", "units", "calendar"):
            numpy.testing.assert_equal(new[name].encoding.get(key), old[name].encoding.get(key))


def test_fortran_order_big_endian_and_filters_of_v2(tmp_path):
    cells = field(dtype="i4").astype(">i4")
    root = zarr.create_group(tmp_path / "src.zarr", zarr_format=2)
    root.create_array("f", data=cells, order="F", chunks=(16, 32), compressors=Blosc())
    root.create_array("d", data=cells[0], filters=[Delta("i4")], compressors=Blosc())
    convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    target = zarr.open_group(tmp_path / "dst.zarr", mode="r")
    assert same(target["f"][...], cells)
    assert same(target["d"][...], root["d"][...])
    assert target["f"].order == "F"
    assert not target["d"].filters
    convert(tmp_path / "src.zarr", tmp_path / "third.zarr", zarr_format=3)
    third = zarr.open_group(tmp_path / "third.zarr", mode="r")
    assert same(third["f"][...], cells.astype("<i4"))


def test_transposed_chunks_and_shards_of_shards(tmp_path):
    root = zarr.create_group(tmp_path / "src.zarr")
    root.create_array("t", data=field(), chunks=(16, 32), filters=[TransposeCodec(order=(1, 0))])
    inner = ShardingCodec(chunk_shape=(8, 16), codecs=[BytesCodec()])
    outer = ShardingCodec(chunk_shape=(16, 16), codecs=[inner])
    root.create_array("s", data=field(), chunks=(32, 48), serializer=outer, compressors=None)
    convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    target = zarr.open_group(tmp_path / "dst.zarr", mode="r")
    assert same(target["t"][...], field())
    assert same(target["s"][...], field())
    assert [c.to_dict()["name"] for c in target["t"].metadata.codecs] == ["pcodec_numcodecs.pco"]
    assert verify(tmp_path / "dst.zarr").ok


def test_nans_that_are_not_the_fill_value_are_kept(tmp_path):
    cells = np.full((16, 16), np.nan, "f4")
    cells.view("u4")[...] |= 5
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.create_array(tmp_path / "src.zarr", shape=(16, 16), chunks=(16, 16), dtype="f4", fill_value=np.nan)
        array[...] = cells
    assert same(array[...], cells)
    convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    assert same(zarr.open_array(tmp_path / "dst.zarr", mode="r")[...], cells)


def test_a_group_or_an_array_alone(tmp_path):
    arrays = make_tree(tmp_path / "src.zarr", consolidated=True)
    convert(tmp_path / "src.zarr/inner", tmp_path / "inner.zarr")
    assert same(zarr.open_group(tmp_path / "inner.zarr", mode="r")["sharded"][...], arrays["inner/sharded"])
    convert(zarr.open_group(tmp_path / "src.zarr", mode="r")["field"], tmp_path / "field.zarr")
    assert same(zarr.open_array(tmp_path / "field.zarr", mode="r")[...], arrays["field"])


def test_from_zip_to_zip(tmp_path):
    arrays = make_tree(tmp_path / "src.zarr", consolidated=True)
    convert(tmp_path / "src.zarr", tmp_path / "a.zip")
    convert(tmp_path / "a.zip", tmp_path / "b.zip", level=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "b.zip", "src.zarr"]
    with ZipStore(tmp_path / "b.zip", mode="r") as store:
        group = zarr.open_group(store, mode="r")
        for name, cells in arrays.items():
            assert same(group[name][...], cells)


def interrupted(store, calls):
    """Let a store raise after a number of writes."""
    written = 0

    async def limited(self, key, value, **more):
        nonlocal written
        written += 1
        if written > calls:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return await store(self, key, value, **more)

    return limited


def test_a_full_disk_is_one_line_and_the_rest_can_follow(tmp_path, capsys, monkeypatch):
    arrays = make_tree(tmp_path / "src.zarr")
    before = listing(tmp_path / "src.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "set", interrupted(LocalStore.set, 18))
        line = one_line_failure(capsys, "convert", tmp_path / "src.zarr", tmp_path / "dst.zarr", "--level", "0")
    assert "no space is left on the device" in line
    assert "run the same command again" in line
    # Nothing is there under the name that was asked for.
    assert not (tmp_path / "dst.zarr").exists()
    assert (tmp_path / "dst.zarr.unfinished" / MARKER).exists()
    code, found = run_json(capsys, "convert", tmp_path / "src.zarr", tmp_path / "dst.zarr", "--level", "0")
    assert code == 0
    assert found["resumed"]
    assert sum(a["found"] for a in found["arrays"]) > 0
    assert not (tmp_path / "dst.zarr.unfinished").exists()
    target = zarr.open_group(tmp_path / "dst.zarr", mode="r")
    assert all(same(target[name][...], cells) for name, cells in arrays.items())
    assert listing(tmp_path / "src.zarr") == before


def test_what_an_earlier_run_left_damaged_is_written_again(tmp_path, monkeypatch):
    arrays = make_tree(tmp_path / "src.zarr")
    whole = tmp_path / "whole.zarr"
    convert(tmp_path / "src.zarr", whole)
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "set", interrupted(LocalStore.set, 24))
        with pytest.raises(StoreError, match="no space"):
            convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    work = tmp_path / "dst.zarr.unfinished"
    chunks = [work / name for name in listing(work) if "/c/" in name and "words" not in name]
    assert chunks
    for path in chunks:
        path.write_bytes(path.read_bytes()[:7])
    (work / "field" / "c.0123.partial").write_bytes(b"half")
    found = convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    assert found.resumed
    assert listing(tmp_path / "dst.zarr") == listing(whole)
    assert all(same(zarr.open_group(whole, mode="r")[name][...], cells) for name, cells in arrays.items())


def test_killed_and_run_again(tmp_path):
    cells = field((256, 256), "f8")
    zarr.create_array(tmp_path / "src.zarr", data=cells, chunks=(16, 16))
    before = listing(tmp_path / "src.zarr")
    arguments = [
        sys.executable,
        "-m",
        "pcodec_numcodecs",
        "convert",
        "src.zarr",
        "dst.zarr",
        "--workers",
        "1",
        "--level",
        "0",
    ]
    process = subprocess.Popen(arguments, cwd=tmp_path)
    try:
        for _ in range(6000):
            if process.poll() is not None or (tmp_path / "dst.zarr.unfinished/c/1").exists():
                break
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "it ended before it could be killed"
    assert not (tmp_path / "dst.zarr").exists()
    done = subprocess.run([*arguments, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    (array,) = json.loads(done.stdout)["arrays"]
    assert array["found"] > 0
    assert array["found"] + array["written"] == 256
    assert same(zarr.open_array(tmp_path / "dst.zarr", mode="r")[...], cells)
    assert listing(tmp_path / "src.zarr") == before
    assert [p.name for p in tmp_path.glob("dst*")] == ["dst.zarr"]
    assert not list((tmp_path / "dst.zarr").rglob("*.partial"))


def test_interrupted_from_the_keyboard(tmp_path, capsys, monkeypatch):
    make_tree(tmp_path / "src.zarr")

    def stop(*arguments):
        raise KeyboardInterrupt

    from pcodec_numcodecs.cli.console import Console

    monkeypatch.setattr(Console, "progress", stop)
    code, _, (line,) = run(capsys, "convert", tmp_path / "src.zarr", tmp_path / "dst.zarr", "--level", "0")
    assert code == 130
    assert "run the same command again" in line
    assert (tmp_path / "dst.zarr.unfinished").exists()


def test_other_settings_or_another_source_do_not_go_on(tmp_path, monkeypatch):
    make_tree(tmp_path / "src.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "set", interrupted(LocalStore.set, 15))
        with pytest.raises(StoreError):
            convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    with pytest.raises(StoreError, match="with other settings"):
        convert(tmp_path / "src.zarr", tmp_path / "dst.zarr", level=3)
    zarr.open_group(tmp_path / "src.zarr").attrs["title"] = "changed"
    with pytest.raises(StoreError, match="of another source"):
        convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")


def test_stopped_between_renaming_and_removing_the_mark(tmp_path, monkeypatch):
    make_tree(tmp_path / "src.zarr")
    unlink = type(tmp_path).unlink

    def fail(self, *arguments, **more):
        if self.name == MARKER:
            raise PermissionError(errno.EACCES, "no", str(self))
        return unlink(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(type(tmp_path), "unlink", fail)
        with pytest.raises(StoreError, match="no permission"):
            convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    assert (tmp_path / "dst.zarr" / MARKER).exists()
    assert convert(tmp_path / "src.zarr", tmp_path / "dst.zarr").resumed
    assert not (tmp_path / "dst.zarr" / MARKER).exists()


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("nowhere.zarr", "dst.zarr", "no such file or directory"),
        ("folder", "dst.zarr", "not a Zarr store"),
        ("notes.txt", "dst.zarr", "not a Zarr store, but a file"),
        ("bad.zip", "dst.zarr", "cannot be read as a zip file"),
        ("src.zarr", "src.zarr", "must lie apart from the source"),
        ("src.zarr", "src.zarr/inner/new", "must lie apart from the source"),
        ("src.zarr/inner", "src.zarr", "must lie apart from the source"),
        ("src.zarr", "folder", "must be new or an empty folder"),
        ("src.zarr", "notes.txt", "must be new or an empty folder"),
        ("src.zarr", "notes.txt/dst.zarr", "ot a directory"),
        ("src.zarr", "http://localhost/dst.zarr", "nothing can be written by HTTP"),
        ("src.zarr", "taken", "must be empty, or an unfinished conversion"),
    ],
)
def test_a_wrong_source_or_destination_is_one_line(tmp_path, capsys, monkeypatch, source, destination, expected):
    monkeypatch.chdir(tmp_path)
    make_tree("src.zarr")
    for name in ("folder", "taken.unfinished"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").write_text("data")
    for name in ("notes.txt", "bad.zip"):
        (tmp_path / name).write_text("text")
    before = listing(tmp_path)
    assert expected in one_line_failure(capsys, "convert", source, destination)
    assert listing(tmp_path) == before


def test_an_empty_folder_may_be_the_destination(tmp_path):
    make_pco_array(tmp_path / "src.zarr")
    (tmp_path / "dst.zarr").mkdir()
    convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
    assert verify(tmp_path / "dst.zarr").ok


def test_a_damaged_source_is_one_line(tmp_path, capsys):
    make_pco_array(tmp_path / "src.zarr")
    flip(tmp_path / "src.zarr/c/0/1")
    line = one_line_failure(capsys, "convert", tmp_path / "src.zarr", tmp_path / "dst.zarr", "--level", "0")
    assert "c/0/1" in line
    assert "page" in line
    assert not (tmp_path / "dst.zarr").exists()


def test_a_change_on_the_way_is_noticed(tmp_path, monkeypatch):
    make_pco_array(tmp_path / "src.zarr")
    from pcodec_numcodecs.codecs import zarr3

    write = zarr3.write_frame
    monkeypatch.setattr(zarr3, "write_frame", lambda array, *rest: write(array + 1, *rest))
    with pytest.raises(StoreError, match="came back changed"):
        convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")


def test_a_running_cluster_does_the_work(tmp_path):
    distributed = pytest.importorskip("distributed")
    make_tree(tmp_path / "src.zarr")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        found = convert(tmp_path / "src.zarr", tmp_path / "dst.zarr", scheduler=cluster.scheduler_address)
    assert sum(a.written for a in found.arrays) > 10
    assert verify(tmp_path / "dst.zarr").ok
    with pytest.raises(StoreError, match="no scheduler of dask answers"):
        convert(tmp_path / "src.zarr", tmp_path / "other.zarr", scheduler="nonsense://here")


def test_workers_that_write_elsewhere_are_noticed(tmp_path, monkeypatch):
    make_pco_array(tmp_path / "src.zarr")
    from pcodec_numcodecs.stores import converting

    monkeypatch.setattr(converting, "_convert_object", lambda number, *rest: (number, "written"))
    with pytest.raises(StoreError, match="do all workers reach the same destination"):
        convert(tmp_path / "src.zarr", tmp_path / "dst.zarr")
