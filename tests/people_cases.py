"""Stores as people have them, and the command as they run it."""

import json
from pathlib import Path

import numpy as np
import zarr

from pcodec_numcodecs import PcoSerializer
from pcodec_numcodecs.cli import main

QUIET = (
    "ignore:.*not in the Zarr version 3",
    "ignore:.*does not have a Zarr V3 specification",
    "ignore:Consolidated metadata",
)
"""What Zarr warns of that is no news here, for a mark."""
SMALL = {"serializer": PcoSerializer(level=0, tile=(8, 16)), "compressors": None}


def field(shape=(40, 48), dtype="f4", seed=0):
    """Return a smooth field with a few special numbers in it."""
    generator = np.random.default_rng(seed)
    cells = np.cumsum(generator.normal(size=shape), axis=-1)
    if np.dtype(dtype).kind == "f":
        found = cells.astype(dtype)
        found.flat[:3] = np.array([-0.0, np.nan, np.inf], dtype)
        return found
    return (100 * cells).astype(dtype)


def make_pco_array(path, cells=None, chunks=(16, 32), shards=None, **settings):
    """Write an array by Pco, in pages of 8x16 cells, and return its cells."""
    cells = field() if cells is None else cells
    zarr.create_array(path, data=cells, chunks=chunks, shards=shards, **(SMALL | settings))
    return cells


def make_tree(path, zarr_format=3, consolidated=False, **array):
    """Write groups and arrays of many kinds without Pco; return the arrays by their path."""
    root = zarr.create_group(path, zarr_format=zarr_format, attributes={"title": "tree", "numbers": [1, 2.5]})
    inner = root.create_group("inner", attributes={"level": 1})
    sharded = {"shards": (20, 24)} if zarr_format == 3 else {}
    named = {"dimension_names": ("y", "x")} if zarr_format == 3 else {"attributes": {"_ARRAY_DIMENSIONS": ["y", "x"]}}
    written = {
        "field": (root, field(), {"chunks": (16, 32), "fill_value": np.float32(-1.5), **named}),
        "whole": (root, field(dtype="i2"), {"chunks": (40, 48)}),
        "inner/sharded": (inner, field(dtype="f8"), {"chunks": (10, 12), **sharded}),
        "inner/flags": (inner, field(dtype="i4") % 3 == 0, {"chunks": (40, 10)}),
        "inner/words": (inner, np.array(["a", "bc", "def"], "<U3"), {"chunks": (2,)}),
        "scalar": (root, np.array(2.5), {}),
    }
    for name, (group, cells, settings) in written.items():
        made = group.create_array(name.rpartition("/")[2], shape=cells.shape, dtype=cells.dtype, **settings, **array)
        made[...] = cells
    # In part never written: these chunks are not stored.
    sparse = root.create_array("sparse", shape=(64, 64), dtype="f4", chunks=(16, 16), fill_value=np.nan, **array)
    sparse[:16, 16:48] = field((16, 32), seed=3)
    if consolidated:
        zarr.consolidate_metadata(path)
    return {name: cells for name, (_, cells, _) in written.items()} | {"sparse": sparse[...]}


def flip(path, at=-3):
    """Change one bit of a file."""
    content = bytearray(Path(path).read_bytes())
    content[at] ^= 1
    Path(path).write_bytes(content)


def listing(folder):
    """Return the bytes of all files of a folder, by their path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def run(capsys, *arguments):
    """Run the command; return its exit code, what it printed, and the lines of errors."""
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err.splitlines()


def run_json(capsys, *arguments):
    """Run the command with `--json`; return its exit code and what it told."""
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def one_line_failure(capsys, *arguments):
    """Run the command, which must fail with one line; return the line."""
    code, out, lines = run(capsys, *arguments)
    assert code == 1
    assert out == ""
    (line,) = lines
    assert line.startswith(f"pcodec-numcodecs {arguments[0]}: ")
    return line
