"""Which distinct latents there are."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only
from .words import bit_length

Latents = npt.NDArray[np.unsignedinteger[Any]]
I64 = npt.NDArray[np.int64]

_HASH = np.uint64(0x9E3779B97F4A7C15)  # odd, of well mixed bits
_LEAST_LOG = 10
_SPARE_LOG = 2  # log2 of the least slots a value: the emptier the table, the fewer values are met on the way
_SPARSE = 4  # latents of a span of up to so many times their count, or of 16 bits, are not looked up by hash


def index_values(
    latents: Latents, most: int, indices: npt.NDArray[np.uint32], by_value: bool
) -> tuple[Latents, I64] | None:
    """See `Kernels.index_values`."""
    lowest, highest = latents.min(initial=np.iinfo(latents.dtype).max), latents.max(initial=0)
    span = max(int(highest) - int(lowest) + 1, 0)  # of no latents, none
    if latents.itemsize <= 2 or 0 < span <= _SPARSE * latents.size:
        return _index_narrow(latents, int(lowest), span, most, indices, by_value)
    place, size, log = 0, 0, _LEAST_LOG
    values: Latents = np.empty(1 << log, latents.dtype)
    counts = np.zeros(1 << log, np.int64)
    while place < latents.size:
        slots = np.zeros(1 << (log + _SPARE_LOG), np.uint32)
        place, size = _index(read_only(latents), place, size, min(most, 1 << log), slots, values, counts, indices)
        if size >= most and place < latents.size:
            return None
        if place < latents.size:
            log += 1
            values = np.concatenate((values, np.zeros_like(values)))
            counts = np.concatenate((counts, np.zeros_like(counts)))
    return _ranked(values[:size], counts[:size], indices, by_value)


def _index_narrow(
    latents: Latents, lowest: int, span: int, most: int, indices: npt.NDArray[np.uint32], by_value: bool
) -> tuple[Latents, I64] | None:
    counts = np.zeros(span, np.int64)
    if _count(read_only(latents), np.uint64(lowest), most, counts, indices) > most:
        return None
    found = np.flatnonzero(counts != 0)
    order = found if by_value else found[np.argsort(-counts[found], kind="stable")]
    ranks = np.zeros(span, np.uint32)
    ranks[order] = np.arange(order.size, dtype=np.uint32)
    _replace(indices, ranks)
    return (order.view(np.uint64) + np.uint64(lowest)).astype(latents.dtype), counts[order]


def _ranked(values: Latents, counts: I64, indices: npt.NDArray[np.uint32], by_value: bool) -> tuple[Latents, I64]:
    order = np.argsort(values, kind="stable")
    if not by_value:
        order = order[np.argsort(-counts[order], kind="stable")]
    ranks = np.empty(order.size, np.uint32)
    ranks[order] = np.arange(order.size, dtype=np.uint32)
    _replace(indices, ranks)
    return values[order], counts[order]


@compiled
def _count(latents: Any, lowest: Any, most: Any, counts: Any, indices: Any) -> Any:
    """Count each value, until there are more of them than `most`; return how many there are."""
    distinct = 0
    for i in range(latents.size):
        index = np.uint64(latents[i]) - lowest
        count = counts[index]
        distinct += count == 0
        if distinct > most:
            break
        counts[index], indices[i] = count + 1, index
    return distinct


@compiled
def _index(latents: Any, place: Any, size: Any, most: Any, slots: Any, values: Any, counts: Any, indices: Any) -> Any:
    """Go on from a place with so many values until there would be more than `most`; return place and values."""
    shift = np.uint64(65 - bit_length(np.uint64(slots.size)))
    for index in range(size):
        slots[_slot(values[index], slots, shift, values)] = index + 1
    for i in range(place, latents.size):
        slot = _slot(latents[i], slots, shift, values)
        if slots[slot] == 0:
            if size >= most:
                return i, size
            values[size] = latents[i]
            size += 1
            slots[slot] = size
        found = np.uint64(slots[slot] - np.uint32(1))
        counts[found] += 1
        indices[i] = found
    return latents.size, size


@inlined
def _slot(latent: Any, slots: Any, shift: Any, values: Any) -> Any:
    """Return where a latent is in a table of one more than the values' indices, or where it would go."""
    mask = np.uint64(slots.size - 1)
    word = np.uint64(latent)
    slot = ((word ^ word >> np.uint64(32)) * _HASH) >> shift
    while slots[slot] != 0 and values[np.uint64(slots[slot] - np.uint32(1))] != latent:
        slot = (slot + np.uint64(1)) & mask
    return slot


@compiled
def _replace(indices: Any, ranks: Any) -> None:
    for i in range(indices.size):
        indices[i] = ranks[np.uint64(indices[i])]
