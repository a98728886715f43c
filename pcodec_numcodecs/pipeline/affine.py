"""Floats as an offset and so many steps of a scale: packed integers that were once decoded to floats.

What rounding makes of a step, and every float that is none, is mended by secondary latents, as in Pco's FloatMult.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, NumberType, from_latents, to_latents

__all__ = ["Affine", "count_exact", "join", "split"]

F64 = npt.NDArray[np.float64]

_MOST_STEPS: Final = {16: 1 << 14, 32: 1 << 30, 64: 1 << 52}
"""Steps from the offset, by the width of the numbers: float64 holds each exactly."""


@dataclass(frozen=True)
class Affine:
    """number = steps * scale + offset, corrected by the secondary in units in the last place.

    Attributes
    ----------
    scale, offset
        Finite, the scale above 0; float64.
    narrow
        Whether product and sum are rounded to the number type each, as when data were decoded in it; else both are
        rounded to float64, and then once to the number type.
    """

    scale: float
    offset: float
    narrow: bool


def join(step: Affine, primary: Latents, secondary: Latents, number_type: NumberType) -> Latents:
    """Return the ordered latents of numbers."""
    latents = to_latents(_decoded(step.scale, step.offset, step.narrow, primary, number_type), number_type)
    return latents + secondary + number_type.latent.type(number_type.mid)


def split(step: Affine, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Invert `join`: the nearest step, and what it misses the number by."""
    return _split(step.scale, step.offset, step.narrow, latents, number_type)


def count_exact(
    scales: F64, offsets: F64, narrow: bool, latents: Latents, number_type: NumberType
) -> npt.NDArray[np.int64]:
    """Count the numbers that need no correction with each of several scales and their offsets."""
    _, secondary = _split(scales[:, None], offsets[:, None], narrow, latents, number_type)
    return np.count_nonzero(secondary == secondary.dtype.type(number_type.mid), axis=1)


def _split(scale: Any, offset: Any, narrow: bool, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Split by one scale and offset, or by columns of them."""
    with np.errstate(all="ignore"):
        numbers = from_latents(latents, number_type).astype(np.float64)
        steps = np.rint((numbers - offset) / scale)
    steps[~(np.abs(steps) <= _MOST_STEPS[number_type.bits])] = 0.0
    mid = number_type.latent.type(number_type.mid)
    primary = steps.astype(np.int64).astype(number_type.latent) + mid
    approximations = to_latents(_decoded(scale, offset, narrow, primary, number_type), number_type)
    return primary, latents - approximations + mid


def _decoded(scale: Any, offset: Any, narrow: bool, primary: Latents, number_type: NumberType) -> npt.NDArray[Any]:
    centred = primary - number_type.latent.type(number_type.mid)
    steps = centred.view(f"i{primary.itemsize}").astype(np.float64)
    kind = number_type.dtype.type if narrow else np.float64
    with np.errstate(all="ignore"):
        products = steps.astype(kind) * kind(scale)
        decoded = (products + kind(offset)).astype(number_type.dtype)
    # Sums of numbers far out of the type's range are no numbers; which NaN that makes depends on the machine.
    decoded[~np.isfinite(decoded)] = 0
    return decoded
