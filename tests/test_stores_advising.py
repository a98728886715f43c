"""Comparisons, reasons and settings are of the user's own data, and what is recommended can be pasted and holds."""

import re

import numpy as np
import pytest
import xarray as xr
import zarr
from people_cases import QUIET, field, make_pco_array, make_tree, one_line_failure, run, run_json

from pcodec_numcodecs import ChunkConfig, PcoSerializer, diagnostics, frame, standalone
from pcodec_numcodecs.diagnostics import Contestant
from pcodec_numcodecs.diagnostics.comparing import part_of
from pcodec_numcodecs.diagnostics.numbers import features
from pcodec_numcodecs.stores import StoreError, compare, explain, recommend
from pcodec_numcodecs.stores.samples import cut, samples_of

pytestmark = pytest.mark.filterwarnings(*QUIET)

QUICK = ("pco-0", "zstd", "blosc-lz4")


def smooth(shape=(60, 80), dtype="f4"):
    """Return cells that Pco stores far better than other codecs."""
    y, x = np.indices(shape)
    return (np.round(np.sin(y / 9) * 20 + x * x / 50, 2)).astype(dtype)


@pytest.fixture
def store(tmp_path):
    """Write three arrays, of which Pco suits one."""
    root = zarr.create_group(tmp_path / "data.zarr")
    root.create_array("smooth", data=smooth((120, 160)), chunks=(60, 80))
    inner = root.create_group("inner")
    inner.create_array("noise", data=np.random.default_rng(0).integers(0, 256, (100, 100), "u1"), chunks=(50, 50))
    inner.create_array("small", data=np.arange(5))
    return tmp_path / "data.zarr"


class TestCompare:
    def test_sizes_are_those_of_the_codecs(self, store):
        found = compare(store, codecs=QUICK, repeats=1)
        rows = {(row.array.split()[0], row.codec): row for row in found.rows}
        assert {name for name, _ in rows} == {"smooth", "inner/noise"}
        cells = zarr.open_array(store / "smooth", mode="r")[...]
        chunks = [cells[60:, :80], cells[:60, :80], cells[60:, 80:]]
        row = rows["smooth", "pco-0"]
        assert row.raw_bytes == sum(chunk.nbytes for chunk in chunks)
        assert row.stored_bytes == sum(len(frame.write(chunk, level=0)) for chunk in chunks)
        assert min(row.encode_seconds, row.decode_seconds, row.part_seconds) > 0
        both = {row.codec: row for row in found.overall}
        assert (
            both["zstd"].stored_bytes == rows["smooth", "zstd"].stored_bytes + rows["inner/noise", "zstd"].stored_bytes
        )
        assert "Left out for having less than 4,096 bytes: 1 arrays" in found.notes

    def test_what_a_codec_does_not_hold_is_told(self, tmp_path):
        np.save(tmp_path / "flags.npy", smooth() > 5)
        found = compare(tmp_path / "flags.npy", codecs=["pco-0", "pcodec"], repeats=1)
        assert [row.codec for row in found.overall] == ["pco-0"]
        (failed,) = [row for row in found.rows if row.failure]
        assert failed.codec == "pcodec"
        assert "pcodec does not hold flags" in str(found.report().parts)

    def test_other_bits_are_noticed(self):
        wrong = Contestant("wrong", "x", lambda a: a.tobytes(), lambda b, d, s: np.frombuffer(b, d).reshape(s) + 1)
        with pytest.raises(AssertionError, match="wrong gave other bits back"):
            diagnostics.compare([("a", [smooth()])], [wrong], 1)

    def test_a_nan_is_the_same_as_itself(self):
        found = diagnostics.compare(
            [("a", [np.full((20, 20), np.nan)])],
            [Contestant("raw", "x", lambda a: a.tobytes(), lambda b, d, s: np.frombuffer(b, d).reshape(s))],
            1,
        )
        assert found.rows[0].ratio == 1

    @pytest.mark.parametrize("shape", [(), (7,), (300,), (40, 50), (10, 20, 30)])
    def test_a_part_is_about_a_hundredth(self, shape):
        box = part_of(shape)
        assert np.zeros(shape)[box].size >= 1
        assert np.zeros(shape)[box].size <= max(1, 0.02 * np.prod(shape, dtype=int)) + 1

    def test_table_page_and_plot(self, store, tmp_path, capsys):
        arguments = ("--codecs", ",".join(QUICK), "--repeats", "1")
        page, plot = tmp_path / "r.html", tmp_path / "p.svg"
        code, out, _ = run(capsys, "compare", store, *arguments, "--html", page, "--plot", plot)
        assert code == 0
        for codec in QUICK:
            assert re.search(rf"^{codec} +[\d.]+ k?B +\d+\.\d\d ", out, re.MULTILINE)
            assert f">{codec}</text>" in page.read_text()
        assert "<svg" in plot.read_text()
        code, found = run_json(capsys, "compare", store, *arguments)
        assert len(found["rows"]) == 6

    def test_an_unknown_codec_is_one_line(self, store, capsys):
        line = one_line_failure(capsys, "compare", store, "--codecs", "pco-8,no-such")
        assert "unknown codec 'no-such'; there are pco-0 to pco-12" in line
        assert "blosc-zstd" in line
        assert "unknown codec 'pco-13'" in one_line_failure(capsys, "compare", store, "--codecs", "zstd", "pco-13")


