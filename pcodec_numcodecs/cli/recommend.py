"""Recommend settings for the user's own data."""

import argparse

from .arguments import add_data, add_output, add_store, limit_of, options_of
from .console import Console

HELP = "print settings to paste, with the expected saving and its price in speed"
DESCRIPTION = """Try Pco on some chunks of every array, beside the codecs that they have now (or that Zarr has by
default), and print an encoding for xarray and Zarr to paste. Arrays that Pco saves less than 3 %
of keep what they have."""
EPILOG = """example:
  pcodec-numcodecs recommend data.zarr"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_data(parser)
    add_store(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..stores import recommend

    console.show(
        recommend(
            chosen.data,
            limit=limit_of(chosen),
            array=chosen.array,
            options=options_of(chosen),
            progress=console.doing,
        )
    )
    return 0
