"""What the generated pages say, at a glance: a picture and a table, both for the README and the landing page."""

import re
from pathlib import Path

from canvas import Canvas

DOCS = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- glance:begin -->\n", "<!-- glance:end -->"

# How the page of benchmarks, and that of partial reads, call what is shown, and what it is called here.
SHOWN = {
    "this, frame, Numba": ("this codec", "this codec"),
    "this, frame, NumPy": ("this codec, NumPy alone", "this codec"),
    "numcodecs.PCodec": ("numcodecs.pcodec", "`numcodecs.pcodec`"),
    "Blosc zstd, shuffle": ("Blosc (Zstd, shuffle)", None),
    "Blosc lz4, shuffle": ("Blosc (LZ4, shuffle)", None),
    "Zstd": ("Zstd, Zarr's default", "Zstd"),
    "ZFP, reversible": ("ZFP, reversible", None),
}
DRAWN = ("this, frame, Numba", "numcodecs.PCodec", "Blosc zstd, shuffle", "Zstd")
WINDOW = "100 × 100 window"


def rows_below(page: str, header: str) -> list[list[str]]:
    """Return the cells of the table whose header begins so, its header first."""
    text = (DOCS / page).read_text(encoding="utf-8")
    lines = text[text.index(f"\n| {header}") + 1 :].partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [cells[0], *cells[2:]]


def codecs() -> dict[str, dict[str, str]]:
    """Return the means of each codec, over the same arrays, from the page of benchmarks."""
    header, *rows = rows_below("benchmarks.md", "codec | arrays |")
    found = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    shown = {name: found[name] for name in SHOWN}
    if len({row["arrays"] for row in shown.values()}) != 1:
        raise ValueError("the codecs that are shown must have been measured on the same arrays")
    return shown


def windows() -> dict[str, str]:
    """Return requests and bytes of a window, by the layout of the chunk."""
    header, *rows = rows_below("how-to/partial-reads.md", "read |")
    return dict(zip(header, next(row for row in rows if row[0] == WINDOW), strict=True))


def machine() -> list[str]:
    """Return the lines of the page of benchmarks that tell of the machine and the packages."""
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    return re.findall(r"^\* (.+, \d+ cores; .+|CPython .+)$", text, re.MULTILINE)


def table() -> str:
    """Return the table with all codecs, and what it was measured on, in Markdown."""
    window = windows()
    lines = ["| codec | ratio | write, MB/s | read, MB/s | read a window of a chunk |", "|---|--:|--:|--:|--:|"]
    for name, row in codecs().items():
        called, layout = SHOWN[name]
        fetched = window[layout] if layout else "all of it"
        cells = [called, row["ratio"], row["encode MB/s"], row["decode MB/s"], fetched]
        lines.append("| " + " | ".join(f"**{cell}**" if name == DRAWN[0] else cell for cell in cells) + " |")
    arrays = codecs()[DRAWN[0]]["arrays"]
    hardware, packages = machine()
    wanted = ("CPython", "numpy", "numba", "numcodecs", "zarr")
    releases = ", ".join(part for part in re.split("[,;] ", packages) if part.startswith(wanted))
    lines += [
        "",
        f"Geometric means over {arrays} arrays, one thread, on {hardware};",
        f"{releases}. The window has 100 × 100 of the 1000 × 1000 numbers of a chunk;",
        "told are the requests to the store, and their bytes.",
    ]
    return "\n".join(lines) + "\n"


def number(cell: str) -> float:
    """Return the figure of a cell."""
    return float(cell.replace(",", ""))


def draw() -> Canvas:
    """Draw ratio, bytes of a window and speeds as bars."""
    found, window = codecs(), windows()
    fetched = {
        name: window[SHOWN[name][1]].partition(", ")[2].removesuffix(" kB") if SHOWN[name][1] else None
        for name in DRAWN
    }
    groups = [
        ("How many times smaller", "longer is better", {name: found[name]["ratio"] for name in DRAWN}, "×"),
        ("To read a window, fetch", "shorter is better", fetched, " kB"),
        ("Read, MB/s", "longer is better", {name: found[name]["decode MB/s"] for name in DRAWN}, ""),
        ("Write, MB/s", "longer is better", {name: found[name]["encode MB/s"] for name in DRAWN}, ""),
    ]
    canvas = Canvas(760, 372, "Ratio, bytes of a partial read, and speed of this codec and three others")
    for place, (heading, hint, values, unit) in enumerate(groups):
        left, top = 20 + 376 * (place % 2), 28 + 182 * (place // 2)
        _bars(canvas, left, top, heading, hint, values, unit)
    return canvas


def _bars(
    canvas: Canvas, left: float, top: float, heading: str, hint: str, values: dict[str, str | None], unit: str
) -> None:
    canvas.text(left, top, heading, size=16, bold=True)
    canvas.text(left + 340, top, hint, size=13, fill="soft", at="end")
    most = max(number(value) for value in values.values() if value)
    for place, (name, value) in enumerate(values.items()):
        y = top + 16 + 33 * place
        ours = name == DRAWN[0]
        canvas.text(left, y + 19, SHOWN[name][0].partition(" (")[0].partition(",")[0], size=14, bold=ours)
        if value is None:
            canvas.text(left + 140, y + 19, "reads whole chunks", size=13, fill="soft")
            continue
        width = max(2.0, round(140 * number(value) / most, 1))
        canvas.rect(left + 140, y + 3, width, 22, "orange" if ours else "grey")
        canvas.text(left + 140 + width + 7, y + 19, f"{value}{unit}", size=14, bold=ours)


def put(page: Path) -> str:
    """Return the text of a page with the table between its markers."""
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page} must have one line {BEGIN.strip()} and one {END}")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]
