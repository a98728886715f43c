"""Compile the kernels ahead."""

import argparse

from .arguments import add_output
from .console import Console

HELP = "compile the kernels ahead, such as for the image of a container"
DESCRIPTION = "Compile the kernels by Numba, for every type of numbers, and store the code for all processes."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_output(parser, html=False)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    from ..reports.plain import plain
    from ..warmup import WarmupError
    from ..warmup import run as warm

    try:
        warmed = warm()
    except WarmupError as error:
        console.fail(str(error))
        return 1
    if console.is_json:
        console.print_json(plain(warmed))
        return 0
    others = f"{warmed.kernels - warmed.compiled} were there before."
    print(f"Compiled {warmed.compiled} of {warmed.kernels} kernels in {warmed.seconds:.1f} s; {others}")
    print(f"They are stored in {' and '.join(map(str, warmed.folders))}.")
    return 0
