"""All that one run measures, section by section."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import real_arrays

from . import chunks, core, memory, scaling, start_up, through_zarr
from .arrays import LEAST

SMALL = ("ne_f64", "toa_fill_f32")


class Results(NamedTuple):
    """What each section found."""

    chunks: list[chunks.Found]
    core: list[core.Found]
    normal: core.Found
    standalone: core.Found
    files: list[core.Found]
    zarr: list[through_zarr.Found]
    sizes: list[scaling.Sized]
    two_chunks: list[scaling.Threaded]
    one_chunk: list[scaling.Threaded]
    memory: list[memory.Found]
    start_up: tuple[start_up.Taken, start_up.Warm] | None
    missing: list[str]


class Plan(NamedTuple):
    """How much to measure.

    Attributes
    ----------
    names
        Names of real arrays.
    pace
        Factor of the seconds that are spent on each task.
    sizes
        Numbers of a chunk.
    numbers
        Numbers of the arrays of other sections.
    start_up
        Whether to compile everything in an empty folder, which takes longest.
    """

    names: Sequence[str] = real_arrays.NAMES
    pace: float = 1.0
    sizes: Sequence[int] = scaling.SIZES
    numbers: int = LEAST
    zarr_shape: tuple[int, int] = through_zarr.SHAPE
    zarr_arrays: Sequence[str] = through_zarr.ARRAYS
    memory_arrays: Sequence[str] = memory.ARRAYS
    memory_codecs: Sequence[str] = memory.CODECS
    start_up: bool = True


QUICK = Plan(
    SMALL, 0.0, (1_000, 10_000), 10_000, (400, 100), SMALL[:1], memory.ARRAYS[:1], memory.CODECS[1:2], start_up=False
)


def measure(plan: Plan, tell: Callable[[str], None]) -> Results:
    """Measure all sections, one after the other; within each, codecs take turns."""
    there = [name for name in plan.names if real_arrays.available(name) is None]
    missing = [reason for name in plan.names if (reason := real_arrays.available(name))]

    def each(what: str, names: Sequence[object], work: Callable[..., object]) -> list:
        found = []
        for name in names:
            tell(f"{what}: {name}")
            found.append(work(name))
        return found

    zarr_chunks = (plan.zarr_shape[0] // 4, plan.zarr_shape[1])
    zarr_arrays = [name for name in plan.zarr_arrays if real_arrays.available(name) is None]
    all_chunks = each("codecs", there, lambda name: chunks.measure(name, 4 * plan.pace))
    cores = each("core", there, lambda name: core.measure(name, 3 * plan.pace, plan.numbers))
    tell("normal float64, standalone files")
    normal = core.normal(6 * plan.pace, plan.numbers)
    standalone = core.standalone(8 * plan.pace, min(plan.numbers, 2 * core.FILE_CHUNK))
    return Results(
        chunks=[row for rows in all_chunks for row in rows],
        core=cores,
        normal=normal,
        standalone=standalone,
        files=each("files", there, lambda name: core.files(name, 2 * plan.pace, plan.numbers)),
        zarr=each("zarr", zarr_arrays, lambda n: through_zarr.measure(n, 16 * plan.pace, plan.zarr_shape, zarr_chunks)),
        sizes=each("numbers of a chunk", plan.sizes, lambda n: scaling.by_size(n, 6 * plan.pace)),
        two_chunks=each("threads", ["two chunks"], lambda _: scaling.two_chunks(36 * plan.pace, plan.numbers))[0],
        one_chunk=each("threads", ["one chunk"], lambda _: scaling.one_chunk(12 * plan.pace, 4 * plan.numbers))[0],
        memory=[
            row
            for rows in each(
                "memory",
                plan.memory_arrays,
                lambda name: [memory.measure(name, codec, plan.numbers) for codec in plan.memory_codecs],
            )
            for row in rows
        ],
        start_up=each("start", ["in an empty folder"], lambda _: _start_up())[0] if plan.start_up else None,
        missing=missing,
    )


def _start_up() -> tuple[start_up.Taken, start_up.Warm]:
    with tempfile.TemporaryDirectory() as folder:
        return start_up.cold(Path(folder)), start_up.warm(Path(folder), NUMBA_CACHE_DIR=folder)
