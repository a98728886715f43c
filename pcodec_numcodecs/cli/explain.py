"""Explain a ratio."""

import argparse

from .arguments import add_data, add_level, add_output, add_store, options_of
from .console import Console

HELP = "tell why an array compresses as it does, and what would change it"
DESCRIPTION = """Tell why an array compresses as it does: what was tried and what that would have cost, and what a
change of chunks, rounding, fill values or dtype would bring, each tried on a sample."""
EPILOG = """example:
  pcodec-numcodecs explain data.zarr/t2m"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_data(parser, limited=False)
    add_level(parser)
    add_store(parser)
    add_output(parser, plot="the map of bits a number")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..stores import explain

    console.show(explain(chosen.data, array=chosen.array, level=chosen.level, options=options_of(chosen)))
    return 0
