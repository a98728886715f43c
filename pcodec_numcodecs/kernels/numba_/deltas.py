"""Undo the delta encodings, a batch at a time: what comes later needs of what came before is in `history`."""

from typing import Any

import numpy as np

from .compiled import inlined

_ONE = np.uint64(1)
_LOW_HALF = np.uint64(0xFFFFFFFF)


@inlined
def undo_consecutive(cells: Any, at: Any, n: Any, history: Any, moments: Any, order: Any) -> None:
    """Undo differences of neighbours; `history` holds the first value of each order of difference."""
    for place in range(order - 1, -1, -1):
        value = history[moments + np.uint64(place)]
        for i in range(n):
            latent = cells[at + np.uint64(i)]
            cells[at + np.uint64(i)] = value
            value += latent
        history[moments + np.uint64(place)] = value


@inlined
def first_unsound(cells: Any, backs: Any, n: Any, window: Any) -> Any:
    """Return the first lookback of a batch that is 0 or beyond the window, -1 if all are sound."""
    most = np.uint64(0)
    for i in range(n):
        back = cells[backs + np.uint64(i)] & _LOW_HALF
        cells[backs + np.uint64(i)] = back
        most = max(most, back - _ONE)
    if most >= window:
        for i in range(n):
            back = cells[backs + np.uint64(i)]
            if back - _ONE >= window:
                return np.int64(back)
    return -1


@inlined
def undo_lookback(
    cells: Any,
    at: Any,
    n: Any,
    stored: Any,
    backs: Any,
    history: Any,
    ring: Any,
    ring_mask: Any,
    done: Any,
    order: Any,
) -> None:
    """Undo differences to earlier latents; `history` holds the last ones as a ring, at least as long as the window.

    Parameters
    ----------
    n, stored
        Latents to return, and the differences that are given for them.
    backs
        Index of the lookbacks in `cells`; sound ones.
    done
        Latents of the page that were returned before.
    order
        Latents of the delta state, which are ahead of those that are returned.
    """
    here = np.uint64(done)
    for i in range(stored):
        place = np.uint64(i)
        ahead = here + order
        back = cells[backs + place]
        # Before the page all is 0.
        reference = history[ring + ((ahead - back) & ring_mask)] if back <= ahead else np.uint64(0)
        difference = cells[at + place]
        cells[at + place] = history[ring + (here & ring_mask)]
        history[ring + (ahead & ring_mask)] = difference + reference
        here += _ONE
    for i in range(stored, n):
        cells[at + np.uint64(i)] = history[ring + (here & ring_mask)]
        here += _ONE


@inlined
def undo_conv1(
    cells: Any,
    at: Any,
    n: Any,
    stored: Any,
    history: Any,
    before: Any,
    weights: Any,
    bias: Any,
    quantization: Any,
    mask: Any,
) -> None:
    """Undo differences to a linear prediction; `history` holds as many latents as there are weights, oldest first."""
    order = weights.size
    last = np.int64(history[before + np.uint64(order - 1)])
    for i in range(stored):
        # The latent before is used last, from where it was made: all else does not wait for it.
        prediction = bias
        for j in range(order - 1):
            prediction += weights[j] * np.int64(history[before + np.uint64(i + j)])
        prediction += weights[order - 1] * last
        made = (cells[at + np.uint64(i)] + np.uint64(max(prediction, 0) >> quantization)) & mask
        history[before + np.uint64(order + i)] = made
        last = np.int64(made)
    for i in range(n):
        cells[at + np.uint64(i)] = history[before + np.uint64(i)]
    for j in range(order):
        history[before + np.uint64(j)] = history[before + np.uint64(n + j)]
