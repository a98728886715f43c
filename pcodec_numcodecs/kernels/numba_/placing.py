"""Latents of tiles to numbers where they belong, batch by batch: what one batch needs stays in the nearest cache."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...constants import BATCH
from ..streams import Recipe, Rows
from .batches import BATCH_CELLS
from .compiled import compiled, inlined, read_only
from .joins import announce, join, store

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_PRIMARY, _SECONDARY, _CELLS = BATCH_CELLS, 2 * BATCH_CELLS, 3 * BATCH_CELLS


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
    bits = 8 * out.itemsize
    middle = 1 << (bits - 1)
    _place(
        read_only(primary.astype(out.dtype, copy=False)),
        read_only(out[:0] if secondary is None else secondary),
        counts,
        read_only(absent),
        read_only(fills),
        rows.lengths,
        rows.firsts,
        rows.starts,
        recipe.mode,
        np.uint64(recipe.base),
        np.uint64((1 << bits) - 1),
        np.uint64(middle if recipe.signed else 0),
        np.uint64(middle - 1 if recipe.mantissa_bits else 0),
        read_only(recipe.values),
        np.empty(BATCH, out.dtype),
        out,
    )


@compiled
def _place(
    primary: Any,
    secondary: Any,
    counts: Any,
    absent: Any,
    fills: Any,
    row_lengths: Any,
    first_rows: Any,
    row_starts: Any,
    mode: Any,
    base: Any,
    mask: Any,
    flip: Any,
    turned: Any,
    values: Any,
    scratch: Any,
    out: Any,
) -> None:
    cells = np.zeros(_CELLS, np.uint64)
    at = np.uint64(_PRIMARY)
    first = np.int64(0)
    for lane in range(counts.size):
        for done in range(0, counts[lane], BATCH):
            n = min(counts[lane] - done, BATCH)
            rows = done, row_lengths[lane], first_rows[lane], row_starts
            announce(out, n, *rows)
            _load(cells, _PRIMARY, n, first, primary)
            if secondary.size:
                _load(cells, _SECONDARY, n, first, secondary)
            join(cells, n, mode, base, mask, values)
            if absent.size:
                for i in range(n):
                    code = absent[np.uint64(first + i)]
                    if code:
                        cells[at + np.uint64(i)] = fills[np.uint64(code - 1)]
            store(cells, at, n, out, scratch, *rows, mask, flip, turned)
            first += n


@inlined
def _load(cells: Any, at: Any, n: Any, first: Any, latents: Any) -> None:
    for i in range(n):
        cells[np.uint64(at + i)] = np.uint64(latents[np.uint64(first + i)])
