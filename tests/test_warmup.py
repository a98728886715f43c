"""`pcodec-numcodecs warmup` leaves nothing to compile; what it costs, and what a process then waits for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import start_up
from twins import HAVE_NUMBA, NO_NUMBA

from pcodec_numcodecs import cli, warmup
from pcodec_numcodecs.kernels import choice, load

needs_numba = pytest.mark.skipif(not HAVE_NUMBA, reason=NO_NUMBA)

# Chunks of all kinds and sizes, written and read in every way, by numbers that the warmup does not know.
WORK = """
import itertools
import chunk_cases
import numpy as np
import pcodec_numcodecs
import prediction_cases
from frame_cases import DTYPES, random_array
from pcodec_numcodecs import ChunkConfig, PagingSpec, frame, standalone, wrapped
from pcodec_numcodecs.kernels import load

def predict(kind, axes, bits, kernels, lanes=3):
    case = prediction_cases.prediction(np.random.default_rng(axes), kind, axes, bits, lanes)
    cells = prediction_cases.cells_of(np.random.default_rng(axes), case, bits)
    residuals, absent = np.empty_like(cells), np.zeros(cells.size, np.uint8)
    kernels.predict_tiles(cells, absent, case, residuals)
    kernels.predict_tiles(cells, absent[:0], case, residuals)
    thresholds = np.arange(axes).astype(np.uint64)
    kernels.assign_contexts(residuals, case.shapes, axes, thresholds, absent)
    starts = np.zeros((lanes, axes + 1), np.int64)
    kernels.merge_contexts(residuals, starts, absent, case.shapes, axes, thresholds, cells)
    kernels.merge_contexts(residuals[:0], starts, absent[:0], case.shapes, axes, thresholds, cells)
    kernels.restore_tiles(residuals, case)
    offsets = np.concatenate((-np.eye(axes), np.zeros((1, axes)), -np.eye(axes)[-1:])).astype(np.int64)
    sizes, strides = np.full(axes, 3), 3 ** np.arange(axes)[::-1]
    kernels.fit_neighbours(np.arange(3**axes), np.arange(3**axes), sizes, strides, offsets, np.empty(axes))

