"""What inspect tells is what is stored: sizes, choices and maps, of stores, arrays, chunks and files."""

import numpy as np
import pytest
import zarr
from people_cases import QUIET, field, flip, listing, make_pco_array, make_tree, one_line_failure, run, run_json
from zarr.storage import MemoryStore, ZipStore

from pcodec_numcodecs import ChunkConfig, PagingSpec, PcoSerializer, frame, standalone
from pcodec_numcodecs.diagnostics import summarize
from pcodec_numcodecs.stores import StoreError, inspect, inspect_chunk

pytestmark = pytest.mark.filterwarnings(*QUIET)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_sizes_are_those_of_the_store(tmp_path, zarr_format):
    arrays = make_tree(tmp_path / "tree.zarr", zarr_format)
    found = inspect(tmp_path / "tree.zarr")
    assert {a.path for a in found.arrays} == arrays.keys()
    assert found.groups == 2
    by_path = {a.path: a for a in found.arrays}
    files = listing(tmp_path / "tree.zarr")
    for path, a in by_path.items():
        chunks = [v for k, v in files.items() if k.startswith(f"{path}/") and not k.endswith((".json", "y", "s"))]
        assert a.stored_bytes == sum(map(len, chunks))
        assert a.stored_objects == len(chunks)
        assert a.shape == arrays[path].shape
    assert by_path["field"].raw_bytes == arrays["field"].nbytes
    assert by_path["sparse"].raw_bytes == 2 * 16 * 16 * 4
    assert by_path["sparse"].objects == 16
    assert found.stored_bytes == sum(a.stored_bytes for a in found.arrays)
    assert by_path["inner/sharded"].shards == ((20, 24) if zarr_format == 3 else None)


def test_choices_are_those_of_the_frames(tmp_path):
    cells = make_pco_array(tmp_path / "a.zarr")
    (a,) = inspect(tmp_path / "a.zarr").arrays
    chunk = frame.info((tmp_path / "a.zarr/c/0/0").read_bytes())
    assert a.codecs == "pcodec_numcodecs.pco"
    assert a.looked_into == 6
    assert all(sum(counts.values()) == 6 for counts in a.steps.values())
    assert chunk.pipelines[0].split in a.steps["split"]
    assert a.ratio == cells.nbytes / a.stored_bytes
    assert a.bits_map is not None
    assert np.array(a.bits_map.rows).shape == (3, 2)


def test_a_chunk_is_summed_up(tmp_path):
    cells = make_pco_array(tmp_path / "a.zarr")
    found = inspect_chunk(tmp_path / "a.zarr", "1.0").summary
    content = (tmp_path / "a.zarr/c/1/0").read_bytes()
    assert (found.kind, found.dtype, found.shape, found.tile) == ("frame", "float32", (16, 32), (8, 16))
    assert found.stored_bytes == len(content)
    assert found.head_bytes + found.stream_bytes + found.page_bytes.sum() == len(content)
    assert found.page_cells.sum() == 16 * 32
    assert found.bits_map().shape == (2, 2)
    assert np.allclose(found.bits_map().reshape(-1), 8 * found.page_bytes / found.page_cells)
    assert found.raw_bytes == cells[16:32, :32].nbytes


def test_a_chunk_in_a_shard_has_its_own_number(tmp_path):
    cells = make_pco_array(tmp_path / "a.zarr", chunks=(8, 16), shards=(16, 32))
    shape = inspect_chunk(tmp_path / "a.zarr", "3.2").summary.shape
    assert shape == (8, 16)
    stored = inspect_chunk(tmp_path / "a.zarr", "3.2").summary.stored_bytes
    expected = frame.write(cells[24:32, 32:48], level=0, tile=(8, 16))
    assert stored == len(expected)


def test_the_first_stored_chunk_is_taken_by_default(tmp_path):
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=(40,), chunks=(10,), dtype="f4", serializer=PcoSerializer(), compressors=None
    )
    with pytest.raises(StoreError, match="no chunk is stored"):
        inspect_chunk(tmp_path / "a.zarr")
    array[20:30] = 1.5
    assert inspect_chunk(tmp_path / "a.zarr").name.endswith("chunk 2")
    with pytest.raises(StoreError, match="chunk 0 is not stored"):
        inspect_chunk(tmp_path / "a.zarr", "0")


@pytest.mark.parametrize("chunk", ["9.9", "0", "a.b", "-1.0", ""])
def test_a_wrong_chunk_is_refused(tmp_path, chunk):
    make_pco_array(tmp_path / "a.zarr")
    with pytest.raises(StoreError, match=r"chunk must be numbers from 0\.0 to 2\.1"):
        inspect_chunk(tmp_path / "a.zarr", chunk)


