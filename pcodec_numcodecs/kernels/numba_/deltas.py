"""The delta encodings page by page, and back."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_BLOCK = 1024  # latents that are differenced at a time: they stay in the cache


def difference_consecutive(latents: Latents, counts: I64, stored: Latents, states: Latents) -> None:
    """See `Kernels.difference_consecutive`."""
    _difference_consecutive(read_only(latents), counts, stored, states)


def difference_lookback(latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, stored: Latents) -> None:
    """See `Kernels.difference_lookback`."""
    _difference_lookback(read_only(latents), lookbacks, counts, stored)


def undo_consecutive(latents: Latents, counts: I64, states: Latents) -> None:
    """See `Kernels.undo_consecutive`."""
    _undo_consecutive(latents, counts, states)


def undo_lookback(latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, states: Latents) -> None:
    """See `Kernels.undo_lookback`."""
    _undo_lookback(latents, read_only(lookbacks), counts, states)


def undo_conv1(latents: Latents, counts: I64, states: Latents, weights: I64, bias: int, quantization: int) -> None:
    """See `Kernels.undo_conv1`."""
    _undo_conv1(latents, counts, states, weights, bias, quantization)


@compiled
def _difference_consecutive(latents: Any, counts: Any, stored: Any, states: Any) -> None:
    order = states.shape[1]
    middle = latents.dtype.type(1 << (8 * latents.itemsize - 1))
    block = np.empty(_BLOCK + order, latents.dtype)
    first = done = np.int64(0)
    for lane in range(counts.size):
        page = latents[first : first + counts[lane]]
        for start in range(0, max(page.size - order, 1), _BLOCK):
            held = min(_BLOCK + order, page.size - start)
            block[:held] = page[start : start + held]
            for place in range(order):
                if held > 0:
                    if start == 0:
                        states[lane, place] = block[0]
                    held -= 1
                    for i in range(held):
                        block[i] = block[i + 1] - block[i]
            out = stored[done : done + held]
            for i in range(held):
                out[i] = block[i] ^ middle
            done += held
        first += page.size


@compiled
def _difference_lookback(latents: Any, lookbacks: Any, counts: Any, stored: Any) -> None:
    middle = latents.dtype.type(1 << (8 * latents.itemsize - 1))
    first = done = np.int64(0)
    for lane in range(counts.size):
        end = first + counts[lane]
        for i in range(first + 1, end):
            distance = lookbacks[i]
            stored[done] = (latents[i] - latents[np.uint64(i - np.int64(distance))]) ^ middle
            lookbacks[done] = distance
            done += 1
        first = end


@compiled
def _undo_consecutive(latents: Any, counts: Any, states: Any) -> None:
    start = np.int64(0)
    for lane in range(counts.size):
        undo_page_consecutive(latents[start : start + counts[lane]], states[lane])
        start += counts[lane]


@compiled
def _undo_lookback(latents: Any, lookbacks: Any, counts: Any, states: Any) -> None:
    start = np.int64(0)
    for lane in range(counts.size):
        stop = start + counts[lane]
        undo_page_lookback(latents[start:stop], lookbacks[start:stop], states[lane])
        start = stop


@compiled
def _undo_conv1(latents: Any, counts: Any, states: Any, weights: Any, bias: Any, quantization: Any) -> None:
    start = np.int64(0)
    for lane in range(counts.size):
        undo_page_conv1(latents[start : start + counts[lane]], states[lane], weights, bias, quantization)
        start += counts[lane]


@inlined
def undo_page_consecutive(page: Any, state: Any) -> None:
    """Undo differences of neighbours in one page."""
    for place in range(state.size - 1, -1, -1):
        if place < page.size:
            rest = page[place:]
            value = np.uint64(state[place])
            rest[0] = value
            for i in range(1, rest.size):
                value += np.uint64(rest[i])
                rest[i] = value


@inlined
def undo_page_lookback(page: Any, back: Any, state: Any) -> None:
    """Undo differences to earlier latents in one page."""
    for i in range(min(state.size, page.size)):
        page[i] = state[i]
    for i in range(state.size, page.size):
        reference = i - np.int64(back[i])
        if reference >= 0:
            page[i] += page[reference]


@inlined
def undo_page_conv1(page: Any, state: Any, weights: Any, bias: Any, quantization: Any) -> None:
    """Undo differences to a linear prediction in one page."""
    order = weights.size
    mask = (np.int64(1) << (8 * page.itemsize)) - 1
    for i in range(min(order, page.size)):
        page[i] = state[i]
    if page.size > order:
        last = np.int64(page[order - 1])
        for i in range(order, page.size):
            # The latent before is used last, from where it was made: all else does not wait for it.
            prediction = bias
            for j in range(order - 1):
                prediction += weights[j] * np.int64(page[np.uint64(i - order + j)])
            prediction += weights[order - 1] * last
            last = (np.int64(page[i]) + (max(prediction, 0) >> quantization)) & mask
            page[i] = last
