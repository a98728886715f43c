"""Undo the delta encodings, a batch at a time: what comes later needs of what came before is in `history`."""

from typing import Any

import numpy as np

from ...constants import BATCH
from .compiled import inlined

_ONE = np.uint64(1)
_CONSECUTIVE_ROOM = 8
_CONV1_ROOM = 32 + BATCH


@inlined
def undo_consecutive(latents: Any, at: Any, n: Any, history: Any, moments: Any, order: Any) -> None:
    """Undo differences of neighbours; `history` holds the first value of each order of difference."""
    for place in range(order - 1, -1, -1):
        value = history[moments + np.uint64(place)]
        for i in range(n):
            latent = latents[at + np.uint64(i)]
            latents[at + np.uint64(i)] = value
            value += latent
        history[moments + np.uint64(place)] = value


@inlined
def undo_lookback(
    latents: Any,
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
        Index of the lookbacks in `latents`; sound ones.
    done
        Latents of the page that were returned before.
    order
        Latents of the delta state, which are ahead of those that are returned.
    """
    here = np.uint64(done)
    for i in range(n):
        place = np.uint64(i)
        difference = latents[at + place]
        latents[at + place] = history[ring + (here & ring_mask)]
        if i < stored:
            ahead = here + order
            back = latents[backs + place]
            # Before the page all is 0.
            reference = history[ring + ((ahead - back) & ring_mask)] if back <= ahead else np.uint64(0)
            history[ring + (ahead & ring_mask)] = difference + reference
        here += _ONE


@inlined
def undo_conv1(
    latents: Any,
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
        made = (latents[at + np.uint64(i)] + np.uint64(max(prediction, 0) >> quantization)) & mask
        history[before + np.uint64(order + i)] = made
        last = np.int64(made)
    for i in range(n):
        latents[at + np.uint64(i)] = history[before + np.uint64(i)]
    for j in range(order):
        history[before + np.uint64(j)] = history[before + np.uint64(n + j)]
