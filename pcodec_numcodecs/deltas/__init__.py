"""Delta encodings: each page's latents as differences. The way back is a matter of kernels.

Differences leave these functions centred on 0; on the wire their middle is toggled (`toggle_center`).
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
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


def encode(
    delta: DeltaEncoding,
    latents: Latents,
    counts: npt.NDArray[np.int64],
    kernels: "Kernels",
    distance: int | None = None,
) -> Encoded:
    """Turn the latents of pages, end to end, into what is stored of them.

    Parameters
    ----------
    distance
        For Lookback: how far all latents look back; by default, each as far as it finds best.
    """
    match delta:
        case NoDelta():
            return Encoded(latents, np.zeros((counts.size, 0), latents.dtype))
        case Consecutive(order):
            return Encoded(*consecutive.encode(latents, counts, order, kernels))
        case Lookback():
            return Encoded(*lookback.encode(delta, latents, counts, kernels, distance))
        case Conv1():
            differences, states = conv1.encode(delta, latents, counts)
    stored = differences[beyond(counts, delta.state_length)]
    toggle_center(stored)
    return Encoded(stored, states)
