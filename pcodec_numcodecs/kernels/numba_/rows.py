"""Numbers of a lane to its rows, many of which are too short for a call of the system's copy."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .compiled import CHECKED, inlined, separate
from .words import copy_items, item_bytes, start_of

_LINE = 32
_FAR = 1024  # bytes from which on the system's copy is faster
_SIDE = 8
"""Rows that are copied side by side: as many as stay in the nearest cache, however far they are from each other."""


def _raw_line(typing_context: Any, target: Any, start: Any, source: Any, first: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        line = ir.VectorType(ir.IntType(8), _LINE).as_pointer()
        to, origin = (
            builder.bitcast(builder.gep(start_of(context, builder, kind, array), [place], inbounds=True), line)
            for kind, array, place in (
                (signature.args[0], *arguments[:2]),
                (signature.args[2], *arguments[2:]),
            )
        )
        builder.store(builder.load(origin, align=1), to, align=1)
        return context.get_dummy_value()

    return types.none(target, types.uint64, source, types.uint64), build


_copy_line = intrinsic(_raw_line)


@inlined
def copy(target: Any, start: Any, source: Any, first: Any, count: Any) -> None:
    """Copy items; the last vector of them overlaps the one before."""
    a_line = np.uint64(_LINE // item_bytes(target))
    if CHECKED or count < a_line or count * np.uint64(item_bytes(target)) >= np.uint64(_FAR):
        copy_items(target, start, source, first, count)
        return
    i = np.uint64(0)
    while i + a_line < count:
        _copy_line(target, start + i, source, first + i)
        i += a_line
    i = count - a_line
    _copy_line(target, start + i, source, first + i)


@inlined
def copy_rows(source: Any, n: Any, out: Any, step: Any, done: Any, length: Any, first: Any, starts: Any) -> None:
    """Copy numbers to the rows of a lane, of which `done` are there; see `Rows`."""
    row, place = first + done // length, done % length
    copied = 0
    while copied < n:
        few = min(n - copied, length - place)
        to, origin = np.uint64(starts[row] + place * step), np.uint64(copied)
        if step == 1:
            copy(out, to, source, origin, np.uint64(few))
        elif place == 0 and few == length and n - copied >= _SIDE * length and _are_adjacent(starts, row):
            _copy_across(source, origin, length, out, to, step)
            few *= _SIDE
            row += _SIDE - 1
        else:
            for i in range(np.uint64(few)):
                out[to + i * np.uint64(step)] = source[origin + i]
        copied += few
        row += 1
        place = 0


@separate
def copy_parts(source: Any, n: Any, out: Any, size: Any, place: Any, length: Any, row: Any, starts: Any) -> None:
    """Copy numbers of some size, all in bytes, to a row from some place on, and to those that follow."""
    copied = 0
    while copied < n:
        few = min(n - copied, length - place)
        to, origin = np.uint64((starts[row] + place) * size), np.uint64(copied * size)
        copy(out, to, source, origin, np.uint64(few * size))
        copied += few
        row += 1
        place = 0


@inlined
def _are_adjacent(starts: Any, row: Any) -> Any:
    """Tell whether rows begin side by side."""
    adjacent = True
    for k in range(1, _SIDE):
        adjacent &= starts[row + k] == starts[row] + k
    return adjacent


@inlined
def _copy_across(source: Any, origin: Any, length: Any, out: Any, to: Any, step: Any) -> None:
    """Copy evenly spread rows that begin side by side: what comes to lie together is written together."""
    for i in range(np.uint64(length)):
        for k in range(np.uint64(_SIDE)):
            out[to + i * np.uint64(step) + k] = source[origin + k * np.uint64(length) + i]
