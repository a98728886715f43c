"""Arguments that several commands have."""

import argparse
import json
from typing import Any

__all__ = ["STORE_HELP", "add_data", "add_level", "add_output", "add_store", "limit_of", "options_of"]

STORE_HELP = "a folder, a .zip file or a URL (s3://, http://, ...), perhaps with the path of a group or array after it"


def add_output(parser: argparse.ArgumentParser, plot: str | None = None, html: bool = True) -> None:
    """Add how results are shown."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print JSON in place of tables")
    if html:
        group.add_argument("--html", metavar="FILE", help="write a report as a page of HTML as well")
    if plot:
        group.add_argument(
            "--plot", metavar="FILE", help=f"draw {plot} into a .png, .svg or .pdf file (needs matplotlib)"
        )
    group.add_argument("--traceback", action="store_true", help="show where in the code an error came up")


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add what a remote store needs."""
    parser.add_argument(
        "--storage-option",
        action="append",
        default=[],
        type=_option,
        metavar="KEY=VALUE",
        help="what fsspec's file system takes for URLs, such as anon=true for public buckets; may be repeated",
    )


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"must be KEY=VALUE, got {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def options_of(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what the user gave for remote stores."""
    return dict(chosen.storage_option)


def add_level(parser: argparse.ArgumentParser) -> None:
    """Add the level of compression."""
    parser.add_argument(
        "--level",
        type=int,
        default=8,
        choices=range(13),
        metavar="0-12",
        help="better ratio and slower with each step (8)",
    )


def add_data(parser: argparse.ArgumentParser, limited: bool = True) -> None:
    """Add the user's own data."""
    parser.add_argument("data", metavar="DATA", help=f"{STORE_HELP}; or a file: .npy, .npz, .nc, .h5, .pco")
    parser.add_argument("--array", metavar="NAME", help="only this array of the data")
    if limited:
        parser.add_argument(
            "--limit", type=float, default=12.0, metavar="MB", help="take at most so much of each array (12)"
        )


def limit_of(chosen: argparse.Namespace) -> int:
    """Return how many bytes of each array are taken."""
    return max(1 << 16, int(chosen.limit * 1e6))
