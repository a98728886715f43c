"""The command `pcodec-numcodecs`: reads arguments and prints; the work is done elsewhere."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stores.demo import Measured

__all__ = ["main"]

_LISTED_BYTES = 4096
"""Smaller variables are counted together: of them, one sees the format's fixed costs only."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        Those of the command line, without the command's name; `sys.argv` by default.

    Returns
    -------
    Exit code: 0 when all went well, 1 when it did not. Wrong arguments end the process with 2.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help()
        return 0
    return _warmup() if chosen.command == "warmup" else _demo(chosen.store)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pcodec-numcodecs", description="Lossless compression of numbers for Zarr.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('pcodec-numcodecs')}")
    commands = parser.add_subparsers(dest="command", title="commands")
    demo = commands.add_parser(
        "demo",
        help="compress real climate data in Zarr and compare every bit",
        description="Write real climate data to a Zarr store, read them back and compare every bit.",
    )
    demo.add_argument("--store", type=Path, metavar="DIR", help="keep the store in this new or empty directory")
    commands.add_parser(
        "warmup",
        help="compile the kernels ahead, such as for the image of a container",
        description="Compile the kernels by Numba, for every type of numbers, and store the code for all processes.",
    )
    return parser


def _warmup() -> int:
    from .warmup import WarmupError, run

    try:
        warmed = run()
    except WarmupError as error:
        print(f"pcodec-numcodecs warmup: {error}", file=sys.stderr)
        return 1
    others = f"{warmed.kernels - warmed.compiled} were there before."
    print(f"Compiled {warmed.compiled} of {warmed.kernels} kernels in {warmed.seconds:.1f} s; {others}")
    print(f"They are stored in {' and '.join(map(str, warmed.folders))}.")
    return 0


def _demo(store: Path | None) -> int:
    from .stores.demo import DemoError, run

    with tempfile.TemporaryDirectory() as scratch:
        try:
            _print_table(run(store or Path(scratch)))
        except DemoError as error:
            print(f"pcodec-numcodecs demo: {error}", file=sys.stderr)
            return 1
    if store is not None:
        print(f"The store is {store}.")
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
