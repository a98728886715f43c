"""Compare codecs on the user's own data."""

import argparse

from .arguments import add_data, add_output, add_store, limit_of, options_of
from .console import Console

HELP = "send your own arrays through this codec and others: ratio, speeds, reading a part"
DESCRIPTION = """Send some chunks of every array through codecs, and compare size, speed of encoding and decoding,
and the time to read a hundredth of the cells. Every bit that comes back is compared. Speeds are
of one thread."""
EPILOG = """codecs:
  pco-0 to pco-12 (this package at a level), blosc-zstd, blosc-lz4, zstd, pcodec (needs its wheel),
  and identifiers of numcodecs such as gzip or lzma

examples:
  pcodec-numcodecs compare data.zarr --html report.html
  pcodec-numcodecs compare field.npy --codecs pco-2,pco-8,blosc-zstd --plot codecs.png"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_data(parser)
    parser.add_argument(
        "--codecs", nargs="+", metavar="CODEC", help="which, see below, with spaces or commas between (six usual ones)"
    )
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="the shortest of so many times counts (3)")
    add_store(parser)
    add_output(parser, plot="ratio against speed of decoding")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..stores import compare

    found = compare(
        chosen.data,
        codecs=chosen.codecs and [name for text in chosen.codecs for name in text.split(",") if name],
        limit=limit_of(chosen),
        repeats=max(1, chosen.repeats),
        array=chosen.array,
        options=options_of(chosen),
        progress=console.doing,
    )
    console.show(found)
    return 0
