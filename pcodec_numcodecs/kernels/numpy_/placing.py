"""Latents of tiles to numbers where they belong."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..streams import Recipe, Rows
from .joins import join, numbers_of
from .rows_out import place

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


def place_numbers(
    primary: Latents,
    secondary: Latents | None,
    counts: I64,
    recipe: Recipe,
    absent: npt.NDArray[np.uint8],
    fills: npt.NDArray[np.uint64],
    out: Latents,
    rows: Rows,
) -> None:
    """See `Kernels.place_numbers`."""
    latents = join(recipe, [primary] if secondary is None else [primary, secondary])
    place(numbers_of(_filled(latents, absent, fills), recipe), counts, out, rows)


def place_values(
    places: Latents,
    counts: I64,
    first: int,
    spans: I64,
    recipe: Recipe,
    absent: npt.NDArray[np.uint8],
    fills: npt.NDArray[np.uint64],
    out: Latents,
    rows: Rows,
) -> int:
    """See `Kernels.place_values`."""
    if not places.size:
        return -1
    if absent.size:
        places = np.where(absent == 0, places, np.repeat(spans[:, 0].astype(places.dtype), counts))
    starts = np.cumsum(counts) - counts
    least, most = np.minimum.reduceat(places, starts), np.maximum.reduceat(places, starts)
    wrong = np.flatnonzero((least < spans[:, 0]) | (most > spans[:, 1]))
    if wrong.size:
        return int(wrong[0])
    latents = recipe.values[places - places.dtype.type(first)]
    place(numbers_of(_filled(latents, absent, fills), recipe), counts, out, rows)
    return -1


def _filled(latents: Latents, absent: npt.NDArray[np.uint8], fills: npt.NDArray[np.uint64]) -> Latents:
    """Put fill values where cells are absent."""
    for number, fill in enumerate(fills.astype(latents.dtype).tolist() if absent.size else (), start=1):
        latents = np.where(absent == number, latents.dtype.type(fill), latents)
    return latents
