"""Whether float arithmetic of the calling thread is that of IEEE 754, which bits depend on.

A processor can be told, thread by thread, to take subnormal numbers for zeros or not to round to the nearest. Libraries
compiled with ``-ffast-math`` do so for the whole process, on being loaded. A product would then have other bits than
where the data were written.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import FloatModeError

__all__ = ["PROBES", "Probe", "check_float_arithmetic", "has_float_arithmetic"]


class Probe(NamedTuple):
    """Products and sums of one type, and the bits that they must have, products first."""

    factors: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    terms: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    expected: npt.NDArray[Any]

    def passed(self) -> bool:
        """Tell whether they have them."""
        products, sums = np.multiply(*self.factors), np.add(*self.terms)
        return products.tobytes() + sums.tobytes() == self.expected.tobytes()


def _probe(latent: str, mantissa_bits: int, one: int) -> Probe:
    """Spell everything in bits: the numbers must not come from the arithmetic that they check."""
    floats = f"f{latent[1:]}"
    sign = 1 << (8 * np.dtype(latent).itemsize - 1)
    normal = 1 << mantissa_bits  # the least; those below have an exponent of zero

    def of(*bits: int) -> npt.NDArray[Any]:
        return np.array(bits, latent).view(floats)

    half = one - normal
    # Of the last place of 1: a quarter, and three quarters.
    quarter, most = one - (mantissa_bits + 2) * normal, one - (mantissa_bits + 1) * normal + (normal >> 1)
    return Probe(
        # A subnormal factor, and a product that is one.
        factors=(of(1, sign | 1, normal, sign | normal), of(one, one, half, half)),
        terms=(of(one, sign | one, one, sign | one), of(quarter, sign | quarter, most, sign | most)),
        expected=np.array(
            [1, sign | 1, normal >> 1, sign | normal >> 1, one, sign | one, one + 1, sign | one + 1], latent
        ),
    )


PROBES: Final = (_probe("u4", 23, 0x3F80_0000), _probe("u8", 52, 0x3FF0_0000_0000_0000))


def has_float_arithmetic() -> bool:
    """Try the calling thread's arithmetic, a matter of microseconds; tell whether it is what bits depend on."""
    with np.errstate(all="ignore"):
        return all(probe.passed() for probe in PROBES)


def check_float_arithmetic() -> None:
    """Try the calling thread's arithmetic; a matter of microseconds.

    Raises
    ------
    FloatModeError
        When subnormal numbers are lost, or results are not rounded to the nearest.
    """
    if has_float_arithmetic():
        return
    raise FloatModeError(
        "float arithmetic must keep subnormal numbers and round to the nearest, got a thread in which it does not, so "
        "numbers would not be those that were written; some library has changed the processor's mode, perhaps one "
        "compiled with -ffast-math: work in a process that does not load it, or set the mode back"
    )
