"""Figures of reports as files, by Matplotlib."""

from pathlib import Path
from typing import Any

from ..errors import InvalidArgumentError
from ..reports import HeatMap, Report, Scatter

__all__ = ["save_plot"]


def save_plot(report: Report, path: Path | str) -> None:
    """Draw a report's first figure into a file, whose ending tells the format: png, svg, pdf.

    Raises
    ------
    InvalidArgumentError
        Without Matplotlib, and when there is no figure or no such format.
    OSError
        When the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InvalidArgumentError(
            "a plot needs the package matplotlib; install it with: pip install 'pcodec-numcodecs[plot]'"
        ) from None
    if not report.figures:
        raise InvalidArgumentError("there is nothing to plot: a heat map needs a chunk of more than one page")
    part = report.figures[0]
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    if isinstance(part, HeatMap):
        _heat_map(figure, axes, part)
    else:
        _scatter(axes, part)
    axes.set_title(part.caption, fontsize=10, loc="left")
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise InvalidArgumentError(f"{path}: {error}") from None


def _heat_map(figure: Any, axes: Any, part: HeatMap) -> None:
    values = [[float("nan") if value is None else value for value in row] for row in part.rows]
    image = axes.imshow(values, aspect="auto" if len(values) == 1 else "equal", cmap="viridis", interpolation="nearest")
    axes.set_xlabel(part.x_title)
    axes.set_ylabel(part.y_title)
    axes.locator_params(integer=True)
    if len(values) == 1:
        axes.set_yticks([])
    figure.colorbar(image, ax=axes, label=part.unit)


def _scatter(axes: Any, part: Scatter) -> None:
    groups = dict.fromkeys(point.group for point in part.points)
    for group in groups:
        points = [point for point in part.points if point.group == group]
        axes.scatter([p.x for p in points], [p.y for p in points], label=group, s=36)
        for i, point in enumerate(points):
            below = -11 if i % 2 else 6
            axes.annotate(point.label, (point.x, point.y), xytext=(5, below), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(part.x_title)
    axes.set_ylabel(part.y_title)
    axes.margins(0.15)
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
