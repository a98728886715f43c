"""Standalone .pco streams: numbers to bytes that say all about themselves, and back.

The names and calls are those of `pcodec.standalone`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from .buffers import Buffer, as_bytes_view, check_destination, check_numbers
from .compress import compress_chunks
from .config import ChunkConfig, Progress, checked_integer
from .constants import BATCH, DEFAULT_MAX_BYTES, STANDALONE_TERMINATOR
from .decompress import ChunkTables, decompress_pages, laid_out
from .dtypes import NumberType
from .errors import CorruptionError, InvalidArgumentError
from .kernels import load
from .metadata import ChunkHeader, ChunkMetadata, FileHeader

__all__ = ["FileChunk", "simple_compress", "simple_decompress", "simple_decompress_into", "walk"]

_MOST_AHEAD = 256
"""Bytes of numbers, for each of a file, that there is made room for on its word alone."""


def simple_compress(src: npt.NDArray[Any], config: ChunkConfig) -> bytes:
    """Compress numbers to a standalone file.

    Parameters
    ----------
    src
        1-D, contiguous array of a type that Pco holds, native byte order; perhaps empty.
    config
        Settings. Each page of the paging becomes a chunk of the file, with bins of its own. Mode and delta encoding are
        chosen for eight chunks or more together, but for chunks that are unlike the others.

    Raises
    ------
    TypeError
        For another type, layout or number of dimensions.
    InvalidArgumentError
        When a setting does not fit the numbers.
    """
    numbers, number_type = check_numbers(src)
    if not isinstance(config, ChunkConfig):
        raise TypeError(f"config must be a ChunkConfig, got {type(config).__name__}")
    parts = [FileHeader.write(numbers.size)]
    counts = config.paging_spec.page_numbers(numbers.size)
    chunks = compress_chunks(numbers, number_type, config, counts)
    for n, (chunk, kernels) in zip(counts, chunks, strict=True):
        parts += [ChunkHeader(number_type, n).write(), chunk.metadata.write(), *chunk.write_pages(kernels)]
    parts.append(bytes([STANDALONE_TERMINATOR]))
    return b"".join(parts)


class FileChunk(NamedTuple):
    """One chunk of a file.

    Attributes
    ----------
    metadata
        What it says of its one page.
    n
        Count of numbers.
    metadata_bytes, page_bytes
        Sizes.
    """

    metadata: ChunkMetadata
    n: int
    metadata_bytes: int
    page_bytes: int


class _Reader:
    """Walks the chunks of a file."""

    def __init__(self, src: Buffer) -> None:
        self.source = as_bytes_view(src)
        self.data = np.frombuffer(self.source, np.uint8)
        self.header, self.place = FileHeader.read(self.source)
        self.number_type = self.header.uniform_type
        """Type of the file's numbers, as far as it is known yet."""
        self.chunk = self.place
        """Byte where the chunk begins whose header was read last."""

    def next_header(self, expected: NumberType | None) -> ChunkHeader | None:
        """Read the next chunk's header; None at the end of the file.

        All chunks have one type: the uniform one if there is any, and the expected one, that of `dst` or of the first.
        """
        header, size = ChunkHeader.read(self.source[self.place :], self.header.uniform_type)
        if header is None:
            return None
        if expected is not None and header.number_type is not expected:
            raise CorruptionError(
                f"requested chunk decompression as {expected.name} does not match chunk's number type of "
                f"{header.number_type.name}"
            )
        self.number_type = header.number_type
        self.chunk = self.place
        self.place += size
        return header

    def read_chunks(self, header: ChunkHeader, out: npt.NDArray[Any]) -> int:
        """Read the chunk whose header was read last, then others as long as there is room and a short way for them.

        Returns
        -------
        Count of numbers that are there then, from the beginning of the array on.
        """
        done = self._read_usual(self.chunk, header.number_type, out, 0)
        if not done:
            self.read_page(self.read_metadata(header), header.n, header.n, out[: header.n])
            done = self._read_usual(self.place, header.number_type, out, header.n)
        return done

    def _read_usual(self, place: int, number_type: NumberType, out: npt.NDArray[Any], done: int) -> int:
        """Read chunks from a place on, behind so many numbers, by the short way, if there is one for the first."""
        if not self.header.version.has_delta_variants:
            return done
        kind = number_type.byte, number_type.mantissa_bits, number_type.is_signed
        end, done = load().decode_usual_file(self.data, place, *kind, out.view(number_type.latent), done)
        self.place = max(self.place, end)  # where there is no short way, the header has been passed already
        return done

    def read_metadata(self, header: ChunkHeader) -> ChunkTables:
        """Read the metadata of the chunk whose header was read last."""
        metadata, size = ChunkMetadata.read(self.source[self.place :], header.number_type, self.header.version)
        self.place += size
        return ChunkTables(metadata)

    def read_page(
        self, chunk: ChunkTables, n: int, wanted: int, out: npt.NDArray[Any] | None = None
    ) -> npt.NDArray[Any]:
        """Read the page that follows, or its first batches, into an array if one is given."""
        data, pages = laid_out(chunk, [self.source[self.place :]], [n], [wanted])
        numbers, read = decompress_pages(data, [pages], load(wanted), out)
        self.place += int(read[0])
        return numbers


