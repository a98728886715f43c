"""Undo the delta encodings of many pages at once."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...pages import page_starts
from .lanes import lane_blocks

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]

_LOOKBACK_BLOCK = 1 << 16  # latents whose references are followed at a time: they stay in the cache


def undo_consecutive(latents: Latents, counts: I64, states: Latents) -> None:
    """See `Kernels.undo_consecutive`."""
    states, counts = states[counts > 0], counts[counts > 0]
    starts = page_starts(counts)
    for place in range(states.shape[1]):
        long = counts > place
        latents[starts[long] + place] = 0
    for place in reversed(range(states.shape[1])):
        long = counts > place
        latents[starts[long] + place] = states[long, place]
        # One sum over all lanes, less what the lanes before have added: wrapping sums are exact.
        np.add.accumulate(latents, dtype=latents.dtype, out=latents)
        if counts.size > 1:
            before = latents[starts[1:] - 1]
            latents[starts[1] :] -= np.repeat(before, counts[1:])


def undo_lookback(latents: Latents, lookbacks: npt.NDArray[np.uint32], counts: I64, states: Latents) -> None:
    """See `Kernels.undo_lookback`."""
    starts = page_starts(counts)
    length = states.shape[1]
    lane_start = np.repeat(starts, counts)
    place = np.arange(latents.size) - lane_start
    in_state = place < length
    latents[in_state] = states[np.repeat(np.arange(counts.size), counts)[in_state], place[in_state]]
    # A latent is the sum of residuals along its chain of references. Each round doubles the stretch of the chain
    # that is summed, so a chain of n links takes log2(n) rounds.
    parent = np.where(in_state, -1, place - lookbacks)
    np.add(parent, lane_start, out=parent, where=parent >= 0)
    for first in range(0, latents.size, _LOOKBACK_BLOCK):
        active = np.flatnonzero(parent[first : first + _LOOKBACK_BLOCK] >= 0) + first
        while active.size:
            reference = parent[active]
            latents[active] += latents[reference]
            parent[active] = parent[reference]
            active = active[parent[active] >= 0]


def undo_conv1(latents: Latents, counts: I64, states: Latents, weights: I64, bias: int, quantization: int) -> None:
    """See `Kernels.undo_conv1`."""
    starts = page_starts(counts)
    lengths = np.maximum(counts, weights.size)
    for lanes in lane_blocks(lengths):
        # One row a place in the page, so that a step works on a whole row.
        place = np.arange(int(lengths[lanes[0]]))[:, None]
        index = np.minimum(starts[lanes] + place, max(latents.size - 1, 0))
        valid = place < counts[lanes]
        if not valid.any():
            continue
        rows = latents[index].astype(np.int64)
        rows[: weights.size] = states[lanes].T
        _convolve(rows, weights, bias, quantization, (1 << (8 * latents.itemsize)) - 1)
        latents[index[valid]] = rows[valid].astype(latents.dtype)


def _convolve(rows: I64, weights: I64, bias: int, quantization: int, mask: int) -> None:
    """Turn differences into latents, row by row; the first rows are latents already."""
    order, lanes = weights.size, rows.shape[1]
    column = np.ascontiguousarray(np.broadcast_to(weights[:, None], (order, lanes)))
    products = np.empty_like(column)
    prediction = np.empty(lanes, np.int64)
    biases, zero, shift, masks = (np.array(value, np.int64) for value in (bias, 0, quantization, mask))
    multiply, add, add_rows, maximum, right_shift = np.multiply, np.add, np.add.reduce, np.maximum, np.right_shift
    for place in range(order, rows.shape[0]):
        row = rows[place]
        multiply(rows[place - order : place], column, products)
        add_rows(products, axis=0, out=prediction)
        add(prediction, biases, prediction)
        maximum(prediction, zero, out=prediction)
        right_shift(prediction, shift, prediction)
        add(row, prediction, row)
        np.bitwise_and(row, masks, row)
