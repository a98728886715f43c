"""Rows of some slabs side by side: cells at one place of all are a vector, on which a processor works at once.

A cell waits for the one before it, so the cells of a row take one turn after the other; those of other slabs need not
wait. A woven row has the first cells of all slabs, then the second ones, and so on. Places in woven arrays count such
vectors. How many slabs there are is told by the length of a tuple, `lanes`, which the compiler knows.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled import CHECKED, inlined
from .taps import HALO, LEFT, RIGHT

EIGHT: Final = (0,) * 8
SIXTEEN: Final = (0,) * 16
"""Lanes. Vectors of sixteen are worked on sooner than two of eight if their items are narrow."""
_SIDE: Final = 8
"""Cells of so many slabs are transposed at a time."""
BLOCK: Final = 4
"""Places whose sums are made together."""

_LANE, _INDEX = ir.IntType(32), ir.IntType(64)
_LOW = [0, 8, 1, 9, 2, 10, 3, 11]
_HIGH = [4, 12, 5, 13, 6, 14, 7, 15]


def splat(builder: Any, value: Any, width: int) -> Any:
    """Return a vector of so many equal numbers."""
    alone = builder.insert_element(ir.Constant(ir.VectorType(value.type, width), None), value, _LANE(0))
    return shuffled(builder, alone, alone, [0] * width)


def shuffled(builder: Any, vector: Any, other: Any, places: Sequence[int]) -> Any:
    """Return a vector of items of two."""
    return builder.shuffle_vector(vector, other, ir.Constant(ir.VectorType(_LANE, len(places)), list(places)))


def vector_at(context: Any, builder: Any, kind: Any, array: Any, width: int) -> Any:
    """Return a pointer to the vectors of an array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(data, ir.VectorType(data.type.pointee, width).as_pointer())


def load(builder: Any, pointer: Any, place: Any) -> Any:
    """Return a vector."""
    return builder.load(builder.gep(pointer, [place]), align=1)


def store(builder: Any, pointer: Any, place: Any, vector: Any) -> None:
    """Store a vector."""
    builder.store(vector, builder.gep(pointer, [place]), align=1)


def cast(builder: Any, vector: Any, item: Any) -> Any:
    """Return signed integers of another width."""
    width = vector.type.element.width
    if width == item.width:
        return vector
    made = ir.VectorType(item, vector.type.count)
    return builder.sext(vector, made) if width < item.width else builder.trunc(vector, made)


def _transposed(builder: Any, rows: Sequence[Any]) -> Sequence[Any]:
    """Transpose eight vectors of eight: shuffled like two halves of a pack of cards, three times."""
    for _ in range(3):
        rows = [
            shuffled(builder, row, other, mask)
            for row, other in zip(rows[:4], rows[4:], strict=True)
            for mask in (_LOW, _HIGH)
        ]
    return rows


def _slabs(context: Any, builder: Any, signature: Any, arguments: Any) -> Iterator[Any]:
    """Yield pointers to eight cells of each slab, given flat cells, starts of rows, and the cell in the row."""
    cells, starts = (context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (0, 1))
    for slab in range(signature.args[-1].count):
        start = builder.load(builder.gep(starts, [_INDEX(slab)]))
        there = builder.gep(cells, [builder.add(start, arguments[2])])
        yield builder.bitcast(there, ir.VectorType(cells.type.pointee, _SIDE).as_pointer())


