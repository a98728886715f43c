"""Look for damage."""

import argparse
import sys

from .arguments import STORE_HELP, add_output, add_store, options_of
from .console import Console

HELP = "compare all checksums; name damaged chunks, pages and cells"
DESCRIPTION = """Look through all chunks of a Zarr store, or through a .pco file or frame.

Frames are compared with their checksums and not decoded; what has no checksums is decoded. Each damaged part is named
with its chunk, its page and the cells that it holds. The exit code is 0 if nothing is damaged, else 1."""
EPILOG = """example:
  pcodec-numcodecs verify data.zarr"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("store", metavar="STORE[/ARRAY]", help=f"{STORE_HELP}; or a .pco file")
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="objects that are read at a time (4)")
    add_store(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..stores import verify

    found = verify(chosen.store, options=options_of(chosen), workers=max(1, chosen.workers), progress=console.progress)
    console.show(found)
    for damage in found.damages:
        print(f"pcodec-numcodecs verify: {damage.line}", file=sys.stderr)
    return 0 if found.ok else 1
