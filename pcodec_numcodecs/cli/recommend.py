"""Not yet."""

import argparse

HELP = DESCRIPTION = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
