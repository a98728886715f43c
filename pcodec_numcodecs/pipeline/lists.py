"""A list of integers as one small Pco chunk: its count, and, if there are any, the metadata and one page."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..compress import compress_chunk
from ..config import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec
from ..constants import MAX_CHUNK_NUMBERS
from ..decompress import ChunkTables, decompress_pages, decompress_usual_chunk, laid_out
from ..dtypes import NumberType, number_type_of
from ..errors import CorruptionError
from ..kernels import Kernels
from ..metadata import ChunkMetadata, Consecutive, Dict, FormatVersion, IntMult, Lookback

__all__ = ["Specs", "read_list", "write_list"]

_COUNT_BYTES = 4
_ONE_PAGE = PagingSpec.equal_pages_up_to(MAX_CHUNK_NUMBERS)


class Specs(NamedTuple):
    """Mode and delta encoding of a list."""

    mode: ModeSpec = ModeSpec.auto()
    delta: DeltaSpec = DeltaSpec.auto()


def write_list(
    numbers: npt.NDArray[Any], level: int, kernels: Kernels, specs: Specs | None = None
) -> tuple[bytes, Specs]:
    """Compress a flat array of unsigned integers, of at most ``2**24``.

    Parameters
    ----------
    specs
        What was chosen for a similar list, so that it need not be chosen once more.

    Returns
    -------
    The list, and what was chosen for it.
    """
    count = numbers.size.to_bytes(_COUNT_BYTES, "little")
    if not numbers.size:
        return count, Specs()
    given = specs or Specs()
    config = ChunkConfig(level, given.mode, given.delta, _ONE_PAGE, enable_8_bit=True)
    chunk = compress_chunk(np.ascontiguousarray(numbers), number_type_of(numbers.dtype), config, kernels)
    written = b"".join([count, chunk.metadata.write(), *chunk.write_pages(kernels)])
    return written, specs or _chosen(chunk.metadata)


def _chosen(metadata: ChunkMetadata) -> Specs:
    match metadata.mode:
        case IntMult(base):
            mode = ModeSpec.try_int_mult(base)
        case Dict():
            mode = ModeSpec.try_dict()
        case _:
            mode = ModeSpec.classic()
    match metadata.delta:
        case Consecutive(order):
            return Specs(mode, DeltaSpec.try_consecutive(order))
        case Lookback():
            return Specs(mode, DeltaSpec.try_lookback())
    return Specs(mode, DeltaSpec.no_op())


def read_list(
    source: memoryview, number_type: NumberType, version: FormatVersion, most: int, kernels: Kernels
) -> tuple[npt.NDArray[Any], memoryview]:
    """Read a list; return it and the bytes that follow it.

    Parameters
    ----------
    most
        How many integers there may be.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When it is damaged, or longer than that.
    """
    count = int.from_bytes(source[:_COUNT_BYTES], "little")
    if len(source) < _COUNT_BYTES or count > min(most, MAX_CHUNK_NUMBERS):
        raise CorruptionError(f"a list must have a count of up to {most}, got {count} in {len(source)} bytes")
    rest = source[_COUNT_BYTES:]
    if not count:
        return np.zeros(0, number_type.dtype), rest
    numbers = np.empty(count, number_type.dtype)
    end = decompress_usual_chunk(np.frombuffer(rest, np.uint8), 0, number_type, version, kernels, numbers)
    if end is not None:
        return numbers, rest[end:]
    metadata, size = ChunkMetadata.read(rest, number_type, version)
    rest = rest[size:]
    data, pages = laid_out(ChunkTables(metadata), [rest], [count])
    numbers, read = decompress_pages(data, [pages], kernels, numbers)
    return numbers, rest[int(read[0]) :]
