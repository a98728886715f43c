"""What a report is made of: paragraphs, tables, figures, code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .cells import Cell

__all__ = ["Code", "HeatMap", "Part", "Point", "Report", "Reported", "Scatter", "Table", "Text"]


@dataclass(frozen=True)
class Text:
    """A paragraph; a warning is told apart."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Code:
    """Lines to be pasted somewhere."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table, of which each row has a cell for each title.

    Attributes
    ----------
    titles
        Those of the columns.
    rows
        Their cells.
    caption
        What it shows.
    total
        A last row, which stays where it is when the table is sorted.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    total: tuple[Cell, ...] | None = None


class Point(NamedTuple):
    """A point of a scatter plot."""

    label: str
    x: float
    y: float
    group: str


@dataclass(frozen=True)
class Scatter:
    """Points in a plane; the axis across is logarithmic."""

    caption: str
    x_title: str
    y_title: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class HeatMap:
    """Values on a rectangle, the first row above.

    Attributes
    ----------
    caption, unit
        What it shows, and of what the values are.
    y_title, x_title
        What the rows and the columns are.
    rows
        The values; None where there is none.
    """

    caption: str
    unit: str
    y_title: str
    x_title: str
    rows: tuple[tuple[float | None, ...], ...]

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest value."""
        values = [value for row in self.rows for value in row if value is not None] or [0.0]
        return min(values), max(values)


Part = Text | Code | Table | Scatter | HeatMap


@dataclass(frozen=True)
class Report:
    """A title, and what follows it."""

    title: str
    parts: Sequence[Part] = field(default_factory=tuple)

    @property
    def figures(self) -> list[Scatter | HeatMap]:
        """The figures in it."""
        return [part for part in self.parts if isinstance(part, Scatter | HeatMap)]


class Reported:
    """Results that can be shown: in notebooks by themselves, elsewhere as a report or as JSON."""

    def report(self) -> Report:
        """Return what there is to be seen."""
        raise NotImplementedError

    def as_json(self) -> Any:
        """Return the result as dicts, lists, strings and numbers."""
        from .plain import plain

        return plain(self)

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self.report())
