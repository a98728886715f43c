"""Which scale and offset packed integers were decoded with, seen from a sample of the floats."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents, NumberType, from_latents
from . import affine
from .affine import Affine

__all__ = ["propose"]

F64 = npt.NDArray[np.float64]

_LEAST_VALUES: Final = 64
"""Of fewer distinct values a list is as good."""
_DIVISORS: Final = (1, 2, 3, 4, 5, 6)
"""The least gap in a sample may be several steps."""
_OFF: Final = 0.125
"""How far from a whole number of steps a value may lie, in steps."""
_MOST_DIGITS: Final = 12
_MOST_PLACES: Final = 8
_TRIED_SCALES: Final = 2
_TRIED_OFFSETS: Final = 2
_TRIED_VALUES: Final = 512
_FITTING: Final = 15
_OF: Final = 16
"""So many values of so many must fit."""


def propose(sample: Latents, number_type: NumberType) -> Affine | None:
    """Return the split that fits best; None where none fits nearly all.

    Parameters
    ----------
    sample
        Ordered latents of floats.
    """
    with np.errstate(all="ignore"):
        values = np.unique(from_latents(sample, number_type)).astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size < _LEAST_VALUES:
            return None
        gap = float((values[1:] - values[:-1]).min())
        for divisor in _DIVISORS:
            found = _refined(values, gap / divisor)
            if found is not None:
                return _best(sample, number_type, list(_spelt(*found, values)))
    return None


def _refined(values: F64, scale: float) -> tuple[float, float] | None:
    """Return scale and offset by least squares, from ever longer stretches as the scale gets more exact."""
    distances = values - values[0]
    reach = 4.0 * scale
    offset = 0.0
    # A part of the least gap may be less than the least float, and the values may be farther apart than the largest:
    # a reach that is not above zero would never grow over them.
    if not reach > 0.0 or not np.isfinite(distances[-1]):
        return None
    while True:
        near = distances[distances <= reach]
        steps = np.rint((near - offset) / scale)
        misses = np.abs(near - offset - steps * scale)
        fitting = misses <= _OFF * scale
        if near.size > 2 and np.count_nonzero(fitting) * _OF < near.size * _FITTING:
            return None
        if near.size > 2 and steps[-1] > 0.0:
            scale, offset = _line(steps[fitting], near[fitting])
            if not scale > 0.0:
                return None
        if near.size == distances.size:
            return scale, offset + float(values[0])
        reach *= 2.0


def _line(steps: F64, distances: F64) -> tuple[float, float]:
    """Fit a line; all sums are made in the order of the values."""
    count = float(steps.size)
    middle_step, middle = _total(steps) / count, _total(distances) / count
    from_middle = steps - middle_step
    spread = _total(from_middle * from_middle)
    if not spread > 0.0:
        return 0.0, 0.0
    scale = _total(from_middle * (distances - middle)) / spread
    return scale, middle - scale * middle_step


def _total(numbers: F64) -> float:
    return float(np.add.accumulate(numbers)[-1]) if numbers.size else 0.0


def _spelt(scale: float, offset: float, values: F64) -> Iterator[tuple[float, float]]:
    """Yield scale and offset as they are, and as people may have written them."""
    yield scale, offset
    # Whatever number of steps the offset is away, it is the same grid.
    offsets = [0.0] if abs(offset / scale - np.rint(offset / scale)) < _OFF else []
    offsets += [float(f"{offset:.{places}f}") for places in range(_MOST_PLACES)]
    nearest = [at for at in offsets if at == 0.0 or abs(at - offset) < _OFF * scale]
    steps = (float(values[-1]) - float(values[0])) / scale
    scales = [float(f"{scale:.{digits}g}") for digits in range(1, _MOST_DIGITS)]
    scales.append(1.0 / float(np.rint(1.0 / scale)) if scale < 1.0 else scale)
    # Over all the steps, a wrong scale is off by a good part of one.
    fitting = [short for short in dict.fromkeys(scales) if abs(short - scale) * steps < _OFF * scale]
    for short in (*fitting[:_TRIED_SCALES], *fitting[-1:]):
        yield from ((short, at) for at in (*nearest[:_TRIED_OFFSETS], offset))


def _best(sample: Latents, number_type: NumberType, found: list[tuple[float, float]]) -> Affine:
    """Return what gives most values back without a correction, the first of equals."""
    some = sample[:: max(1, sample.size // _TRIED_VALUES)]
    scales, offsets = np.array(found).T
    manners = [True, False] if number_type.bits < 64 else [True]  # of float64, both are the same
    exact = np.stack([affine.count_exact(scales, offsets, narrow, some, number_type) for narrow in manners], axis=1)
    place, manner = divmod(int(exact.argmax()), len(manners))
    return Affine(*found[place], manners[manner])