class TestRecommend:
    def test_what_is_recommended_can_be_pasted_and_saves(self, store, tmp_path):
        found = recommend(store)
        by_name = {a.name: a for a in found.arrays}
        assert by_name["smooth"].level in (4, 8)
        assert by_name["inner/noise"].level is None
        assert by_name["inner/noise"].saved_bytes == 0
        assert 0 < by_name["smooth"].saved_bytes < 120 * 160 * 4
        pasted = {}
        exec(found.code, pasted)
        assert pasted["encoding"].keys() == {"smooth"}
        dataset = xr.Dataset({"smooth": (("y", "x"), smooth((120, 160)))})
        dataset.to_zarr(tmp_path / "new.zarr", zarr_format=3, encoding=pasted["encoding"])
        again = zarr.open_array(tmp_path / "new.zarr/smooth", mode="r")
        assert again.serializer == PcoSerializer(level=by_name["smooth"].level)
        assert again.compressors == ()
        assert found.metadata["smooth"]["codecs"][0] == again.serializer.to_dict()

    def test_for_zarr_v2(self, tmp_path):
        zarr.create_array(tmp_path / "a.zarr", data=smooth((120, 160)), zarr_format=2)
        found = recommend(tmp_path / "a.zarr")
        assert found.zarr_format == 2
        pasted = {}
        exec(found.code, pasted)
        codec = pasted["pco"]["compressors"]
        made = zarr.create_array(tmp_path / "b.zarr", data=smooth(), zarr_format=2, **pasted["pco"])
        assert made.compressors == (codec,)
        assert found.metadata["array"]["compressor"] == codec.get_config()

    def test_groups_have_encodings_of_their_own(self, tmp_path):
        root = zarr.create_group(tmp_path / "a.zarr")
        for group in ("one", "two"):
            root.create_group(group).create_array("x", data=smooth((120, 160)))
        code = recommend(tmp_path / "a.zarr").code
        assert "group='one'" in code
        assert "group='two'" in code
        assert code.count("encoding = {") == 2

    def test_the_command_prints_it(self, store, capsys):
        code, out, _ = run(capsys, "recommend", store)
        assert code == 0
        assert '"serializer": PcoSerializer(level=' in out
        assert "keep as it is" in out
        code, found = run_json(capsys, "recommend", store, "--array", "inner/noise")
        assert [a["level"] for a in found["arrays"]] == [None]
        assert found["code"] == ""


class TestExplain:
    def test_reasons_and_what_was_tried(self, store):
        found = explain(store / "smooth")
        assert found.summary.shape == (60, 80)
        expected = frame.explain(zarr.open_array(store / "smooth", mode="r")[:60, :80])[0]
        assert [t.estimated_bytes for t in found.tried] == sorted(t.size for t in expected)
        text = str(found.report().parts)
        assert "none needs more than 2 decimals" in text
        assert "this was the cheapest" in text

    def test_the_array_must_be_named(self, store, capsys):
        assert "name one of inner/noise, smooth" in one_line_failure(capsys, "explain", store)
        code, found = run_json(capsys, "explain", store, "--array", "smooth")
        assert (code, found["name"]) == (0, "smooth")
        assert "no array 'nope' in it; there are inner/noise" in one_line_failure(
            capsys, "explain", store, "--array", "nope"
        )

    def test_longer_chunks_are_advised_where_they_help(self):
        cells = np.broadcast_to(np.random.default_rng(0).normal(size=(1, 64, 64)), (16, 64, 64)).copy()
        cells += np.arange(16)[:, None, None]
        found = diagnostics.explain(cells.astype("f4"), chunks=(1, 64, 64), level=2)
        (advice,) = [a for a in found.advice if a.about == "chunks"]
        assert "16x64x64" in advice.text
        assert advice.stored_bytes < found.summary.stored_bytes
        assert not advice.changes_data

    def test_rounding_is_tried_and_said_to_change_data(self):
        found = diagnostics.explain(field((128, 128), "f8"), level=2)
        rounding = [a for a in found.advice if a.about == "rounding"]
        assert rounding
        assert all(a.changes_data and a.stored_bytes < found.summary.stored_bytes for a in rounding)

    def test_a_smaller_dtype_is_found_where_nothing_is_lost(self):
        cells = field((128, 128)).astype("f8")
        assert features(cells).narrower == "float32"
        assert features(cells + 1e-12).narrower is None

    def test_what_numbers_are_like(self):
        cells = np.round(np.random.default_rng(0).normal(size=2000) * 10, 1)
        cells[::5] = -9999.0
        found = features(cells)
        assert (found.decimals, found.fill) == (1, -9999.0)
        assert found.fill_share == pytest.approx(0.2)
        assert not found.fill_is_nan
        cells[::5] = np.nan
        found = features(cells)
        assert (found.fill, found.fill_is_nan, found.nans) == (None, True, pytest.approx(0.2))
        noise = np.random.default_rng(0).normal(size=2000).astype("f4")
        assert features(noise).decimals is None
        assert features(noise.astype("f2").astype("f4")).zero_bits >= 12
        assert features(np.arange(10)).distinct == 1

    @pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f2", "c8", "M8[s]", ">f4"])
    def test_every_dtype_is_explained(self, dtype):
        cells = (smooth() * 3).astype("i8").astype(dtype)
        found = diagnostics.explain(cells, level=0)
        assert found.summary.raw_bytes == cells.nbytes
        assert found._repr_html_()

    def test_a_constant_array_is_explained(self):
        found = diagnostics.explain(np.ones((50, 50)))
        assert "All elements are the same" in str(found.report().parts)