def simple_decompress(src: Buffer, *, max_bytes: SupportsIndex = DEFAULT_MAX_BYTES) -> npt.NDArray[Any] | None:
    """Decompress a standalone file.

    Parameters
    ----------
    src
        The file's bytes; what follows its end is ignored.
    max_bytes
        Limit for the decompressed size in bytes, against files that promise far more than they hold.

    Returns
    -------
    1-D array of the file's number type, or None for a file without chunks that does not say its type.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When the file breaks the format or is cut short.
    InvalidArgumentError
        When the numbers take more than `max_bytes`.
    """
    limit = checked_integer(max_bytes, "max_bytes", 0)
    reader = _Reader(src)
    parts = list(_parts(reader, limit))
    if not parts:
        return None if reader.number_type is None else np.empty(0, reader.number_type.dtype)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _parts(reader: _Reader, limit: int) -> Iterator[npt.NDArray[Any]]:
    """Yield the numbers of all chunks in turn, of many at a time where the header told how many there are."""
    before = 0
    while (header := reader.next_header(reader.number_type)) is not None:
        width = header.number_type.dtype.itemsize
        least = (before + header.n) * width
        if least > limit:
            raise InvalidArgumentError(
                f"decompressed size may not exceed {limit} bytes, got at least {least}; if the source is trusted, "
                "pass a larger max_bytes"
            )
        # What the header promised, within reason.
        expected = min(reader.header.hint, min(limit, _MOST_AHEAD * len(reader.source)) // width)
        numbers = np.empty(max(expected - before, header.n), header.number_type.dtype)
        done = reader.read_chunks(header, numbers)
        before += done
        yield numbers if done == numbers.size else numbers[:done].copy()


def simple_decompress_into(src: Buffer, dst: npt.NDArray[Any]) -> Progress:
    """Decompress a standalone file into an array, as far as it goes.

    Parameters
    ----------
    src
        The file's bytes.
    dst
        1-D, contiguous, writeable array of the file's number type, of any length. What the file does not fill is left
        alone.

    Returns
    -------
    Progress, finished when the end of the file was reached.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When the file breaks the format or is cut short, or is of another number type. `dst` then has what chunks
        before the damage held, and may have some numbers of the one that is damaged.
    """
    target, number_type = check_destination(dst)
    reader = _Reader(src)
    done = 0
    while (header := reader.next_header(number_type)) is not None:
        n, left = header.n, target.size - done
        if n > left:
            chunk = reader.read_metadata(header)
            # Pages can only be cut at whole batches, so the last one may be read a little further than asked for.
            wanted = min(n, -(-left // BATCH) * BATCH)
            target[done:] = reader.read_page(chunk, n, wanted)[:left]
            return Progress(target.size, False)
        done += reader.read_chunks(header, target[done:])
    return Progress(done, True)


def walk(src: Buffer) -> Iterator[FileChunk]:
    """Yield the chunks of a file in turn; each is decoded, as nothing else tells where it ends.

    Raises
    ------
    CorruptionError, InsufficientDataError
        When the file breaks the format or is cut short, at the chunk where it does.
    """
    reader = _Reader(src)
    before = reader.place
    while (header := reader.next_header(reader.number_type)) is not None:
        chunk = reader.read_metadata(header)
        page = reader.place
        reader.read_page(chunk, header.n, header.n)
        yield FileChunk(chunk.metadata, header.n, page - before, reader.place - page)
        before = reader.place
