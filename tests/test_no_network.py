"""Nothing is fetched and nothing is told: no module reaches for the network, neither on import nor at work."""

import subprocess
import sys

import pytest

GUARD = """
import sys

REACHING = ("connect", "getaddrinfo", "gethostbyname", "sendto", "bind")
REACHING = (*(f"socket.{name}" for name in REACHING), "urllib.Request")

def forbid(event, arguments):
    if event in REACHING or event.startswith(("ftplib.", "http.client.", "smtplib.", "webbrowser.")):
        raise AssertionError(f"{event} {arguments}")

sys.addaudithook(forbid)
"""
WORK = """
import importlib, pkgutil, tempfile
import numpy as np
import pcodec_numcodecs
from pcodec_numcodecs import ChunkConfig, Pco, PcoSerializer, frame, standalone

for module in pkgutil.walk_packages(pcodec_numcodecs.__path__, "pcodec_numcodecs."):
    if not module.name.endswith("__main__") and OPTIONAL not in module.name:
        importlib.import_module(module.name)
values = np.add.outer(np.arange(300.0), np.arange(40.0))
assert frame.read(frame.write(values)).tobytes() == values.tobytes()
file = standalone.simple_compress(values.ravel(), ChunkConfig())
assert standalone.simple_decompress(file).tobytes() == values.tobytes()
import zarr
with tempfile.TemporaryDirectory() as folder:
    zarr.create_array(folder + "/3", data=values, serializer=PcoSerializer(), compressors=None)
    zarr.create_array(folder + "/2", data=values, zarr_format=2, compressors=Pco())
    for name in "23":
        assert zarr.open_array(f"{folder}/{name}", mode="r")[:].tobytes() == values.tobytes()
print("done")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_no_module_reaches_for_the_network(kernels, monkeypatch):
    if kernels == "numba":
        pytest.importorskip("numba", reason='Numba is not installed: pip install ".[jit]"')
    monkeypatch.setenv("PCODEC_NUMCODECS_KERNELS", kernels)
    optional = "'numba_'" if kernels == "numpy" else "'nothing is optional'"
    ran = run(GUARD + WORK.replace("OPTIONAL", optional))
    assert (ran.returncode, ran.stdout) == (0, "done\n"), ran.stderr[-2000:]


@pytest.mark.parametrize(
    "reach",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), 0.1)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import socket; socket.getaddrinfo('localhost', 80)",
    ],
)
def test_reaching_would_be_found(reach):
    ran = run(GUARD + reach)
    assert ran.returncode != 0
    assert "AssertionError" in ran.stderr
