"""Sound inputs of each reader, small ones: `python tests/reliability/corpus.py` writes them beside this file."""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import chunk_cases
import numpy as np
from bit_writer import chunk_header, file_header, one_bin, pack
from frame_cases import DTYPES, random_array
from frame_pipelines import FEATURES, Forced
from reliability.readers import FRAMES, READERS, TYPES

import pcodec_numcodecs
from pcodec_numcodecs import Pco, PCodec, PCodecSerializer, PcoSerializer, frame, standalone, wrapped

FOLDER = Path(__file__).parent / "corpus"
MOST_BYTES = 300_000
MOST_CELLS = 7
"""Cells along each axis of a frame: small ones are mutated and read by the thousand a second."""


def frames() -> Iterator[bytes]:
    """Yield frames of every pipeline and many element types."""
    for make in FEATURES.values():
        yield _shrunk(make()).write()
    for turn, dtype in enumerate(DTYPES):
        yield frame.write(random_array(dtype, (5, 6), turn), tile=(3, 4), level=turn % 5)
    for turn, dtype in enumerate(("<f4", "<i8", "|u1")):  # more lanes than are worked on one by one
        yield frame.write(random_array(dtype, (60, 5), turn), tile=(1, 5), level=2)
    for name in ("ranks of 16 bits, predicted", "ranks, masked", "two masks of boxes"):  # values and masks in blocks
        yield _shrunk(FEATURES[name]())._replace(limit=40).write()
    yield frame.write(np.full((3, 4), -0.0, ">f4"))
    yield frame.write(np.zeros((0, 5), "i2"))
    yield frame.write(np.array(7.5))
    yield frame.write(np.add.outer(np.arange(9), np.arange(9)) % 3 == 0, tile=(4, 9))
    yield frame.write(np.asfortranarray(random_array("<u2", (4, 3, 5), 3)))


def _shrunk(forced: Forced) -> Forced:
    if any(pipeline.predictor.by_plane for pipeline in forced.pipelines):
        return forced
    array = np.ascontiguousarray(forced.array[(slice(MOST_CELLS),) * forced.array.ndim])
    if array.size > 400:
        array = np.ascontiguousarray(array[(slice(4),) * array.ndim])
    tile = tuple(min(length, max(2, (size + 1) // 2)) for length, size in zip(forced.tile, array.shape, strict=True))
    return forced._replace(array=array, tile=tile)


def _chunks() -> Iterator[tuple[int, bytes, bytes, int]]:
    """Yield for every combination of mode, delta encoding and type its number, metadata, a page and its count."""
    for turn, combination in enumerate(chunk_cases.combinations()):
        rng = np.random.default_rng(turn)
        case = chunk_cases.build(rng, *combination)
        n = (40, 300, 70, 530)[turn % 4] if combination[1] == "lookback" else (30, 60)[turn % 2]
        case = case._replace(numbers=np.resize(case.numbers, n), pages=1 << 20, level=min(case.level, 4))
        chunk = wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(pcodec_numcodecs, case))
        yield TYPES.index(case.type_name), chunk.write_meta(), chunk.write_page(0), n


def metadata() -> Iterator[bytes]:
    """Yield metadata of every combination, and of older versions."""
    for name, meta, _, _ in _chunks():
        yield bytes([name]) + meta
    old = pack((0, 4), (0, 3), *one_bin(5, 0, 32))
    for version in (2, 3):
        yield bytes([len(TYPES) * version + TYPES.index("u32")]) + old
    yield bytes([len(TYPES) + TYPES.index("u32")]) + pack((0, 4), (0, 4), *one_bin(5, 0, 32))


def pages() -> Iterator[bytes]:
    """Yield metadata with a page, of every combination."""
    for name, meta, page, n in _chunks():
        yield bytes([name]) + n.to_bytes(2, "little") + meta + page


def files() -> Iterator[bytes]:
    """Yield standalone files of several chunks, and of older versions."""
    for turn, combination in enumerate(chunk_cases.combinations()):
        if turn % 3 == 0:
            case = chunk_cases.build(np.random.default_rng(turn), *combination)
            case = case._replace(numbers=np.resize(case.numbers, 50), pages=(60, 20)[turn % 2], level=2)
            yield standalone.simple_compress(case.numbers, chunk_cases.settings(pcodec_numcodecs, case))
    meta, old = pack((0, 4), (0, 4), *one_bin(5, 0, 32)), pack((0, 4), (0, 3), *one_bin(5, 0, 32))
    for start, body in ((b"pco!\0", old), (b"pco!\1", old), (b"pco!\2\0\4\1", meta), (file_header(3, 1), meta)):
        yield start + chunk_header(1, 3) + body + b"\0"
    yield file_header(2**40) + b"\0"


def entries() -> Iterator[bytes]:
    """Yield entries of codecs in arrays' metadata."""
    for settings in ({}, {"level": 3}, {"tile": (4, 4)}, {"predictor": "none"}, {"access": "series", "level": 12}):
        yield json.dumps(PcoSerializer(**settings).to_dict()).encode()
        yield json.dumps(Pco(**settings).get_config()).encode()
    for others in ({}, {"mode_spec": "classic"}, {"delta_spec": "try_consecutive", "delta_encoding_order": 2}):
        yield json.dumps(PCodec(**others).get_config()).encode()
        yield json.dumps(PCodecSerializer(**others).to_dict()).encode()
    yield json.dumps({"name": "pcodec_numcodecs.pco"}).encode()


MAKERS = {
    **dict.fromkeys(FRAMES, frames),
    "metadata": metadata,
    "page": pages,
    "standalone": files,
    "json": entries,
}
assert MAKERS.keys() == READERS.keys()


def seeds(name: str) -> list[bytes]:
    """Return the stored inputs of a reader, in the order of their names."""
    folder = FOLDER / ("frame" if name in FRAMES else name)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def write() -> None:
    """Make all anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, maker in MAKERS.items():
        if name == "index":
            continue  # those of frames
        folder = FOLDER / name
        folder.mkdir(parents=True)
        for data in maker():
            (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
    total = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert total < MOST_BYTES, total
    print(f"{total} bytes")


if __name__ == "__main__":
    write()
