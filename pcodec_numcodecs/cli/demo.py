"""Compress real climate data and compare every bit."""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import add_output
from .console import Console

if TYPE_CHECKING:
    from ..stores.demo import Measured

_LISTED_BYTES = 4096
"""Smaller variables are counted together: of them, one sees the format's fixed costs only."""

HELP = "compress real climate data in Zarr and compare every bit"
DESCRIPTION = "Write real climate data to a Zarr store, read them back and compare every bit."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--store", type=Path, metavar="DIR", help="keep the store in this new or empty directory")
    add_output(parser, html=False)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..reports.plain import plain
    from ..stores import demo

    with tempfile.TemporaryDirectory() as scratch:
        try:
            rows = demo.run(chosen.store or Path(scratch))
            if console.is_json:
                console.print_json(plain(list(rows)))
                return 0
            _print_table(rows)
        except demo.DemoError as error:
            console.fail(str(error))
            return 1
    if chosen.store is not None:
        print(f"The store is {chosen.store}.")
    return 0


def _print_table(rows: "Iterator[Measured]") -> None:
    line = "{:<28} {:<11} {:<7} {:>9} {:>8} {:>7} {:>7} {:>8} {:>7}"
    header = line.format("variable", "shape", "dtype", "raw bytes", "default", "blosc", "pco", "write s", "read s")
    done, source = [], None
    for row in rows:
        done.append(row)
        if row.raw < _LISTED_BYTES:
            continue
        if source is None:
            print("Ratio of raw to stored bytes with Zarr's default compressor, Blosc (Zstd, byte shuffle) and Pco;")
            print("seconds with Pco.")
            print()
            print(header)
        if row.source != source:
            source = row.source
            print(source)
        print(_line(line, "  " + row.variable, "x".join(map(str, row.shape)), str(row.dtype), [row]), flush=True)
    small = [row for row in done if row.raw < _LISTED_BYTES]
    if small:
        print(_line(line, f"{len(small)} smaller variables", "", "", small))
    print(_line(line, "all", "", "", done))
    print()
    print(f"Read back and compared: all {len(done)} variables are the same, bit for bit.")


def _line(line: str, name: str, shape: str, dtype: str, rows: "Sequence[Measured]") -> str:
    raw = sum(row.raw for row in rows)
    stored = [sum(getattr(row, codec) for row in rows) for codec in ("default", "blosc", "pco")]
    # Zarr does not store a chunk that holds its fill value only.
    ratios = [f"{raw / size:.2f}" if size else "-" for size in stored]
    seconds = [f"{sum(getattr(row, way) for row in rows):.2f}" for way in ("write", "read")]
    return line.format(name, shape, dtype, f"{raw:,}", *ratios, *seconds)
