"""Bits of floats to ordered latents."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .compiled import compiled, read_only

Latents = npt.NDArray[np.unsignedinteger[Any]]


def order_floats(bits: Latents, out: Latents) -> None:
    """See `Kernels.order_floats`."""
    _order(read_only(bits), bits.dtype.type(1 << (8 * bits.itemsize - 1)), out)


@compiled
def _order(bits: Any, middle: Any, out: Any) -> None:
    for i in range(np.uint64(bits.size)):
        word = bits[i]
        out[i] = word ^ middle if word < middle else ~word
