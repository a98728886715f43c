"""What floats of a sample have in common: what both twins of `Kernels.survey_floats` must agree on."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["FloatSurvey"]

LEAST_NUMBERS: Final = 10
"""Fewer usual numbers tell nothing."""
ROUND_BITS: Final = 5
"""Zero bits at the end of a mantissa that are no matter of chance."""
POWERS: Final = np.array([float(10**places) for places in range(19)])
"""10 to the decimal places that numbers may have."""
FEW: Final = 64
"""Numbers that are looked at first: if half of all are near multiples, a quarter of these are."""
PAIRS: Final = 256
"""Pairs of numbers whose common measure is looked for."""
MOST_STEPS: Final = 40
"""Remainders that are taken of a pair."""
TRUSTED: Final = 4
"""One in so many bits of a mantissa is not to be relied on: rounding errors grow with every quotient."""
FINDABLE: Final = 16.0
"""How many times as large as a rounding error a measure is."""
AGREEMENT: Final = 1.01
"""Measures that are no further apart than by this factor are one."""
LEAST_AGREEING: Final = 3
"""Pairs that agree on a measure; and one in a hundred more."""
REACHES: Final = (2.0**6, 2.0**10, 2.0**14)
"""A measure is found the more exactly, the larger multiples it is told by; those of up to so many, one after the other.
"""
ASTRAY: Final = 0.05
"""How far numbers may be from a multiple that tell what a measure is, in measures."""
TELLING: Final = 64
"""So many of the largest multiples tell it."""


class FloatSurvey(NamedTuple):
    """What some floats have in common.

    Attributes
    ----------
    usual
        Sizes of the usual ones, float64 in their order: normal, and no more than half of the largest float.
    endings
        By count of zero bits, of the bits of a float, how many floats but zeros end in just so many.
    round_numbers
        How many of the usual ones have a mantissa that ends in `ROUND_BITS` zeros or more.
    decimal_places
        The fewest of which half of the usual ones have no more, give or take rounding errors; -1 for none.
    measure
        What most pairs agree on that their numbers are multiples of; 0 for nothing.
    """

    usual: npt.NDArray[np.float64]
    endings: npt.NDArray[np.int64]
    round_numbers: int
    decimal_places: int
    measure: float
