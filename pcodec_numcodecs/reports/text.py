"""Reports as lines for a terminal."""

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from .colours import shade
from .parts import Code, HeatMap, Part, Report, Scatter, Table, Text

__all__ = ["as_text"]

_SHADES = ".:-=+*#%@"
_NARROWEST = 8


def as_text(report: Report, width: int = 100, colour: bool = False) -> str:
    """Return a report as lines.

    Parameters
    ----------
    width
        Columns of the terminal.
    colour
        Whether it understands ANSI colours.
    """
    blocks = ["\n".join(_lines(part, width, colour)) for part in report.parts]
    return "\n\n".join([report.title, *(block for block in blocks if block)])


def _lines(part: Part, width: int, colour: bool) -> Iterator[str]:
    if isinstance(part, Text):
        yield from textwrap.wrap(("warning: " if part.warning else "") + part.text, width, break_long_words=False)
    elif isinstance(part, Code):
        yield part.text
    elif isinstance(part, Table):
        yield from _table(part, width)
    elif isinstance(part, HeatMap):
        yield from _heat_map(part, width, colour)
    else:
        # All that it shows is in the table beside it, which a terminal shows better.
        assert isinstance(part, Scatter)


def _table(table: Table, width: int) -> Iterator[str]:
    if not table.rows:
        return
    rows = [*table.rows, *([table.total] if table.total else [])]
    right = [all(row[i].is_number for row in rows) for i in range(len(table.titles))]
    texts = [table.titles, *([cell.text for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(table.titles))]
    # The widest column of words gives way.
    while sum(widths) + 2 * (len(widths) - 1) > width:
        words = [i for i in range(len(widths)) if not right[i] and widths[i] > _NARROWEST]
        if not words:
            break
        widths[max(words, key=lambda i: widths[i])] -= 1
    if table.caption:
        yield from textwrap.wrap(table.caption, width)
    for row in texts:
        cells = zip(row, widths, right, strict=True)
        yield "  ".join(
            _fitted(text, n).rjust(n) if at_right else _fitted(text, n).ljust(n) for text, n, at_right in cells
        ).rstrip()


def _fitted(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    # The end of a path tells more than its middle.
    left = (width - 1) // 2
    return text[:left] + "…" + text[len(text) - (width - 1 - left) :]


def _heat_map(part: HeatMap, width: int, colour: bool) -> Iterator[str]:
    low, high = part.limits
    rows = _at_most(part.rows, width, 2 * 24 if colour else 24)
    yield f"{part.caption} ({part.unit}: {low:.2f} to {high:.2f})"
    if colour:
        # A character is about twice as high as wide, so two rows share one: the upper half and what is behind it.
        for upper, lower in zip_longest(rows[::2], rows[1::2]):
            halves = zip(upper, lower or (None,) * len(upper), strict=True)
            yield "".join(_half(top, bottom, low, high) for top, bottom in halves) + "\x1b[0m"
        scale = "".join(f"\x1b[48;2;{';'.join(map(str, shade(i / 15)))}m " for i in range(16))
        yield f"{low:.2f} {scale}\x1b[0m {high:.2f}"
    else:
        for row in rows:
            yield "".join(_character(value, low, high) for value in row).rstrip()
        yield f"'{_SHADES[0]}' is {low:.2f}, '{_SHADES[-1]}' is {high:.2f}"
    yield f"down: {part.y_title}; across: {part.x_title}" if part.y_title else f"across: {part.x_title}"


def _at_most(rows: tuple[tuple[float | None, ...], ...], columns: int, lines: int) -> list[tuple[float | None, ...]]:
    """Take means of neighbours where there are more values than room."""
    if len(rows) == 1 and len(rows[0]) > columns:
        # One row goes on in the next line.
        row = rows[0]
        pages = -(-len(row) // (columns * lines))
        merged = [_mean([row[i : i + pages]]) for i in range(0, len(row), pages)]
        merged += [None] * (-len(merged) % columns)
        return [tuple(merged[i : i + columns]) for i in range(0, len(merged), columns)]
    high = -(-len(rows) // lines)
    wide = -(-max(map(len, rows), default=1) // columns)
    if high == wide == 1:
        return list(rows)
    return [
        tuple(_mean([row[x : x + wide] for row in rows[y : y + high]]) for x in range(0, len(rows[0]), wide))
        for y in range(0, len(rows), high)
    ]


def _mean(rows: list[tuple[float | None, ...]]) -> float | None:
    values = [value for row in rows for value in row if value is not None]
    return sum(values) / len(values) if values else None


def _place(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def _half(top: float | None, bottom: float | None, low: float, high: float) -> str:
    codes = "\x1b[0m"
    for value, layer in ((top, 38), (bottom, 48)):
        if value is not None:
            codes += f"\x1b[{layer};2;{';'.join(map(str, shade(_place(value, low, high))))}m"
    if top is None:
        return codes + " "
    return codes + "▀"


def _character(value: float | None, low: float, high: float) -> str:
    if value is None:
        return " "
    return _SHADES[round(_place(value, low, high) * (len(_SHADES) - 1))]
