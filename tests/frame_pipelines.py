"""Frames with any pipeline, whether or not a writer would choose it; and a table with one of each feature."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from twins import numpy_

from pcodec_numcodecs.frame import encoding, writer
from pcodec_numcodecs.frame.elements import element_of, parts_of
from pcodec_numcodecs.frame.settings import FrameSettings
from pcodec_numcodecs.metadata import Classic, FloatMult, FloatQuant, IntMult
from pcodec_numcodecs.pipeline.affine import Affine
from pcodec_numcodecs.pipeline.plans import Plan
from pcodec_numcodecs.pipeline.splitting import Listed
from pcodec_numcodecs.pipeline.stencils import channel, stencil
from pcodec_numcodecs.pipeline.steps import (
    FLOAT_WEIGHTS,
    LORENZO,
    MED,
    PLAIN,
    WEIGHTS,
    Pipeline,
    Predictor,
    Rank,
)

RANKED = Rank(1, 1)
"""What an encoder puts its own count and block in place of."""


class Forced(NamedTuple):
    """An array, and how it is to be written.

    Attributes
    ----------
    pipelines
        For each part of the elements, but for what depends on all cells.
    limit
        Bytes of a block of masks or distinct values.
    chunk_numbers
        Numbers of a Pco chunk, as if the format's limit were lower.
    """

    array: np.ndarray
    tile: tuple[int, ...]
    pipelines: tuple[Pipeline, ...]
    limit: int = 1 << 40
    chunk_numbers: int = 1 << 24

    def write(self, kernels: Any = numpy_, level: int = 2, threads: int = 1, fortran: bool = False) -> bytes:
        """Return the frame."""
        element = element_of(self.array.dtype)
        latents = [writer._latents(part, element, kernels) for part in parts_of(self.array)]
        plans = [
            Plan(self.tile, pipeline, _listed(cells) if isinstance(pipeline.split, Rank) else None)
            for pipeline, cells in zip(self.pipelines, latents, strict=True)
        ]
        with (
            mock.patch.object(encoding, "block_limit", return_value=self.limit),
            mock.patch.object(encoding.PartEncoder, "_best_sets", _any_sets),
            mock.patch.object(writer, "MAX_CHUNK_NUMBERS", self.chunk_numbers),
        ):
            layout = writer._blank(element, self.array.shape, plans, fortran)
            return writer._write(layout, latents, plans, FrameSettings(level), threads, kernels)


def _listed(cells: np.ndarray) -> Listed:
    values, places = np.unique(cells, return_inverse=True)
    return Listed(values, places.astype(np.uint16).reshape(cells.shape))


def _any_sets(encoder: encoding.PartEncoder, layout: Any, primary: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Take all sets of weights in turn, whether or not they suit."""
    pages = np.arange(layout.grid.pages)
    return (7 * pages % layout.pipelines[encoder.part].predictor.sets).astype(np.uint8)


def ordered(dtype: Any, *values: Any) -> tuple[int, ...]:
    """Return ordered latents of values."""
    element = element_of(np.dtype(dtype))
    return tuple(writer._latents(np.array(values, dtype).view(f"u{element.dtype.itemsize}"), element, numpy_).tolist())


def spread(shape: tuple[int, ...], seed: int, bits: int = 16) -> np.ndarray:
    """Return integers below two to the bits that look random, the same everywhere and for ever."""
    state = (np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(seed << 32)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)
    return (state >> np.uint64(64 - bits)).astype(np.int64).reshape(shape)


def hills(shape: tuple[int, ...], seed: int = 1, noise: int = 4) -> np.ndarray:
    """Return smooth integers with some noise."""
    total = spread(shape, seed, noise)
    for axis, size in enumerate(shape):
        place = np.arange(size).reshape(-1, *(1,) * (len(shape) - axis - 1))
        total = total + (axis + 1) * place * (size - place)
    return total


def weights(neighbours: int, shift: int, *, sets: int = 1, planes: int = 1, seed: int = 1) -> np.ndarray:
    """Return small weights that add up to two to the shift."""
    found = spread((sets, planes, neighbours), seed, 8) - 128
    found[..., -1] += (1 << shift) - found.sum(axis=2)
    return found


def weighted(
    kind: int, axes: Sequence[int], offsets: Sequence[Any], shift: int, *, used: int | None = None, **others: Any
) -> Predictor:
    """Return a predictor by weights."""
    count = len(axes) if used is None else used
    by_plane = bool(others.pop("by_plane", False))
    made = weights(len(offsets), shift, **others)
    return Predictor(kind, tuple(axes), count, 0, tuple(offsets), made, shift, by_plane)


