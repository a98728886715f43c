"""Cells that are masked, and those that are not."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import CHECKED, compiled, inlined, read_only
from .expanding import EXPANDS, expand, spread_one_by_one
from .rows import copy
from .words import load, store

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_ONE, _EIGHT, _MANY = np.uint64(1), np.uint64(8), np.uint64(32)
_EACH = np.uint64(0x0101010101010101)
"""One in each of eight bytes."""


def keep_present(latents: Latents, absent: U8, out: Latents) -> None:
    """See `Kernels.keep_present`."""
    _keep(read_only(latents), read_only(absent), out)


def spread_present(latents: Latents, absent: U8, between: int, out: Latents) -> None:
    """See `Kernels.spread_present`."""
    # Of cells of 64 bits, memory is what is waited for: vectors gain nothing.
    kernel = expand if EXPANDS and out.itemsize < 8 else _spread
    kernel(read_only(latents), read_only(absent), out.dtype.type(between), out)


def count_present(absent: U8, sizes: I64) -> I64:
    """See `Kernels.count_present`."""
    counts = np.empty_like(sizes)
    _count(read_only(absent), sizes, counts)
    return counts


def fill_runs(runs: npt.NDArray[np.uint32], mask: U8) -> None:
    """See `Kernels.fill_runs`."""
    _fill(runs, mask)


def list_runs(mask: U8, runs: npt.NDArray[np.uint32]) -> int:
    """See `Kernels.list_runs`."""
    return _list(mask, runs)


def take_changes(mask: U8, sizes: I64, strides: I64, out: U8) -> None:
    """See `Kernels.take_changes`."""
    _take(mask, sizes, strides, out)


def accumulate_changes(mask: U8, sizes: I64, strides: I64) -> None:
    """See `Kernels.accumulate_changes`."""
    _accumulate(mask, sizes, strides)


@compiled
def _keep(latents: Any, absent: Any, out: Any) -> None:
    size, room = np.uint64(latents.size), np.uint64(out.size)
    kept, at = np.uint64(0), np.uint64(0)
    while at + _EIGHT <= size and kept + _EIGHT <= room:
        # Masked cells lie together, as in `_spread`.
        codes = load(absent, at)
        if codes == 0:
            for k in range(_EIGHT):
                out[kept + k] = latents[at + k]
            kept += _EIGHT
        elif (codes | (codes >> _ONE)) & _EACH != _EACH:
            for k in range(_EIGHT):
                # One more store than is kept: the next overwrites it, so nothing has to be predicted.
                out[kept] = latents[at + k]
                kept += np.uint64(absent[at + k] == 0)
        at += _EIGHT
    while at < size and kept < room:
        out[kept] = latents[at]
        kept += np.uint64(absent[at] == 0)
        at += _ONE


@compiled
def _spread(latents: Any, absent: Any, between: Any, out: Any) -> None:
    size, held = np.uint64(out.size), np.uint64(latents.size)
    taken, at = np.uint64(0), np.uint64(0)
    # Masked cells lie together: most stretches are all masked, or not at all.
    while at + _MANY <= size and taken + _MANY <= held:
        some, each = np.uint64(0), _EACH
        for word in range(_MANY // _EIGHT):
            codes = load(absent, at + word * _EIGHT)
            some |= codes
            each &= codes | (codes >> _ONE)
        if some == 0:
            # Latents may lie at the end of `out`: a vector is loaded before it is stored, and none is loaded twice.
            if CHECKED:
                for k in range(_MANY):
                    out[at + k] = latents[taken + k]
            else:
                copy(out, at, latents, taken, _MANY)
            taken += _MANY
        elif each == _EACH:
            for k in range(_MANY):
                out[at + k] = between
        else:
            for word in range(_MANY // _EIGHT):
                taken = _spread_few(latents, taken, absent, between, out, at + word * _EIGHT)
        at += _MANY
    spread_one_by_one(latents, taken, absent, at, between, out)


@inlined
def _spread_few(latents: Any, taken: Any, absent: Any, between: Any, out: Any, at: Any) -> Any:
    """Spread over eight cells; return how many latents are taken."""
    codes = load(absent, at)
    if codes == 0:
        for k in range(_EIGHT):
            out[at + k] = latents[taken + k]
        taken += _EIGHT
    elif (codes | (codes >> _ONE)) & _EACH == _EACH:
        for k in range(_EIGHT):
            out[at + k] = between
    else:
        for k in range(_EIGHT):
            # Looked up in any case: a condition could not be predicted.
            present, latent = absent[at + k] == 0, latents[taken]
            out[at + k] = latent if present else between
            taken += np.uint64(present)
    return taken


@compiled
def _count(absent: Any, sizes: Any, out: Any) -> None:
    at = np.uint64(0)
    for page in range(sizes.size):
        found = np.uint64(0)
        for i in range(np.uint64(sizes[page])):
            found += np.uint64(absent[at + i] == 0)
        out[page] = found
        at += np.uint64(sizes[page])


@compiled
def _fill(runs: Any, mask: Any) -> None:
    at = np.uint64(0)
    for run in range(runs.size):
        value = np.uint8(run & 1)
        for i in range(np.uint64(runs[run])):
            mask[at + i] = value
        at += np.uint64(runs[run])


@compiled
def _list(mask: Any, runs: Any) -> Any:
    size, at, start = np.uint64(mask.size), np.uint64(0), np.uint64(0)
    value, found = np.uint8(0), np.uint64(0)
    while at < size:
        # Most runs are long.
        if at + _EIGHT <= size and load(mask, at) == np.uint64(value) * _EACH:
            at += _EIGHT
            continue
        if mask[at] != value:
            runs[found] = at - start
            found += _ONE
            value, start = mask[at], at
        at += _ONE
    runs[found] = size - start
    return np.int64(found + _ONE)


@compiled
def _take(mask: Any, sizes: Any, strides: Any, out: Any) -> None:
    start = np.uint64(0)
    for page in range(sizes.size):
        stride, end = np.uint64(strides[page]), start + np.uint64(sizes[page])
        for i in range(stride):
            out[start + i] = mask[start + i]
        for i in range(start + stride, end):
            out[i] = mask[i] ^ mask[i - stride]
        start = end


@compiled
def _accumulate(mask: Any, sizes: Any, strides: Any) -> None:
    start, size = np.uint64(0), np.uint64(mask.size)
    for page in range(sizes.size):
        stride, end = np.uint64(strides[page]), start + np.uint64(sizes[page])
        # Eight columns at a time, from one stretch to the next: what was just written is never waited for.
        column = start
        while column < start + stride:
            wide = min(start + stride - column, _EIGHT)
            own = ~np.uint64(0) if wide == _EIGHT else (_ONE << (_EIGHT * wide)) - _ONE
            above, at = np.uint64(0), column
            while at < end:
                if at + _EIGHT <= size:
                    word = load(mask, at)
                    above ^= word & own
                    store(mask, at, above | (word & ~own))
                else:
                    word, above = above, np.uint64(0)
                    for k in range(wide):
                        mask[at + k] ^= np.uint8(word >> (_EIGHT * k))
                        above |= np.uint64(mask[at + k]) << (_EIGHT * k)
                at += stride
            column += _EIGHT
        start = end
