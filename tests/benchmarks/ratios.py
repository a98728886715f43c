"""Ratios of frames beside one-dimensional Pco and other codecs, the regret of the choice, and speeds of frames.

`python tests/benchmarks/ratios.py --write docs/ratios.md` puts tables into the page; otherwise they are printed.
`--arrays camera_u8 ne_f64` measures some of the real arrays, `--regret` the regret as well, which takes minutes.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import imagecodecs
import numpy as np
import real_arrays
from benchmarks.page import BEGIN, END, machine
from benchmarks.sizes import wheel_size
from benchmarks.tables import figure, table
from benchmarks.timing import mean_ratio

from pcodec_numcodecs import frame
from pcodec_numcodecs.frame import FrameSettings, elements, writer
from pcodec_numcodecs.kernels import load
from pcodec_numcodecs.pipeline.choosing import Search
from pcodec_numcodecs.pipeline.plans import Candidate, Wish

LEVELS = (4, 8, 12)
ONE_PAGE = 1 << 24
CHUNK_CELLS = 100_000
SPEED_CELLS = 1_000_000
SPEED_CHUNKS = 8


def _shuffled(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def _volumes(array: np.ndarray, most: int) -> np.ndarray:
    """Return an array of few axes: leading ones are joined."""
    return array.reshape(-1, *array.shape[-most + 1 :]) if array.ndim > most else array


PEERS: dict[str, Callable[[np.ndarray], int | None]] = {
    "zstd 19": lambda a: len(imagecodecs.zstd_encode(a.tobytes(), level=19)),
    "shuffle, zstd 19": lambda a: len(imagecodecs.zstd_encode(_shuffled(a), level=19)),
    "blosc2 zstd 9": lambda a: len(
        imagecodecs.blosc2_encode(a.tobytes(), level=9, compressor="zstd", shuffle="shuffle", typesize=a.itemsize)
    ),
    "fpzip": lambda a: _fpzip(a) if a.dtype.kind == "f" and a.itemsize > 2 else None,
    "zfp reversible": lambda a: (
        len(imagecodecs.zfp_encode(_volumes(a, 4), mode="reversible"))
        if a.dtype.str[1:] in ("f4", "f8", "i4", "i8")
        else None
    ),
    "JPEG XL lossless": lambda a: _jpegxl(a) if a.dtype.str[1:] in ("u1", "u2") and a.ndim < 4 else None,
}


def _fpzip(array: np.ndarray) -> int:
    import fpzip

    return len(fpzip.compress(np.ascontiguousarray(_volumes(array, 4)), precision=0, order="C"))


def _jpegxl(array: np.ndarray) -> int:
    planes = array if array.ndim == 2 or array.shape[-1] <= 4 else array.reshape(-1, array.shape[-1])
    return len(imagecodecs.jpegxl_encode(np.ascontiguousarray(planes), lossless=True, effort=9))


@dataclass(frozen=True)
class Row:
    """Bytes of one array: of 1-D Pco in one page and in pages of 8,192, of frames by level, and of other codecs."""

    array: str
    raw: int
    axes: int
    one_page: int
    pages: int
    frames: dict[int, int]
    whole: int
    in_chunks: dict[int, int]
    pco_in_chunks: int
    peers: dict[str, int]
    pipeline: str

    @property
    def best_peer(self) -> tuple[str, int]:
        return min(self.peers.items(), key=lambda pair: pair[1])


def measure(name: str) -> Row:
    """Measure one array."""
    array = real_arrays.load(name).copy()  # writeable, as some codecs want it
    frames = {level: frame.write(array, level=level) for level in LEVELS}
    for written in frames.values():
        assert frame.read(written).tobytes() == array.tobytes()
    pieces = [np.ascontiguousarray(array[box]) for box in chunks(array.shape, CHUNK_CELLS)]
    found = frame.info(frames[8]).pipelines[0]
    return Row(
        name,
        array.nbytes,
        sum(size > 1 for size in array.shape),
        wheel_size(array.reshape(-1), 8, ONE_PAGE),
        wheel_size(array.reshape(-1), 8, 8192),
        {level: len(written) for level, written in frames.items()},
        len(frame.write(array, access="whole")),
        {level: sum(len(frame.write(piece, level=level)) for piece in pieces) for level in LEVELS[1:]},
        sum(wheel_size(piece.reshape(-1), 8, ONE_PAGE) for piece in pieces),
        {peer: size for peer, of in PEERS.items() if (size := of(array)) is not None},
        f"{found.split.partition('(')[0]}, {len(found.fills)} masked, {found.predictor}",
    )


def chunks(shape: tuple[int, ...], cells: int) -> Iterator[tuple[slice, ...]]:
    """Cut a shape into near-cubic chunks of about so many cells."""
    lengths = [1] * len(shape)
    left = sorted(range(len(shape)), key=lambda axis: shape[axis])
    while left:
        axis = left.pop(0)
        share = max(1, round(cells ** (1 / (len(left) + 1))))
        lengths[axis] = -(-shape[axis] // max(1, round(shape[axis] / min(share, shape[axis]))))
        cells = max(1, cells // lengths[axis])
    starts = (range(0, size, length) for size, length in zip(shape, lengths, strict=True))
    for corner in product(*starts):
        yield tuple(slice(start, start + length) for start, length in zip(corner, lengths, strict=True))


@dataclass(frozen=True)
class Regret:
    """How much larger the frame is than the smallest of all that were offered, in tiles of the same shape."""

    array: str
    offered: int
    chosen: int
    best: int

    @property
    def percent(self) -> float:
        return 100 * (self.chosen / self.best - 1)


def regret(name: str, level: int = 8) -> Regret:
    """Write an array in every way that was offered."""
    array = real_arrays.load(name)
    element = elements.element_of(array.dtype)
    latents = writer._latents(elements.parts_of(array)[0], element, load(SPEED_CELLS))
    written = frame.write(array, level=level)
    wish = Wish(level, "auto", "balanced", frame.info(written).tile)
    search = Search(latents, element.number_type, wish, load(SPEED_CELLS))
    offered = [
        *search.candidates(),
        *(Candidate(search._tile(trial, cost), trial, cost) for cost, trial in search.trials()),
    ]
    sizes = []
    for candidate in offered:
        plans = [candidate.plan(0)]
        layout = writer._blank(element, array.shape, plans, False)
        settings = FrameSettings(level)
        sizes.append(len(writer._write(layout, [latents], plans, settings, 1, load(SPEED_CELLS))))
    return Regret(name, len(offered), len(written), min(len(written), *sizes))


SPEEDS = ("level 4", "level 8", "level 8, small")


@dataclass(frozen=True)
class Speed:
    """Million values a second, for each of `SPEEDS`."""

    array: str
    encode: tuple[float, ...]
    decode: tuple[float, ...]


def speed(name: str, rounds: int = 3) -> Speed:
    """Measure frames of at least a million cells, smaller arrays repeated along the first axis; and of small chunks."""
    array = real_arrays.load(name)
    pieces = [np.ascontiguousarray(array[box]) for box in chunks(array.shape, CHUNK_CELLS)]
    repeated = np.concatenate([array] * -(-SPEED_CELLS // array.size))
    some = pieces[:: -(-len(pieces) // SPEED_CHUNKS)]
    found = [_speed(parts, level, rounds) for parts, level in (([repeated], 4), ([repeated], 8), (some, 8))]
    return Speed(name, *zip(*found, strict=True))


def _speed(arrays: Sequence[np.ndarray], level: int, rounds: int) -> tuple[float, float]:
    cells = sum(array.size for array in arrays) / 1e6
    frames = [frame.write(array, level=level) for array in arrays]
    outs = [frame.read(written) for written in frames]
    encode = _seconds(lambda: [frame.write(array, level=level) for array in arrays], rounds)
    decode = _seconds(lambda: [frame.read(w, out=out) for w, out in zip(frames, outs, strict=True)], 2 * rounds)
    return cells / encode, cells / decode


def _seconds(task: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        task()
        taken.append(time.perf_counter() - start)
    return median(taken)


def report(rows: Sequence[Row], regrets: Sequence[Regret], speeds: Sequence[Speed], command: str) -> str:
    """Return all tables in Markdown."""
    several = [row for row in rows if row.axes > 1]
    parts = [
        f"```console\n{command}\n```\n",
        machine(),
        "## Arrays of several axes, each as one chunk\n",
        _ratios(several),
    ]
    if flat := [row for row in rows if row.axes == 1]:
        parts += ["## Arrays of one axis\n", _ratios(flat)]
    parts += ["## In multiples of one-dimensional Pco\n", _means(several)]
    parts += [
        "## What was chosen at level 8\n",
        table(["array", "pipeline"], [[row.array, row.pipeline] for row in rows]),
    ]
    if regrets:
        parts += ["## Regret\n", _regrets(regrets)]
    if speeds:
        parts += ["## Speed of frames, million values a second\n", _speeds(speeds)]
    return "\n".join(parts)


def _ratios(rows: Sequence[Row]) -> str:
    header = ["array", "1-D Pco, one page", "8,192 a page", *(f"level {level}" for level in LEVELS), "whole", *PEERS]
    lines = []
    for row in rows:
        own = [row.one_page, row.pages, *row.frames.values(), row.whole]
        peers = [figure(row.raw / row.peers[peer]) if peer in row.peers else "–" for peer in PEERS]
        lines.append([row.array, *(figure(row.raw / size) for size in own), *peers])
    return table(header, lines)


def _means(rows: Sequence[Row]) -> str:
    halves = {"all": rows, "every other one": rows[::2], "the others": rows[1::2]}
    lines = []
    for what, some in halves.items():
        if not some:
            continue
        found = [
            *(mean_ratio([row.one_page / row.frames[level] for row in some]) for level in LEVELS),
            *(mean_ratio([row.pco_in_chunks / row.in_chunks[level] for row in some]) for level in LEVELS[1:]),
            mean_ratio([row.best_peer[1] / row.frames[8] for row in some]),
            min(row.pages / row.frames[8] for row in some),
            min(row.one_page / row.whole for row in some),
        ]
        lines.append([what, *(f"{value:.3f}" for value in found)])
    return table(
        [
            "arrays",
            *(f"level {level}" for level in LEVELS),
            *(f"chunks of about 100,000, level {level}" for level in LEVELS[1:]),
            "level 8 beside the best other codec",
            "least, beside 8,192 a page",
            "least of access whole, beside one page",
        ],
        lines,
    )


def _regrets(regrets: Sequence[Regret]) -> str:
    percents = sorted(found.percent for found in regrets)
    lines = [[found.array, str(found.offered), f"{found.percent:.2f}"] for found in regrets]
    lines.append(["mean", "", f"{sum(percents) / len(percents):.2f}"])
    lines.append(["95th percentile", "", f"{float(np.percentile(percents, 95)):.2f}"])
    lines.append(["worst", "", f"{percents[-1]:.2f}"])
    return table(["array", "pipelines", "larger than the best, %"], lines)


def _speeds(speeds: Sequence[Speed]) -> str:
    header = ["array", *(f"{way}, {what}" for way in ("encode", "decode") for what in SPEEDS)]
    lines = [[found.array, *map(figure, (*found.encode, *found.decode))] for found in speeds]
    means = [
        mean_ratio(list(of_all))
        for way in ("encode", "decode")
        for of_all in zip(*(getattr(f, way) for f in speeds), strict=True)
    ]
    return table(header, [*lines, ["geometric mean", *map(figure, means)]])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--arrays", nargs="+", choices=real_arrays.NAMES, metavar="NAME", help="some real arrays alone")
    parser.add_argument("--regret", action="store_true", help="the regret of the choice as well")
    parser.add_argument("--speed", action="store_true", help="speeds of frames as well")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    chosen = parser.parse_args(arguments)
    names = chosen.arrays or [name for name in real_arrays.NAMES if not real_arrays.available(name)]
    several = [name for name in names if sum(size > 1 for size in real_arrays.LISTED[name].shape) > 1]
    rows = [_told(measure, name) for name in names]
    regrets = [_told(regret, name) for name in several] if chosen.regret else []
    speeds = [_told(speed, name) for name in several] if chosen.speed else []
    command = " ".join(["python tests/benchmarks/ratios.py", *(sys.argv[1:] if arguments is None else arguments)])
    text = report(rows, regrets, speeds, command)
    if chosen.write:
        page = chosen.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        chosen.write.write_text(before + BEGIN + text + END + after, encoding="utf-8")
    else:
        print(text)


def _told(work, name):
    print(work.__name__, name, file=sys.stderr, flush=True)
    return work(name)


if __name__ == "__main__":
    main()
