"""What the user asks of the encoder: frozen, checked when created.

The names are those of the `pcodec` package. What was asked is not what is done: an encoder that finds a
requested mode or delta useless may write the plain form instead.
"""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self, SupportsIndex

import numpy as np
import numpy.typing as npt

from .constants import (
    DEFAULT_LEVEL,
    DEFAULT_PAGE_NUMBERS,
    MAX_CONSECUTIVE_ORDER,
    MAX_CONV1_ORDER,
    MAX_LEVEL,
)
from .errors import InvalidArgumentError

__all__ = ["DEFAULT_COMPRESSION_LEVEL", "ChunkConfig", "DeltaSpec", "ModeSpec", "PagingSpec", "Progress"]

DEFAULT_COMPRESSION_LEVEL = DEFAULT_LEVEL

_MAX_QUANT_K = 52


def checked_integer(value: SupportsIndex, name: str, low: int, high: int | None = None) -> int:
    """Return `value` as an int between `low` and `high`, both included.

    Raises
    ------
    TypeError
        When it is no integer.
    InvalidArgumentError
        When it is out of the limits.
    """
    try:
        if isinstance(value, np.bool_):  # which older releases of NumPy take for an index
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}") from None
    if number < low:
        raise InvalidArgumentError(f"{name} may not be below {low}, got {number}")
    if high is not None and number > high:
        raise InvalidArgumentError(f"{name} may not exceed {high}, got {number}")
    return number


class _Spec:
    """A named choice with an optional argument, made by class methods."""

    __slots__ = ("_argument", "_name")
    _name: str
    _argument: Any

    def __init__(self) -> None:
        options = sorted(k for k, v in vars(type(self)).items() if isinstance(v, classmethod))
        raise TypeError(f"cannot create {type(self).__name__} directly; use one of {', '.join(options)}")

    @classmethod
    def _make(cls, name: str, argument: Any = None) -> Self:
        spec = object.__new__(cls)
        object.__setattr__(spec, "_name", name)
        object.__setattr__(spec, "_argument", argument)
        return spec

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: cannot delete {name!r}")

    @property
    def name(self) -> str:
        """Name of the choice, that of the class method that makes it."""
        return self._name

    @property
    def argument(self) -> Any:
        """Argument of the choice, None where it takes none."""
        return self._argument

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return (self._name, self._argument) == (other._name, other._argument)

    def __hash__(self) -> int:
        return hash((type(self), self._name, self._argument))

    def __repr__(self) -> str:
        argument = "" if self._argument is None else repr(self._argument)
        return f"{type(self).__name__}.{self._name}({argument})"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        arguments = () if self._argument is None else (self._argument,)
        return getattr(type(self), self._name), arguments


class ModeSpec(_Spec):
    """How to split numbers into latents."""

    __slots__ = ()

    @classmethod
    def auto(cls, dictionary: bool = True) -> Self:
        """Let the encoder choose from samples of the numbers.

        With ``dictionary=False`` it leaves Dict out, which readers older than pcodec 1.0 do not know.
        """
        if not isinstance(dictionary, bool):
            raise TypeError(f"dictionary must be a bool, got {type(dictionary).__name__}")
        return cls._make("auto", None if dictionary else False)

    @classmethod
    def classic(cls) -> Self:
        """One latent a number."""
        return cls._make("classic")

    @classmethod
    def try_float_mult(cls, base: float) -> Self:
        """Split floats into multiples of `base`, finite and not 0, and the rest in units in the last place."""
        try:
            finite = math.isfinite(base)
        except TypeError:
            raise TypeError(f"base of FloatMult must be a number, got {type(base).__name__}") from None
        except OverflowError:  # an int too large for a float
            finite = False
        if not finite or base == 0:
            raise InvalidArgumentError(f"base of FloatMult must be finite and not 0, got {base}")
        return cls._make("try_float_mult", float(base))

    @classmethod
    def try_float_quant(cls, k: SupportsIndex) -> Self:
        """Split floats into their high bits and their last `k` bits, 1 to the type's mantissa bits (10, 23, 52)."""
        return cls._make("try_float_quant", checked_integer(k, "k of FloatQuant", 1, _MAX_QUANT_K))

    @classmethod
    def try_int_mult(cls, base: SupportsIndex) -> Self:
        """Split integers into multiples of `base`, at least 1 and reduced to the type's width, and the rest."""
        return cls._make("try_int_mult", checked_integer(base, "base of IntMult", 1, (1 << 64) - 1))

    @classmethod
    def try_dict(cls) -> Self:
        """Store the distinct numbers once and an index for each number."""
        return cls._make("try_dict")


