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
    if absent.size:
        latents = np.where(
            absent == 0, latents, np.append(fills, np.uint64(0))[absent.astype(np.intp) - 1].astype(out.dtype)
        )
    place(numbers_of(latents, recipe), counts, out, rows)