def test_a_pco_file_is_summed_up(tmp_path, capsys):
    numbers = np.arange(10_000) ** 2
    content = standalone.simple_compress(numbers, ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(2500)))
    (tmp_path / "numbers.pco").write_bytes(content)
    code, found = run_json(capsys, "inspect", tmp_path / "numbers.pco")
    assert code == 0
    summary = found["summary"]
    assert (summary["kind"], summary["dtype"], summary["shape"]) == ("pco", "int64", [10_000])
    assert summary["page_cells"] == [2500] * 4
    assert summary["stored_bytes"] == len(content)
    assert summary["head_bytes"] + summary["stream_bytes"] + sum(summary["page_bytes"]) == len(content)
    assert summary["chunks"][0]["delta"].startswith("Consecutive")
    assert len(summary["chunks"]) == 4


def test_a_frame_in_a_file_is_summed_up(tmp_path):
    (tmp_path / "frame").write_bytes(frame.write(field()))
    assert inspect(tmp_path / "frame").summary.shape == (40, 48)


def test_other_bytes_are_told_from_chunks(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("some text")
    assert "another codec may have written it" in one_line_failure(capsys, "inspect", tmp_path / "notes.txt")


def test_a_page_map_takes_the_axes_with_the_most_tiles():
    cells = field((24, 4, 30))
    found = summarize(frame.write(cells, level=0, tile=(4, 4, 5)))
    assert found.map_axes == (0, 2)
    assert found.bits_map().shape == (6, 6)


def test_a_constant_chunk_has_no_pages():
    found = summarize(frame.write(np.ones((10, 10))))
    assert found.storage == "constant"
    assert found.page_bytes.size == 0
    assert "constant" in found._repr_html_()


def test_zip_memory_and_opened_arrays_are_taken(tmp_path):
    cells = field()
    with ZipStore(tmp_path / "a.zip", mode="w") as store:
        group = zarr.create_group(store)
        group.create_array("x", data=cells, chunks=(16, 32), serializer=PcoSerializer(), compressors=None)
    whole, alone = inspect(tmp_path / "a.zip"), inspect(tmp_path / "a.zip/x")
    assert whole.stored_bytes == alone.stored_bytes > 0
    memory = MemoryStore()
    array = zarr.create_array(
        memory, name="x", data=cells, chunks=(16, 32), serializer=PcoSerializer(), compressors=None
    )
    for location in (memory, array):
        assert inspect(location).stored_bytes == whole.stored_bytes
    assert inspect(array).arrays[0].path == ""
    with pytest.raises(StoreError, match="got int"):
        inspect(3)


def test_compressors_after_pco_are_warned_of_and_undone(tmp_path):
    with pytest.warns(match="compresses what is compressed"):
        zarr.create_array(tmp_path / "a.zarr", data=field(), chunks=(16, 32), serializer=PcoSerializer())
    with pytest.warns(match="compresses what is compressed"):
        (a,) = inspect(tmp_path / "a.zarr").arrays
    assert "compressors=None" in a.warning
    assert a.looked_into == 6


def test_an_unknown_codec_hides_one_array_only(tmp_path, capsys):
    make_tree(tmp_path / "tree.zarr")
    document = tmp_path / "tree.zarr/whole/zarr.json"
    document.write_text(document.read_text().replace('"zstd"', '"no_such_codec"'))
    code, out, errors = run(capsys, "inspect", tmp_path / "tree.zarr")
    assert (code, errors) == (0, [])
    assert "no_such_codec" in out
    found = inspect(tmp_path / "tree.zarr")
    assert [a.path for a in found.arrays if a.warning] == ["whole"]
    assert sum(a.stored_bytes > 0 for a in found.arrays) == 6


def test_damage_is_a_warning(tmp_path):
    make_pco_array(tmp_path / "a.zarr")
    flip(tmp_path / "a.zarr/c/0/0", 5)
    (a,) = inspect(tmp_path / "a.zarr").arrays
    assert "c/0/0" in a.warning
    assert a.looked_into == 5


def test_lines_maps_pages_and_plots(tmp_path, capsys):
    make_pco_array(tmp_path / "a.zarr")
    plot, page = tmp_path / "bits.png", tmp_path / "report.html"
    code, out, _ = run(capsys, "inspect", tmp_path / "a.zarr", "--chunk", "0.0", "--plot", plot, "--html", page)
    assert code == 0
    assert "Bits a number in each tile" in out
    assert plot.read_bytes()[:4] == b"\x89PNG"
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert max(map(len, out.splitlines()[1:])) <= 120
