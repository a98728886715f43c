"""Figures as tables in Markdown."""

import math
from collections.abc import Iterable, Sequence

from . import chunks, core, scaling, through_zarr
from .contestants import WHEEL_ONE_PAGE
from .results import Results
from .timing import mean_ratio

SPEEDS = ("encode", "decode")
_SHORT = {core.NUMBA: "Numba", core.NUMPY: "NumPy", core.RUST: "wheel", WHEEL_ONE_PAGE.name: "wheel, one page"}
MOST = 0.7
"""Part of the arrays: a codec that takes fewer would leave too few to compare the others on."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column is text and whose others are numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def figure(value: float) -> str:
    """Return three digits or the whole part; a dash for NaN."""
    if math.isnan(value):
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def codec_names(rows: Iterable[chunks.Found]) -> list[str]:
    return list(dict.fromkeys(row.codec for row in rows))


def taken(rows: Sequence[chunks.Found]) -> dict[str, list[chunks.Found]]:
    """Return each codec's rows of the arrays that it takes."""
    by_codec: dict[str, list[chunks.Found]] = {name: [] for name in codec_names(rows)}
    for row in rows:
        if not row.reason:
            by_codec[row.codec].append(row)
    return by_codec


def comparable(rows: Sequence[chunks.Found]) -> dict[str, list[chunks.Found]]:
    """Return the same of codecs that take most arrays, and of the arrays that all of those take."""
    by_codec = taken(rows)
    usual = {codec: found for codec, found in by_codec.items() if len(found) >= MOST * max(map(len, by_codec.values()))}
    common = set.intersection(*({row.array for row in found} for found in usual.values()))
    return {codec: [row for row in found if row.array in common] for codec, found in usual.items()}


def summary(results: Results) -> str:
    """Return geometric means over the arrays that most codecs take, or for others, over those that they take."""
    rows = []
    for codec, found in (taken(results.chunks) | comparable(results.chunks)).items():
        if not found:
            rows.append([codec, "0", *["–"] * 7])
            continue
        cells = [codec, str(len(found)), figure(mean_ratio([row.ratio for row in found]))]
        for way in SPEEDS:
            cells.append(figure(mean_ratio([row.mb(getattr(row, way)) for row in found])))
            cells.append(figure(mean_ratio([row.millions(getattr(row, way)) for row in found])))
        cells += [figure(1000 * mean_ratio([getattr(row, part) for row in found])) for part in ("window", "point")]
        rows.append(cells)
    header = ["codec", "arrays", "ratio", "encode MB/s", "M values/s", "decode MB/s", "M values/s"]
    return table([*header, "window ms", "point ms"], rows)


def per_array(results: Results, what: str) -> str:
    """Return one figure of each codec for each array: ``"ratio"``, a way in MB/s, or a part in milliseconds."""
    names = codec_names(results.chunks)
    by_array: dict[str, dict[str, chunks.Found]] = {}
    for row in results.chunks:
        by_array.setdefault(row.array, {})[row.codec] = row

    def cell(row: chunks.Found) -> str:
        value = getattr(row, what)
        if what in SPEEDS:
            return figure(row.mb(value))
        return figure(value if what == "ratio" else 1000 * value)

    return table(["array", *names], [[array, *(cell(row[name]) for name in names)] for array, row in by_array.items()])


