"""Corruption: on damaged and on random bytes the wheel and this package agree, about errors and about numbers.

One difference is meant: the latents of FloatQuant may leave their range in corrupt files only, and then the numbers are
unspecified.
"""

from collections import Counter

import numpy as np
import pcodec
import pytest
import random_chunks
from wheel_oracle import HEADER, PACKAGES, TYPES, bits, dtype_of, outcome, plain

from pcodec_numcodecs import CorruptionError, InsufficientDataError, standalone, wrapped
from pcodec_numcodecs.metadata import ChunkHeader, ChunkMetadata, FileHeader, FloatQuant

MUTATIONS = 5000
CHUNKS = 2500
HEAD = 14  # bytes of a small file before the chunk's metadata: the last two say how many thousand numbers there are


def small_files():
    """Files of every mode, delta encoding and number type; the same ones in each run."""
    rng = np.random.default_rng(11)
    mode, delta = pcodec.ModeSpec, pcodec.DeltaSpec
    for name in TYPES:
        is_float, width = name.startswith("f"), int(name[1:])
        modes = {"classic": mode.classic(), "dict": mode.try_dict()}
        if is_float:
            modes |= {"float_mult": mode.try_float_mult(0.25), "float_quant": mode.try_float_quant(6)}
        else:
            modes["int_mult"] = mode.try_int_mult(10)
        deltas = {"none": delta.no_op(), "consecutive": delta.try_consecutive(2), "lookback": delta.try_lookback()}
        if width < 64:
            deltas["conv1"] = delta.try_conv1(2)
        for mode_name, mode_spec in modes.items():
            for delta_name, delta_spec in deltas.items():
                # No two values are equally frequent: the wheel's dictionaries would differ from run to run.
                steps = rng.permutation(np.repeat(np.arange(1, 10), np.arange(1, 10)))
                numbers = (steps * 0.25 if is_float else steps * 10).astype(dtype_of(name))
                config = pcodec.ChunkConfig(8, mode_spec, delta_spec, enable_8_bit=True)
                data = pcodec.standalone.simple_compress(numbers, config)
                yield pytest.param(data, id=f"{name}-{mode_name}-{delta_name}")


FILES = list(small_files())
BYTES = [file.values[0] for file in FILES]


def read(package, data):
    """Return the numbers of a file, or "refused"; only the two errors for bad bytes may come from this package."""
    if package is not pcodec:
        try:
            return bits(standalone.simple_decompress(data))
        except (CorruptionError, InsufficientDataError):
            return "refused"
    return outcome(lambda: bits(package.standalone.simple_decompress(data)))


def out_of_range(data):
    """Whether the first chunk is one of FloatQuant."""
    source = memoryview(data)
    header, size = FileHeader.read(source)
    chunk, more = ChunkHeader.read(source[size:], header.uniform_type)
    if chunk is None:
        return False
    metadata, _ = ChunkMetadata.read(source[size + more :], chunk.number_type, header.version)
    return isinstance(metadata.mode, FloatQuant)


def agree(data):
    theirs, ours = (read(package, data) for package in PACKAGES)
    if "refused" in (theirs, ours):
        assert theirs == ours, data.hex()
        return "refused"
    if theirs != ours:
        assert theirs[0] == ours[0]
        assert out_of_range(data), data.hex()
        return "out of range"
    return "read"


@pytest.mark.parametrize("data", FILES[::5])
def test_file_cut_anywhere_is_refused(data):
    assert agree(data) == "read"
    for size in range(len(data)):
        with pytest.raises((CorruptionError, InsufficientDataError)):
            standalone.simple_decompress(data[:size])
        assert outcome(lambda size=size: pcodec.standalone.simple_decompress(data[:size])) == "refused"


def mutate(rng, data):
    """Flip a bit, set, drop or add a byte, or cut the end off; up to three times."""
    changed = bytearray(data)
    first = 0 if rng.random() < 0.1 else HEAD
    for _ in range(int(rng.integers(1, 4))):
        if len(changed) <= first:
            break
        place = int(rng.integers(first, len(changed)))
        match rng.integers(5):
            case 0:
                changed[place] ^= 1 << int(rng.integers(8))
            case 1:
                changed[place] = int(rng.integers(256))
            case 2:
                del changed[place]
            case 3:
                changed.insert(place, int(rng.integers(256)))
            case _:
                del changed[place:]
    return bytes(changed)


