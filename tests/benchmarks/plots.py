"""Figures as plots, in files of SVG, for light and for dark pages."""

import re
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from . import scaling
from .results import Results
from .tables import comparable
from .timing import mean_ratio

OURS, NUMPY, RUST, OTHER = "#0b62a4", "#5aa7dd", "#c2570c", "#6f6f6f"
DARK = {
    "#ffffff": "#14181e",
    "#000000": "#e6eaef",
    "#404040": "#c3cbd4",
    "#c4c4c4": "#56606b",
    "#e4e4e4": "#343c46",
    OURS: "#58a6e6",
    NUMPY: "#a6d0f2",
    RUST: "#f09a4d",
    OTHER: "#a9b1ba",
}
"""What takes the place of each colour on dark pages."""

PLAIN = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
STYLE = {
    "svg.hashsalt": "benchmarks",  # else names within the file differ from run to run
    "svg.fonttype": "path",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}


def draw(results: Results, folder: Path) -> dict[str, Path]:
    """Draw all plots, each again in a file whose name ends in ``-dark``; return the file of each by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    with mpl.rc_context(STYLE):
        for name, plot in (("codecs", codecs), ("wheel", beside_wheel), ("sizes", sizes)):
            files[name] = folder / f"{name}.svg"
            plot(results).savefig(files[name], metadata={"Date": None})
            drawn = files[name].read_text(encoding="utf-8")
            files[name].with_name(f"{name}-dark.svg").write_text(darkened(drawn), encoding="utf-8")
    return files


def darkened(svg: str) -> str:
    """Return a plot in the colours for dark pages; words have none of their own, and get that of the whole."""
    svg = re.sub("#[0-9a-f]{6}", lambda colour: DARK[colour[0]], svg)
    return svg.replace("<svg ", f'<svg fill="{DARK["#000000"]}" ', 1)


def colour(codec: str) -> str:
    """Return one colour for each family of codecs."""
    if codec.startswith("this"):
        return OURS if "Numba" in codec else NUMPY
    return RUST if codec.startswith(("wheel", "numcodecs.P")) else OTHER


def codecs(results: Results) -> Figure:
    """Draw the ratio of each codec against its speed both ways."""
    figure = Figure((10, 4.6), layout="constrained")
    compared = comparable(results.chunks)
    count = len(compared[scaling.BY_SIZE[0].name])
    for axes, way in zip(figure.subplots(1, 2), ("encode", "decode"), strict=True):
        points = []
        for codec, rows in compared.items():
            speed = mean_ratio([row.mb(getattr(row, way)) for row in rows])
            points.append((speed, mean_ratio([row.ratio for row in rows]), codec))
        axes.set_xscale("log")
        for speed, ratio, codec in points:
            axes.scatter(speed, ratio, color=colour(codec), s=36, zorder=3)
        _label(axes, points)
        axes.set(xlabel=f"{way}, MB/s", title=way.capitalize())
        axes.xaxis.set_major_formatter(PLAIN)
    figure.axes[0].set_ylabel("ratio of raw to stored bytes")
    figure.suptitle(
        f"Geometric means over the {count} arrays that all of these take; up and right is better", fontsize=11
    )
    return figure


def _label(axes: Axes, points: list[tuple[float, float, str]]) -> None:
    """Write names beside points, one below the other where they would overlap."""
    low, high = min(p[1] for p in points), max(p[1] for p in points)
    step = max(high - low, 0.1) / 16
    slowest, fastest = min(p[0] for p in points), max(p[0] for p in points)
    axes.set_xlim(slowest / 1.6, fastest * 30)
    axes.set_ylim(low - 2 * step, high + 4 * step)
    places: list[float] = []
    for speed, ratio, codec in sorted(points, key=lambda point: point[1]):
        places.append(max(ratio, places[-1] + step) if places else ratio)
        axes.annotate(
            codec,
            (speed, ratio),
            xytext=(fastest * 1.5, places[-1]),
            va="center",
            fontsize=8,
            color=colour(codec),
            arrowprops={"arrowstyle": "-", "color": "#c4c4c4", "lw": 0.6, "shrinkB": 4},
        )


def beside_wheel(results: Results) -> Figure:
    """Draw the speed of Numba's twin on each array in multiples of the wheel's."""
    found = sorted(results.core, key=lambda row: row.against_wheel("decode"))
    figure = Figure((8, 1.6 + 0.22 * len(found)), layout="constrained")
    axes = figure.subplots()
    for way, marker, paint in (("decode", "o", OURS), ("encode", "D", RUST)):
        axes.scatter(
            [row.against_wheel(way) for row in found],
            range(len(found)),
            marker=marker,
            color=paint,
            s=30,
            zorder=3,
            label=f"{way}, geometric mean {mean_ratio([row.against_wheel(way) for row in found]):.2f}",
        )
    axes.axvline(1, color="#404040", lw=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(PLAIN)
    axes.xaxis.set_minor_formatter(PLAIN)
    axes.tick_params(axis="x", which="both", labelsize=8)
    axes.set_yticks(range(len(found)), [row.array for row in found], fontsize=8)
    axes.set_ylim(-0.8, len(found) - 0.2)
    axes.set(xlabel="times the wheel's speed (right of 1: faster)", title="Numba beside the wheel, one thread")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def sizes(results: Results) -> Figure:
    """Draw speeds by the numbers of a chunk."""
    figure = Figure((10, 4.2), layout="constrained")
    numbers = [found.numbers for found in results.sizes]
    for axes, way in zip(figure.subplots(1, 2, sharey=True), ("encode", "decode"), strict=True):
        for codec, style in zip(scaling.BY_SIZE, ("o-", "s-", "D-", "^--"), strict=True):
            speeds = [found.raw / 1e6 / getattr(found, way)[codec.name] for found in results.sizes]
            axes.loglog(numbers, speeds, style, color=colour(codec.name), label=codec.name, ms=5)
        axes.set(xlabel="numbers of a chunk", title=way.capitalize())
        axes.xaxis.set_major_formatter(PLAIN)
        axes.yaxis.set_major_formatter(PLAIN)
    figure.axes[0].set_ylabel("MB/s")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return figure