def work():
    ways = itertools.product(prediction_cases.KINDS, (1, 2, 3, 4), prediction_cases.WIDTHS)
    for way in ways:
        if prediction_cases.allowed(*way):
            predict(*way, load(name="numba"))
            predict(*way, load(name="numba"), 30)
    for turn, combination in enumerate(chunk_cases.combinations()):
        case = chunk_cases.build(np.random.default_rng(turn), *combination)
        case = case._replace(pages=-(-case.numbers.size // 7))
        chunk = wrapped.FileCompressor().chunk_compressor(case.numbers, chunk_cases.settings(pcodec_numcodecs, case))
        meta, pages, counts = chunk.write_meta(), chunk.write_pages(), chunk.n_per_page()
        reader, _ = wrapped.FileDecompressor.new(b"\\x04\\x01")[0].chunk_decompressor(meta, case.type_name)
        out = np.empty_like(case.numbers)
        reader.read_pages_into(pages, counts, out)
        assert out.tobytes() == case.numbers.tobytes()
        reader.read_page_into(pages[0], counts[0], out[:counts[0] // 256 * 256])
    for dtype in DTYPES:
        array = random_array(dtype, (70, 50))
        array.flags.writeable = False
        for given, threads in itertools.product((array, array.T, array[::2, ::-1]), (1, 2)):
            written = frame.write(given, tile=(8, 8), threads=threads)
            assert frame.read(written, threads=threads).tobytes() == given.tobytes()
            frame.read(written, np.s_[3:20, 7])
            frame.read(written, np.array([3, 1]))
    for name in chunk_cases.TYPES:
        numbers = np.arange(700).astype(chunk_cases.dtype_of(name))
        config = ChunkConfig(paging_spec=PagingSpec.equal_pages_up_to(300), enable_8_bit=True)
        many = np.random.default_rng(0).integers(0, 100, 150_000).astype(numbers.dtype)
        assert frame.read(frame.write(many)).tobytes() == many.tobytes()
        assert standalone.simple_decompress(standalone.simple_compress(numbers, config)).tobytes() == numbers.tobytes()
"""
NOTHING_NEW = (
    WORK
    + """
from pcodec_numcodecs import warmup
from pcodec_numcodecs.kernels.numba_.compiled import KERNELS

def compiled():
    return {(kernel.__name__, str(signature)) for kernel in KERNELS for signature in kernel.signatures}

for case in warmup.cases():
    warmup.use(case, load(name="numba"))
warmup.predict(load(name="numba"))
before = compiled()
work()
assert compiled() == before, compiled() - before
"""
)
COUNT = (
    WORK
    + """
from pcodec_numcodecs.kernels.numba_.compiled import KERNELS
work()
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in KERNELS))
"""
)


def run(*arguments: str, **variables: str) -> str:
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")]),
            choice.VARIABLE: "numba",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=root,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_cases_are_coded_as_they_ask_for():
    seen = {}
    for case in warmup.cases():
        metadata = warmup.use(case, load(name="numpy")).metadata
        kinds = seen.setdefault(metadata.number_type.bits, set())
        kinds.add((metadata.number_type.name, type(metadata.mode).__name__, type(metadata.delta).__name__))
    # Four encodings for each of four modes of floats and three of integers; no Conv1 of 64 bits.
    assert {bits: len(kinds) for bits, kinds in seen.items()} == {8: 24, 16: 40, 32: 40, 64: 30}


@needs_numba
def test_nothing_is_left_to_compile():
    run("-c", NOTHING_NEW)


@needs_numba
@pytest.mark.slow
def test_another_process_compiles_nothing(tmp_path):
    folder = str(tmp_path / "cache")
    printed = run("-m", "pcodec_numcodecs", "warmup", NUMBA_CACHE_DIR=folder)
    found = re.fullmatch(
        r"Compiled (\d+) of (\d+) kernels in [\d.]+ s; 0 were there before\.\nThey are stored in (.+)\.\n", printed
    )
    assert found[1] == found[2]
    files = sorted(Path(found[3]).iterdir())
    assert len(files) == int(found[1])
    assert run("-c", COUNT, NUMBA_CACHE_DIR=folder) == "0\n"
    assert sorted(Path(found[3]).iterdir()) == files
    again = run("-m", "pcodec_numcodecs", "warmup", NUMBA_CACHE_DIR=folder)
    assert again.startswith(f"Compiled 0 of {found[1]} kernels in ")
    assert f"; {found[1]} were there before." in again


@needs_numba
def test_command_says_where_no_code_can_be_stored(monkeypatch, capsys, tmp_path):
    from pcodec_numcodecs.kernels.numba_ import compiled

    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(compiled, "cache_folders", lambda: (file / "folder",))
    monkeypatch.setattr(compiled, "KERNELS", [])
    kernel = compiled.compiled(lambda number: number)  # in the place of all others, which take long
    monkeypatch.setattr(warmup, "cases", lambda: [1])
    monkeypatch.setattr(warmup, "use", lambda case, kernels: kernel(case))
    assert cli.main(["warmup"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"must be stored in a folder that can be written, got: {file / 'folder'}; " in printed.err
    assert "NUMBA_CACHE_DIR" in printed.err


def test_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(choice._Process, "numba", None)
    monkeypatch.setattr(choice._Process, "failure", "ModuleNotFoundError: No module named 'numba'")
    assert cli.main(["warmup"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("pcodec-numcodecs warmup: ")
    assert "No module named 'numba'" in printed.err
    assert 'pip install "pcodec-numcodecs[jit]"' in printed.err


@needs_numba
def test_start_up_is_short(tmp_path):
    """By seconds of the processor, twice the aim: others may be at work on it. What users wait is in the benchmarks."""
    assert start_up.warm(tmp_path, rounds=3).above_imports.cpu <= 1.4


@needs_numba
@pytest.mark.slow
def test_cold_compilation_is_short(tmp_path):
    assert start_up.cold(tmp_path).cpu <= 40
