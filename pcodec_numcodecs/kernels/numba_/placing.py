"""Latents of tiles to numbers where they belong, batch by batch: what one batch needs stays in the nearest cache."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...constants import BATCH
from ..streams import Recipe, Rows
from .batches import BATCH_CELLS
from .compiled import compiled, inlined, read_only
from .joins import announce, join, store
from .variables import by_width

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_OUT, _VALUES, _SCRATCH, _FROM_PRIMARY, _FROM_SECONDARY = range(5)
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
    arrays = (out, recipe.values, np.empty(BATCH, out.dtype), primary, out[:0] if secondary is None else secondary)
    _place(
        counts,
        read_only(absent),
        read_only(fills),
        rows.lengths,
        rows.firsts,
        rows.starts,
        np.array([recipe.mode, recipe.mantissa_bits]),
        np.uint64(recipe.base),
        np.uint64((1 << bits) - 1),
        np.uint64(middle if recipe.signed else 0),
        np.uint64(middle - 1 if recipe.mantissa_bits else 0),
        *by_width(arrays, len(arrays)),
    )


@compiled
def _place(
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
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
) -> None:
    cells = np.zeros(_CELLS, np.uint64)
    at = np.uint64(_PRIMARY)
    first = np.int64(0)
    for lane in range(counts.size):
        for done in range(0, counts[lane], BATCH):
            n = min(counts[lane] - done, BATCH)
            rows = done, row_lengths[lane], first_rows[lane], row_starts
            if u64[_OUT].size:
                announce(u64[_OUT], n, *rows)
            elif u32[_OUT].size:
                announce(u32[_OUT], n, *rows)
            _load(
                cells, _PRIMARY, n, first, u8[_FROM_PRIMARY], u16[_FROM_PRIMARY], u32[_FROM_PRIMARY], u64[_FROM_PRIMARY]
            )
            _load(
                *(cells, _SECONDARY, n, first),
                *(u8[_FROM_SECONDARY], u16[_FROM_SECONDARY], u32[_FROM_SECONDARY], u64[_FROM_SECONDARY]),
            )
            join(cells, n, mode, base, mask, u8[_VALUES], u16[_VALUES], u32[_VALUES], u64[_VALUES])
            if absent.size:
                for i in range(n):
                    code = absent[np.uint64(first + i)]
                    if code:
                        cells[at + np.uint64(i)] = fills[np.uint64(code - 1)]
            if u64[_OUT].size:
                store(cells, at, n, u64[_OUT], u64[_SCRATCH], *rows, mask, flip, turned)
            elif u32[_OUT].size:
                store(cells, at, n, u32[_OUT], u32[_SCRATCH], *rows, mask, flip, turned)
            elif u16[_OUT].size:
                store(cells, at, n, u16[_OUT], u16[_SCRATCH], *rows, mask, flip, turned)
            else:
                store(cells, at, n, u8[_OUT], u8[_SCRATCH], *rows, mask, flip, turned)
            first += n


@inlined
def _load(cells: Any, at: Any, n: Any, first: Any, u8: Any, u16: Any, u32: Any, u64: Any) -> None:
    """Widen latents, of whichever width they are."""
    if u64.size:
        _widen(cells, at, n, first, u64)
    elif u32.size:
        _widen(cells, at, n, first, u32)
    elif u16.size:
        _widen(cells, at, n, first, u16)
    elif u8.size:
        _widen(cells, at, n, first, u8)


@inlined
def _widen(cells: Any, at: Any, n: Any, first: Any, latents: Any) -> None:
    for i in range(n):
        cells[np.uint64(at + i)] = np.uint64(latents[np.uint64(first + i)])
