"""How weights are fitted: what both twins of `Kernels.fit_neighbours` must agree on."""

from typing import Final

VALUE_BITS: Final = 17
"""Bits that differences are cut or stretched to: then sums of products are exact, in floats too."""
ROUNDS: Final = 3
RIDGE: Final = 1.0 / (1 << 20)
LEAST_FLOOR: Final = 1.0 / (1 << 10)
REACH: Final = 3
"""How far a neighbour may lie along an axis."""
KEPT: Final = (19, 20)
"""So many places of so many are looked at; those of the largest differences are not."""
STEP_LOG: Final = 3
"""log2 of the steps an octave that sizes are counted by."""
KEYS: Final = 65 << STEP_LOG
LEAST_EXPONENT: Final = 1023 - 11
"""Biased exponent of floats whose key is 0, as that of smaller ones is."""
EXPONENT_SHIFT: Final = 52 - STEP_LOG
"""Bits of a float below those that its key is made of."""
FIRST_FLOAT: Final = LEAST_EXPONENT << STEP_LOG
