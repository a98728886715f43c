"""Delta encodings: each page's latents as differences, and back.

Differences leave and enter these functions centred on 0; on the wire their middle is toggled (`toggle_center`).
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..errors import CorruptionError
from ..metadata import Consecutive, Conv1, DeltaEncoding, Lookback, NoDelta
from ..pages import beyond
from . import consecutive, conv1, lookback

if TYPE_CHECKING:
    from ..kernels import Kernels


def toggle_center(differences: Latents) -> None:
    """Swap the halves of the latent range, in place: small differences of either sign become neighbours."""
    differences ^= differences.dtype.type(1 << (8 * differences.itemsize - 1))


class Encoded(NamedTuple):
    """The delta encoding of the pages of one variable.

    Attributes
    ----------
    stored
        Differences of all pages end to end as they are stored, middle toggled, those that the states imply left out.
    states
        Shape (pages, state length).
    lookbacks
        For Lookback: one for each of `stored`.
    """

    stored: Latents
    states: Latents
    lookbacks: npt.NDArray[np.uint32] | None = None


def encode(delta: DeltaEncoding, latents: Latents, counts: npt.NDArray[np.int64], kernels: "Kernels") -> Encoded:
    """Turn the latents of pages, end to end, into what is stored of them."""
    match delta:
        case NoDelta():
            return Encoded(latents, np.zeros((counts.size, 0), latents.dtype))
        case Consecutive(order):
            return Encoded(*consecutive.encode(latents, counts, order, kernels))
        case Lookback():
            return Encoded(*lookback.encode(delta, latents, counts, kernels))
        case Conv1():
            differences, states = conv1.encode(delta, latents, counts)
    stored = differences[beyond(counts, delta.state_length)]
    toggle_center(stored)
    return Encoded(stored, states)


def decode(
    delta: DeltaEncoding,
    latents: Latents,
    lookbacks: npt.NDArray[np.uint32] | None,
    counts: npt.NDArray[np.int64],
    states: Latents,
    kernels: "Kernels",
) -> None:
    """Turn the stored differences of pages into latents, in place.

    Parameters
    ----------
    latents
        Pages end to end, each with room for its state before the stored differences.
    lookbacks
        For Lookback: one a latent, with the same room.
    counts
        Latents of each page, the room included; a page may be shorter than the room.
    states
        Shape (pages, state length).

    Raises
    ------
    CorruptionError
        When a lookback reaches beyond the window.
    """
    if isinstance(delta, NoDelta):
        return
    toggle_center(latents)
    match delta:
        case Consecutive():
            kernels.undo_consecutive(latents, counts, states)
        case Lookback():
            assert lookbacks is not None
            _check_lookbacks(lookbacks, counts, delta)
            kernels.undo_lookback(latents, lookbacks, counts, states)
        case Conv1(quantization, bias, weights):
            kernels.undo_conv1(latents, counts, states, np.array(weights, np.int64), bias, quantization)


def _check_lookbacks(lookbacks: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64], delta: Lookback) -> None:
    stored = lookbacks[beyond(counts, delta.state_length)]
    window = 1 << delta.window_log
    if stored.size and (stored.min() < 1 or stored.max() > window):
        raise CorruptionError(f"lookbacks must be 1 to {window}, got {stored.min()} to {stored.max()}")
