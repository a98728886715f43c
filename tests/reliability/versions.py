"""The same bytes, and golden files read, on every Python that is there: `python tests/reliability/versions.py`.

Each gets an environment of its own with the newest NumPy that it can have; needs a package index. A folder as an
argument is for an emulated ARM, see `arm.sh`.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t")
WHICH = """
import ensurepip, sys, sysconfig, venv
print("%d.%d" % sys.version_info[:2] + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
"""
FILES = ("test_same_bytes.py", "test_golden_frames.py", "test_frame_recovery.py", "test_arithmetic.py")


class Version(NamedTuple):
    """A Python, the NumPy that it got, and the last line that pytest printed; why there was none, else."""

    python: str
    numpy: str
    result: str
    passed: bool


def _find(version: str) -> str | None:
    folders = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions").glob(f"{version}*"))
    for candidate in (f"python{version}", *(str(folder / "bin" / "python") for folder in folders)):
        try:
            ran = subprocess.run([candidate, "-c", WHICH], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if ran.stdout.strip() == version:
            return candidate
    return None


def measure(emulator: Path | None = None) -> list[Version]:
    """Run the tests with every Python; on an emulated ARM, if a folder for that is given."""
    found = [_measured(version, python) for version in PYTHONS for python in [_find(version)]]
    return [*found, *([_emulated(emulator)] if emulator else [])]


def _emulated(folder: Path) -> Version:
    ran = subprocess.run([TESTS / "reliability" / "arm.sh", folder], capture_output=True, text=True, check=False)
    numpy = next((path.name.split("-")[1] for path in folder.glob("site/numpy-*.dist-info")), "")
    return Version("3.11 on ARM, emulated", numpy.removesuffix(".dist"), _last(ran.stdout), not ran.returncode)


def _last(printed: str) -> str:
    return (printed.strip().splitlines() or ["nothing"])[-1].strip("= ")


def _measured(version: str, python: str | None) -> Version:
    if python is None:
        return Version(version, "", "not there, not tested", False)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        own = str(Path(folder, "bin", "python"))
        install = [own, "-m", "pip", "install", "-q", "--no-compile", "numpy", "pytest", "hypothesis"]
        install += ["pcodec==1.1.0", "google-crc32c"]
        if subprocess.run(install, capture_output=True, check=False).returncode:
            return Version(version, "", "no NumPy for it, not tested", False)
        asked = [own, "-c", "import numpy; print(numpy.__version__)"]
        numpy = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [own, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(TESTS / name) for name in FILES)]
        ran = subprocess.run(command, cwd=TESTS.parent, env=environment, capture_output=True, text=True, check=False)
    return Version(version, numpy, _last(ran.stdout), not ran.returncode)


if __name__ == "__main__":
    rows = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    for row in rows:
        print(*row)
    sys.exit(any(row.numpy and not row.passed for row in rows))
