"""What Numba does not offer: unaligned 64-bit words in bytes, least significant first, bit lengths, floats as bits.

A word is given by its first byte. Nothing checks that it lies in the array but the checked build (`compiled.CHECKED`):
kernels make sure beforehand, a batch at a time.
"""

import sys
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from .compiled import CHECKED, allocating, inlined

_WORD = ir.IntType(64)
_BYTE = ir.IntType(8)
_FLOATS = {types.uint32: types.float32, types.uint64: types.float64}
_BITS = {number: bits for bits, number in _FLOATS.items()}


def start_of(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    """Return a pointer to the first item of an array, or what `items` has made of it."""
    is_pointer = isinstance(array_type, types.CPointer)
    return array if is_pointer else context.make_array(array_type)(context, builder, array).data


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, byte: Any) -> Any:
    start = start_of(context, builder, array_type, array)
    return builder.bitcast(builder.gep(start, [byte]), _WORD.as_pointer())


def _little_endian(builder: Any, word: Any) -> Any:
    return builder.bswap(word) if sys.byteorder == "big" else word


def _items(typing_context: Any, array: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), build


def _raw_load(typing_context: Any, data: Any, byte: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        return _little_endian(builder, builder.load(pointer, align=1))

    return types.uint64(data, types.uint64), build


def _raw_store(typing_context: Any, data: Any, byte: Any, word: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, value = arguments
        pointer = _pointer(context, builder, signature.args[0], array, place)
        builder.store(_little_endian(builder, value), pointer, align=1)
        return context.get_dummy_value()

    return types.none(data, types.uint64, types.uint64), build


def _bit_length(typing_context: Any, word: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        zeros = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))
        return builder.zext(builder.sub(ir.Constant(kind, kind.width), zeros), _WORD)

    return types.int64(word if word == types.uint32 else types.uint64), build


def _reinterpreted(result: Any, given: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return result(given), build


def _item_bytes(typing_context: Any, array: Any) -> Any:
    item = array.dtype

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.int64, item.bitwidth // 8)

    return types.int64(array), build


def _float_of(typing_context: Any, bits: Any) -> Any:
    return _reinterpreted(_FLOATS[bits], bits)


def _bits_of(typing_context: Any, number: Any) -> Any:
    return _reinterpreted(_BITS[number], number)


def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = start_of(context, builder, signature.args[0], arguments[0])
        pointer = builder.bitcast(builder.gep(start, [arguments[1]]), _BYTE.as_pointer())
        function = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), *[ir.IntType(32)] * 3])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [_BYTE.as_pointer()], function)
        # To write to; to be kept in all caches; data.
        builder.call(prefetch, [pointer, *(ir.Constant(ir.IntType(32), flag) for flag in (1, 3, 1))])
        return context.get_dummy_value()

    return types.none(array, types.uint64), build


def _copy_items(typing_context: Any, target: Any, start: Any, source: Any, first: Any, count: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, start, origin, first, count = arguments
        to, origin = (
            start_of(context, builder, kind, array)
            for kind, array in ((signature.args[0], to), (signature.args[2], origin))
        )
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        cgutils.raw_memcpy(builder, builder.gep(to, [start]), builder.gep(origin, [first]), count, size)
        return context.get_dummy_value()

    return types.none(target, types.uint64, source, types.uint64, types.uint64), build


raw_items = intrinsic(_items)
raw_load = intrinsic(_raw_load)
raw_store = intrinsic(_raw_store)
raw_copy = intrinsic(_copy_items)
bit_length = intrinsic(_bit_length)  # of 32 bits where there are no more: more of them fit into a vector
item_bytes = intrinsic(_item_bytes)  # known when a kernel is compiled: what is for other widths is left out
float_of = intrinsic(_float_of)  # float32 or float64 of the same width
bits_of = intrinsic(_bits_of)
prefetch = intrinsic(_prefetch)  # of an item that will be written; any index will do


@inlined
def _checked_load(data: Any, byte: Any) -> Any:
    if data.size < 8 or byte > np.uint64(data.size - 8):
        raise IndexError("a kernel reads beyond its data")
    return raw_load(data, byte)


@inlined
def _checked_store(data: Any, byte: Any, word: Any) -> None:
    if data.size < 8 or byte > np.uint64(data.size - 8):
        raise IndexError("a kernel writes beyond its data")
    raw_store(data, byte, word)


@inlined
def _checked_copy(target: Any, start: Any, source: Any, first: Any, count: Any) -> None:
    if start + count > np.uint64(target.size) or first + count > np.uint64(source.size):
        raise IndexError("a kernel copies beyond its data")
    raw_copy(target, start, source, first, count)


def _same(typing_context: Any, array: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return impl_ret_borrowed(context, builder, signature.return_type, arguments[0])

    return array(array), build


_checked_items = intrinsic(_same)  # counted where whoever calls it counts


@allocating
def clear(array: Any) -> Any:
    """Fill an array with zeros, and return it; `np.zeros` takes long to compile, for each type anew."""
    for i in range(array.size):
        array[i] = 0
    return array


# Where an array begins, as functions that are not inlined want it: arrays would be counted at each call. The array must
# be used later than the pointer, but for those that kernels are given.
items = _checked_items if CHECKED else raw_items
copy_items = _checked_copy if CHECKED else raw_copy
load = _checked_load if CHECKED else raw_load
store = _checked_store if CHECKED else raw_store
