"""Peak memory of encoding and decoding, each in a process of its own, beyond what was there before the call.

What the process has in memory at the most is asked of the system, so memory of compiled packages counts; Python's own
count, which NumPy's arrays are part of, stands beside it. `python -m benchmarks.memory CODEC ARRAY` is such a process.
"""

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pcodec_numcodecs import scratch

TESTS = Path(__file__).resolve().parents[1]
CODECS = ("this, frame, Numba", "this, wrapped, Numba", "this, wrapped, NumPy", "wheel, 8,192 a page")
ARRAYS = ("float64", "float32", "int64", "uint16")
N = 1_500_000
STATUS = Path("/proc/self/status")


class Found(NamedTuple):
    """Multiples of the array's own size.

    Attributes
    ----------
    encode, decode
        At the most beyond what was there before, by Python's count.
    encode_rss, decode_rss
        By the system's; NaN where it does not tell.
    """

    array: str
    codec: str
    encode: float
    decode: float
    encode_rss: float
    decode_rss: float


def measure(array: str, codec: str, n: int = N) -> Found:
    """Measure in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
        # Else glibc keeps some of what is freed, and the next call seems to need less.
        "MALLOC_MMAP_THRESHOLD_": "131072",
    }
    command = [sys.executable, "-m", "benchmarks.memory", codec, array, str(n)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Found(array, codec, *json.loads(done.stdout))


def numbers(array: str, n: int) -> np.ndarray:
    from . import arrays

    made = {
        "float64": lambda: np.round(arrays.normal(n), 3),
        "float32": lambda: arrays.decimals(n),
        "int64": lambda: np.cumsum((100 * arrays.normal(n)).astype(np.int64)),
        "uint16": lambda: (1000 * np.abs(arrays.normal(n))).astype(np.uint16),
    }
    return made[array]()


def status(key: str) -> float:
    """Return a figure of the process in bytes."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return 1024 * float(line.split()[1])
    return float("nan")


def main(codec: str, array: str, n: int) -> None:
    from .contestants import ALL

    (way,) = [way for way in ALL if way.name == codec]
    given = numbers(array, n)
    out = np.zeros_like(given)
    stored = way.write(given)
    calls = (lambda: way.write(given), lambda: way.read(stored, out))
    resident, counted = [], []
    for call in calls:
        call()  # compiled code is loaded, the pages of `out` are there
        scratch.clear()  # what is kept counts like all else
        before = float("nan")
        if STATUS.exists():
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
            before = status("VmRSS")
        call()
        resident.append((status("VmHWM") - before) / given.nbytes if STATUS.exists() else before)
    for call in calls:
        scratch.clear()
        tracemalloc.start()
        call()
        counted.append(tracemalloc.get_traced_memory()[1] / given.nbytes)
        tracemalloc.stop()
    print(json.dumps([*counted, *resident]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
