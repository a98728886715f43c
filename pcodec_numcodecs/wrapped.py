"""Pco's parts for any container: headers, chunk metadata and pages, each as bytes of their own.

The names and calls are those of `pcodec.wrapped`; added are `ChunkCompressor.write_pages` and
`ChunkDecompressor.read_pages_into`, which handle many pages in one call and so are much faster here. The container
remembers, for each page, where it starts and how many numbers it has, and for each chunk the number type.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self, SupportsIndex

import numpy as np
import numpy.typing as npt

from .buffers import Buffer, as_bytes_view, check_destination, check_numbers
from .compress import CompressedChunk, compress_chunk
from .config import ChunkConfig, Progress, checked_integer
from .constants import BATCH
from .decompress import ChunkTables, Pages, decompress_pages, joined, open_usual
from .dtypes import NumberType, number_type_named
from .errors import InvalidArgumentError
from .kernels import ChunkPages, Rows, UsualChunk, load
from .metadata import ChunkMetadata, FormatVersion

__all__ = ["ChunkCompressor", "ChunkDecompressor", "FileCompressor", "FileDecompressor"]

_MAX_PAGE_NUMBERS = (1 << 63) - 1  # positions are 64-bit integers


class FileCompressor:
    """Writes the header; then makes a compressor for each chunk."""

    __slots__ = ()

    def write_header(self) -> bytes:
        """Return the header."""
        return FormatVersion.write()

    def chunk_compressor(self, src: npt.NDArray[Any], config: ChunkConfig) -> "ChunkCompressor":
        """Choose how to code a chunk.

        Parameters
        ----------
        src
            1-D, contiguous array of 1 to 2**24 numbers of a type that Pco holds, native byte order.
        config
            Settings.

        Raises
        ------
        TypeError
            For another type, layout or number of dimensions.
        InvalidArgumentError
            When there are no numbers or too many, or when a setting does not fit them.
        """
        numbers, number_type = check_numbers(src)
        if not isinstance(config, ChunkConfig):
            raise TypeError(f"config must be a ChunkConfig, got {type(config).__name__}")
        if not number_type.is_float and not number_type.is_signed:
            # Pages are made later, and until then the latents of unsigned numbers are the numbers themselves: a copy
            # keeps them from what the caller may do to the array.
            numbers = numbers.copy()
        return ChunkCompressor._make(compress_chunk(numbers, number_type, config, load(numbers.size)))


class ChunkCompressor:
    """Writes the metadata and the pages of one chunk, in any order, any number of times."""

    __slots__ = ("_chunk", "_pages")
    _chunk: CompressedChunk
    _pages: list[bytes] | None

    def __init__(self) -> None:
        raise TypeError("cannot create ChunkCompressor directly; use FileCompressor.chunk_compressor")

    @classmethod
    def _make(cls, chunk: CompressedChunk) -> Self:
        self = object.__new__(cls)
        self._chunk = chunk
        self._pages = None
        return self

    def n_per_page(self) -> list[int]:
        """Return the count of numbers in each page."""
        return [int(n) for n in self._chunk.page_numbers]

    def write_meta(self) -> bytes:
        """Return the chunk metadata."""
        return self._chunk.metadata.write()

    def write_pages(self) -> list[bytes]:
        """Return all pages. They are made together the first time, and kept."""
        if self._pages is None:
            self._pages = self._chunk.write_pages(load())
        return list(self._pages)

    def write_page(self, page_idx: SupportsIndex) -> bytes:
        """Return one page.

        Raises
        ------
        InvalidArgumentError
            When there are not so many pages.
        """
        index = checked_integer(page_idx, "page_idx", 0)
        pages = self._chunk.page_numbers.size
        if index >= pages:
            raise InvalidArgumentError(f"page idx exceeds num pages ({index} >= {pages})")
        return self.write_pages()[index]


class FileDecompressor:
    """Reads the header; then makes a decompressor for each chunk. Made by `FileDecompressor.new`."""

    __slots__ = ("_version",)
    _version: FormatVersion

    def __init__(self) -> None:
        raise TypeError("cannot create FileDecompressor directly; use FileDecompressor.new")

    @classmethod
    def new(cls, src: Buffer) -> tuple[Self, int]:
        """Read the header.

        Parameters
        ----------
        src
            Bytes that begin with the header; more may follow.

        Returns
        -------
        The decompressor and the count of bytes read, 1 or 2.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the version is unknown or bytes are missing.
        """
        version, size = FormatVersion.read(as_bytes_view(src))
        self = object.__new__(cls)
        self._version = version
        return self, size

    def chunk_decompressor(self, src: Buffer, dtype: str) -> tuple["ChunkDecompressor", int]:
        """Read the metadata of a chunk.

        Parameters
        ----------
        src
            Bytes that begin with the chunk metadata; more may follow.
        dtype
            Number type, such as ``"f32"`` or ``"i64"``, in any case.

        Returns
        -------
        The chunk's decompressor and the count of bytes read.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the metadata breaks the format or is cut short.
        InvalidArgumentError
            For an unknown number type.
        """
        source, number_type = as_bytes_view(src), number_type_named(dtype)
        usual = open_usual(np.frombuffer(source, np.uint8), 0, number_type, self._version, load())
        if usual is None:
            metadata, size = ChunkMetadata.read(source, number_type, self._version)
            return ChunkDecompressor._make(number_type, ChunkTables(metadata)), size

        kept = bytes(source[: usual.size])

        def tables() -> ChunkTables:
            return ChunkTables(ChunkMetadata.read(kept, number_type, self._version)[0])

        return ChunkDecompressor._make(number_type, tables, usual), usual.size


class ChunkDecompressor:
    """Reads the pages of one chunk, in any order, from any number of threads."""

    __slots__ = ("_made", "_number_type", "_usual")
    _number_type: NumberType
    _made: ChunkTables | Callable[[], ChunkTables]
    """What the metadata say; or what makes it of them, when it is first needed."""
    _usual: UsualChunk | None
    """The short way, if there is one."""

    def __init__(self) -> None:
        raise TypeError("cannot create ChunkDecompressor directly; use FileDecompressor.chunk_decompressor")

    @classmethod
    def _make(
        cls,
        number_type: NumberType,
        tables: ChunkTables | Callable[[], ChunkTables],
        usual: UsualChunk | None = None,
    ) -> Self:
        self = object.__new__(cls)
        self._number_type, self._made, self._usual = number_type, tables, usual
        return self

    @property
    def _tables(self) -> ChunkTables:
        made = self._made
        if not isinstance(made, ChunkTables):
            self._made = made = made()
        return made

    def read_page_into(self, src: Buffer, page_n: SupportsIndex, dst: npt.NDArray[Any]) -> tuple[Progress, int]:
        """Read the numbers of a page into an array.

        Parameters
        ----------
        src
            Bytes that begin with the page; more may follow.
        page_n
            Numbers in the page.
        dst
            1-D, contiguous, writeable, of the chunk's number type. It is at least as long as the page, the rest being
            left alone; or shorter and a multiple of 256, and gets the first numbers.

        Returns
        -------
        The progress, and the count of bytes read.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When the page breaks the format or is cut short; some of its numbers may be in `dst` then.
        InvalidArgumentError
            For another length of `dst`.
        """
        n = checked_integer(page_n, "page_n", 0, _MAX_PAGE_NUMBERS)
        target = self._destination(dst)
        if target.size < n and target.size % BATCH:
            raise InvalidArgumentError(
                f"dst's length must be a multiple of {BATCH} or at least the count of numbers in the page "
                f"({target.size} < {n})"
            )
        wanted = min(n, target.size)
        read = self._read([as_bytes_view(src)], [n], [wanted], target[:wanted])
        return Progress(wanted, wanted == n), int(read[0])

    def read_pages_into(
        self, srcs: Sequence[Buffer], page_ns: Sequence[SupportsIndex], dst: npt.NDArray[Any]
    ) -> tuple[Progress, list[int]]:
        """Read the numbers of many pages into an array, end to end, in one go.

        Parameters
        ----------
        srcs
            For each page, bytes that begin with it.
        page_ns
            Numbers in each page.
        dst
            As for `read_page_into`, at least as long as all pages together.

        Returns
        -------
        The progress, and the count of bytes read of each page.

        Raises
        ------
        CorruptionError, InsufficientDataError
            When a page breaks the format or is cut short; some numbers may be in `dst` then.
        InvalidArgumentError
            When `dst` is too short, or `srcs` and `page_ns` differ in length.
        """
        ns = [n if type(n) is int and n >= 0 else checked_integer(n, "page_n", 0) for n in page_ns]
        target = self._destination(dst)
        if len(srcs) != len(ns):
            raise InvalidArgumentError(f"srcs and page_ns must be of one length, got {len(srcs)} and {len(ns)}")
        if target.size < sum(ns):
            raise InvalidArgumentError(f"dst must hold all pages' {sum(ns)} numbers, got a length of {target.size}")
        if not ns:
            return Progress(0, True), []
        sources = [src if type(src) is bytes else as_bytes_view(src) for src in srcs]
        count = sum(ns)
        return Progress(count, True), self._read(sources, ns, ns, target[:count]).tolist()

    def _read(
        self, sources: Sequence[bytes | memoryview], n: list[int], wanted: list[int], out: npt.NDArray[Any]
    ) -> npt.NDArray[np.int64]:
        """Read the wanted numbers of pages, and return the count of bytes read of each page."""
        kernels = load(out.size)
        numbers = np.array(n, np.int64)
        data, starts, stops = joined(sources, (self._usual or self._tables).most_bytes(max(wanted)))
        if self._usual is not None and wanted == n:
            pages, rows = ChunkPages(data, starts, stops, numbers), Rows.end_to_end(numbers)
            ends = kernels.decode_usual_chunk(self._usual, pages, out.view(self._number_type.latent), rows)
            if ends is not None:
                return ends - starts
        asked = numbers if wanted == n else np.array(wanted, np.int64)
        return decompress_pages(data, [Pages(self._tables, starts, stops, numbers, asked)], kernels, out)[1]

    def _destination(self, dst: object) -> npt.NDArray[Any]:
        array, found = check_destination(dst)
        number_type = self._number_type
        if found is not number_type:
            raise TypeError(f"dst must be an array of {number_type.dtype}, got {array.dtype}")
        return array
