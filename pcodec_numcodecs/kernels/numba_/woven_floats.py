"""Predictors by weighted sums of floats, undone for eight slabs side by side; see `woven`.

Each lane of a vector takes the steps that a cell takes by itself, in the same order.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled import CHECKED, compiled_allocating, inlined
from .faces import steps_back
from .float_taps import corner, find_float_taps, most_taps
from .latents import latent_of, number_of, to_latent, to_number
from .taps import HALO, LEFT, end_slabs, gather_slabs, reach
from .woven import BLOCK, EIGHT, farthest, load, pad_rows, slide, splat, store, unweave, vector_at, weave

SLABS = len(EIGHT)
_INDEX, _DOUBLES = ir.IntType(64), ir.VectorType(ir.DoubleType(), SLABS)


@compiled_allocating
def restore_floats(
    residuals: Any,
    shapes: Any,
    firsts: Any,
    reference: Any,
    mid: Any,
    axes: Any,
    by_plane: Any,
    offsets: Any,
    weights: Any,
    sets: Any,
    unit: Any,
    woven: Any,
    slab: Any,
) -> None:
    """Undo `predict_floats`.

    Parameters
    ----------
    woven
        Room for a woven row, latents.
    slab
        Room for slabs of floats.
    """
    sums = np.empty(woven.size, np.float64)
    dtype = residuals.dtype.type
    steps, taps = np.zeros(most_taps(offsets) + 1, np.int64), np.zeros(most_taps(offsets) + 1, np.float64)
    built, spans = np.empty(3, np.int64), np.empty((4, 2), np.int64)
    reach(offsets, spans)
    starts, rows, cursor = np.empty(SLABS, np.int64), np.empty(SLABS, np.int64), np.zeros(2, np.int64)
    while cursor[0] < shapes.shape[0]:
        lane = cursor[0]
        n0, n1, n2, n3 = shapes[lane, 1], shapes[lane, 2], shapes[lane, 3], shapes[lane, 4]
        pitch = n3 + HALO
        gather_slabs(shapes, firsts, sets, axes, cursor, starts, rows)
        done = np.int64(0)
        here, kept = np.int64(LEFT), farthest(axes, offsets, n1, n2, pitch)
        built[0] = -1
        for i0 in range(n0):
            for i1 in range(n1):
                for i2 in range(n2):
                    end_slabs(starts, rows, done)
                    done += 1
                    here = slide(slab, here, n3, kept, EIGHT)
                    back = steps_back(i0, i1, i2, n1 * n2 * pitch, n2 * pitch, pitch)
                    far = (SLABS * back[0], SLABS * back[1], SLABS * back[2])
                    find_float_taps(
                        *(offsets, weights[sets[lane]], unit, spans, axes, by_plane),
                        *(i0, i1, i2, n0, n1, n2, pitch, back, steps, taps, built),
                    )
                    weave(residuals, starts, n3, woven, EIGHT)
                    for k in range(SLABS):
                        first = latent_of(corner(slab, here * SLABS + k, far), mid) if i0 + i1 + i2 > 0 else reference
                        cell = dtype(woven[k] - mid + first)
                        woven[k] = cell
                        number = number_of(cell)
                        for i in range(LEFT + 1):
                            slab[(here - i) * SLABS + k] = number
                    for i in range(1, n3, BLOCK):
                        _weigh_block(slab, here + i, steps, taps, built[2], sums, i)
                        few = min(BLOCK, n3 - i)
                        _follow(slab, here + i, few, woven, i, sums, steps, taps, built[2], built[1], mid)
                    pad_rows(slab, here, n3, EIGHT)
                    unweave(woven, np.int64(0), n3, np.int64(0), residuals, starts, EIGHT)
                    for k in range(SLABS):
                        starts[k] += n3
                    here += pitch


def _add_neighbour(builder: Any, slab: Any, total: Any, tap: Any, step: Any, index: Any, at: Any) -> None:
    weight = splat(builder, builder.load(builder.gep(tap, [index])), SLABS)
    there = builder.add(at, builder.load(builder.gep(step, [index])))
    product = builder.fmul(weight, load(builder, slab, there))
    builder.store(builder.fadd(builder.load(total), product), total)


def _weigh(typing_context: Any, slab: Any, at: Any, steps: Any, taps: Any, count: Any, sums: Any, place: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cell, out = (vector_at(context, builder, signature.args[k], arguments[k], SLABS) for k in (0, 5))
        step, tap = (context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (2, 3))
        totals = [cgutils.alloca_once_value(builder, ir.Constant(_DOUBLES, [0.0] * SLABS)) for _ in range(BLOCK)]
        with cgutils.for_range(builder, arguments[4], intp=_INDEX) as loop:
            for k, total in enumerate(totals):
                at = builder.add(arguments[1], _INDEX(k))
                _add_neighbour(builder, cell, total, tap, step, loop.index, at)
        for k, total in enumerate(totals):
            store(builder, out, builder.add(arguments[6], _INDEX(k)), builder.load(total))
        return context.get_dummy_value()

    return types.none(slab, types.int64, steps, taps, types.int64, sums, types.int64), build


def _finish(
    typing_context: Any,
    slab: Any,
    at: Any,
    n: Any,
    woven: Any,
    place: Any,
    sums: Any,
    steps: Any,
    taps: Any,
    first: Any,
    stop: Any,
    mid: Any,
) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        cell, residual, summed = (
            vector_at(context, builder, signature.args[k], arguments[k], SLABS) for k in (0, 3, 5)
        )
        step, tap = (context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (6, 7))
        middle = splat(builder, arguments[10], SLABS)
        total = cgutils.alloca_once(builder, _DOUBLES)
        one = _INDEX(1)
        # The cell before is kept at hand: where it is the first neighbour, nothing waits for memory.
        west = cgutils.alloca_once_value(builder, load(builder, cell, builder.sub(arguments[1], one)))
        first = builder.load(builder.gep(step, [arguments[8]]))
        is_west = builder.and_(
            builder.icmp_signed("==", first, _INDEX(-1)), builder.icmp_signed("<", arguments[8], arguments[9])
        )
        start = builder.add(arguments[8], builder.zext(is_west, _INDEX))
        weight = splat(builder, builder.load(builder.gep(tap, [arguments[8]])), SLABS)
        with cgutils.for_range(builder, arguments[2], intp=_INDEX) as loop:
            here, there = builder.add(arguments[4], loop.index), builder.add(arguments[1], loop.index)
            begun = load(builder, summed, here)
            pulled = builder.fadd(begun, builder.fmul(weight, builder.load(west)))
            builder.store(builder.select(is_west, pulled, begun), total)
            with cgutils.for_range_slice(builder, start, arguments[9], one, _INDEX) as (index, _):
                _add_neighbour(builder, cell, total, tap, step, index, there)
            prediction = to_latent(builder, builder.load(total), middle.type)
            made = builder.add(builder.sub(load(builder, residual, here), middle), prediction)
            store(builder, residual, here, made)
            number = to_number(builder, made)
            builder.store(number, west)
            store(builder, cell, there, number)
        return context.get_dummy_value()

    index = types.int64
    return types.none(slab, index, index, woven, index, sums, steps, taps, index, index, mid), build


_raw_weigh, _raw_finish = intrinsic(_weigh), intrinsic(_finish)


@inlined
def _weigh_block(slab: Any, at: Any, steps: Any, taps: Any, count: Any, sums: Any, place: Any) -> None:
    """Sum neighbours of the cells at `BLOCK` places, times weights."""
    if CHECKED:
        for j in range(BLOCK * SLABS):
            total = 0.0
            for k in range(count):
                total += taps[k] * slab[(at + steps[k]) * SLABS + j]
            sums[place * SLABS + j] = total
        return
    _raw_weigh(slab, at, steps, taps, count, sums, place)


@inlined
def _follow(
    slab: Any,
    at: Any,
    n: Any,
    woven: Any,
    place: Any,
    sums: Any,
    steps: Any,
    taps: Any,
    first: Any,
    stop: Any,
    mid: Any,
) -> None:
    """Turn residuals into the cells at so many places, each from the one before; neighbours from `first` on are added.

    Cells are stored as latents in place of residuals, and as floats in the slab.
    """
    if CHECKED:
        dtype = woven.dtype.type
        for j in range(n * SLABS):
            i, to = place * SLABS + j, at * SLABS + j
            total = sums[i]
            for k in range(first, stop):
                total += taps[k] * slab[to + steps[k] * SLABS]
            woven[i] = dtype(woven[i] - mid + latent_of(total, mid))
            slab[to] = number_of(woven[i])
        return
    _raw_finish(slab, at, n, woven, place, sums, steps, taps, first, stop, mid)
