"""Weighted sums of neighbours in other rows, some cells of a row at a time in vector registers.

Rows of tiles are short: loops that the compiler makes vector code of spend them in their remainders. Here the loop is
over neighbours, for a vector of cells, so that up to `SPARE` cells behind a row are read and written, for nothing.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled import CHECKED, inlined

SPARE: Final = 16
_LANE = ir.IntType(32)
_INDEX = ir.IntType(64)


def _weigher(width: int) -> Any:
    def weigh(
        typing_context: Any, cells: Any, at: Any, steps: Any, taps: Any, count: Any, start: Any, sums: Any, place: Any
    ) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def pointers() -> Iterator[Any]:
                for argument in (0, 2, 3, 6):
                    array = context.make_array(signature.args[argument])
                    yield array(context, builder, arguments[argument]).data

            def splat(value: Any) -> Any:
                alone = builder.insert_element(ir.Constant(ir.VectorType(value.type, width), None), value, _LANE(0))
                return builder.shuffle_vector(alone, alone, ir.Constant(ir.VectorType(_LANE, width), [0] * width))

            cell, step, tap, out = pointers()
            number = context.get_data_type(signature.args[0].dtype)
            vector = ir.VectorType(arguments[5].type, width)
            total = cgutils.alloca_once_value(builder, splat(arguments[5]))
            with cgutils.for_range(builder, arguments[4], intp=_INDEX) as loop:
                weight = splat(builder.load(builder.gep(tap, [loop.index])))
                there = builder.gep(cell, [builder.add(arguments[1], builder.load(builder.gep(step, [loop.index])))])
                beside = builder.bitcast(there, ir.VectorType(number, width).as_pointer())
                numbers = builder.load(beside, align=1)
                if isinstance(signature.args[5], types.Float):
                    weighted = builder.fadd(builder.load(total), builder.fmul(weight, numbers))
                else:
                    # Next to the product, where the compiler sees that 32 bits of the weight are all.
                    product = builder.mul(builder.sext(weight, vector), builder.sext(numbers, vector))
                    weighted = builder.add(builder.load(total), product)
                builder.store(weighted, total)
            beside = builder.bitcast(builder.gep(out, [arguments[7]]), vector.as_pointer())
            builder.store(builder.load(total), beside, align=1)
            return context.get_dummy_value()

        return types.none(cells, types.uint64, steps, taps, types.int64, start, sums, types.uint64), build

    return intrinsic(weigh)


_weigh_eight, _weigh_sixteen = _weigher(8), _weigher(16)


@inlined
def _raw_weigh(cells: Any, here: Any, n: Any, steps: Any, taps: Any, count: Any, start: Any, sums: Any) -> None:
    at, i, eight, sixteen = np.uint64(here), np.uint64(1), np.uint64(8), np.uint64(16)
    while i + eight < np.uint64(n):
        _weigh_sixteen(cells, at + i, steps, taps, count, start, sums, i)
        i += sixteen
    if i < np.uint64(n):
        _weigh_eight(cells, at + i, steps, taps, count, start, sums, i)


@inlined
def _checked_weigh(cells: Any, here: Any, n: Any, steps: Any, taps: Any, count: Any, start: Any, sums: Any) -> None:
    for i in range(1, n):
        total = start
        for k in range(count):
            total += taps[k] * cells[here + i + steps[k]]
        sums[i] = total


weigh = _checked_weigh if CHECKED else _raw_weigh
"""Fill `sums` for the `n` cells from `here` on, but the first: `start`, and of each neighbour what lies a step away."""