def coast(shape: tuple[int, ...]) -> np.ndarray:
    """Return where there is land."""
    places = np.indices(shape)
    return (places[-1] * 3 + places[-2] * 2 + places[0]) % 17 < 5


def _masked(dtype: str, shape: tuple[int, ...], fills: Sequence[Any], seed: int = 2) -> np.ndarray:
    array = hills(shape, seed).astype(dtype)
    array[coast(shape)] = fills[0]
    for fill in fills[1:]:
        array[spread(shape, seed + 1, 4) == 0] = fill
    return array


def _strange(array: np.ndarray) -> np.ndarray:
    """Strew floats that are easily lost over an array."""
    bits = array.view(f"u{array.itemsize}").reshape(-1)
    info = np.finfo(array.dtype)
    infinity, top = (1 << info.nexp) - 1 << info.nmant, 1 << (info.bits - 1)
    strange = [infinity, infinity | top, infinity + 1, infinity | top | 5, top, 0, 1, top | 3, infinity - 1]
    for place, one in zip(range(11, bits.size, 13), strange * 9, strict=False):
        bits[place] = one
    return array


def _planes() -> Forced:
    array = np.add.outer(np.array([0, 40, 900, -7]), hills((17, 14), 3)).astype("<i2")
    predictor = weighted(WEIGHTS, (0, 1, 2), channel(4), 8, by_plane=True, planes=4)
    return Forced(array, (4, 8, 14), (Pipeline(predictor=predictor),))


def _sets() -> Forced:
    predictor = weighted(WEIGHTS, (0, 1), stencil("wide", 2), 10, sets=4)
    return Forced(hills((40, 33), 4).astype("<u4"), (9, 11), (Pipeline(predictor=predictor),))


def _complex() -> Forced:
    array = _strange(np.stack((hills((30, 16)) / 8, hills((30, 16), 9) * 0.1), -1).astype("<f4")).view("<c8")[..., 0]
    real = Pipeline(FloatQuant(9), ordered("<f4", np.inf), predictor=Predictor(MED, (1, 0), 2), thresholds=(3, 9))
    imaginary = Pipeline(FloatMult(ordered("<f4", 0.1)[0]), predictor=Predictor(LORENZO, (0, 1), 1))
    return Forced(array, (11, 16), (real, imaginary), chunk_numbers=200)


