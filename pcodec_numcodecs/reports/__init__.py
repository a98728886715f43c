"""Results as text for a terminal, as HTML for notebooks and pages, and as JSON. Knows no Pco and no Zarr."""

from .cells import Cell, bits, choice, count, factor, share, size, span, speed
from .parts import Code, HeatMap, Point, Report, Reported, Scatter, Table, Text

__all__ = [
    "Cell",
    "Code",
    "HeatMap",
    "Point",
    "Report",
    "Reported",
    "Scatter",
    "Table",
    "Text",
    "bits",
    "choice",
    "count",
    "factor",
    "share",
    "size",
    "span",
    "speed",
]
