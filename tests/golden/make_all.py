"""Make the golden files of every published `pcodec` wheel, each in an environment of its own.

    python tests/golden/make_all.py [--python PYTHON] [--directory DIRECTORY] [VERSION ...]

One CPython can install all the wheels listed here (3.11 or 3.12 at the time of writing). The environments live in
a temporary directory. Without versions, all of them, oldest first, which names shared files after their first.
"""

import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = [
    *["0.0.0", "0.0.1", "0.1.0", "0.1.1", "0.2.0"],
    *["0.3.0", "0.3.1", "0.3.2", "0.3.3", "0.3.4", "0.3.5", "0.3.6"],
    *["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0"],
]


def make(python, version, directory):
    """One environment, one wheel, its files."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([python, "-m", "venv", place], check=True)
        inside = os.path.join(place, "Scripts" if os.name == "nt" else "bin", "python")
        install = [inside, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "pcodec==" + version, "numpy"]
        subprocess.run(install, check=True)
        subprocess.run([inside, "-B", os.path.join(HERE, "make.py"), directory], check=True)


def main():
    parser = argparse.ArgumentParser(description="Make the golden files of every published pcodec wheel.")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the environments")
    parser.add_argument("--directory", default=HERE, help="where the indexes and streams/ are")
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    asked = parser.parse_args()
    for version in asked.versions or VERSIONS:
        make(asked.python, version, asked.directory)


if __name__ == "__main__":
    main()
