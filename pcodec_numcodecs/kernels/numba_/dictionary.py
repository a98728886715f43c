"""Which distinct latents there are."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only

Latents = npt.NDArray[np.unsignedinteger[Any]]
I64 = npt.NDArray[np.int64]

_HASH = np.uint64(0x9E3779B97F4A7C15)  # odd, of well mixed bits
_LEAST_LOG = 10
_SPARSE = 4  # latents of a span of up to so many times their count are looked up by themselves, not by hash


def index_values(latents: Latents, most: int, indices: npt.NDArray[np.uint32]) -> tuple[Latents, I64] | None:
    """See `Kernels.index_values`."""
    lowest, highest = latents.min(initial=np.iinfo(latents.dtype).max), latents.max(initial=0)
    span = int(highest) - int(lowest) + 1
    if 0 < span <= _SPARSE * latents.size:
        values, counts = _index_narrow(read_only(latents), np.uint64(lowest), np.int64(span), np.int64(most), indices)
    else:
        values, counts = _index(read_only(latents), np.int64(most), indices)
    return (values, counts) if values.size <= most else None


@compiled
def _index_narrow(latents: Any, lowest: Any, span: Any, most: Any, indices: Any) -> Any:
    """Look each latent up in a table of all that there may be."""
    slots = np.zeros(span, np.uint32)  # one more than the index of the value
    values, counts = np.empty(min(span, most) + 1, latents.dtype), np.zeros(min(span, most) + 1, np.int64)
    size = np.int64(0)
    for i in range(latents.size):
        slot = np.uint64(latents[i]) - lowest
        if slots[slot] == 0:
            values[size] = latents[i]
            size += 1
            if size > most:
                break
            slots[slot] = size
        index = np.uint64(slots[slot] - np.uint32(1))
        counts[index] += 1
        indices[i] = index
    return values[:size].copy(), counts[:size].copy()


@compiled
def _index(latents: Any, most: Any, indices: Any) -> Any:
    """Look each latent up in a table of hashes that is never more than half full."""
    log = _LEAST_LOG
    slots = np.zeros(1 << log, np.uint32)  # one more than the index of the value
    values, counts = np.empty(1 << (log - 1), latents.dtype), np.zeros(1 << (log - 1), np.int64)
    size = np.int64(0)
    for i in range(latents.size):
        latent = latents[i]
        slot = _slot(latent, slots, values, log)
        index = np.int64(slots[slot]) - 1
        if index < 0:
            if size >= most:
                return np.empty(most + 1, latents.dtype), counts[:0]
            if size == values.size:
                log += 1
                slots = np.zeros(1 << log, np.uint32)
                grown, grown_counts = np.empty(2 * size, latents.dtype), np.zeros(2 * size, np.int64)
                grown[:size], grown_counts[:size] = values, counts
                values, counts = grown, grown_counts
                for earlier in range(size):
                    slots[_slot(values[earlier], slots, values, log)] = earlier + 1
                slot = _slot(latent, slots, values, log)
            values[size] = latent
            index = size
            size += 1
            slots[slot] = size
        counts[index] += 1
        indices[i] = index
    return values[:size].copy(), counts[:size].copy()


@inlined
def _slot(latent: Any, slots: Any, values: Any, log: Any) -> Any:
    """Return where a latent is in the table, or where it would go."""
    mask = np.uint64(slots.size - 1)
    slot = (np.uint64(latent) * _HASH) >> np.uint64(64 - log)
    while slots[slot] != 0 and values[np.uint64(slots[slot] - np.uint32(1))] != latent:
        slot = (slot + np.uint64(1)) & mask
    return slot
