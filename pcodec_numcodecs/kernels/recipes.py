"""What a kernel needs to know of a Pco chunk to make numbers of its pages' latents."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

NO_DELTA, CONSECUTIVE, LOOKBACK, CONV1 = range(4)
CLASSIC, INT_MULT, FLOAT_MULT, FLOAT_QUANT, DICT = range(5)


class Undo(NamedTuple):
    """How to undo a delta encoding.

    Attributes
    ----------
    kind
        `NO_DELTA`, `CONSECUTIVE`, `LOOKBACK` or `CONV1`.
    weights, bias, quantization
        Of Conv1, see `Kernels.undo_conv1`.
    """

    kind: int
    weights: npt.NDArray[np.int64] = np.zeros(0, np.int64)
    bias: int = 0
    quantization: int = 0


class Join(NamedTuple):
    """How to join latents to the bits of numbers.

    Attributes
    ----------
    kind
        `CLASSIC`, `INT_MULT`, `FLOAT_MULT`, `FLOAT_QUANT` or `DICT`.
    inverted, toggled
        What ordered latents whose top bit is clear, and what all of them, are changed in (by exclusive or) to become
        the bits of numbers.
    operand
        The base of IntMult, the bits of that of FloatMult, or the bits that FloatQuant shifts by.
    mantissa_bits
        Of the float type, for FloatMult.
    values
        Of Dict: bits of the numbers.
    """

    kind: int
    inverted: int
    toggled: int
    operand: int = 0
    mantissa_bits: int = 0
    values: npt.NDArray[Any] | None = None


class Recipe(NamedTuple):
    """How to make numbers of some pages of one Pco chunk.

    Attributes
    ----------
    undo, join
        The two steps.
    primary_states, secondary_states
        Delta states, shape (lanes, state length).
    cells
        int64, one a lane: the latents that are made, those of the delta state included.
    wanted
        int64, one a lane: how many of these are joined to numbers, from the first.
    """

    undo: Undo
    join: Join
    primary_states: npt.NDArray[Any]
    secondary_states: npt.NDArray[Any]
    cells: npt.NDArray[np.int64]
    wanted: npt.NDArray[np.int64]


class Extremes(NamedTuple):
    """What was met that may break the format: lookbacks from `least` to `most`, and the largest dictionary index."""

    least_lookback: int
    most_lookback: int
    most_index: int
