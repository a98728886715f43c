"""xarray's ways to write a store piece by piece: appended, by region, consolidated, as a tree; in both formats."""

import warnings

import numpy as np
import pytest
import xarray as xr
import zarr
from codec_cases import assert_same_bits
from store_cases import PIPELINES, SHAPE, given

from pcodec_numcodecs.codecs.numcodecs import Pco
from pcodec_numcodecs.codecs.xarray import encoding_for
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

both_formats = pytest.mark.parametrize("zarr_format", [2, 3])

# Zarr says so for any codec; xarray consolidates unless told not to.
ignore_consolidated = pytest.mark.filterwarnings(
    "ignore:Consolidated metadata is currently not part:zarr.errors.ZarrUserWarning"
)


def dataset(n_rows=SHAPE[0]):
    rows = slice(n_rows)
    return xr.Dataset(
        {
            "a": (("y", "x"), given()[rows], {}, {"chunks": (64, 90)}),
            "b": (("y", "x"), given("i2")[rows], {}, {"chunks": (64, 90)}),
            "packed": ("y", np.arange(n_rows) * 0.1, {}, {"dtype": "i2", "scale_factor": 0.1, "_FillValue": -1}),
        },
        coords={
            "time": ("y", np.datetime64("2000-01-01", "ns") + np.arange(n_rows).astype("m8[h]")),
            "x": np.arange(SHAPE[1]) / 4,
            "y": np.arange(n_rows),
        },
        attrs={"title": "for tests"},
    )


def assert_same(found, expected):
    """Compare the names and attributes of datasets, and the bits of all their variables."""
    assert found.variables.keys() == expected.variables.keys()
    assert found.attrs == expected.attrs
    for name, variable in expected.variables.items():
        assert found[name].dims == variable.dims
        if name == "packed":  # to tenths, and decoded by xarray
            np.testing.assert_allclose(found[name].values, variable.values, rtol=0, atol=1e-9)
        else:
            assert_same_bits(found[name].values, variable.values)


def assert_has_our_codec(path, zarr_format, level=8):
    """Look at the metadata of every array below a folder, for nothing but the one codec."""
    arrays = [array for _, array in zarr.open_group(path, mode="r", use_consolidated=False).members(max_depth=None)]
    arrays = [array for array in arrays if isinstance(array, zarr.Array)]
    assert arrays
    for array in arrays:
        found = array.compressors if zarr_format == 2 else (array.serializer, *array.compressors)
        assert found == ((Pco if zarr_format == 2 else PcoSerializer)(level),), array.name


@both_formats
@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
def test_parts_are_read(zarr_format, pipeline, tmp_path):
    data = dataset()
    data.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, encoding=encoding_for(data, zarr_format, 0))
    with zarr.config.set(pipeline), xr.open_zarr(tmp_path, consolidated=False, chunks=None) as found:
        for part in (
            {"y": 5, "x": 7},
            {"y": slice(60, 70), "x": slice(None, None, 11)},
            {"y": [97, 1, 30, 1], "x": slice(85, 95)},
            {"y": [97, 1, 30], "x": [0, 129]},
            {"y": xr.DataArray([5, 149, 0], dims="point"), "x": xr.DataArray([129, 0, 63], dims="point")},
            {"y": slice(None, None, -1), "x": -1},
        ):
            for name in ("a", "b"):
                assert_same_bits(found[name].isel(part).values, data[name].isel(part).values)
        picked = {"y": [3, 120], "x": 7.25}
        assert_same_bits(found["a"].sel(picked).values, data["a"].sel(picked).values)
        assert_same_bits(found["a"].sel(x=slice(20, 24)).values, data["a"].sel(x=slice(20, 24)).values)


@both_formats
def test_append(zarr_format, tmp_path):
    data = dataset()
    first = data.isel(y=slice(100))
    first.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, encoding=encoding_for(first, zarr_format))
    # Once without and once within the chunk at the edge; the codec is the store's.
    for rows in (slice(100, 128), slice(128, None)):
        data.isel(y=rows).drop_encoding().to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, append_dim="y")
    assert_has_our_codec(tmp_path, zarr_format)
    assert_same(xr.open_zarr(tmp_path, consolidated=False, chunks=None), data)