class TestData:
    def test_files_of_many_kinds(self, tmp_path):
        cells = smooth()
        np.save(tmp_path / "a.npy", cells)
        np.savez(tmp_path / "a.npz", one=cells, two=cells.astype("i2"), words=np.array(["a"]))
        (tmp_path / "a.pco").write_bytes(standalone.simple_compress(cells.reshape(-1), ChunkConfig()))
        (tmp_path / "a.frame").write_bytes(frame.write(cells))
        xr.Dataset({"v": (("y", "x"), cells)}).to_netcdf(tmp_path / "a.nc")
        make_pco_array(tmp_path / "a.zarr", cells=cells, chunks=(30, 40))
        expected = {"a.npy": ["a"], "a.npz": ["one", "two"], "a.pco": ["a"], "a.frame": ["a"], "a.nc": ["v"]}
        for name, arrays in {**expected, "a.zarr": ["array"]}.items():
            found, skipped = samples_of(tmp_path / name, 1 << 20)
            assert [sample.name for sample in found] == arrays
            assert np.isin(found[0].chunks[0], cells).all()
            assert bool(skipped) == (name == "a.npz")
        (sample,) = samples_of(cells, 1 << 20)[0]
        assert sample.chunks[0].tobytes() == cells.tobytes()

    def test_no_more_is_read_than_asked_for(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros((1000, 1000), "f4"))
        zarr.create_array(tmp_path / "a.zarr", data=field((1000, 1000)), chunks=(500, 500))
        for name in ("a.npy", "a.zarr"):
            (sample,) = samples_of(tmp_path / name, 300_000)[0]
            assert 100_000 < sum(chunk.nbytes for chunk in sample.chunks) <= 300_000
            assert sample.raw_bytes == 4_000_000

    def test_shapes_are_cut_to_a_count_of_cells(self):
        assert cut((100, 10), 1000) == (100, 10)
        assert cut((100, 10), 300) == (25, 10)
        assert cut((), 5) == ()
        assert cut((10**9,), 1000) == (954,)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("nothing.npy", "no such file"),
            ("text.txt", "got a file of another kind"),
            ("bad.npy", "cannot be read"),
            ("bad.nc", "cannot be read"),
            ("words.zarr", "no numbers in it that Pco can hold. array: Pco does not hold dtype <U1"),
            ("empty.zarr", "no chunk is stored"),
        ],
    )
    @pytest.mark.parametrize("command", ["compare", "recommend", "explain"])
    def test_what_holds_no_numbers_is_one_line(self, tmp_path, capsys, command, name, expected):
        for file in ("text.txt", "bad.npy", "bad.nc"):
            (tmp_path / file).write_text("text")
        zarr.create_array(tmp_path / "words.zarr", data=np.array(["a"]))
        zarr.create_array(tmp_path / "empty.zarr", shape=(10,), dtype="f4")
        assert expected in one_line_failure(capsys, command, tmp_path / name)

    def test_a_tree_of_all_kinds(self, tmp_path):
        make_tree(tmp_path / "tree.zarr", 2)
        found, skipped = samples_of(tmp_path / "tree.zarr", 1 << 20)
        assert {s.name for s in found} == {"field", "inner/sharded", "sparse"}
        assert any("<U3" in text for text in skipped)
        with pytest.raises(StoreError, match="no array 'x'"):
            samples_of(tmp_path / "tree.zarr", 1 << 20, select="x")