def _weave(typing_context: Any, cells: Any, starts: Any, first: Any, woven: Any, place: Any, lanes: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        width = signature.args[-1].count
        out = vector_at(context, builder, signature.args[3], arguments[3], width)
        rows = [builder.load(there, align=1) for there in _slabs(context, builder, signature, arguments)]
        parts = [_transposed(builder, rows[first : first + _SIDE]) for first in range(0, width, _SIDE)]
        for back, (vector, *more) in enumerate(zip(*parts, strict=True)):
            for other in more:
                vector = shuffled(builder, vector, other, range(width))  # noqa: PLW2901
            store(builder, out, builder.add(arguments[4], _INDEX(back)), vector)
        return context.get_dummy_value()

    return types.none(cells, starts, types.int64, woven, types.int64, lanes), build


def _unweave(
    typing_context: Any, cells: Any, starts: Any, first: Any, slab: Any, place: Any, reference: Any, lanes: Any
) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        width = signature.args[-1].count
        source = vector_at(context, builder, signature.args[3], arguments[3], width)
        item = context.get_data_type(signature.args[0].dtype)
        reference = arguments[5] if item.width == 64 else builder.trunc(arguments[5], item)
        added = splat(builder, reference, width)
        vectors = []
        for back in range(_SIDE):
            vector = cast(builder, load(builder, source, builder.add(arguments[4], _INDEX(back))), item)
            vectors.append(builder.add(vector, added))
        parts = (
            _transposed(builder, [shuffled(builder, one, one, range(first, first + _SIDE)) for one in vectors])
            for first in range(0, width, _SIDE)
        )
        for there, row in zip(_slabs(context, builder, signature, arguments), chain(*parts), strict=True):
            builder.store(row, there, align=1)
        return context.get_dummy_value()

    return types.none(cells, starts, types.int64, slab, types.int64, types.int64, lanes), build


def _weigh_block(
    typing_context: Any,
    cells: Any,
    at: Any,
    steps: Any,
    taps: Any,
    count: Any,
    half: Any,
    sums: Any,
    place: Any,
    lanes: Any,
) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        width = signature.args[-1].count
        cell, out = (vector_at(context, builder, signature.args[k], arguments[k], width) for k in (0, 6))
        step, tap = (context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (2, 3))
        wide = out.type.pointee.element
        first = splat(builder, arguments[5] if wide.width == 64 else builder.trunc(arguments[5], wide), width)
        totals = [cgutils.alloca_once_value(builder, first) for _ in range(BLOCK)]
        with cgutils.for_range(builder, arguments[4], intp=_INDEX) as loop:
            weight = cast(builder, splat(builder, builder.load(builder.gep(tap, [loop.index])), width), wide)
            there = builder.add(arguments[1], builder.load(builder.gep(step, [loop.index])))
            for k, total in enumerate(totals):
                found = cast(builder, load(builder, cell, builder.add(there, _INDEX(k))), wide)
                builder.store(builder.add(builder.load(total), builder.mul(weight, found)), total)
        for k, total in enumerate(totals):
            store(builder, out, builder.add(arguments[7], _INDEX(k)), builder.load(total))
        return context.get_dummy_value()

    return types.none(cells, types.int64, steps, taps, types.int64, types.int64, sums, types.int64, lanes), build


def _follow(
    typing_context: Any,
    cells: Any,
    at: Any,
    n: Any,
    residuals: Any,
    place: Any,
    sums: Any,
    within: Any,
    shift: Any,
    mid: Any,
    lanes: Any,
) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        width = signature.args[-1].count
        cell, residual, total = (vector_at(context, builder, signature.args[k], arguments[k], width) for k in (0, 3, 5))
        weights = context.make_array(signature.args[6])(context, builder, arguments[6]).data
        item, kept, wide = (pointer.type.pointee.element for pointer in (residual, cell, total))
        others, second, third = (
            # That 32 bits are all is seen by the compiler, which knows of a faster product for such numbers.
            cast(
                builder,
                splat(builder, builder.trunc(builder.load(builder.gep(weights, [_INDEX(k)])), _LANE), width),
                wide,
            )
            for k in range(3)
        )
        shift, mid = (
            splat(builder, argument if wide.width == 64 else builder.trunc(argument, wide), width)
            for argument in arguments[7:9]
        )
        before = [
            cgutils.alloca_once_value(
                builder,
                cast(builder, load(builder, cell, builder.sub(arguments[1], _INDEX(back))), wide),
            )
            for back in (1, 2, 3)
        ]
        with cgutils.for_range(builder, arguments[2], intp=_INDEX) as loop:
            x1, x2, x3 = (builder.load(one) for one in before)
            here = builder.add(arguments[4], loop.index)
            further = builder.add(builder.mul(second, x2), builder.mul(third, x3))
            weighted = builder.add(load(builder, total, here), further)
            carried = builder.add(builder.sub(cast(builder, load(builder, residual, here), wide), mid), x1)
            pulled = builder.ashr(builder.sub(weighted, builder.mul(others, x1)), shift)
            made = cast(builder, builder.add(carried, pulled), item)
            store(builder, cell, builder.add(arguments[1], loop.index), cast(builder, made, kept))
            for one, value in zip(before, (cast(builder, made, wide), x1, x2), strict=True):
                builder.store(value, one)
        return context.get_dummy_value()

    wide = types.int64
    return types.none(cells, wide, wide, residuals, wide, sums, within, wide, wide, lanes), build


_raw_weave, _raw_unweave = intrinsic(_weave), intrinsic(_unweave)
_raw_weigh_block, _raw_follow = intrinsic(_weigh_block), intrinsic(_follow)


def room_for(shapes: Any, axes: int, offsets: Any, lanes: int) -> tuple[int, int]:
    """Return how many cells a woven row takes, and how many of the slabs themselves have to be at hand."""
    n1, n2, pitch = shapes[:, 2], shapes[:, 3], shapes[:, 4] + HALO
    back = np.minimum(offsets, 0).min(axis=0, initial=0)
    back[4 - axes :] = np.minimum(back[4 - axes :], -1)
    # As `farthest`, or farther.
    kept = -((back[0] * n1 + back[1]) * n2 + back[2]) * pitch - back[3] + LEFT
    least = np.minimum(shapes[:, 1:4].prod(axis=1) * pitch, 3 * kept + pitch)
    return lanes * (int(shapes[:, 4].max(initial=0)) + BLOCK), lanes * (int(least.max(initial=0)) + LEFT + BLOCK)


@inlined
def farthest(axes: Any, offsets: Any, n1: Any, n2: Any, pitch: Any) -> Any:
    """Return how far before a cell its neighbours lie, those for differences along all axes among them."""
    zero = np.int64(0)
    rows = (n1 * n2 if axes > 3 else zero) + (n2 if axes > 2 else zero) + np.int64(axes > 1)
    most = rows * pitch + 1
    for k in range(offsets.shape[0]):
        # Clamped, an offset that goes ahead may be 0.
        rows = (min(offsets[k, 0], zero) * n1 + min(offsets[k, 1], zero)) * n2 + min(offsets[k, 2], zero)
        most = max(most, -(rows * pitch + min(offsets[k, 3], zero)))
    return most + LEFT


@inlined
def slide(slab: Any, here: Any, n: Any, kept: Any, lanes: Any) -> Any:
    """Make room for a row of so many cells; return where it begins.

    Cells that no row needs any more are overwritten, so what is at hand stays in a near cache.
    """
    if (here + n + HALO + BLOCK) * len(lanes) <= slab.size:
        return here
    for i in range(np.uint64(kept * len(lanes))):
        slab[i] = slab[np.uint64((here - kept) * len(lanes)) + i]
    return kept


@inlined
def weave(cells: Any, starts: Any, n: Any, woven: Any, lanes: Any) -> None:
    """Weave rows of so many cells."""
    if CHECKED or n < _SIDE:
        for k in range(len(lanes)):
            for i in range(n):
                woven[i * len(lanes) + k] = cells[starts[k] + i]
        return
    first = np.int64(0)
    while first + _SIDE < n:
        _raw_weave(cells, starts, first, woven, first, lanes)
        first += _SIDE
    _raw_weave(cells, starts, n - _SIDE, woven, n - _SIDE, lanes)


@inlined
def unweave(slab: Any, here: Any, n: Any, reference: Any, cells: Any, starts: Any, lanes: Any) -> None:
    """Invert `weave`, for a row that begins at some place, and add the reference.

    Cells are stored slab by slab, those of the last one last: others may share its place (see `taps.end_slabs`).
    """
    if CHECKED or n < _SIDE:
        for k in range(len(lanes)):
            for i in range(n):
                cells[starts[k] + i] = np.int64(slab[(here + i) * len(lanes) + k]) + reference
        return
    first = np.int64(0)
    while first + _SIDE < n:
        _raw_unweave(cells, starts, first, slab, here + first, reference, lanes)
        first += _SIDE
    _raw_unweave(cells, starts, n - _SIDE, slab, here + n - _SIDE, reference, lanes)


@inlined
def weigh_block(
    cells: Any, at: Any, steps: Any, taps: Any, count: Any, half: Any, sums: Any, place: Any, lanes: Any
) -> None:
    """Sum neighbours of the cells at `BLOCK` places, times weights, on to `half`."""
    if CHECKED:
        for j in range(BLOCK * len(lanes)):
            total = half
            for k in range(count):
                total += np.int64(taps[k]) * np.int64(cells[(at + steps[k]) * len(lanes) + j])
            sums[place * len(lanes) + j] = total
        return
    _raw_weigh_block(cells, at, steps, taps, count, half, sums, place, lanes)


@inlined
def follow(
    cells: Any, at: Any, n: Any, residuals: Any, place: Any, sums: Any, within: Any, shift: Any, mid: Any, lanes: Any
) -> None:
    """Turn residuals into the cells at so many places, each from the one before.

    Parameters
    ----------
    at, place
        The first place among the cells; and among residuals and sums.
    sums
        What the neighbours in other rows make.
    within
        The sum of all weights but that of the cell before, and the weights of the cells two and three before.
    """
    if CHECKED:
        dtype = residuals.dtype.type
        for j in range(n * len(lanes)):
            i, to = place * len(lanes) + j, at * len(lanes) + j
            x1 = np.int64(cells[to - len(lanes)])
            x2, x3 = np.int64(cells[to - 2 * len(lanes)]), np.int64(cells[to - 3 * len(lanes)])
            pulled = (sums[i] + within[1] * x2 + within[2] * x3 - within[0] * x1) >> shift
            cells[to] = dtype(np.int64(residuals[i]) - mid + x1 + pulled)
        return
    _raw_follow(cells, at, n, residuals, place, sums, within, shift, mid, lanes)


@inlined
def pad_rows(slab: Any, here: Any, n: Any, lanes: Any) -> None:
    """Fill the room behind rows."""
    last = (here + n - 1) * len(lanes)
    for i in range(len(lanes), (RIGHT + 1) * len(lanes)):
        slab[last + i] = slab[last + i % len(lanes)]
