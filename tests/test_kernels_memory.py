"""Compiled kernels touch their arrays alone, whatever the bytes say."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from twins import HAVE_NUMBA, NO_NUMBA

from pcodec_numcodecs import frame
from pcodec_numcodecs.kernels.choice import VARIABLE

pytestmark = [
    pytest.mark.skipif(not HAVE_NUMBA, reason=NO_NUMBA),
    pytest.mark.skipif(sys.platform == "win32", reason="guarded memory is made by mprotect"),
]

GUARDED = Path(__file__).parent / "guarded.py"
CHECKED = {"PCODEC_NUMCODECS_CHECKED_KERNELS": "1"}
BEYOND = """
import numpy as np
from pcodec_numcodecs.kernels.numba_ import words
from pcodec_numcodecs.kernels.numba_.compiled import compiled

@compiled
def read(data, byte):
    return words.load(data, np.uint64(byte))

@compiled
def write(data, byte):
    words.store(data, np.uint64(byte), np.uint64(1))

@compiled
def take(table, index):
    return table[np.uint64(index)]

for kernel, last in ((read, 8), (write, 8), (take, 15)):
    kernel(np.zeros(16, np.uint8), last)
    for beyond in (last + 1, -1):
        try:
            kernel(np.zeros(16, np.uint8), beyond)
        except IndexError:
            print("found")
"""

# All that can be told of the whole build in a short time: the largest kernel, which works on bare pointers elsewhere.
READ = """
import sys
import numpy as np
from pcodec_numcodecs import frame
array = np.arange(900.0).reshape(30, 30) % 7
written = bytes.fromhex(sys.argv[1])
assert np.array_equal(frame.read(written), array)
try:
    print(frame.read(written[:-100] + bytes(100)))
except ValueError:
    print("refused")
"""


def run(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | variables
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="guarded"),
        pytest.param(CHECKED, id="guarded and checked", marks=pytest.mark.slow),  # another build of everything
    ],
)
def test_kernels_stay_within_their_arrays(variables):
    ran = run(["-X", "faulthandler", str(GUARDED), "30"], variables)
    assert (ran.returncode, ran.stdout) == (0, "sound\n"), ran.stderr[-2000:]


def test_guarded_memory_is_guarded():
    ran = run([str(GUARDED), "touch"], {})
    assert ran.stdout == "True\n"
    assert ran.returncode < 0


def test_checked_kernels_find_what_lies_beyond():
    ran = run(["-c", BEYOND], CHECKED)
    assert (ran.returncode, ran.stdout) == (0, "found\n" * 6), ran.stderr[-2000:]


def test_checked_kernels_read_what_is_whole_and_refuse_what_is_not():
    written = frame.write(np.arange(900.0).reshape(30, 30) % 7, tile=(7, 11), predictor="none")
    ran = run(["-c", READ, written.hex()], CHECKED | {VARIABLE: "numba"})
    assert (ran.returncode, ran.stdout) == (0, "refused\n"), ran.stderr[-2000:]
