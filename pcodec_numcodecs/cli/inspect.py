"""Show what is in a store, a chunk or a file."""

import argparse

from .arguments import STORE_HELP, add_output, add_store, options_of
from .console import Console

HELP = "show sizes, ratios and what was done, by array, chunk and page"
DESCRIPTION = """Show what is in a Zarr store, or in a .pco file or frame.

A store gives a table of its arrays; an array also a map of bits a number in each chunk; a chunk one for each page."""
EPILOG = """examples:
  pcodec-numcodecs inspect data.zarr
  pcodec-numcodecs inspect data.zarr/t2m --chunk 0.0 --plot bits.png
  pcodec-numcodecs inspect s3://bucket/data.zarr --storage-option anon=true --html report.html"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("store", metavar="STORE[/ARRAY]", help=f"{STORE_HELP}; or a .pco file")
    parser.add_argument("--chunk", metavar="0.0", help="number of a chunk along each axis, to see its pages")
    add_store(parser)
    add_output(parser, plot="the map of bits a number")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..stores import inspect, inspect_chunk

    options = options_of(chosen)
    if chosen.chunk is not None:
        console.show(inspect_chunk(chosen.store, chosen.chunk, options=options))
    else:
        console.show(inspect(chosen.store, options=options, progress=console.progress))
    return 0
