"""What a stored Zarr chunk may be, a frame or a plain .pco file, to the cells that are selected."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import scratch
from ..buffers import Buffer
from ..constants import STANDALONE_MAGIC
from ..errors import CorruptionError
from ..frame.elements import element_of, parts_of
from ..frame.head import read_head
from ..frame.layout import Layout
from ..frame.reader import FrameReader, Pieces, Selected, select
from ..standalone import simple_decompress_into

__all__ = ["ChunkReading", "is_file", "read_file"]


def is_file(content: memoryview) -> bool:
    """Tell whether bytes begin as a .pco file does."""
    return bytes(content[: len(STANDALONE_MAGIC)]) == STANDALONE_MAGIC


def read_file(content: Buffer, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Read a chunk of known shape and dtype from a .pco file, which knows neither and holds native numbers.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is damaged, cut short, or does not hold just the chunk's numbers.
    """
    native = np.empty(shape, dtype.newbyteorder("="))
    numbers = native.reshape(-1).view(element_of(dtype).number_type.dtype)
    progress = simple_decompress_into(content, numbers)
    if progress.n_processed != numbers.size or not progress.finished:
        got = progress.n_processed if progress.finished else f"at least {numbers.size + 1}"
        raise CorruptionError(
            f"chunk of shape {shape} must hold {numbers.size} numbers, got {got}; "
            "it may be damaged, or of another array"
        )
    if native.dtype == dtype:
        return native
    out = np.empty(shape, dtype)
    for target, bits in zip(parts_of(out), parts_of(native), strict=True):
        target[...] = bits
    return out


class ChunkReading:
    """Reads a selection from the stored form of a chunk, of which shape and type are known.

    Parameters
    ----------
    shape
        Shape of the chunk.
    dtype
        Its dtype; the result has it, byte order included.
    selection
        What to take, as NumPy would.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], selection: Any) -> None:
        self.shape = shape
        self.dtype = dtype
        self.selection = selection

    @property
    def raw_bytes(self) -> int:
        """Size of the chunk in memory."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    @property
    def is_whole(self) -> bool:
        """Whether all of the chunk is selected, in its own order."""
        if self.selection is ... or not self.shape:
            return True
        items = self.selection if isinstance(self.selection, tuple) else (self.selection,)
        return len(items) == len(self.shape) and all(
            isinstance(item, slice) and range(size)[item] == range(size)
            for item, size in zip(items, self.shape, strict=True)
        )

    def prepare(self, layout: Layout) -> tuple[Selected, npt.NDArray[Any]]:
        """Check that a frame is of this chunk; return what is selected, and an array for it.

        Raises
        ------
        CorruptionError
            When it is of another shape or type.
        """
        if layout.shape != self.shape or not layout.element.is_but_for_order(self.dtype):
            raise CorruptionError(
                f"the chunk must have shape {self.shape} and dtype {self.dtype}, got a frame of shape {layout.shape} "
                f"and dtype {layout.element.dtype}; it may belong to another array"
            )
        wanted = select(layout, self.selection)
        # As far as is seen, Zarr copies it to where the chunk's cells belong, and is done with it.
        room = scratch.empty(prod(wanted.shape) * self.dtype.itemsize, np.uint8)
        return wanted, room.view(self.dtype).reshape(wanted.shape)

    def whole(self, content: memoryview) -> npt.NDArray[Any]:
        """Read from all bytes of the stored chunk.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When they are damaged, cut short or of another array.
        """
        if is_file(content):
            return np.asarray(read_file(content, self.shape, self.dtype)[self.selection])
        layout = read_head(content)
        layout.check_length(len(content))
        wanted, out = self.prepare(layout)
        FrameReader(layout, Pieces(content)).read(wanted, out)
        return out
