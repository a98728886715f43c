"""Undo the delta encodings, page by page."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, inlined, read_only

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


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
