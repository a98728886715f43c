"""xarray's own tests of its Zarr backend, with Pco as the default: `python tests/reliability/borrowed.py`.

They are run twice, with Zarr's own default and with Pco; what fails then and not before is our fault.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
ALL = "TestZarrDictStore or TestZarrDirectoryStore"
FEW = "TestZarrDictStore and (mask_and_scale or append or consolidated)"
# Those that wait need a plugin of pytest that this package has no use for.
NEVER = " and not test_indexing and not test_load_async"


class Found(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    passed
        Tests that pass with Pco.
    without
        Tests that fail without Pco, as where they expect settings of their own repository.
    failed
        Tests that fail with Pco alone.
    chunks
        Chunks that were written and read by Pco.
    """

    passed: int
    without: int
    failed: list[str]
    chunks: int


def run(keyword: str) -> Found:
    """Run the tests that a keyword of pytest picks."""
    _, before, _ = _pytest(keyword, [])
    passed, after, printed = _pytest(keyword, ["-p", "pco_as_default"])
    chunks = sum(map(int, re.findall(r"': (\d+)", printed.partition("chunks by Pco:")[2].partition("}")[0])))
    return Found(passed, len(before), sorted(after - before), chunks)


def _pytest(keyword: str, more: list[str]) -> tuple[int, set[str], str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    with tempfile.TemporaryDirectory() as folder:  # not the settings of this repository
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rfE",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            "-W",
            "ignore",
        ]
        command += ["--rootdir", folder, *more, "--pyargs", "xarray.tests.test_backends", "-k", f"({keyword}){NEVER}"]
        ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    passed = re.search(r"(\d+) passed", ran.stdout)
    if passed is None:
        raise RuntimeError(ran.stdout[-2000:] + ran.stderr[-2000:])
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S*?(::\S+)", ran.stdout, re.MULTILINE))
    return int(passed[1]), failed, ran.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-k", "--keyword", default=ALL)
    found = run(parser.parse_args(arguments).keyword)
    print(f"{found.passed} pass, {found.without} fail with Zarr's default too, {found.chunks} chunks by Pco")
    print("\n".join(found.failed) or "none fails with Pco alone")
    return len(found.failed)


if __name__ == "__main__":
    sys.exit(main())
