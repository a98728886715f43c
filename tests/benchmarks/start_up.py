"""What a process waits for before the first decoded chunk, with compiled kernels and without.

Each figure is from processes of their own: imports happen once in a process. `IMPORTS` is what any user of Zarr and
Numba pays, and is taken off.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = "import numba, zarr"
WRITE = """
import sys
import numpy as np
from pcodec_numcodecs import frame
numbers = np.round(np.sin(np.arange(200_000) / 50) * 9, 2)
open(sys.argv[1], "wb").write(frame.write(numbers))
"""
READ = """
import sys
import zarr
from pcodec_numcodecs import frame
assert frame.read(open(sys.argv[1], "rb").read()).shape == (200_000,)
"""
BOTH_WAYS = WRITE + READ
MEASURED = """
import json, time
start, cpu = time.perf_counter(), time.process_time()
{code}
print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
"""


class Taken(NamedTuple):
    """Seconds from the start of the code to its end, and those of them that this process was at work."""

    wall: float
    cpu: float


class Warm(NamedTuple):
    """What new processes take, compiled kernels being stored."""

    imports: Taken
    first_chunk: Taken

    @property
    def above_imports(self) -> Taken:
        """What this package adds."""
        return Taken(*(ours - bare for ours, bare in zip(self.first_chunk, self.imports, strict=True)))


def run(code: str, *arguments: str, **variables: str) -> Taken:
    """Run code in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", MEASURED.format(code=code), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Taken(*json.loads(done.stdout))


def cold(folder: Path) -> Taken:
    """Have all compiled that float64 needs, in an empty folder."""
    return run(WRITE + READ, str(folder / "chunk"), NUMBA_CACHE_DIR=str(folder), PCODEC_NUMCODECS_KERNELS="numba")


def warm(folder: Path, rounds: int = 5, **variables: str) -> Warm:
    """Measure processes that find compiled kernels; a chunk for them is put into the folder."""
    chunk = str(folder / "chunk")
    variables["PCODEC_NUMCODECS_KERNELS"] = "numba"
    run(WRITE + READ, chunk, **variables)
    turns = [(run(IMPORTS, **variables), run(READ, chunk, **variables)) for _ in range(rounds)]
    return Warm(*(Taken(*map(median, zip(*ways, strict=True))) for ways in zip(*turns, strict=True)))
