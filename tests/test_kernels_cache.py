"""Compiled kernels are kept on disk: for every process the right ones, however many start at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from twins import HAVE_NUMBA, NO_NUMBA

import pcodec_numcodecs

pytestmark = pytest.mark.skipif(not HAVE_NUMBA, reason=NO_NUMBA)

PROCESSES = 8
# Every process compiles a kernel for every width, in an order of its own, and prints how many it had to compile.
USE = """
import sys
import numpy as np
from pcodec_numcodecs.kernels.numba_.compiled import compiled

@compiled
def add_up(values, first):
    for i in range(values.size):
        first += values[i]
        values[i] = first

widths = [1, 2, 4, 8]
turn = int(sys.argv[1]) % 4
for width in widths[turn:] + widths[:turn]:
    values = np.full(1000, 255, f"u{width}")
    add_up(values, np.uint64(7))
    assert values.tolist() == [(7 + 255 * (i + 1)) % (1 << 8 * width) for i in range(1000)]
print(sum(add_up.stats.cache_misses.values()))
"""
FOLDERS = "from pcodec_numcodecs.kernels.numba_.compiled import cache_folders; print(*cache_folders(), sep='\\n')"


def start(code: str, *arguments: str, folder: Path | None = None, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=folder,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-2000:]
    return out


def test_eight_cold_processes_at_once_and_then_a_warm_one(tmp_path):
    processes = [start(USE, str(turn), NUMBA_CACHE_DIR=str(tmp_path)) for turn in range(PROCESSES)]
    compiled = [int(output(process)) for process in processes]
    assert sum(compiled) >= 4
    (folder,) = tmp_path.iterdir()
    assert len(list(folder.iterdir())) == 4  # one for each width, and nothing half written
    assert output(start(USE, "0", NUMBA_CACHE_DIR=str(tmp_path))) == "0\n"


def test_damaged_files_are_compiled_anew(tmp_path):
    assert output(start(USE, "0", NUMBA_CACHE_DIR=str(tmp_path))) == "4\n"
    empty, short, changed, _ = sorted(next(tmp_path.iterdir()).iterdir())
    empty.write_bytes(b"")
    short.write_bytes(short.read_bytes()[:-1])
    damaged = bytearray(changed.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    changed.write_bytes(damaged)
    assert output(start(USE, "0", NUMBA_CACHE_DIR=str(tmp_path))) == "3\n"
    assert output(start(USE, "0", NUMBA_CACHE_DIR=str(tmp_path))) == "0\n"


def test_without_a_folder_to_write_to_kernels_are_compiled_in_memory(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert output(start(USE, "0", NUMBA_CACHE_DIR=str(file))) == "4\n"
    assert output(start(USE, "0", NUMBA_CACHE_DIR=str(file))) == "4\n"
    assert file.read_text() == "not a folder"


def test_the_folder_changes_with_any_source_and_with_the_checks(tmp_path):
    package = Path(pcodec_numcodecs.__file__).parent
    copy = tmp_path / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    seen = [output(start(FOLDERS, folder=tmp_path, **variables))]
    for name in ("kernels/numba_/words.py", "kernels/streams.py", "bits.py", "constants.py"):
        with (copy / name).open("a") as source:
            source.write("# changed\n")
        seen.append(output(start(FOLDERS, folder=tmp_path, **variables)))
    seen.append(output(start(FOLDERS, folder=tmp_path, PCODEC_NUMCODECS_CHECKED_KERNELS="1", **variables)))
    assert len(set(seen)) == len(seen)


def test_folders_are_the_byte_codes_or_the_users_own(tmp_path):
    variables = {
        "NUMBA_CACHE_DIR": "",
        "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"),
        "HOME": str(tmp_path / "home"),
    }
    first, *others = output(start(FOLDERS, **variables)).splitlines()
    assert first.startswith(str(tmp_path / "bytecode"))
    assert len(others) == 1
    assert "pcodec_numcodecs" in others[0]


def test_kernels_of_one_name_have_files_of_their_own():
    from pcodec_numcodecs.kernels.numba_.compiled import KERNELS

    files = [kernel._cache._file_name("one signature") for kernel in KERNELS]
    assert len(set(files)) == len(files) > 30


# Each of these would leave references to arrays uncounted that it makes, or gets from a part that counts.
UNCOUNTED = """
import numpy as np
from numba.core.errors import TypingError
from pcodec_numcodecs.kernels.numba_.compiled import allocating, compiled, inlined_lightly

@inlined_lightly
def returns(values):
    return values[1:]

@allocating
def make(n):
    return np.empty(n, np.uint8)

@inlined_lightly
def keeps(n):
    return make(n).size

@compiled
def first(values):
    return returns(values).size

@compiled
def second(values):
    return keeps(values.size)

@compiled
def third(values):
    return make(values.size).size

for kernel in (first, second, third):
    try:
        kernel(np.zeros(3, np.uint8))
    except (TypeError, TypingError) as error:
        print("counted" in str(error) or "array passed" in str(error))
"""


def test_references_that_would_not_be_counted_are_refused(tmp_path):
    assert output(start(UNCOUNTED, NUMBA_CACHE_DIR=str(tmp_path))).split() == ["True"] * 3