def reasons(results: Results) -> str:
    """Return why codecs were left out, each reason once."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in results.chunks:
        if row.reason:
            found.setdefault((row.codec, row.reason), []).append(row.array)
    lines = [f"* {codec}, {len(names)} arrays: {reason}" for (codec, reason), names in found.items()]
    lines += [f"* not measured: {reason}" for reason in results.missing]
    return "\n".join(lines) + "\n" if lines else ""


def beside_wheel(found: Sequence[core.Found]) -> str:
    """Return speeds in MB/s of the core, or of whole files, and in multiples of the wheel's."""
    ways = list(found[0].stored)
    header = ["array"]
    for speed in SPEEDS:
        header += [f"{speed} {_SHORT[ways[0]]}", *(_SHORT[way] for way in ways[1:]), "Numba / wheel"]
    rows = []
    for row in found:
        cells = [row.array]
        for speed in SPEEDS:
            cells += [figure(row.mb(speed, way)) for way in ways]
            cells.append(figure(row.against_wheel(speed)))
        rows.append([*cells, figure(row.stored[core.NUMBA] / row.stored[core.RUST])])
    means = ["**geometric mean**"]
    for speed in SPEEDS:
        means += [figure(mean_ratio([row.mb(speed, way) for row in found])) for way in ways]
        means.append(f"**{figure(mean_ratio([row.against_wheel(speed) for row in found]))}**")
    sizes = [row.stored[core.NUMBA] / row.stored[core.RUST] for row in found]
    return table([*header, "bytes / wheel's"], [*rows, [*means, f"**{figure(mean_ratio(sizes))}**"]])


def special(results: Results) -> str:
    """Return speeds of normal numbers and of whole files."""
    rows = []
    for label, found in (
        ("normal float64, 4,096 a page, Classic", results.normal),
        (".pco file, chunks of 2^18 float64 with two decimals", results.standalone),
    ):
        for way in SPEEDS:
            speeds = [figure(found.mb(way, name)) for name in (core.NUMBA, core.NUMPY, core.RUST)]
            rows.append([f"{label}, {way}", *speeds, figure(found.against_wheel(way))])
    return table(["MB/s", "Numba", "NumPy", "wheel", "Numba / wheel"], rows)


def zarr(results: Results, manner: str) -> str:
    """Return speeds through Zarr in MB/s, and in multiples of those with `numcodecs.pcodec`."""
    rows = []
    for found in results.zarr:
        for codec, stored in found.stored.items():
            cells = [found.array, codec, figure(found.raw / stored)]
            for way in ("write", "read"):
                cells.append(figure(found.raw / 1e6 / getattr(found, way)[manner][codec]))
                cells.append(figure(found.against_peer(way, manner, codec)))
            rows.append(cells)
    peer = f"/ {through_zarr.PEER}"
    return table(["array", "codec", "ratio", "write MB/s", peer, "read MB/s", peer], rows)


def sizes(results: Results) -> str:
    """Return speeds by the numbers of a chunk."""
    header = ["numbers", *(f"{way} {codec.name}" for way in SPEEDS for codec in scaling.BY_SIZE)]
    rows = []
    for found in results.sizes:
        times = [getattr(found, way)[codec.name] for way in SPEEDS for codec in scaling.BY_SIZE]
        rows.append([f"{found.numbers:,}", *(figure(found.raw / 1e6 / seconds) for seconds in times)])
    return table(header, rows)


def threads(found: Sequence[scaling.Threaded]) -> str:
    """Return milliseconds of one thread and of two, and how many times as fast two are."""
    rows = [
        [f"{row.what}, {row.codec}", figure(1000 * row.one), figure(1000 * row.two), figure(row.scaling)]
        for row in found
    ]
    return table(["", "one thread ms", "two threads ms", "times as fast"], rows)


def memory(results: Results) -> str:
    """Return peak memory in multiples of the array."""
    rows = [[f"{row.array}, {row.codec}", *(figure(value) for value in row[2:])] for row in results.memory]
    return table(["", "encode", "decode", "encode, process", "decode, process"], rows)


def start(results: Results) -> str:
    """Return what processes wait for."""
    if results.start_up is None:
        return "Not measured in this run.\n"
    cold, warm = results.start_up
    rows = [
        ["nothing is compiled yet: float64 written and read", figure(cold.wall)],
        ["all is compiled: the first decoded chunk", figure(warm.first_chunk.wall)],
        ["`import numba, zarr` alone", figure(warm.imports.wall)],
        ["the first decoded chunk, above that", figure(warm.above_imports.wall)],
    ]
    return table(["a new process", "s"], rows)
