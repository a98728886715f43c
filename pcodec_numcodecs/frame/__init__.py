"""One array, such as a Zarr chunk, as self-describing bytes whose parts can be read and checked alone.

A frame is cut into tiles; each tile is a page of Pco's wrapped format and has a checksum of its own in an index at the
front. See `docs/format.md`.
"""

from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..buffers import Buffer, as_bytes_view
from ..config import checked_integer
from ..constants import DEFAULT_LEVEL, DEFAULT_MAX_BYTES
from ..errors import InvalidArgumentError
from ..pipeline.plans import Tried
from .checking import Fault, faults_of
from .elements import element_of
from .head import MAGIC, read_head
from .info import ChunkInfo, FrameInfo, PipelineInfo, describe
from .layout import Layout
from .reader import FrameReader, Pieces, check_out, select
from .settings import FrameSettings
from .writer import tried_for, write_frame

__all__ = [
    "MAGIC",
    "ChunkInfo",
    "Fault",
    "FrameInfo",
    "FrameSettings",
    "PipelineInfo",
    "Tried",
    "check",
    "explain",
    "info",
    "read",
    "write",
]


def write(
    array: npt.ArrayLike,
    *,
    level: int = DEFAULT_LEVEL,
    tile: Any = "auto",
    predictor: str = "auto",
    access: str = "balanced",
    order: str = "C",
    threads: SupportsIndex = 1,
) -> bytes:
    """Compress an array to a frame.

    Parameters
    ----------
    array
        Of any shape, strides and byte order; bool, integers of 8 to 64 bits, floats of 16 to 64 bits, complex,
        datetimes, timedeltas, and bfloat16 and float8 of ml_dtypes.
    level, tile, predictor, access
        See `FrameSettings`.
    order
        ``"C"`` or ``"F"``: the layout in memory that `read` gives the array. The frame differs by this flag alone.
    threads
        How many may write pages at a time. Leave it at 1 where many arrays are written at a time, as Zarr and dask do.

    Returns
    -------
    The frame; the same bytes for the same array and settings, whatever its layout in memory and the threads.

    Raises
    ------
    TypeError
        For a dtype that a frame cannot hold, or a setting of another type.
    InvalidArgumentError
        For a setting out of its limits, and for more than 8 GiB.
    """
    if order not in ("C", "F"):
        raise InvalidArgumentError(f"order must be 'C' or 'F', got {order!r}")
    cells = np.asarray(array)
    settings = FrameSettings(level, tile, predictor, access)
    count = checked_integer(threads, "threads", 1)
    return write_frame(cells, element_of(cells.dtype), settings, fortran=order == "F", threads=count)


def read(
    data: Buffer,
    selection: Any = None,
    out: npt.NDArray[Any] | None = None,
    *,
    max_bytes: SupportsIndex = DEFAULT_MAX_BYTES,
    threads: SupportsIndex = 1,
) -> npt.NDArray[Any]:
    """Decompress a frame, or a part of it.

    Parameters
    ----------
    data
        The frame. For a part, it may be cut short after the pages that are needed.
    selection
        What to take, as in ``array[selection]``: integers, slices, arrays of integers or bools, and tuples of them.
        All by default. Only the pages that hold selected cells are decoded and checked.
    out
        Array to fill, of just the dtype and shape of the result, of any strides.
    max_bytes
        Limit for the size of the whole array, against frames that promise far more than they hold.
    threads
        How many may decode pages at a time. Leave it at 1 where many arrays are read at a time, as Zarr and dask do.

    Returns
    -------
    `out` if it was given, else a new array. Never a scalar, even for a single cell.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When a part that is needed is damaged or missing, naming it. What is in `out` then is no result.
    IndexError
        For a selection that does not fit, as NumPy raises it.
    TypeError, InvalidArgumentError
        When `out` does not fit, or the array takes more than `max_bytes`.
    """
    view = as_bytes_view(data)
    count = checked_integer(threads, "threads", 1)
    layout = _layout(view, max_bytes)
    if selection is None:
        layout.check_length(len(view))
    wanted = select(layout, ... if selection is None else selection)
    if out is None:
        out = scratch.lasting(wanted.shape, layout.element.dtype, "F" if layout.fortran else "C")
    else:
        check_out(out, wanted.shape, layout)
    FrameReader(layout, Pieces(view)).read(wanted, out, count)
    return out


def explain(
    array: npt.ArrayLike,
    *,
    level: int = DEFAULT_LEVEL,
    tile: Any = "auto",
    predictor: str = "auto",
    access: str = "balanced",
) -> tuple[tuple[Tried, ...], ...]:
    """Tell what `write` would consider for an array, and what it takes each to cost.

    Parameters
    ----------
    array, level, tile, predictor, access
        As of `write`.

    Returns
    -------
    For each part of the elements (two of complex ones, else one), what was priced, the best first: split, count of
    masked values, predictor, contexts, tile and estimated bytes. Nothing for arrays that are too small for a choice.

    Raises
    ------
    TypeError, InvalidArgumentError
        As `write`.
    """
    cells = np.asarray(array)
    return tried_for(cells, element_of(cells.dtype), FrameSettings(level, tile, predictor, access))


def info(data: Buffer) -> FrameInfo:
    """Tell what is in a frame, from its front; pages may be missing and are not checked.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When the front is damaged or cut short.
    """
    view = as_bytes_view(data)
    return describe(FrameReader(read_head(view), Pieces(view)))


def check(data: Buffer) -> tuple[Fault, ...]:
    """Compare every checksum of a frame, without decoding any page.

    Returns
    -------
    What is damaged or missing, each part by itself; nothing when all is well.
    """
    return tuple(faults_of(as_bytes_view(data)))


def _layout(view: memoryview, max_bytes: SupportsIndex) -> Layout:
    limit = checked_integer(max_bytes, "max_bytes", 0)
    layout = read_head(view)
    if layout.raw_bytes > limit:
        raise InvalidArgumentError(
            f"an array may not exceed {limit} bytes, got {layout.raw_bytes}; if the source is trusted, "
            "pass a larger max_bytes"
        )
    return layout
