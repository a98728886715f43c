"""What is printed: results, progress and errors."""

import argparse
import json
import os
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from ..errors import PcoError
from ..reports import Report, Reported
from ..reports.html import page
from ..reports.text import as_text

__all__ = ["Console", "one_line"]

_BAR = 24
_WIDEST = 160


class Console:
    """Prints for one run of a command.

    Parameters
    ----------
    chosen
        The arguments.
    """

    def __init__(self, chosen: argparse.Namespace) -> None:
        self._command = chosen.command
        self._json = getattr(chosen, "json", False)
        self._html = getattr(chosen, "html", None)
        self._plot = getattr(chosen, "plot", None)
        self._shown = 0.0
        self._bar = False

    def show(self, result: Reported) -> None:
        """Print a result, and write the files that were asked for."""
        self._clear()
        report = result.report()
        if self._html is not None:
            Path(self._html).write_text(page(report, _footer()), encoding="utf-8")
        if self._plot is not None:
            from ..diagnostics.plots import save_plot

            save_plot(report, self._plot)
        if self._json:
            self.print_json(result.as_json())
        else:
            self.print_report(report)
            for path in (self._html, self._plot):
                if path is not None:
                    print(f"\nWritten: {path}")

    def print_json(self, found: Any) -> None:
        """Print as JSON."""
        self._clear()
        print(json.dumps(found, indent=2))

    def print_report(self, report: Report) -> None:
        """Print as lines."""
        width = min(shutil.get_terminal_size().columns, _WIDEST) if sys.stdout.isatty() else 120
        print(as_text(report, width, _colour(sys.stdout)))

    @property
    def is_json(self) -> bool:
        """Whether JSON was asked for."""
        return bool(self._json)

    def progress(self, done: int, of: int, name: str) -> None:
        """Draw a bar, if there is somebody to see it."""
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - self._shown < 0.1 and done < of):
            return
        self._shown = now
        self._bar = True
        filled = round(_BAR * done / max(of, 1))
        line = f"[{'#' * filled}{'.' * (_BAR - filled)}] {done:,}/{of:,} {name}"
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r{line[:width]:<{width}}")
        sys.stderr.flush()

    def doing(self, name: str) -> None:
        """Name what is done next, where nobody knows how long it takes."""
        if sys.stderr.isatty():
            self._bar = True
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r{name[:width]:<{width}}")
            sys.stderr.flush()

    def _clear(self) -> None:
        if self._bar:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r{'':<{width}}\r")
            self._bar = False

    def fail(self, message: str) -> None:
        """Print why the command ends."""
        self._clear()
        print(f"pcodec-numcodecs {self._command}: {message}", file=sys.stderr)


def _footer() -> str:
    return f"Made by pcodec-numcodecs {version('pcodec-numcodecs')}."


def _colour(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def one_line(error: Exception) -> str:
    """Say what went wrong, in a line for the user."""
    from ..stores.errors import StoreError
    from ..stores.opening import reason

    text = " ".join(str(error).split())
    if isinstance(error, StoreError | PcoError):
        return text
    if isinstance(error, OSError):
        return reason(error)
    if isinstance(error, MemoryError):
        return f"there is not enough memory: {text or 'an array does not fit'}"
    return f"{type(error).__name__}: {text or 'no message'} (unexpected; --traceback shows where, for a bug report)"
