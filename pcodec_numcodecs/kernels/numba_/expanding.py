"""Latents between masked cells, a vector at a time: where a processor spreads its items by a mask (AVX-512)."""

from typing import Any

import numba.core.registry
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .compiled import CHECKED, compiled, inlined
from .words import start_of
from .woven import splat

_VECTOR_BITS = 512
_ONE, _VECTOR_BYTES = np.uint64(1), np.uint64(_VECTOR_BITS // 8)

_triple, _, _features = numba.core.registry.cpu_target.target_context.codegen().magic_tuple()
EXPANDS = not CHECKED and _triple.startswith("x86_64") and "+avx512vbmi2" in _features.split(",")
"""Whether it is so for items of all widths. Without, the compiler would make a branch of each cell."""


def _vector_at(context: Any, builder: Any, kind: Any, array: Any, place: Any, count: int) -> Any:
    there = builder.gep(start_of(context, builder, kind, array), [place])
    return builder.bitcast(there, ir.VectorType(there.type.pointee, count).as_pointer())


def _present(context: Any, builder: Any, kind: Any, absent: Any, place: Any, item: Any) -> Any:
    """Return a bit for each of as many cells as a vector of items has: whether it is not masked."""
    codes = builder.load(_vector_at(context, builder, kind, absent, place, _VECTOR_BITS // item.width), align=1)
    return builder.icmp_unsigned("==", codes, ir.Constant(codes.type, None))


def _count(typing_context: Any, absent: Any, place: Any, latents: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        item = context.get_data_type(signature.args[2].dtype)
        present = _present(context, builder, signature.args[0], arguments[0], arguments[1], item)
        bits = builder.bitcast(present, ir.IntType(present.type.count))
        word = ir.IntType(64)
        return builder.ctpop(bits if bits.type == word else builder.zext(bits, word))

    return types.uint64(absent, types.uint64, latents), build


def _expand(typing_context: Any, latents: Any, taken: Any, absent: Any, place: Any, between: Any, out: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        item = context.get_data_type(signature.args[0].dtype)
        present = _present(context, builder, signature.args[2], arguments[2], arguments[3], item)
        held = builder.gep(start_of(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        others = splat(builder, arguments[4], present.type.count)
        kinds = [held.type, present.type, others.type]
        name = f"llvm.masked.expandload.v{present.type.count}i{item.width}"
        load = builder.module.declare_intrinsic(name, (), ir.FunctionType(others.type, kinds))
        to = _vector_at(context, builder, signature.args[5], arguments[5], arguments[3], present.type.count)
        builder.store(builder.call(load, [held, present, others]), to, align=1)
        return context.get_dummy_value()

    return types.none(latents, types.uint64, absent, types.uint64, latents.dtype, out), build


_count_vector, _expand_vector = intrinsic(_count), intrinsic(_expand)


@compiled
def expand(latents: Any, absent: Any, between: Any, out: Any) -> None:
    """Do what `presence.spread_present` does."""
    size, held = np.uint64(out.size), np.uint64(latents.size)
    cells = _VECTOR_BYTES // np.uint64(latents.itemsize)
    taken, at = np.uint64(0), np.uint64(0)
    while at + cells <= size:
        found = _count_vector(absent, at, latents)
        if taken + found > held:
            break
        # Latents may lie at the end of `out`: those of a vector are loaded before it is stored.
        _expand_vector(latents, taken, absent, at, between, out)
        taken += found
        at += cells
    spread_one_by_one(latents, taken, absent, at, between, out)


@inlined
def spread_one_by_one(latents: Any, taken: Any, absent: Any, at: Any, between: Any, out: Any) -> None:
    """Spread latents over what is left of the cells."""
    held = np.uint64(latents.size)
    for cell in range(at, np.uint64(out.size)):
        present = absent[cell] == 0
        out[cell] = latents[min(taken, held - _ONE)] if present and held else between
        taken += np.uint64(present)
