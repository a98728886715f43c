"""Latents of tiles to numbers where they belong, a stretch at a time: what it needs stays in the nearest cache."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...constants import BATCH
from ..streams import CLASSIC, Recipe, Rows
from .batches import BATCH_CELLS
from .compiled import compiled, inlined, read_only
from .joins import announce, join, store
from .rows import copy_rows
from .words import items

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_PRIMARY, _SECONDARY, _CELLS = BATCH_CELLS, 2 * BATCH_CELLS, 3 * BATCH_CELLS
_STRETCH: Final = 1024


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
    if recipe.mode == CLASSIC:
        masked = (read_only(absent), *_ends(fills, out))
        room = _room(out, counts, rows, _STRETCH)
        _place_latents(read_only(primary), counts, *masked, *_row_arrays(rows), *_order(recipe, out), *room)
        return
    bits = 8 * out.itemsize
    middle = 1 << (bits - 1)
    _place(
        read_only(primary),
        read_only(out[:0] if secondary is None else secondary),
        counts,
        read_only(absent),
        read_only(fills),
        *_row_arrays(rows),
        np.zeros(1, np.int64),
        recipe.mode,
        np.uint64(recipe.base),
        np.uint64((1 << bits) - 1),
        np.uint64(middle if recipe.signed else 0),
        np.uint64(middle - 1 if recipe.mantissa_bits else 0),
        read_only(recipe.values),
        *_room(out, counts, rows, BATCH),
        np.zeros(_CELLS, np.uint64),
    )


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
    masked = (read_only(absent), *_ends(fills, out))
    values = read_only(recipe.values)
    ordering = _order(recipe, out)
    found = _place_values(
        *(read_only(places), counts, np.uint64(first), read_only(spans), values),
        *(*masked, *_row_arrays(rows), *ordering, *_room(out, counts, rows, _STRETCH)),
        np.empty_like(values),
    )
    return int(found)


def _ends(fills: npt.NDArray[np.uint64], out: Latents) -> tuple[Any, Any]:
    """Return the one or two fill values, of whatever there are."""
    padded = [*fills.tolist(), 0, 0]
    return out.dtype.type(padded[0]), out.dtype.type(padded[1])


def _row_arrays(rows: Rows) -> tuple[I64, I64, I64, Any]:
    return rows.lengths, rows.firsts, rows.starts, np.int64(rows.step)


def _order(recipe: Recipe, out: Latents) -> tuple[Any, Any, Any]:
    """Return the middle, and the bits that are toggled in all latents, and in those below the middle."""
    dtype, middle = out.dtype.type, 1 << (8 * out.itemsize - 1)
    return dtype(middle), dtype(middle * recipe.signed), dtype((middle - 1) * (recipe.mantissa_bits > 0))


def _room(out: Latents, counts: I64, rows: Rows, stretch: int) -> tuple[Latents, Latents]:
    """Return room for a stretch, or for a lane whose rows are not in one piece and are copied together; and `out`."""
    return np.empty(stretch if rows.step == 1 else max(stretch, int(counts.max(initial=0))), out.dtype), out


@compiled
def _place_latents(
    latents: Any,
    counts: Any,
    absent: Any,
    fill: Any,
    other: Any,
    row_lengths: Any,
    first_rows: Any,
    row_starts: Any,
    step: Any,
    middle: Any,
    flip: Any,
    turned: Any,
    scratch: Any,
    out: Any,
) -> None:
    """Place latents that are numbers as they are."""
    first = np.uint64(0)
    for lane in range(counts.size):
        for done in range(0, counts[lane], _STRETCH):
            n = min(counts[lane] - done, _STRETCH)
            rows = done, row_lengths[lane], first_rows[lane], row_starts
            if step == 1:
                announce(out, n, *rows)
            if step == 1 and fits(n, *rows):
                to = np.uint64(row_starts[first_rows[lane] + done // row_lengths[lane]] + done % row_lengths[lane])
                _order_latents(latents, first, n, absent, fill, other, middle, flip, turned, out, to)
            else:
                to = np.uint64(0 if step == 1 else done)
                _order_latents(latents, first, n, absent, fill, other, middle, flip, turned, scratch, to)
                _copy_stretch(scratch, n, out, step, counts[lane], *rows)
            first += np.uint64(n)


@inlined
def _copy_stretch(
    scratch: Any, n: Any, out: Any, step: Any, count: Any, done: Any, length: Any, first: Any, starts: Any
) -> None:
    """Copy a stretch to its rows; or, where these are not in one piece, all of the lane when it is there."""
    if step == 1 or done + n == count:
        whole = step != 1
        copy_rows(scratch, count if whole else n, out, step, 0 if whole else done, length, first, starts)


@inlined
def _order_latents(
    latents: Any,
    first: Any,
    n: Any,
    absent: Any,
    fill: Any,
    other: Any,
    middle: Any,
    flip: Any,
    turned: Any,
    out: Any,
    to: Any,
) -> None:
    if absent.size:
        for i in range(np.uint64(n)):
            code = absent[first + i]
            latent = latents[first + i]
            if code:
                latent = fill if code == 1 else other
            out[to + i] = number_of(latent, middle, flip, turned)
    else:
        for i in range(np.uint64(n)):
            out[to + i] = number_of(latents[first + i], middle, flip, turned)


@inlined
def number_of(latent: Any, middle: Any, flip: Any, turned: Any) -> Any:
    """Return the bits of a number."""
    bits = latent ^ flip
    return bits if latent >= middle else bits ^ turned


@compiled
def _place_values(
    places: Any,
    counts: Any,
    origin: Any,
    spans: Any,
    values: Any,
    absent: Any,
    fill: Any,
    other: Any,
    row_lengths: Any,
    first_rows: Any,
    row_starts: Any,
    step: Any,
    middle: Any,
    flip: Any,
    turned: Any,
    scratch: Any,
    out: Any,
    numbers: Any,
) -> Any:
    """Place values of a list by their places; return the first lane with one out of its span, or -1.

    `numbers` is room for as many as there are values.
    """
    for k in range(values.size):
        numbers[k] = number_of(values[k], middle, flip, turned)
    fill, other = number_of(fill, middle, flip, turned), number_of(other, middle, flip, turned)
    first = np.uint64(0)
    for lane in range(counts.size):
        if not _are_within(places, first, counts[lane], absent, spans[lane, 0], spans[lane, 1]):
            return lane
        for done in range(0, counts[lane], _STRETCH):
            n = min(counts[lane] - done, _STRETCH)
            rows = done, row_lengths[lane], first_rows[lane], row_starts
            to = np.uint64(0 if step == 1 else done)
            if step == 1:
                announce(out, n, *rows)
            if absent.size:
                for i in range(np.uint64(n)):
                    code = absent[first + i]
                    if code:
                        scratch[to + i] = fill if code == 1 else other
                    else:
                        scratch[to + i] = numbers[np.uint64(places[first + i]) - origin]
            else:
                for i in range(np.uint64(n)):
                    scratch[to + i] = numbers[np.uint64(places[first + i]) - origin]
            _copy_stretch(scratch, n, out, step, counts[lane], *rows)
            first += np.uint64(n)
    return np.int64(-1)


@inlined
def _are_within(places: Any, first: Any, n: Any, absent: Any, least: Any, most: Any) -> Any:
    """Tell whether the places of a lane, but for absent ones, are in a span, its ends included."""
    dtype = places.dtype.type
    lowest, highest = dtype(least), dtype(least)
    if absent.size:
        for i in range(np.uint64(n)):
            place = places[first + i] if absent[first + i] == 0 else dtype(least)
            lowest, highest = min(lowest, place), max(highest, place)
    else:
        for i in range(np.uint64(n)):
            place = places[first + i]
            lowest, highest = min(lowest, place), max(highest, place)
    return np.int64(lowest) == least and np.int64(highest) <= most


@inlined
def fits(n: Any, done: Any, length: Any, first: Any, starts: Any) -> Any:
    """Tell whether the next numbers of a lane, of which `done` are placed, lie in one row."""
    return done % length + n <= length


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
    step: Any,
    origin: Any,
    mode: Any,
    base: Any,
    mask: Any,
    flip: Any,
    turned: Any,
    values: Any,
    scratch: Any,
    out: Any,
    cells: Any,
) -> None:
    """Place what two latents make; `cells` are room for a batch of them."""
    at = np.uint64(_PRIMARY)
    first = np.int64(0)
    for lane in range(counts.size):
        for done in range(0, counts[lane], BATCH):
            n = min(counts[lane] - done, BATCH)
            rows = done, row_lengths[lane], first_rows[lane], row_starts
            if step == 1:
                announce(out, n, *rows)
            _load(cells, _PRIMARY, n, first, primary)
            _load(cells, _SECONDARY, n, first, secondary)
            join(items(cells), n, mode, base, mask, values)
            if absent.size:
                for i in range(n):
                    code = absent[np.uint64(first + i)]
                    if code:
                        cells[at + np.uint64(i)] = fills[np.uint64(code - 1)]
            if step == 1:
                store(cells, at, n, out, scratch, *rows, mask, flip, turned)
            else:
                origin[0] = done
                store(cells, at, n, scratch, scratch, 0, n, 0, origin, mask, flip, turned)
                _copy_stretch(scratch, n, out, step, counts[lane], *rows)
            first += n


@inlined
def _load(cells: Any, at: Any, n: Any, first: Any, latents: Any) -> None:
    for i in range(n):
        cells[np.uint64(at + i)] = np.uint64(latents[np.uint64(first + i)])
