"""The page of benchmarks: tables and plots between its markers; what is around them is written by hand."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Callable
from pathlib import Path

from . import aims, plots, tables, through_zarr
from .results import Results

BEGIN, END = "<!-- benchmarks:begin -->\n", "<!-- benchmarks:end -->"
PACKAGES = (
    *("pcodec-numcodecs", "numpy", "numba", "llvmlite", "pcodec", "numcodecs", "zarr", "google-crc32c"),
    *("imagecodecs", "fpzip"),
)


def machine() -> str:
    """Tell what the figures depend on."""
    lines = [
        f"* {processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}, {platform.machine()}",
        f"* {platform.python_implementation()} {platform.python_version()}; {', '.join(map(version, PACKAGES))}",
    ]
    return "\n".join(lines) + "\n"


def processor() -> str:
    """Return the name of the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)):
        return found[1].strip()
    return platform.processor() or "unknown processor"


def version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed"


def render(results: Results, command: str, pictures: dict[str, str]) -> str:
    """Return what stands between the markers.

    Parameters
    ----------
    pictures
        Link of each plot.
    """

    def picture(name: str, text: str) -> str:
        return f"![{text}]({pictures[name]})\n" if name in pictures else ""

    parts = [
        f"```console\n{command}\n```\n",
        machine(),
        "## Aims\n",
        aims.report(results),
        "## Codecs\n",
        picture("codecs", "Ratio of each codec against its speed, encoding and decoding"),
        "Geometric means; only those over the same count of arrays can be compared:\n",
        tables.summary(results),
        *(
            part
            for what, heading in (
                ("ratio", "Ratio of raw to stored bytes"),
                ("encode", "Encode, MB/s"),
                ("decode", "Decode, MB/s"),
                ("window", "Read a window of about 8,192 cells, ms"),
                ("point", "Read one cell, ms"),
            )
            for part in (f"### {heading}\n", tables.per_array(results, what))
        ),
        "### Left out\n",
        tables.reasons(results) or "Nothing.\n",
        "## The core beside the wheel\n",
        picture("wheel", "Speed on each array in multiples of the wheel's"),
        tables.beside_wheel(results.core),
        "`.pco` files, chunks of 2^18 numbers, by `simple_compress` and `simple_decompress`:\n",
        tables.beside_wheel(results.files),
        "Other data:\n",
        tables.special(results),
        "## Through Zarr\n",
        "One chunk at a time, which is the work of one thread:\n",
        tables.zarr(results, through_zarr.ONE),
        "As Zarr does by default, chunks in several threads:\n",
        tables.zarr(results, through_zarr.SEVERAL),
        "## Numbers of a chunk\n",
        picture("sizes", "Speed by the numbers of a chunk, encoding and decoding"),
        "MB/s:\n",
        tables.sizes(results),
        "## Threads\n",
        "Two chunks, on one thread and on two:\n",
        tables.threads(results.two_chunks),
        "One frame with `threads=1` and `threads=2`:\n",
        tables.threads(results.one_chunk),
        "## Peak memory\n",
        "In multiples of the array, beyond what was there before the call:\n",
        tables.memory(results),
        "## Start\n",
        tables.start(results),
    ]
    return "\n".join(part for part in parts if part)


def put(page: Path, content: Callable[[], str], begin: str = BEGIN, end: str = END) -> None:
    """Put what is made between the markers of a page, which are looked for before it is made."""
    text = page.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"{page} must have one line {begin.strip()} and one {end}")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(before + begin + content() + end + after, encoding="utf-8")


def write(page: Path, results: Results, command: str) -> None:
    """Draw the plots and put all between the markers of the page."""

    def content() -> str:
        drawn = plots.draw(results, page.parent / page.stem)
        pictures = {name: file.relative_to(page.parent).as_posix() for name, file in drawn.items()}
        return render(results, command, pictures)

    put(page, content)
