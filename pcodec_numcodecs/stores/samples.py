"""The user's own numbers: some chunks of every array of a store, or of a file."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .. import frame
from ..constants import STANDALONE_MAGIC
from ..frame.elements import element_of
from ..standalone import simple_decompress
from .access import get
from .chunks import ArrayChunks
from .errors import StoreError
from .inspecting import relative
from .nodes import Node, nodes_of, open_array
from .opening import Place, file_content, is_url, open_place, reason

__all__ = ["Sample", "block_of", "samples_of"]

Array = npt.NDArray[Any]

_CHUNKS: Final = 3
"""Chunks of an array that are taken, spread over it."""
_CHUNK_CELLS: Final = 1 << 20
"""What a chunk is taken to be of data that have none."""
_SMALL_BYTES: Final = 4096
"""Smaller arrays are left out if there are larger ones: of them, one sees the format's fixed costs only."""
_NETCDF: Final = (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".he5")


@dataclass(frozen=True, eq=False)
class Sample:
    """Some numbers of an array.

    Attributes
    ----------
    name
        Path of the array in the store, or its name in the file.
    shape, dtype
        Of the whole array.
    chunk_shape
        Of a chunk; None of data without chunks.
    chunks
        Cells of some chunks, or of parts of them.
    ratio
        What the chunks that these are of compress to now; None of data without chunks.
    array
        The array of Zarr, where it is one.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_shape: tuple[int, ...] | None
    chunks: tuple[Array, ...] = field(repr=False)
    ratio: float | None = None
    array: Any = field(default=None, repr=False)

    @property
    def raw_bytes(self) -> int:
        """Size of the whole array in memory."""
        return prod(self.shape) * self.dtype.itemsize


def samples_of(
    location: Any, limit: int, options: Mapping[str, Any] | None = None, select: str | None = None
) -> tuple[list[Sample], list[str]]:
    """Read some chunks of every array that Pco can hold.

    Parameters
    ----------
    location, options
        A store, see `open_place`; or a file: .npy, .npz, .pco, a frame, netCDF or HDF5.
    limit
        Bytes of each array that are read at most.
    select
        Name of the one array that is wanted.

    Returns
    -------
    The samples, and what was left out and why.

    Raises
    ------
    StoreError
        When nothing can be read, or there is no such array.
    """
    skipped: list[str] = []
    names: list[str] = []
    found = list(_all_of(location, limit, options, skipped, select, names))
    if select is not None and select not in names:
        raise StoreError(f"{location}: no array {select!r} in it; there are {', '.join(names) or 'none'}")
    large = [sample for sample in found if sample.raw_bytes >= _SMALL_BYTES]
    if large and len(large) < len(found):
        skipped.append(f"Left out for having less than {_SMALL_BYTES:,} bytes: {len(found) - len(large)} arrays")
    if not found:
        raise StoreError(f"{location}: there are no numbers in it that Pco can hold. {'. '.join(skipped)}")
    return large or found, skipped


def _all_of(
    location: Any,
    limit: int,
    options: Mapping[str, Any] | None,
    skipped: list[str],
    select: str | None,
    names: list[str],
) -> Iterator[Sample]:
    if isinstance(location, str | os.PathLike) and not is_url(os.fspath(location)):
        path = Path(os.fspath(location).removeprefix("file://"))
        if path.is_file() and path.suffix.lower() != ".zip":
            for name, cells in _arrays_of_file(path):
                names.append(name)
                if select in (None, name) and _holds(name, cells.dtype, skipped):
                    yield _of_array(name, cells, limit)
            return
    if isinstance(location, np.ndarray):
        names.append("array")
        if _holds("array", location.dtype, skipped):
            yield _of_array("array", location, limit)
        return
    place = open_place(location, options)
    for node in nodes_of(place):
        if node.kind != "array":
            continue
        name = relative(place, node) or "array"
        names.append(name)
        if select in (None, name):
            try:
                sample = _of_node(place, node, name, limit, skipped)
            except StoreError as error:
                skipped.append(str(error))
                continue
            if sample is not None:
                yield sample


def _holds(name: str, dtype: np.dtype[Any], skipped: list[str]) -> bool:
    try:
        element_of(dtype)
    except TypeError:
        skipped.append(f"{name}: Pco does not hold dtype {dtype}")
        return False
    return True


def _of_array(name: str, cells: Array, limit: int) -> Sample:
    cells = np.asarray(cells)
    shape = cut(cells.shape, min(_CHUNK_CELLS, limit // _CHUNKS // max(cells.dtype.itemsize, 1)))
    grid = tuple(-(-size // length) for size, length in zip(cells.shape, shape, strict=True))
    total = prod(grid)
    picked = sorted({total * i // _CHUNKS for i in range(_CHUNKS)}) if total else []
    chunks = [cells[_box(np.unravel_index(i, grid) if grid else (), shape)] for i in picked]
    return Sample(name, cells.shape, cells.dtype, None, tuple(map(np.ascontiguousarray, chunks)))


def _box(at: Any, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(int(i) * length, (int(i) + 1) * length) for i, length in zip(at, shape, strict=True))


def cut(shape: tuple[int, ...], cells: int) -> tuple[int, ...]:
    """Return a shape of at most so many cells, made by halving the longest axes of a larger one."""
    lengths = list(shape)
    while prod(lengths) > max(cells, 1):
        longest = max(range(len(lengths)), key=lambda axis: lengths[axis])
        lengths[longest] = -(-lengths[longest] // 2)
    return tuple(lengths)


def _of_node(place: Place, node: Node, name: str, limit: int, skipped: list[str]) -> Sample | None:
    array = open_array(place, node)
    if not _holds(name, array.dtype, skipped):
        return None
    layout = ArrayChunks(array)
    stored = []
    for at in _spread(layout):
        content = get(place, layout.key(at))
        if content is not None:
            stored.append((at, len(content)))
        if len(stored) == _CHUNKS:
            break
    if not stored:
        skipped.append(f"{name}: no chunk is stored; all cells are the fill value")
        return None
    cells = limit // _CHUNKS // array.dtype.itemsize
    shape = cut(layout.chunk, cells)
    chunks = []
    for at, _ in stored:
        region = layout.region(at)
        box = tuple(
            slice(part.start, min(part.start + length, part.stop)) for part, length in zip(region, shape, strict=True)
        )
        try:
            chunks.append(np.ascontiguousarray(array[box]).reshape(tuple(part.stop - part.start for part in box)))
        except Exception as error:
            raise StoreError(
                f"{name}: chunk {layout.metadata.encode_chunk_key(at)} cannot be read: {reason(error)}"
            ) from error
    raw = sum(layout.cells(at) for at, _ in stored) * array.dtype.itemsize
    ratio = raw / sum(size for _, size in stored)
    return Sample(name, tuple(array.shape), array.dtype, layout.chunk, tuple(chunks), ratio, array)


def _spread(layout: ArrayChunks) -> Iterator[tuple[int, ...]]:
    """Yield places in the grid, some that are far apart first, each once."""
    total = layout.objects
    firsts = [total // 2, 0, total - 1] if total else []
    seen = set()
    for number in (*firsts, *range(total)):
        if number not in seen:
            seen.add(number)
            yield tuple(int(i) for i in np.unravel_index(number, layout.grid)) if layout.grid else ()


def block_of(sample: Sample, cells: int) -> Array:
    """Return cells from the middle of an array, longer than a chunk along each axis if so many cells allow it."""
    if sample.array is None or sample.chunk_shape is None:
        return max(sample.chunks, key=lambda chunk: chunk.size)
    lengths = list(cut(sample.chunk_shape, cells))
    while True:
        # The axis that chunks cut shortest is the one to look along.
        longer = [
            axis
            for axis, size in enumerate(sample.shape)
            if lengths[axis] < size and prod(lengths) * 2 <= cells and lengths[axis] >= sample.chunk_shape[axis]
        ]
        if not longer:
            break
        axis = min(longer, key=lambda axis: lengths[axis])
        lengths[axis] = min(2 * lengths[axis], sample.shape[axis])
    starts = [
        max(0, (size - length) // 2 // chunk * chunk)
        for size, length, chunk in zip(sample.shape, lengths, sample.chunk_shape, strict=True)
    ]
    box = tuple(slice(start, start + length) for start, length in zip(starts, lengths, strict=True))
    try:
        return np.asarray(sample.array[box])
    except Exception as error:
        raise StoreError(f"{sample.name}: cannot be read: {reason(error)}") from error


def _arrays_of_file(path: Path) -> Iterator[tuple[str, Array]]:
    suffix = path.suffix.lower()
    try:
        if suffix == ".npy":
            yield path.stem, np.load(path, mmap_mode="r")
        elif suffix == ".npz":
            with np.load(path) as archive:
                yield from ((name, archive[name]) for name in archive.files)
        elif suffix in _NETCDF:
            yield from _variables(path)
        else:
            content = file_content(path) or b""
            if content[: len(STANDALONE_MAGIC)] == STANDALONE_MAGIC:
                numbers = simple_decompress(content)
                yield path.stem, np.empty(0) if numbers is None else numbers
            elif content[: len(frame.MAGIC)] == frame.MAGIC:
                yield path.stem, frame.read(content)
            else:
                raise StoreError(
                    f"{path}: must be a Zarr store, .npy, .npz, .nc, .h5 or .pco, got a file of another kind"
                )
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read: {reason(error)}") from error


def _variables(path: Path) -> Iterator[tuple[str, Array]]:
    try:
        import xarray
    except ImportError:
        raise StoreError(f"{path}: needs the packages xarray and netCDF4; pip install xarray netCDF4") from None
    with xarray.open_dataset(path, decode_cf=False) as dataset:
        for name, variable in dataset.variables.items():
            yield str(name), variable.to_numpy()
