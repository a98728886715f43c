"""The delta encodings, page by page."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, compiled_allocating, read_only

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_BLOCK = 1024  # latents that are differenced at a time: they stay in the cache


def difference_consecutive(latents: Latents, counts: I64, stored: Latents, states: Latents) -> None:
    """See `Kernels.difference_consecutive`."""
    _difference_consecutive(read_only(latents), counts, stored, states)


def difference_lookback(latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, stored: Latents) -> None:
    """See `Kernels.difference_lookback`."""
    _difference_lookback(read_only(latents), lookbacks, counts, stored)


@compiled_allocating
def _difference_consecutive(latents: Any, counts: Any, stored: Any, states: Any) -> None:
    order = states.shape[1]
    middle = latents.dtype.type(1 << (8 * latents.itemsize - 1))
    block = np.empty(_BLOCK + order, latents.dtype)
    first = done = np.int64(0)
    for lane in range(counts.size):
        # Slices would take a second to compile.
        for start in range(0, max(counts[lane] - order, 1), _BLOCK):
            held = min(_BLOCK + order, counts[lane] - start)
            at = np.uint64(first + start)
            for i in range(np.uint64(max(held, 0))):
                block[i] = latents[at + i]
            for place in range(order):
                if held > 0:
                    if start == 0:
                        states[lane, place] = block[0]
                    held -= 1
                    for i in range(np.uint64(held)):
                        block[i] = block[i + np.uint64(1)] - block[i]
            to = np.uint64(done)
            for i in range(np.uint64(max(held, 0))):
                stored[to + i] = block[i] ^ middle
            done += max(held, 0)
        first += counts[lane]


@compiled
def _difference_lookback(latents: Any, lookbacks: Any, counts: Any, stored: Any) -> None:
    middle, nothing = latents.dtype.type(1 << (8 * latents.itemsize - 1)), latents.dtype.type(0)
    first = done = np.uint64(0)
    for lane in range(counts.size):
        for place in range(np.uint64(1), np.uint64(max(counts[lane], 1))):
            distance = lookbacks[first + place]
            back: Any = min(np.uint64(distance), place)
            earlier = latents[first + place - back]
            here = latents[first + place]
            stored[done] = (here - (earlier if distance <= place else nothing)) ^ middle
            lookbacks[done] = distance
            done += np.uint64(1)
        first += np.uint64(counts[lane])
