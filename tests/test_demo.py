"""The demo verifies what it says it verifies, and says in one line why it cannot."""

import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
import xarray as xr
import zarr

from pcodec_numcodecs.cli import main
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer
from pcodec_numcodecs.stores import demo

SMALL_FILES = ("space_weather.nc", "SOI_Darwin.nc")


@pytest.fixture
def small_files(monkeypatch):
    """Let the command run on the smallest files."""
    whole = demo.run
    monkeypatch.setattr(demo, "run", lambda store: whole(store, SMALL_FILES))


def test_figures_are_those_of_the_store(tmp_path):
    store = tmp_path / "store"
    rows = {(row.source, row.variable): row for row in demo.run(store, SMALL_FILES)}
    row = rows["space_weather.nc", "Ne"]
    assert (row.shape, row.dtype, row.raw) == ((29, 31, 31), np.float64, 29 * 31 * 31 * 8)
    group = store / "space_weather" / "Ne"
    assert row.pco == sum(p.stat().st_size for p in (group / "c").rglob("*") if p.is_file())
    assert 0 < row.pco < min(row.default, row.blosc)
    assert max(row.default, row.blosc) < row.raw
    assert row.write > 0
    assert row.read > 0
    array = zarr.open_array(group, mode="r")
    assert array.serializer == PcoSerializer()
    assert array.compressors == ()
    original = xr.load_dataset(demo._sample_data() / "space_weather.nc", engine="netcdf4", decode_cf=False)
    assert array[:].tobytes() == original["Ne"].values.tobytes()
    assert {name for source, name in rows if source == "space_weather.nc"} == set(original.variables) - {"rotated_pole"}


@pytest.mark.usefixtures("small_files")
def test_command_prints_a_table(capsys, tmp_path):
    store = tmp_path / "kept"
    assert main(["demo", "--store", str(store)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    assert max(map(len, lines)) <= 100
    (row,) = [line.split() for line in lines if line.startswith("  Ne ")]
    assert row[:4] == ["Ne", "29x31x31", "float64", "222,952"]
    assert len(row) == 9
    assert re.search(r"^all +[\d,]+( +\d+\.\d\d){5}$", printed.out, re.MULTILINE)
    assert re.search(r"all (\d+) variables are the same, bit for bit\.\nThe store is .*kept\.$", printed.out.rstrip())
    assert store.joinpath("space_weather", "Ne", "zarr.json").exists()


def change_one_bit(read):
    def changed(*arguments):
        numbers = read(*arguments).copy()
        numbers.reshape(-1).view(np.uint8)[0] ^= 1
        return numbers

    return changed


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize(
    "damage",
    [
        change_one_bit,
        lambda read: lambda *arguments: read(*arguments).reshape(-1),
        lambda read: lambda *arguments: read(*arguments).view(np.uint8),
    ],
    ids=["bit", "shape", "type"],
)
def test_any_difference_fails(monkeypatch, capsys, damage):
    monkeypatch.setattr(demo, "_read", damage(demo._read))
    assert main(["demo"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        "pcodec-numcodecs demo: space_weather.nc: latitude came back changed; please report this as a bug\n"
    )
    assert "the same" not in printed.out


def test_zeros_of_either_sign_and_nans_are_told_apart():
    zero = np.zeros(2)
    assert demo._same_bits(zero, zero.copy())
    assert not demo._same_bits(zero, -zero)
    nan = np.array([np.nan])
    assert demo._same_bits(nan, nan.copy())
    other = nan.copy()
    other.view(np.uint8)[0] ^= 1
    assert not demo._same_bits(other, nan)


@pytest.mark.parametrize("package", ["iris_sample_data", "netCDF4", "xarray"])
def test_missing_extra_is_named_in_one_line(monkeypatch, capsys, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["demo"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"pcodec-numcodecs demo: the demo needs the package {package}; "
        "install it with: pip install 'pcodec-numcodecs[demo]'\n"
    )


def test_store_with_other_data_is_left_alone(tmp_path, capsys):
    (tmp_path / "precious").write_text("data")
    assert main(["demo", "--store", str(tmp_path)]) == 1
    assert "must be a new or empty directory" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_version_and_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"pcodec-numcodecs {version('pcodec-numcodecs')}\n"
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nope"], ["demo", "--level"]])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "pcodec_numcodecs", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("pcodec-numcodecs ")
