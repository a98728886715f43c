"""Memory that a chunk took serves the next one: the system need not hand it out, and fill it with zeros, again."""

import json
import os
import platform
import subprocess
import sys

import pytest
from twins import HAVE_NUMBA, NO_NUMBA

# Smaller chunks come first: it is after these that larger ones took new memory each time.
CODE = """
import json, resource
import numpy as np
from pcodec_numcodecs import frame

rng = np.random.default_rng(0)
y, x = np.mgrid[:2000, :1000]
waves = np.sin(x / 30) * np.cos(y / 50)
small = np.round(waves[:1000] * 50 + rng.normal(size=(1000, 1000))).astype(np.int16)
large = (waves + rng.normal(size=waves.shape) / 1000).astype(np.float32)

def pages_taken(array):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    frame.write(array)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(json.dumps([pages_taken(array) for array in (small, small, large, large, large, large)]))
"""


@pytest.mark.skipif(not HAVE_NUMBA, reason=NO_NUMBA)
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library's limits are known")
def test_later_chunks_take_no_new_memory():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    environment["PCODEC_NUMCODECS_KERNELS"] = "numba"
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600)
    *_, last = json.loads(done.stdout)
    # The array alone has 2000 pages of 4 KiB, and latents, bins and bits take more than twice as many.
    assert last < 1000
