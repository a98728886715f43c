"""Write the golden frames: ``python tests/golden/make_frames.py``; those that are there already stay as they are.

Each is a frame of version 1 with one feature of the format, of an array by formula. What a writer makes of an array may
change from one release to the next, so these need not be what is written now; but they are read for ever. A file
that is there is never written again: to add a feature adds a file.
"""

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from frame_pipelines import FEATURES, hills, spread  # noqa: E402

from pcodec_numcodecs import frame  # noqa: E402

FRAMES = HERE / "frames"
INDEX = HERE / "frames.csv"
COLUMNS = ["file", "sha256", "dtype", "shape", "cells_sha256"]


def strange_bools() -> np.ndarray:
    """Return bools of all kinds of bytes."""
    return spread((20, 30), 3, 8).astype(np.uint8).view(bool)


WRITTEN = {
    "constant": lambda: frame.write(np.full((30, 50), np.float32(-0.0))),
    "constant_nat": lambda: frame.write(np.full((), np.datetime64("NaT", "25us"))),
    "no_cells": lambda: frame.write(np.zeros((3, 0, 2), ">u4")),
    "no_axes": lambda: frame.write(np.array(5, "<i8")),
    "fortran": lambda: frame.write(hills((30, 40)).astype("<i2"), order="F", tile=(16, 16), predictor="none"),
    "packed": lambda: frame.write(np.add.outer(np.arange(40), np.arange(44)) // 4 % 2 == 0, predictor="none"),
    "bools_of_any_byte": lambda: frame.write(strange_bools(), predictor="none"),
    "complex128": lambda: frame.write(hills((30, 20)) * 0.1 + 1j * hills((30, 20), 9) / 8, tile=(16, 16)),
    "timedelta": lambda: frame.write((hills((500,)) * 60).astype(">m8[s]"), tile=(200,)),
    "float16": lambda: frame.write((hills((30, 40)) / 8).astype("<f2")),
    "float32_automatic": lambda: frame.write((hills((12, 30, 40)) * np.float32(0.01)).astype("<f4"), level=9),
    "int64_automatic": lambda: frame.write(hills((12, 30, 40), 3, 7) * 3600, level=9),
    "uint8_maps": lambda: frame.write((hills((9, 24, 40), 3, 3) % 251).astype("|u1"), access="maps"),
    "float64_whole": lambda: frame.write(np.resize(spread((97,), 8, 40), 4000) / 256, access="whole"),
}


def made() -> dict[str, bytes]:
    """Return all frames by the names of their files."""
    forced = {name.replace(", ", "_").replace(" ", "_"): make for name, make in FEATURES.items()}
    found = {f"{name}.pcof": make() for name, make in WRITTEN.items()}
    return found | {f"{name}.pcof": make().write() for name, make in forced.items()}


def main() -> None:
    """Write what is missing, and its rows of the index."""
    FRAMES.mkdir(exist_ok=True)
    rows = {}
    if INDEX.exists():
        with INDEX.open(newline="") as lines:
            rows = {row["file"]: row for row in csv.DictReader(lines)}
    for name, content in made().items():
        if name in rows:
            continue
        (FRAMES / name).write_bytes(content)
        array = frame.read(content)
        rows[name] = {
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "dtype": array.dtype.str,
            "shape": " ".join(map(str, array.shape)),
            "cells_sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
    with INDEX.open("w", newline="") as lines:
        table = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows[name] for name in sorted(rows))


if __name__ == "__main__":
    main()
