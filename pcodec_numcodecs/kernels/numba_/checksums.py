"""CRC-32C by the processor's own instruction, where it has one that LLVM knows by a name that is used here."""

import sys
from typing import Any

import numba.core.registry
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .. import numpy_
from .compiled import compiled, inlined, read_only
from .words import items, load

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

_ONES = np.uint64(0xFFFFFFFF)
_EIGHT = np.uint64(8)
_SIDE_BY_SIDE = 3
"""The instruction takes three cycles, and one can begin in each."""

_triple, _, _features = numba.core.registry.cpu_target.target_context.codegen().magic_tuple()
HAS_FAST_CRC32C = _triple.startswith("x86_64") and "+sse4.2" in _features.split(",") and sys.byteorder == "little"


def _taken(name: str, width: int, crc_width: int) -> Any:
    """Return what makes the instruction that takes a word of some width into a CRC."""

    def typed(typing_context: Any, crc: Any, word: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = [ir.IntType(crc_width), ir.IntType(width)]
            call = builder.module.declare_intrinsic(name, (), ir.FunctionType(kinds[0], kinds))
            crc, word = arguments
            if crc_width < 64:
                crc = builder.trunc(crc, kinds[0])
            made = builder.call(call, [crc, word])
            return made if crc_width == 64 else builder.zext(made, ir.IntType(64))

        return types.uint64(types.uint64, types.uint64 if width == 64 else types.uint8), build

    return intrinsic(typed)


_take_word = _taken("llvm.x86.sse42.crc32.64.64", 64, 64)
_take_byte = _taken("llvm.x86.sse42.crc32.32.8", 8, 32)


def crc32c_of_stretches(data: U8, starts: I64, stops: I64) -> U32:
    """See `Kernels.crc32c_of_stretches`."""
    if not HAS_FAST_CRC32C:
        return numpy_.crc32c_of_stretches(data, starts, stops)
    out = np.empty(starts.size, np.uint32)
    _take(read_only(data), starts, stops, out)
    return out


@compiled
def _take(data: Any, starts: Any, stops: Any, out: Any) -> None:
    lane = 0
    while lane + _SIDE_BY_SIDE <= out.size:
        a, b, c = np.uint64(starts[lane]), np.uint64(starts[lane + 1]), np.uint64(starts[lane + 2])
        words = min(stops[lane] - starts[lane], stops[lane + 1] - starts[lane + 1], stops[lane + 2] - starts[lane + 2])
        first, second, third = _ONES, _ONES, _ONES
        for _ in range(words // 8):
            first = _take_word(first, load(data, a))
            second = _take_word(second, load(data, b))
            third = _take_word(third, load(data, c))
            a, b, c = a + _EIGHT, b + _EIGHT, c + _EIGHT
        out[lane] = _finished(items(data), first, a, np.uint64(stops[lane]))
        out[lane + 1] = _finished(items(data), second, b, np.uint64(stops[lane + 1]))
        out[lane + 2] = _finished(items(data), third, c, np.uint64(stops[lane + 2]))
        lane += _SIDE_BY_SIDE
    while lane < out.size:
        out[lane] = _finished(items(data), _ONES, np.uint64(starts[lane]), np.uint64(stops[lane]))
        lane += 1


@inlined
def _finished(data: Any, crc: Any, at: Any, stop: Any) -> Any:
    """Take what is left of a stretch."""
    while at + _EIGHT <= stop:
        crc = _take_word(crc, load(data, at))
        at += _EIGHT
    while at < stop:
        crc = _take_byte(crc, data[at])
        at += np.uint64(1)
    return np.uint32(crc ^ _ONES)