@pytest.mark.parametrize("seed", range(5))
def test_damaged_file_is_read_or_refused_as_by_the_wheel(seed):
    rng = np.random.default_rng(seed)
    seen = Counter(agree(mutate(rng, BYTES[rng.integers(len(BYTES))])) for _ in range(MUTATIONS // 5))
    assert seen["read"] > MUTATIONS // 50
    assert seen["refused"] > MUTATIONS // 50
    assert seen["out of range"] < MUTATIONS // 100


def read_chunk(package, header, meta, name):
    file = package.wrapped.FileDecompressor.new(header)[0]
    return outcome(lambda: file.chunk_decompressor(meta, name))


def read_page(chunk, page, n, destination):
    return outcome(lambda: plain(chunk.read_page_into(page, n, destination)))


@pytest.mark.parametrize("seed", range(5))
def test_random_chunk_is_read_or_refused_as_by_the_wheel(seed):
    rng = np.random.default_rng([seed, 1])
    seen = Counter()
    for _ in range(CHUNKS // 5):
        metadata = random_chunks.metadata(rng)
        meta, name = metadata.write(), metadata.number_type.name
        if rng.random() < 0.1:
            place = int(rng.integers(len(meta)))
            meta = meta[:place] + bytes([meta[place] ^ 1 << int(rng.integers(8))]) + meta[place + 1 :]
        header = b"\1" if rng.random() < 0.05 else [b"\3", HEADER, b"\4\7"][rng.integers(3)]
        chunks = [read_chunk(package, header, meta, name) for package in PACKAGES]
        if "refused" in chunks:
            assert chunks == ["refused"] * 2, (header, meta.hex(), name)
            seen["metadata refused"] += 1
            continue
        assert chunks[0][1] == chunks[1][1]
        n = int(rng.choice([0, 1, 2, 5, 40, 255, 256, 257, 300, 513, 700]))
        length = int(rng.choice([n, n, n + 13, 0, 256, 512, 100]))
        metadata = chunks[1][0]._tables.metadata
        page = random_chunks.page(rng, metadata)
        found = []
        for chunk, _ in chunks:
            destination = np.zeros(length, metadata.number_type.dtype)
            done = read_page(chunk, page, n, destination)
            found.append((done, done != "refused" and bits(destination)))
        where = header, meta.hex(), name, page.hex(), n, length
        assert found[0][0] == found[1][0], where
        if found[0] != found[1]:
            assert isinstance(metadata.mode, FloatQuant), where
            seen["out of range"] += 1
        else:
            seen["page refused" if found[0][0] == "refused" else "read"] += 1
    assert seen["read"] > CHUNKS // 20
    assert seen["out of range"] < CHUNKS // 50


@pytest.mark.parametrize("data", FILES[::11])
def test_pages_and_metadata_cut_anywhere_are_refused(data):
    chunk_header, _ = ChunkHeader.read(memoryview(data)[HEAD - 4 :], None)
    name = chunk_header.number_type.name
    for package in PACKAGES:
        file = package.wrapped.FileDecompressor.new(HEADER)[0]
        chunk, size = file.chunk_decompressor(data[HEAD:], name)
        for cut in range(size):
            assert outcome(lambda f=file, cut=cut: f.chunk_decompressor(data[HEAD:][:cut], name)) == "refused"
        page = data[HEAD + size : -1]
        destination = np.zeros(chunk_header.n, chunk_header.number_type.dtype)
        assert read_page(chunk, page, chunk_header.n, destination) == ((chunk_header.n, True), len(page))
        for cut in range(len(page)):
            assert read_page(chunk, page[:cut], chunk_header.n, destination) == "refused"


def test_damage_leaves_the_decompressor_usable():
    numbers = np.arange(300.0)
    chunk = pcodec.wrapped.FileCompressor().chunk_compressor(numbers, pcodec.ChunkConfig())
    shared = wrapped.FileDecompressor.new(HEADER)[0].chunk_decompressor(chunk.write_meta(), "f64")[0]
    rng = np.random.default_rng(2)
    page = chunk.write_page(0)
    for _ in range(50):
        read_page(shared, rng.integers(0, 256, len(page), np.uint8), 300, np.zeros(300))
        destination = np.zeros(300)
        shared.read_page_into(page, 300, destination)
        assert bits(destination) == bits(numbers)
