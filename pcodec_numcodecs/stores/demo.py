"""Real climate data through Zarr and back: the sizes, the times, and whether every bit is the same.

The data come with the package `iris-sample-data`; the `demo` extra installs it.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..codecs.xarray import encoding_for

if TYPE_CHECKING:
    import xarray

__all__ = ["FILES", "DemoError", "Measured", "run"]

FILES = (
    "A1B_north_america.nc",
    "ostia_monthly.nc",
    "hybrid_height.nc",
    "orca2_votemper.nc",
    "space_weather.nc",
    "SOI_Darwin.nc",
)
"""What is read of the sample data: air and sea temperature, a mesh, electrons in the ionosphere, a long series."""


class DemoError(Exception):
    """The demo cannot go on; the message is for the user."""


@dataclass(frozen=True)
class Measured:
    """One variable, written and read back without a difference.

    Attributes
    ----------
    source, variable, shape, dtype
        File, and the variable as stored.
    raw
        Bytes of its numbers.
    default, blosc, pco
        Bytes of its chunks with Zarr's default compressor, with Blosc (Zstd after byte shuffle), and with Pco.
    write, read
        Seconds, with Pco.
    """

    source: str
    variable: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    raw: int
    default: int
    blosc: int
    pco: int
    write: float
    read: float


def run(store: Path, files: tuple[str, ...] = FILES) -> Iterator[Measured]:
    """Write sample data to a Zarr v3 store, read them back and compare them bit by bit.

    Parameters
    ----------
    store
        Directory of the store, which must not exist or be empty; each file becomes a group.
    files
        Names of netCDF files of the sample data.

    Yields
    ------
    Each variable's figures, as soon as they are there.

    Raises
    ------
    DemoError
        When packages of the `demo` extra are missing, when the store is not empty, or when a bit differs.
    """
    folder = _sample_data()
    if store.exists() and (not store.is_dir() or any(store.iterdir())):
        raise DemoError(f"the store must be a new or empty directory, got {store}; name another one")
    with tempfile.TemporaryDirectory() as scratch:
        for name in files:
            yield from _measure_file(folder / name, store, Path(scratch))


def _sample_data() -> Path:
    try:
        import iris_sample_data
        import netCDF4  # noqa: F401 -- asked for here, so that its absence is explained
        import xarray  # noqa: F401
    except ImportError as error:
        raise DemoError(
            f"the demo needs the package {error.name}; install it with: pip install 'pcodec-numcodecs[demo]'"
        ) from None
    return Path(iris_sample_data.path)


def _measure_file(path: Path, store: Path, scratch: Path) -> Iterator[Measured]:
    import xarray

    # Not decoded: the numbers are compared as they are in the file, with no scale, mask or calendar in between.
    dataset = xarray.load_dataset(path, engine="netcdf4", decode_cf=False)
    for name, encoding in encoding_for(dataset).items():
        alone = xarray.Dataset({name: dataset.variables[name]})
        yield _measure(path.name, alone, {name: encoding}, store, scratch)


def _measure(source: str, dataset: "xarray.Dataset", encoding: dict[str, Any], store: Path, scratch: Path) -> Measured:
    from zarr.codecs import BloscCodec

    (name,) = encoding
    group = Path(source).stem
    blosc = {"compressors": (BloscCodec(cname="zstd", shuffle="shuffle"),)}
    for codec, other in (("default", {}), ("blosc", blosc)):
        _write(dataset, scratch / codec, group, {name: other})

    start = time.perf_counter()
    _write(dataset, store, group, encoding)
    between = time.perf_counter()
    found = _read(store, group, name)
    end = time.perf_counter()

    expected = dataset.variables[name].to_numpy()
    if not _same_bits(found, expected):
        raise DemoError(f"{source}: {name} came back changed; please report this as a bug")
    return Measured(
        source,
        name,
        expected.shape,
        expected.dtype,
        raw=expected.nbytes,
        default=_chunk_bytes(scratch / "default" / group / name),
        blosc=_chunk_bytes(scratch / "blosc" / group / name),
        pco=_chunk_bytes(store / group / name),
        write=between - start,
        read=end - between,
    )


def _write(dataset: "xarray.Dataset", store: Path, group: str, encoding: dict[str, Any]) -> None:
    dataset.to_zarr(store, group=group, mode="a", zarr_format=3, consolidated=False, encoding=encoding)


def _read(store: Path, group: str, name: str) -> npt.NDArray[Any]:
    import xarray

    with xarray.open_zarr(store, group=group, consolidated=False, chunks=None, decode_cf=False) as dataset:
        numbers: npt.NDArray[Any] = dataset.variables[name].to_numpy()
    return numbers


def _chunk_bytes(array: Path) -> int:
    return sum(p.stat().st_size for p in array.rglob("*") if p.is_file() and p.name != "zarr.json")


def _same_bits(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> bool:
    if (found.shape, found.dtype) != (expected.shape, expected.dtype):
        return False
    # As integers: -0.0 is not 0.0, and a NaN is the same one.
    unsigned = f"u{expected.dtype.itemsize}"
    return np.array_equal(np.ascontiguousarray(found).view(unsigned), np.ascontiguousarray(expected).view(unsigned))
