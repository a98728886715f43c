"""What the package aims at, beside what a run found."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from . import core, scaling, through_zarr
from .contestants import NUMBA_WRAPPED, WHEEL
from .results import Results
from .tables import figure, table
from .timing import mean_ratio


class Aim(NamedTuple):
    """One figure that is to be no less, or no more, than a limit."""

    what: str
    least: float | None
    most: float | None
    found: float

    @property
    def met(self) -> bool:
        return (self.least is None or self.found >= self.least) and (self.most is None or self.found <= self.most)


def aims(results: Results) -> Iterator[Aim]:
    """Compare a run with the aims."""
    for way, mean, worst in (("decode", 1.0, 0.7), ("encode", 1.5, 0.8)):
        ratios = [found.against_wheel(way) for found in results.core]
        yield Aim(f"{way}, Numba, in multiples of the wheel's speed: geometric mean", mean, None, mean_ratio(ratios))
        yield Aim(f"{way}, Numba, in multiples of the wheel's speed: least of any array", worst, None, min(ratios))
    for way, limit in (("decode", 180), ("encode", 60)):
        found = results.normal.mb(way, core.NUMPY)
        yield Aim(f"{way}, NumPy, normal float64, 4,096 a page, MB/s", limit, None, found)
    for way, limit in (("decode", 1.0), ("encode", 1.5)):
        found = mean_ratio([found.against_wheel(way) for found in results.files])
        yield Aim(f"{way}, Numba, .pco files, in multiples of the wheel's speed: geometric mean", limit, None, found)
    yield Aim("decode, NumPy, .pco files, MB/s", 3, None, results.standalone.mb("decode", core.NUMPY))
    for manner, way in product(through_zarr.MANNERS, ("write", "read")):
        for codec in (through_zarr.OURS, through_zarr.LIKE_PEER):
            ratios = [found.against_peer(way, manner, codec) for found in results.zarr]
            what = f"Zarr, {way}, {manner}, {codec}, in multiples of the speed with {through_zarr.PEER}: geometric mean"
            yield Aim(what, 1.0, None, mean_ratio(ratios))
    for way in ("encode", "decode"):
        ours, wheels = (_scaling(results.two_chunks, way, name) for name in (NUMBA_WRAPPED.name, WHEEL.name))
        yield Aim(f"{way}, two chunks on two threads, Numba's gain over the wheel's", 0.9, None, ours / wheels)
    if results.start_up is not None:
        cold, warm = results.start_up
        yield Aim("cold compilation of all that float64 needs, s", None, 20, cold.wall)
        above = warm.above_imports.wall
        yield Aim("first decoded chunk of a new process above `import numba, zarr`, s", None, 0.7, above)
    wide = [row for row in results.memory if row.codec == NUMBA_WRAPPED.name and not row.array.endswith("16")]
    for way, limit in (("decode", 1.5), ("encode", 6)):
        most = max(getattr(row, way) for row in wide)
        yield Aim(f"{way}, Numba, peak memory in multiples of the array, 32 and 64 bits: most", None, limit, most)


def _scaling(rows: list[scaling.Threaded], way: str, codec: str) -> float:
    (row,) = [row for row in rows if (row.what, row.codec) == (way, codec)]
    return row.scaling


def report(results: Results) -> str:
    """Return the aims as a table in Markdown."""
    rows = []
    for aim in aims(results):
        limit = f"≥ {aim.least:g}" if aim.least is not None else f"≤ {aim.most:g}"
        rows.append([aim.what, limit, figure(aim.found), "yes" if aim.met else "**no**"])
    return table(["", "aim", "found", "met"], rows)
