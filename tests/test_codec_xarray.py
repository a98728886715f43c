"""`encoding_for` gives every variable that Pco holds to Pco, and changes nothing else of what xarray writes."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
import zarr
from codec_cases import NUMBER_DTYPES, assert_same_bits, numbers

from pcodec_numcodecs.codecs.numcodecs import Pco
from pcodec_numcodecs.codecs.xarray import encoding_for
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer
from pcodec_numcodecs.errors import InvalidArgumentError

# Zarr warns of its own choice of datatypes for strings, whatever the codec.
pytestmark = pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning")

DAYS = np.arange(6).astype("M8[D]").astype("M8[ns]")


def dataset():
    """Variables of every kind that xarray treats in its own way when it writes."""
    gaps = DAYS.copy()
    gaps[2] = np.datetime64("NaT", "ns")
    packed = {"dtype": "i2", "scale_factor": 0.1, "add_offset": 5.0, "_FillValue": -1, "chunksizes": (3,)}
    return xr.Dataset(
        {
            **{f"n_{dtype}": (("time", "x"), numbers(dtype, (6, 4))) for dtype in NUMBER_DTYPES},
            "scalar": ((), np.float32(2.5)),
            "empty": ("none", np.empty(0)),
            "gaps": ("time", gaps, {}, {"dtype": "float64", "units": "hours since 1970-01-01"}),
            "duration": ("time", np.arange(6).astype("m8[s]")),
            "packed": ("time", np.array([5.0, 5.1, np.nan, 6.0, 7.2, 8.3]), {}, packed),
            "unsigned": (
                "time",
                np.array([0.0, 1, 2, 200, 254, np.nan]),
                {},
                {"dtype": "i1", "_Unsigned": "true", "_FillValue": np.int8(-1)},
            ),
            "no_fill": ("time", np.arange(6.0), {}, {"_FillValue": None, "missing_value": None, "_Unsigned": "true"}),
            "missing": ("time", np.array([1.0, np.nan, 3, 4, 5, 6]), {}, {"missing_value": -99.0, "_FillValue": -99.0}),
            "big_endian": ("time", np.arange(6.0), {}, {"dtype": ">f4", "zlib": True, "source": "a.nc"}),
            "gridded": ("time", np.arange(6.0), {}, {"grid_mapping": "scalar"}),
            "calendar": ("time", xr.date_range("2000-01-30", periods=6, calendar="360_day", use_cftime=True)),
            "bools": ("time", np.arange(6) > 3),
            "texts": ("time", np.array(["a", "bb", "", "c", "d", "e"], object)),
            "words": ("time", np.array(["a", "bb", "c", "d", "e", "f"])),
            "complexes": ("time", np.arange(6) * 1j),
        },
        coords={"time": DAYS, "x": [0.5, 1.5, 2.5, 3.5], "label": ("x", list("abcd"))},
    )


LEFT_OUT = {"texts", "words", "label"}


def stored(data, path, zarr_format, encoding, **options):
    """Write, and read back as stored: name -> (dtype, bits, attributes, codecs)."""
    data.to_zarr(path, zarr_format=zarr_format, consolidated=False, encoding=encoding, **options)
    found = {}
    for name, array in zarr.open_group(path, mode="r").arrays():
        codecs = array.compressors if zarr_format == 2 else (array.serializer, *array.compressors)
        found[name] = (np.asarray(array[...]), repr(dict(array.attrs)), array.dtype, repr(array.fill_value), codecs)
    return found


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_only_the_codecs_differ_from_what_xarray_writes_by_itself(zarr_format, tmp_path):
    data = dataset()
    ours = encoding_for(data, zarr_format=zarr_format, level=5)
    assert set(data.variables) - set(ours) == LEFT_OUT
    with_pco = stored(data, tmp_path / "pco", zarr_format, ours)
    plain = stored(data, tmp_path / "plain", zarr_format, {})
    assert with_pco.keys() == plain.keys() == set(data.variables)
    codecs = (Pco(5),) if zarr_format == 2 else (PcoSerializer(5),)
    for name, (values, attributes, dtype, fill_value, used) in with_pco.items():
        expected, expected_attributes, expected_dtype, expected_fill_value, default = plain[name]
        assert attributes == expected_attributes, name
        assert fill_value == expected_fill_value, name
        assert used == (default if name in LEFT_OUT else codecs), name
        assert dtype == expected_dtype, name
        if values.dtype.kind in "OTU":
            assert values.tolist() == expected.tolist(), name
        else:
            assert_same_bits(values, expected)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_values_come_back(zarr_format, tmp_path):
    data = dataset().drop_vars(["duration"])  # which xarray reads back only if told so
    data.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, encoding=encoding_for(data, zarr_format))
    found = xr.open_zarr(tmp_path, consolidated=False)
    xr.testing.assert_allclose(found, data.drop_encoding())
    for name in ("n_f4", "n_f8", "n_i8"):
        assert_same_bits(found[name].values, data[name].values)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_was_read_is_written_again_as_xarray_does(zarr_format, tmp_path):
    data = dataset().drop_vars(LEFT_OUT)
    data["chunked"] = (("time", "x"), numbers("f4", (6, 4)), {}, {"chunks": (2, 3)})
    stored(data, tmp_path / "first", zarr_format, encoding_for(data, zarr_format, level=3))
    again = xr.open_zarr(tmp_path / "first", consolidated=False, chunks=None)
    encoding = encoding_for(again, zarr_format, level=7)
    assert encoding["chunked"]["chunks"] == (2, 3)
    assert encoding["packed"]["dtype"] == np.int16
    ours = stored(again, tmp_path / "ours", zarr_format, encoding)
    assert zarr.open_array(tmp_path / "ours" / "chunked", mode="r").chunks == (2, 3)
    alone = stored(again, tmp_path / "alone", zarr_format, {})
    assert ours.keys() == alone.keys() == set(data.variables)
    for name, (values, *others, codecs) in ours.items():
        expected, *expected_others, expected_codecs = alone[name]
        assert_same_bits(values, expected)
        assert others == expected_others, name
        assert codecs == ((Pco(7),) if zarr_format == 2 else (PcoSerializer(7),)), name
        assert expected_codecs == ((Pco(3),) if zarr_format == 2 else (PcoSerializer(3),)), name


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_settings_reach_the_codec(zarr_format):
    encoding = encoding_for(dataset(), zarr_format, 3, predictor="none", access="series")["n_f4"]
    codec = encoding["compressors"][0] if zarr_format == 2 else encoding["serializer"]
    assert (codec.level, codec.predictor, codec.access) == (3, "none", "series")


def test_shards_are_kept(tmp_path):
    data = xr.Dataset({"a": (("x", "y"), numbers("f4", (8, 8)), {}, {"chunks": (2, 2), "shards": (4, 4)})})
    data.to_zarr(tmp_path, zarr_format=3, consolidated=False, encoding=encoding_for(data))
    array = zarr.open_array(tmp_path / "a", mode="r")
    assert (array.chunks, array.shards) == ((2, 2), (4, 4))
    assert_same_bits(array[:], data["a"].values)
    assert encoding_for(data, 2)["a"].keys() == {"chunks", "compressors"}


def test_lazy_data_are_not_read(tmp_path):
    dataset()[["n_f4", "gaps", "packed"]].to_zarr(tmp_path, zarr_format=3, consolidated=False)
    data = xr.open_zarr(tmp_path, consolidated=False, chunks=None, drop_variables=["time", "x"])
    for chunk in tmp_path.rglob("c/*"):
        if chunk.is_file():
            chunk.write_bytes(b"not a chunk")
    assert set(encoding_for(data)) == {"n_f4", "gaps", "packed"}


@pytest.mark.parametrize("name", ["a", None, "x"])
def test_data_array(name, tmp_path):
    array = xr.DataArray(numbers("f4", (5,)), dims="x", coords={"y": ("x", np.arange(5))}, name=name)
    array.to_zarr(tmp_path, zarr_format=3, consolidated=False, encoding=encoding_for(array))
    for found in (array for _, array in zarr.open_group(tmp_path, mode="r").arrays()):
        assert found.serializer == PcoSerializer()


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_data_tree(zarr_format, tmp_path):
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset({"a": ("x", numbers("i4", (5,)))}, coords={"x": np.arange(5)}),
            "/deep/down": xr.Dataset({"b": ("x", numbers("f8", (5,))), "s": ("x", list("abcde"))}),
        }
    )
    encoding = encoding_for(tree, zarr_format)
    assert {path: set(variables) for path, variables in encoding.items()} == {
        "/": {"a", "x"},
        "/deep": set(),
        "/deep/down": {"b"},
    }
    tree.to_zarr(tmp_path, zarr_format=zarr_format, consolidated=False, encoding=encoding)
    found = zarr.open_array(tmp_path / "deep" / "down" / "b", mode="r")
    assert_same_bits(found[:], tree["/deep/down/b"].values)
    codecs = found.compressors if zarr_format == 2 else (found.serializer, *found.compressors)
    assert codecs == ((Pco(),) if zarr_format == 2 else (PcoSerializer(),))


@pytest.mark.parametrize(
    ("arguments", "error", "complaint"),
    [
        ({"zarr_format": 1}, InvalidArgumentError, "zarr_format must be 2 or 3, got 1"),
        ({"level": 13}, InvalidArgumentError, "may not exceed 12, got 13"),
        ({"level": "8"}, TypeError, "level must be an integer"),
        ({"access": "rows"}, InvalidArgumentError, "access must be one of"),
        ({"predictor": "best"}, InvalidArgumentError, "predictor must be one of"),
    ],
)
def test_wrong_arguments(arguments, error, complaint):
    with pytest.raises(error, match=complaint):
        encoding_for(xr.Dataset(), **arguments)


def test_what_is_no_dataset_is_refused():
    with pytest.raises(TypeError, match="must be a Dataset, DataArray or DataTree of xarray, got ndarray"):
        encoding_for(np.zeros(3))


FRESH_PROCESS = """
import sys
import numpy as np
import xarray as xr

data = xr.Dataset({"a": (("x", "y"), np.random.default_rng(0).normal(size=(20, 30)).astype("f4"))})
v2 = {"a": {"compressors": {"id": "pcodec_numcodecs.pco", "level": 5}}}
v3 = {
    "a": {"serializer": {"name": "pcodec_numcodecs.pco", "configuration": {"level": 5}}, "compressors": None}
}
for zarr_format, encoding in ((2, v2), (3, v3)):
    path = f"{sys.argv[1]}/{zarr_format}"
    data.to_zarr(path, zarr_format=zarr_format, consolidated=False, encoding=encoding)
    found = xr.open_zarr(path, consolidated=False, chunks=None)["a"]
    assert found.values.tobytes() == data["a"].values.tobytes()
    print(found.encoding["compressors"], found.encoding.get("serializer"))
"""


def test_registered_name_is_enough_in_a_fresh_process(tmp_path):
    assert "import pcodec_numcodecs" not in FRESH_PROCESS
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FRESH_PROCESS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["(Pco(level=5),) None", "() PcoSerializer(level=5)"]


def test_module_is_imported_without_xarray():
    code = "import sys, pcodec_numcodecs.codecs.xarray; print(*{'xarray', 'zarr', 'numcodecs'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
