"""Single figures: what is shown of them, and what they are sorted by."""

from typing import NamedTuple

__all__ = ["NOTHING", "Cell", "bits", "choice", "count", "factor", "share", "size", "span", "speed"]


class Cell(NamedTuple):
    """A figure of a table.

    Attributes
    ----------
    text
        What is shown.
    order
        What its column is sorted by: a number, or the text.
    """

    text: str
    order: float | str

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right of its column."""
        return not isinstance(self.order, str)


NOTHING = Cell("-", float("-inf"))
"""A figure that there is none of; before all others where a column is sorted."""


def choice(text: object) -> Cell:
    """Show a word."""
    return Cell(str(text), str(text))


def count(number: int | None) -> Cell:
    """Show how many there are."""
    return NOTHING if number is None else Cell(f"{number:,}", number)


def size(number: float | None) -> Cell:
    """Show a count of bytes, in powers of 1000."""
    if number is None:
        return NOTHING
    shown = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if shown < 999.5 or unit == "TB":
            break
        shown /= 1000
    return Cell(f"{shown:.0f} {unit}" if unit == "B" else f"{shown:.3g} {unit}", number)


def factor(number: float | None) -> Cell:
    """Show how many times as large one thing is as another."""
    return NOTHING if number is None else Cell(f"{number:.2f}", number)


def bits(number: float | None) -> Cell:
    """Show bits of a number."""
    return NOTHING if number is None else Cell(f"{number:.2f}", number)


def share(number: float | None) -> Cell:
    """Show a part of the whole."""
    return NOTHING if number is None else Cell(f"{100 * number:.1f} %", number)


def span(seconds: float | None) -> Cell:
    """Show a time."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        text = f"{seconds * 1e6:.3g} µs" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"
    else:
        text = f"{seconds:.3g} s" if seconds < 100 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return Cell(text, seconds)


def speed(bytes_a_second: float | None) -> Cell:
    """Show bytes of numbers a second."""
    if bytes_a_second is None:
        return NOTHING
    return Cell(f"{size(bytes_a_second).text}/s", bytes_a_second)
