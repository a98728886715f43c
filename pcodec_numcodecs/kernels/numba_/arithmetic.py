"""What `pcodec_numcodecs.arithmetic` finds out of the calling thread, sooner."""

from typing import Any

from ...arithmetic import PROBES
from .compiled import compiled, inlined_lightly
from .words import bits_of

_SINGLE, _DOUBLE = ((*probe.factors, *probe.terms, probe.expected) for probe in PROBES)


def has_float_arithmetic() -> bool:
    """Do what `pcodec_numcodecs.arithmetic.has_float_arithmetic` does."""
    return bool(_both_pass(_SINGLE, _DOUBLE))


@compiled
def _both_pass(single: Any, double: Any) -> Any:
    return _passes(*single) and _passes(*double)


@inlined_lightly
def _passes(factors: Any, others: Any, terms: Any, addends: Any, expected: Any) -> Any:
    passed = True
    for i in range(factors.size):
        passed &= bits_of(factors[i] * others[i]) == expected[i]
        passed &= bits_of(terms[i] + addends[i]) == expected[factors.size + i]
    return passed
