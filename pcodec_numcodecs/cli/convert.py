"""Write a store again with Pco."""

import argparse

from .arguments import STORE_HELP, add_level, add_output, options_of
from .arguments import add_store as add_storage_option
from .console import Console

HELP = "write a store again with Pco, every bit compared; can be stopped and run again"
DESCRIPTION = """Write a Zarr store again with Pco as the codec of every array that it can hold.

Groups, attributes, shapes, dtypes, chunks, shards, names of dimensions, fill values and consolidated metadata stay as
they are, and so does the source, which is only read. Every chunk is read back and compared bit by bit.

A run that is stopped leaves DST.unfinished (a remote store: an object that marks it). Run the same command again, and
it goes on."""
EPILOG = """examples:
  pcodec-numcodecs convert old.zarr new.zarr
  pcodec-numcodecs convert old-v2.zarr new.zarr --zarr-format 3
  pcodec-numcodecs convert old.zarr s3://bucket/new.zarr --scheduler tcp://10.0.0.1:8786"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("source", metavar="SRC", help=STORE_HELP)
    parser.add_argument("destination", metavar="DST", help="a folder or .zip file that is not there yet, or a URL")
    add_level(parser)
    parser.add_argument(
        "--access",
        default="balanced",
        choices=("balanced", "series", "maps", "whole"),
        help="what reading a part of a chunk should suit (balanced)",
    )
    parser.add_argument(
        "--zarr-format", type=int, choices=(2, 3), help="3 to turn Zarr v2 into v3, whose chunks can be read in parts"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="chunks at a time (as many as there are processors)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a running dask.distributed cluster, to do the work")
    add_storage_option(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..stores import convert

    options = options_of(chosen)
    console.show(
        convert(
            chosen.source,
            chosen.destination,
            level=chosen.level,
            access=chosen.access,
            workers=chosen.workers,
            scheduler=chosen.scheduler,
            zarr_format=chosen.zarr_format,
            source_options=options,
            destination_options=options,
            progress=console.progress,
        )
    )
    return 0
