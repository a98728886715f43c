"""The pipeline of one part of a frame's elements: what is done to the cells before Pco, and undone after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dtypes import NUMBER_TYPES, Latents, NumberType
from ..lazy import lazy_property
from ..metadata import Classic, FloatMult, FloatQuant, IntMult
from .affine import Affine

__all__ = ["PLAIN", "Pipeline", "Predictor", "Rank", "Split", "lanes"]

I64 = npt.NDArray[np.int64]

NONE, LORENZO, MED, WEIGHTS, FLOAT_WEIGHTS = range(5)
FLOAT_BITS = (32, 64)
"""Widths of floats among which predictions are made."""
KINDS = ("none", "lorenzo", "med", "weights", "float weights")


@dataclass(frozen=True)
class Rank:
    """Cells as places in the ascending list of the distinct values, which is stored in blocks.

    Attributes
    ----------
    count
        Distinct values.
    block
        Values of a block, but for the last that may have less.
    """

    count: int
    block: int

    @property
    def blocks(self) -> int:
        """Count of blocks."""
        return -(-self.count // self.block)

    @property
    def bits(self) -> int:
        """Width of a place."""
        return 8 if self.count <= 1 << 8 else 16


Computed = Classic | IntMult | FloatMult | FloatQuant | Affine
"""What a cell's latents are computed by, whatever the other cells are."""
Split = Computed | Rank
"""How a cell becomes a primary latent, which is predicted, and perhaps a secondary one."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """How primary latents are predicted from their neighbours in the tile.

    Attributes
    ----------
    kind
        One of the constants of this module.
    axes
        The array's axes in the order in which a page has its cells.
    used
        How many of them, counted from the last, the prediction works along.
    reference
        The latent that is predicted where there is no neighbour.
    offsets
        Neighbours of a weighted prediction, along the used axes.
    weights
        int64, shape (sets, planes, neighbours).
    shift
        Weights are divided by 2 to the power of this.
    by_plane
        Whether the first used axis has weights of its own for each place.
    """

    kind: int = NONE
    axes: tuple[int, ...] = ()
    used: int = 0
    reference: int = 0
    offsets: tuple[tuple[int, ...], ...] = ()
    weights: I64 = field(default_factory=lambda: np.zeros((1, 1, 0), np.int64))
    shift: int = 0
    by_plane: bool = False

    @property
    def sets(self) -> int:
        """Count of sets of weights; a page says which is its own."""
        return int(self.weights.shape[0])

    @property
    def name(self) -> str:
        """What it is called, with the array's axes that it works along."""
        if self.kind == NONE:
            return "none"
        used = "".join(f"{axis}," for axis in self.axes[len(self.axes) - self.used :]).rstrip(",")
        return f"{KINDS[self.kind]}({used}{'; by plane' if self.by_plane else ''})"


@dataclass(frozen=True, eq=False)
class Pipeline:
    """All steps for one part of the elements.

    Attributes
    ----------
    split
        The first step.
    fills
        Ordered latents of up to two values that are taken out of the cells and kept as masks.
    mask_pages
        Pages whose masks share a chunk-level stream.
    predictor
        The last step.
    thresholds
        Sizes of neighbouring residuals that part the contexts: one stream more than these for each page.
    """

    split: Split = field(default_factory=Classic)
    fills: tuple[int, ...] = ()
    mask_pages: int = 1
    predictor: Predictor = field(default_factory=Predictor)
    thresholds: tuple[int, ...] = ()

    @lazy_property
    def is_plain(self) -> bool:
        """Whether Pco gets the numbers of the element as they are."""
        return isinstance(self.split, Classic) and not self.fills and self.predictor.kind == NONE

    @lazy_property
    def contexts(self) -> int:
        """Streams of primary latents."""
        return len(self.thresholds) + 1

    @lazy_property
    def has_secondary(self) -> bool:
        """Whether there is a stream of secondary latents."""
        return not isinstance(self.split, Classic | Rank)

    @lazy_property
    def streams(self) -> int:
        """Pco streams of each page."""
        return self.contexts + self.has_secondary

    @lazy_property
    def computes_with_floats(self) -> bool:
        """Whether bits of cells are what sums and products of floats come to."""
        return isinstance(self.split, FloatMult | Affine) or self.predictor.kind == FLOAT_WEIGHTS

    def stream_types(self, number_type: NumberType) -> tuple[NumberType, ...]:
        """Return the number types of the streams of a page; what is neither split nor predicted keeps its own."""
        if isinstance(self.split, Classic) and self.predictor.kind == NONE:
            return (number_type,)
        primary = NUMBER_TYPES[f"u{self.primary_bits(number_type)}"]
        secondary = NUMBER_TYPES[f"u{number_type.bits}"]
        return (primary,) * self.contexts + (secondary,) * self.has_secondary

    def primary_bits(self, number_type: NumberType) -> int:
        """Width of primary latents."""
        return self.split.bits if isinstance(self.split, Rank) else number_type.bits


PLAIN = Pipeline()


def lanes(shapes: Sequence[tuple[int, ...]] | I64, used: int) -> I64:
    """Return for tiles, their axes in a predictor's order, what kernels want: slabs, and four lengths each."""
    made = np.ones((len(shapes), 5), np.int64)
    lengths = np.array(shapes, np.int64).reshape(len(shapes), -1)
    outer = lengths.shape[1] - used
    made[:, 0] = lengths[:, :outer].prod(axis=1)
    if used:
        made[:, 5 - used :] = lengths[:, outer:]
    return made


def as_signed(latents: Latents, reference: int) -> npt.NDArray[Any]:
    """Return latents as int64, less the reference, wrapped to their width."""
    centred = latents - latents.dtype.type(reference)
    return centred.view(f"i{latents.itemsize}").astype(np.int64)


def midpoint(latents: Latents) -> int:
    """Return the reference from which no latent is further than half of what their width can count; 0 for none."""
    if not latents.size:
        return 0
    least, most = int(latents.min()), int(latents.max())
    return least + (most - least + 1) // 2
