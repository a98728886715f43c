"""The command `pcodec-numcodecs`: reads arguments and prints; the work is done elsewhere."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version

from . import compare, completion, convert, demo, explain, inspect, recommend, verify, warmup
from .console import Console, one_line

__all__ = ["main"]

_COMMANDS = (demo, inspect, explain, compare, recommend, convert, verify, warmup, completion)
_INTERRUPTED = 130
_PROGRAM = "pcodec-numcodecs"


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
    if chosen.command == "completion":
        return completion.print_script(parser, chosen.shell)
    console = Console(chosen)
    try:
        with warnings.catch_warnings():
            # What Zarr and numcodecs warn of is for those who write code; what users need to know is in the results.
            warnings.simplefilter("ignore")
            code = int(chosen.run(chosen, console))
            sys.stdout.flush()  # here, where it can be told whether somebody still reads
            return code
    except KeyboardInterrupt as error:
        console.fail(str(error) or "interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read what is printed has seen enough. Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if chosen.traceback:
            raise
        console.fail(one_line(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description="Lossless compression of numbers for Zarr.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('pcodec-numcodecs')}")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for module in _COMMANDS:
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
    return parser
