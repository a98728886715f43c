"""Who is compared: ways to store one array as one chunk, each with the settings that its users get."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import fpzip
import imagecodecs
import numcodecs
import numcodecs.pcodec
import numpy as np
import pcodec

import pcodec_numcodecs
from pcodec_numcodecs import frame
from pcodec_numcodecs.kernels.choice import VARIABLE

PAGE = 8192
ONE_PAGE = 1 << 24
HEADER = b"\x04\x01"

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Contestant:
    """One codec with its settings.

    Attributes
    ----------
    name
        As in tables.
    encode
        Array to what is stored.
    decode
        What is stored into an array of its shape and type.
    part
        What is stored, its shape and dtype and a box, to the cells of the box; None where the chunk must be decoded.
    kernels
        The twin that does the work; None for others' codecs.
    """

    name: str
    encode: Callable[[np.ndarray], Any]
    decode: Callable[[Any, np.ndarray], object]
    part: Callable[[Any, np.ndarray, Box], np.ndarray] | None = None
    kernels: str | None = None

    def write(self, array: np.ndarray) -> Any:
        self._choose()
        return self.encode(array)

    def read(self, stored: Any, out: np.ndarray) -> np.ndarray:
        """Return the numbers, in `out` but for those who make an array of their own."""
        self._choose()
        made = self.decode(stored, out)
        return made if isinstance(made, np.ndarray) else out

    def read_part(self, stored: Any, out: np.ndarray, box: Box) -> np.ndarray:
        """Return the cells of a box; `out` is for those who have to decode all, and tells shape and dtype."""
        self._choose()
        if self.part is not None:
            return self.part(stored, out, box)
        self.decode(stored, out)
        return out[box]

    def _choose(self) -> None:
        if self.kernels is not None:
            os.environ[VARIABLE] = self.kernels


def stored_bytes(stored: Any) -> int:
    """Return the size of what is stored."""
    return sum(map(len, (stored[0], *stored[1]))) if isinstance(stored, tuple) else len(memoryview(stored).cast("B"))


def type_name(dtype: np.dtype) -> str:
    return f"{dtype.kind}{8 * dtype.itemsize}"


def wrapped_encode(package: Any, page: int, **settings: Any) -> Callable[[np.ndarray], Any]:
    config = package.ChunkConfig(paging_spec=package.PagingSpec.equal_pages_up_to(page), enable_8_bit=True, **settings)

    def encode(array: np.ndarray) -> Any:
        chunk = package.wrapped.FileCompressor().chunk_compressor(array.reshape(-1), config)
        counts = chunk.n_per_page()
        if package is pcodec_numcodecs:
            return chunk.write_meta(), chunk.write_pages(), counts
        return chunk.write_meta(), [chunk.write_page(index) for index in range(len(counts))], counts

    return encode


def wrapped_decode(package: Any) -> Callable[[Any, np.ndarray], None]:
    def decode(stored: Any, out: np.ndarray) -> None:
        meta, pages, counts = stored
        flat = out.reshape(-1)
        reader, _ = package.wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(meta, type_name(out.dtype))
        if package is pcodec_numcodecs:
            reader.read_pages_into(pages, counts, flat)
            return
        start = 0
        for page, n in zip(pages, counts, strict=True):
            reader.read_page_into(page, n, flat[start : start + n])
            start += n

    return decode


def wrapped_part(package: Any) -> Callable[[Any, np.ndarray, Box], np.ndarray]:
    """Return a reader of the pages between the first cell of a box and the last."""
    decode = wrapped_decode(package)

    def part(stored: Any, out: np.ndarray, box: Box) -> np.ndarray:
        meta, pages, counts = stored
        first, last = (
            np.ravel_multi_index([getattr(cells, end) - late for cells in box], out.shape)
            for end, late in (("start", 0), ("stop", 1))
        )
        ends = np.cumsum(counts)
        low, high = np.searchsorted(ends, (first, last), side="right")
        touched = out.reshape(-1)[ends[low] - counts[low] : ends[high]]
        decode((meta, pages[low : high + 1], counts[low : high + 1]), touched)
        return out[box]

    return part


def ours(kernels: str) -> list[Contestant]:
    label = {"numba": "Numba", "numpy": "NumPy"}[kernels]
    return [
        Contestant(
            f"this, frame, {label}",
            frame.write,
            lambda stored, out: frame.read(stored, out=out),
            lambda stored, out, box: frame.read(stored, box),
            kernels,
        ),
        Contestant(
            f"this, wrapped, {label}",
            wrapped_encode(pcodec_numcodecs, PAGE),
            wrapped_decode(pcodec_numcodecs),
            wrapped_part(pcodec_numcodecs),
            kernels,
        ),
    ]


def numcodec(name: str, codec: Any) -> Contestant:
    return Contestant(name, codec.encode, lambda stored, out: codec.decode(stored, out))


def blosc(name: str, shuffle: int) -> Contestant:
    label = {numcodecs.Blosc.SHUFFLE: "shuffle", numcodecs.Blosc.BITSHUFFLE: "bitshuffle"}[shuffle]
    return numcodec(f"Blosc {name}, {label}", numcodecs.Blosc(cname=name, shuffle=shuffle))


def tensor_peers() -> list[Contestant]:
    """Return others that see an array's axes, lossless as they are set here."""

    def squeezed(array: np.ndarray, most: int) -> np.ndarray:
        while array.ndim > most:
            array = array.reshape(-1, *array.shape[2:])
        return array

    def zfp_decode(stored: Any, out: np.ndarray) -> None:
        out[...] = imagecodecs.zfp_decode(stored).reshape(out.shape)

    def fpzip_decode(stored: Any, out: np.ndarray) -> None:
        out[...] = fpzip.decompress(stored, order="C").reshape(out.shape)

    return [
        Contestant(
            "ZFP, reversible",
            lambda array: imagecodecs.zfp_encode(squeezed(array, 4), mode=imagecodecs.ZFP.MODE.REVERSIBLE),
            zfp_decode,
        ),
        Contestant("fpzip", lambda array: fpzip.compress(squeezed(array, 4), precision=0, order="C"), fpzip_decode),
    ]


WHEEL = Contestant("wheel, 8,192 a page", wrapped_encode(pcodec, PAGE), wrapped_decode(pcodec), wrapped_part(pcodec))
WHEEL_ONE_PAGE = Contestant("wheel, one page", wrapped_encode(pcodec, ONE_PAGE), wrapped_decode(pcodec))
PCODEC = numcodec("numcodecs.PCodec", numcodecs.pcodec.PCodec())
NUMBA_FRAME, NUMBA_WRAPPED = ours("numba")
NUMPY_FRAME, NUMPY_WRAPPED = ours("numpy")
BLOSC_ZSTD = blosc("zstd", numcodecs.Blosc.SHUFFLE)

ALL: tuple[Contestant, ...] = (
    *(NUMBA_FRAME, NUMPY_FRAME, NUMBA_WRAPPED, NUMPY_WRAPPED, WHEEL, WHEEL_ONE_PAGE, PCODEC),
    *(BLOSC_ZSTD, blosc("zstd", numcodecs.Blosc.BITSHUFFLE)),
    *(blosc("lz4", numcodecs.Blosc.SHUFFLE), blosc("lz4", numcodecs.Blosc.BITSHUFFLE)),
    numcodec("Zstd", numcodecs.Zstd()),
    *tensor_peers(),
)
