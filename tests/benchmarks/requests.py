"""Requests and bytes that reads of one Zarr chunk, or one shard, take from a store, with this codec and with others.

`python tests/benchmarks/requests.py` measures, prints the table and writes it into `docs/how-to/partial-reads.md`. No
time is measured: with the same releases of the packages, the same comes out everywhere.
"""

import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# This folder comes last, or this very file would pass for the package of its name.
sys.path.sort(key=lambda entry: Path(entry).resolve() == Path(__file__).resolve().parent)

import zarr
import zarr.codecs.numcodecs
from counting_store import CountingStore

from pcodec_numcodecs.codecs.zarr3 import PcoSerializer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "partial-reads.md"
BEGIN, END = "<!-- requests:begin -->\n", "<!-- requests:end -->"
SHAPE = (1000, 1000)
PLACES = 4


def numbers() -> np.ndarray:
    """Make hills with noise on them, by whole numbers alone, so that they are the same everywhere."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    hills = (x * (999 - x) // 31 + y * (999 - y) // 17) // 8
    random = np.random.PCG64(0).random_raw(hills.size).view(np.uint8).reshape(*SHAPE, 8)
    return (hills + random.sum(axis=-1, dtype=np.int64)).astype(np.int32)


def _wheel() -> Any:
    with warnings.catch_warnings():
        # Zarr before 3.3 says so of all codecs of numcodecs.
        warnings.filterwarnings("ignore", "Numcodecs codecs are not in the Zarr version 3 specification")
        return zarr.codecs.numcodecs.PCodec()


WHOLE = {"chunks": SHAPE}
SHARDS = {"chunks": (100, 1000), "shards": SHAPE}
# Since its release 3.3, Zarr asks for neighbours in a shard with one request.
JOINS_IN_SHARDS = tuple(map(int, zarr.__version__.split(".")[:2])) >= (3, 3)
LAYOUTS: dict[str, Callable[[], dict[str, Any]]] = {
    "this codec": lambda: WHOLE | {"serializer": PcoSerializer(), "compressors": None},
    "`numcodecs.pcodec`": lambda: WHOLE | {"serializer": _wheel(), "compressors": None},
    "Zstd": lambda: WHOLE,
    "Zstd in shards": lambda: SHARDS,
    "this codec in shards": lambda: SHARDS | {"serializer": PcoSerializer(), "compressors": None},
}
READS: dict[str, Callable[[Any, np.ndarray, np.ndarray], Any]] = {
    "one cell": lambda z, y, x: z[y[0], x[0]],
    "100 × 100 window": lambda z, y, x: z[y[1] : y[1] + 100, x[1] : x[1] + 100],
    "row": lambda z, y, x: z[y[0]],
    "column": lambda z, y, x: z[:, x[0]],
    "5 scattered cells": lambda z, y, x: z.vindex[y, x],
    "all": lambda z, y, x: z[:],
}


class Cost(NamedTuple):
    """The most requests, and the most bytes, that a read took at any of the places."""

    gets: int
    n_bytes: int

    def __str__(self) -> str:
        return f"{self.gets} GET{'s' * (self.gets > 1)}, {self.n_bytes / 1000:,.0f} kB"


def store_of(layout: str) -> CountingStore:
    store = CountingStore()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Numcodecs codecs are not in the Zarr version 3 specification")
        zarr.create_array(store, data=numbers(), **LAYOUTS[layout]())
    return store


def measure(layout: str) -> dict[str, Cost]:
    """Return the cost of each kind of read, checking what is read."""
    given = numbers()
    store = store_of(layout)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Numcodecs codecs are not in the Zarr version 3 specification")
        array = zarr.open_array(store, mode="r")
    costs = {}
    for name, read in READS.items():
        gets, sizes = [], []
        for place in range(1 if name == "all" else PLACES):
            y, x = np.random.PCG64(place).random_raw(10).astype(np.int64).reshape(2, 5) % 900
            with store.watch() as seen:
                found = read(array, y, x)
            expected = given[y, x] if "scattered" in name else read(given, y, x)
            assert np.asarray(found).tobytes() == expected.tobytes()
            gets.append(len(seen))
            sizes.append(sum(get.n_bytes for get in seen))
        costs[name] = Cost(max(gets), max(sizes))
    return costs


def table(measured: dict[str, dict[str, Cost]]) -> str:
    """Return the table in Markdown."""
    lines = ["| read | " + " | ".join(measured) + " |", "|---" * (len(measured) + 1) + "|"]
    lines += [f"| {read} | " + " | ".join(str(costs[read]) for costs in measured.values()) + " |" for read in READS]
    return "\n".join(lines) + "\n"


def rows(page: str) -> list[list[str]]:
    """Return the cells of the table that stands in the page."""
    lines = page.partition(BEGIN)[2].partition(END)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def measure_all() -> dict[str, dict[str, Cost]]:
    with zarr.config.set({"codec_pipeline.path": "zarr.core.codec_pipeline.BatchedCodecPipeline"}):
        return {layout: measure(layout) for layout in LAYOUTS}


def main() -> None:
    found = table(measure_all())
    print(f"zarr {zarr.__version__}\n{found}", end="")
    if not JOINS_IN_SHARDS:
        sys.exit(f"{PAGE.name} holds what Zarr 3.3 or newer finds, and is left as it is")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"(?<={BEGIN}).*?(?={END})", lambda _: found, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