@both_formats
@pytest.mark.parametrize("region", ["explicit", "auto"])
def test_regions_are_written_in_any_order(zarr_format, region, tmp_path):
    data = dataset()
    encoding = encoding_for(data, zarr_format)
    lazy = data.chunk(y=64, x=90)
    lazy.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, compute=False, encoding=encoding)
    assert_has_our_codec(tmp_path, zarr_format)
    for start in (64, 128, 0):
        rows = slice(start, min(start + 64, SHAPE[0]))
        part = data.isel(y=rows).drop_vars("x")
        options = {"region": {"y": rows}} if region == "explicit" else {"region": "auto"}
        if region == "auto":
            part = part.assign_coords(y=np.arange(rows.start, rows.stop))
        part.drop_encoding().to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, **options)
    assert_same(xr.open_zarr(tmp_path, consolidated=False, chunks=None), data)


@both_formats
def test_region_within_a_chunk_leaves_the_rest(zarr_format, tmp_path):
    data = dataset()
    data.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, encoding=encoding_for(data, zarr_format, 0))
    where = {"y": slice(60, 70), "x": slice(7, 9)}
    patch = xr.Dataset({"a": (("y", "x"), np.full((10, 2), -0.0))})
    patch.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, region=where)
    expected = given()
    expected[60:70, 7:9] = -0.0
    assert_same_bits(xr.open_zarr(tmp_path, consolidated=False, chunks=None)["a"].values, expected)


@both_formats
@ignore_consolidated
@pytest.mark.parametrize("when", ["at once", "afterwards"])
def test_consolidated_metadata(zarr_format, when, tmp_path):
    data = dataset()
    data.to_zarr(
        tmp_path,
        zarr_format=zarr_format,
        consolidated=when == "at once",
        encoding=encoding_for(data, zarr_format, level=0),
    )
    if when == "afterwards":
        zarr.consolidate_metadata(tmp_path, zarr_format=zarr_format)
    # Those of the arrays themselves are gone: what is read now is consolidated.
    for file in tmp_path.glob("*/zarr.json" if zarr_format == 3 else "*/.zarray"):
        file.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = xr.open_zarr(tmp_path, consolidated=True, chunks=None)
    assert_same(found, data)
    codec = Pco(level=0) if zarr_format == 2 else PcoSerializer(level=0)
    encoding = found["a"].encoding
    assert (encoding["compressors"] if zarr_format == 2 else (encoding["serializer"],)) == (codec,)


@both_formats
@ignore_consolidated
@pytest.mark.parametrize("consolidated", [False, True])
def test_data_tree(zarr_format, consolidated, tmp_path):
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset({"top": ("x", given("f4", (130,)))}, coords={"x": np.arange(130) / 4}),
            "/deep": dataset(100),
            "/deep/down": xr.Dataset({"c": (("y", "x"), given("u1")[:100])}),
        }
    )
    tree.to_zarr(
        tmp_path, zarr_format=zarr_format, consolidated=consolidated, encoding=encoding_for(tree, zarr_format, level=1)
    )
    assert_has_our_codec(tmp_path, zarr_format, level=1)
    with xr.open_datatree(tmp_path, engine="zarr", consolidated=consolidated, chunks=None) as found:
        assert set(found.groups) == set(tree.groups)
        for node in tree.subtree:
            assert_same(found[node.path].to_dataset(), node.to_dataset())
    with xr.open_zarr(tmp_path, group="deep/down", consolidated=False, chunks=None) as found:
        assert_same_bits(found["c"][[3, 99], 7:30].values, given("u1")[[3, 99], 7:30])


@both_formats
def test_several_stores_are_one_dataset(zarr_format, tmp_path):
    pytest.importorskip("dask", reason="open_mfdataset is made of Dask arrays")
    data = dataset()
    for number, rows in enumerate((slice(64), slice(64, None))):
        part = data.isel(y=rows)
        part.to_zarr(
            tmp_path / str(number),
            zarr_format=zarr_format,
            consolidated=False,
            encoding=encoding_for(part, zarr_format, level=0),
        )
    paths = [tmp_path / "0", tmp_path / "1"]
    with xr.open_mfdataset(
        paths,
        engine="zarr",
        consolidated=False,
        combine="nested",
        concat_dim="y",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
    ) as found:
        assert_same_bits(found["a"].values, data["a"].values)
        assert_same_bits(found["b"][[3, 120], 7:30].values, given("i2")[[3, 120], 7:30])