class DeltaSpec(_Spec):
    """How to turn a page's latents into differences."""

    __slots__ = ()

    @classmethod
    def auto(cls) -> Self:
        """Let the encoder choose from samples of the latents."""
        return cls._make("auto")

    @classmethod
    def no_op(cls) -> Self:
        """Store the latents themselves."""
        return cls._make("no_op")

    @classmethod
    def try_consecutive(cls, order: SupportsIndex) -> Self:
        """Take differences of neighbours `order` times, 0 to 7."""
        return cls._make("try_consecutive", checked_integer(order, "consecutive delta order", 0, MAX_CONSECUTIVE_ORDER))

    @classmethod
    def try_lookback(cls) -> Self:
        """Take the difference to an earlier latent, each at a distance of its own."""
        return cls._make("try_lookback")

    @classmethod
    def try_conv1(cls, order: SupportsIndex) -> Self:
        """Take the difference to a linear prediction from the `order` latents before, 0 to 32; not for 64-bit types."""
        return cls._make("try_conv1", checked_integer(order, "conv1 delta order", 0, MAX_CONV1_ORDER))


class PagingSpec(_Spec):
    """How to cut a chunk into pages."""

    __slots__ = ()

    @classmethod
    def equal_pages_up_to(cls, n: SupportsIndex) -> Self:
        """Cut into the fewest pages of at most `n` numbers, as equal as can be."""
        return cls._make("equal_pages_up_to", checked_integer(n, "numbers of a page", 1))

    @classmethod
    def exact_page_sizes(cls, sizes: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Self:
        """Cut into pages of just these numbers, which add up to the chunk's."""
        given: object = sizes
        if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
            raise TypeError(f"page sizes must be a sequence of integers, got {type(sizes).__name__}")
        return cls._make("exact_page_sizes", tuple(checked_integer(n, "numbers of a page", 1) for n in sizes))

    def page_numbers(self, n: int) -> list[int]:
        """Return the numbers of each page for a chunk of `n` numbers.

        Raises
        ------
        InvalidArgumentError
            When exact sizes do not add up to `n`.
        """
        if self._name == "exact_page_sizes":
            if sum(self._argument) != n:
                raise InvalidArgumentError(f"paging spec suggests {sum(self._argument)} numbers but {n} were given")
            return list(self._argument)
        pages = -(-n // self._argument)
        size, larger = divmod(n, pages) if pages else (0, 0)
        return [size + 1] * larger + [size] * (pages - larger)


@dataclass(frozen=True)
class ChunkConfig:
    """Settings for one Pco chunk.

    Parameters
    ----------
    compression_level
        0 to 12; more bins, and so better ratio and slower encoding, with each step.
    mode_spec, delta_spec, paging_spec
        What to try; automatic, and pages of up to 262,144 numbers, by default.
    enable_8_bit
        Allow 8-bit types. They are refused otherwise: other codecs often serve 8-bit data better.

    Raises
    ------
    TypeError, InvalidArgumentError
        At once, for a wrong type or a value out of its limits.
    """

    compression_level: int = DEFAULT_COMPRESSION_LEVEL
    mode_spec: ModeSpec = field(default_factory=ModeSpec.auto)
    delta_spec: DeltaSpec = field(default_factory=DeltaSpec.auto)
    paging_spec: PagingSpec = field(default_factory=lambda: PagingSpec.equal_pages_up_to(DEFAULT_PAGE_NUMBERS))
    enable_8_bit: bool = False

    def __post_init__(self) -> None:
        level = checked_integer(self.compression_level, "compression level", 0, MAX_LEVEL)
        object.__setattr__(self, "compression_level", level)
        if isinstance(self.enable_8_bit, np.bool_):
            object.__setattr__(self, "enable_8_bit", bool(self.enable_8_bit))
        for name, kind in (
            ("mode_spec", ModeSpec),
            ("delta_spec", DeltaSpec),
            ("paging_spec", PagingSpec),
            ("enable_8_bit", bool),
        ):
            if not isinstance(getattr(self, name), kind):
                got = type(getattr(self, name)).__name__
                raise TypeError(f"{name} must be a {kind.__name__}, got {got}")


@dataclass(frozen=True)
class Progress:
    """How far a decompressor came.

    Attributes
    ----------
    n_processed
        Numbers written to the destination.
    finished
        Whether the page, or the whole standalone file, is at its end.
    """

    n_processed: int
    finished: bool