def _float(dtype: str, shape: tuple[int, ...], split: Any, predictor: Predictor, scale: float, **others: Any) -> Forced:
    array = (hills(shape, 5) * np.dtype(dtype).type(scale)).astype(dtype)
    tile = tuple(-(-size // 2) for size in shape)
    return Forced(_strange(array), tile, (Pipeline(split, predictor=predictor, **others),))


def _affine(dtype: str, narrow: bool) -> Forced:
    kind = np.dtype(dtype).type
    steps = hills((20, 30), 6)
    array = steps.astype(kind) * kind(0.01) + kind(200) if narrow else (steps * 0.01 + 200.0).astype(kind)
    split = Affine(0.01, 200.0, narrow)
    return Forced(_strange(array), (20, 11), (Pipeline(split, predictor=Predictor(LORENZO, (0, 1), 2)),))


def _ranks(dtype: str, bits: int, **others: Any) -> Forced:
    values = np.sort(spread((1 << bits,), 7, 62)).astype(dtype)
    array = values[hills((31, 41), 8, 3) % values.size]
    return Forced(array, (8, 9), (Pipeline(RANKED, **others),), limit=600)


FEATURES: dict[str, Callable[[], Forced]] = {
    "IntMult": lambda: Forced(
        hills((25, 30)).astype("<i4") * 60 + spread((25, 30), 2, 2), (9, 30), (Pipeline(IntMult(60)),)
    ),
    "IntMult, Lorenzo": lambda: Forced(
        hills((25, 30)).astype("|u1"), (9, 30), (Pipeline(IntMult(5), predictor=Predictor(LORENZO, (1, 0), 1)),)
    ),
    "FloatMult": lambda: _float("<f8", (20, 31), FloatMult(ordered("<f8", 0.01)[0]), Predictor(), 0.01),
    "FloatMult, weights": lambda: _float(
        "<f4",
        (20, 31),
        FloatMult(ordered("<f4", 0.01)[0]),
        weighted(WEIGHTS, (0, 1), stencil("full", 2), 7),
        0.01,
    ),
    "FloatMult of halves": lambda: _float(
        "<f2", (20, 31), FloatMult(ordered("<f2", -0.25)[0]), Predictor(LORENZO, (0, 1), 2), 0.25
    ),
    "FloatQuant": lambda: _float(">f8", (20, 31), FloatQuant(29), Predictor(), 1 / 3),
    "FloatQuant, Lorenzo": lambda: _float("<f4", (20, 31), FloatQuant(12), Predictor(LORENZO, (0, 1), 2), 0.5),
    "affine of doubles": lambda: _affine("<f4", False),
    "affine of floats": lambda: _affine("<f4", True),
    "affine of halves": lambda: _affine("<f2", True),
    "affine of float64": lambda: _affine("<f8", False),
    "ranks of 8 bits": lambda: _ranks("<i8", 7),
    "ranks of 16 bits, predicted": lambda: _ranks("<f8", 10, predictor=Predictor(LORENZO, (0, 1), 2)),
    "ranks, masked": lambda: Forced(
        _masked("<i4", (30, 31), [-9999]) * 1_000_003,
        (10, 12),
        (Pipeline(RANKED, ordered("<i4", np.array(-9999, "<i4") * 1_000_003), predictor=Predictor(MED, (0, 1), 2)),),
        limit=600,
    ),
    "one mask": lambda: Forced(
        _masked("<u2", (33, 40), [65535]), (7, 9), (Pipeline(fills=ordered("<u2", 65535)),), limit=150
    ),
    "two masks of boxes": lambda: Forced(
        _masked("<f4", (3, 5, 16, 17), [np.nan, -1e30]),
        (2, 3, 16, 17),
        (Pipeline(fills=ordered("<f4", np.nan, -1e30), predictor=Predictor(LORENZO, (3, 0, 1, 2), 3)),),
    ),
    "Lorenzo along 4 axes": lambda: Forced(
        hills((4, 5, 6, 7)).astype("<i8") << 40,
        (3, 5, 4, 7),
        (Pipeline(predictor=Predictor(LORENZO, (2, 0, 3, 1), 4)),),
    ),
    "MED along 3 of 4 axes": lambda: Forced(
        hills((4, 5, 6, 7)).astype(">u2"), (2, 5, 6, 7), (Pipeline(predictor=Predictor(MED, (3, 1, 0, 2), 3)),)
    ),
    "weights": lambda: Forced(
        hills((6, 12, 14)).astype("<i4"),
        (6, 7, 14),
        (Pipeline(predictor=weighted(WEIGHTS, (0, 1, 2), stencil("plus", 3), 12)),),
    ),
    "weights along one axis": lambda: Forced(
        hills((9, 60)).astype("|i1"),
        (9, 60),
        (Pipeline(predictor=weighted(WEIGHTS, (0, 1), [(-1,), (-2,), (-3,)], 6, used=1)),),
    ),
    "weights by plane": _planes,
    "several sets of weights": _sets,
    "float weights": lambda: _float(
        "<f8", (9, 8, 7), Classic(), weighted(FLOAT_WEIGHTS, (1, 0, 2), stencil("full", 3), 9), 0.37
    ),
    "float weights, masked": lambda: Forced(
        _strange(_masked("<f4", (20, 22), [1e20]) / np.float32(3)),
        (10, 22),
        (
            Pipeline(
                fills=ordered("<f4", np.float32(1e20) / np.float32(3)),
                predictor=weighted(FLOAT_WEIGHTS, (0, 1), stencil("corner", 2), 5, sets=2),
                thresholds=(1 << 10, 1 << 20),
            ),
        ),
    ),
    "contexts": lambda: Forced(
        hills((5, 16, 18), 1, 6).astype("<i2"),
        (5, 8, 18),
        (Pipeline(predictor=Predictor(LORENZO, (0, 1, 2), 3), thresholds=(0, 1, 40, 90, 90, 160, 1 << 61)),),
    ),
    "contexts, masked": lambda: Forced(
        _masked("<i8", (30, 31), [-(2**63), 5]),
        (11, 8),
        (
            Pipeline(
                fills=ordered("<i8", -(2**63), 5),
                predictor=weighted(WEIGHTS, (1, 0), stencil("full", 2), 4),
                thresholds=(64, 200),
            ),
        ),
        limit=200,
        chunk_numbers=400,
    ),
    "complex": _complex,
    "times": lambda: Forced(
        hills((400,)).astype("<M8[s]"), (90,), (Pipeline(predictor=Predictor(LORENZO, (0,), 1), thresholds=(5,)),)
    ),
    "plain, several Pco chunks": lambda: Forced(hills((40, 20)).astype("<u8"), (8, 20), (PLAIN,), chunk_numbers=320),
}
