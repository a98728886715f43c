"""What numbers are like: how many there are, how precise, what stands for missing ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Features", "features", "rounded"]

Array = npt.NDArray[Any]

_SAMPLE = 1 << 18
_MOST_DECIMALS = 8
_FILL_SHARE = 0.02


@dataclass(frozen=True)
class Features:
    """What numbers are like, as a sample of them tells.

    Attributes
    ----------
    distinct
        Share of different numbers among all.
    decimals
        Digits after the point that are enough for every number; None where there is no such count, or no floats.
    zero_bits
        Bits at the end of the mantissa that are zero in every number.
    nans
        Share of NaNs.
    fill, fill_share
        The extreme value that occurs most often, if it is likely to stand for missing cells.
    fill_is_nan
        Whether missing cells are NaNs.
    narrower
        A smaller dtype that holds every number; None where there is none, or it would not help.
    """

    distinct: float
    decimals: int | None
    zero_bits: int
    nans: float
    fill: float | None
    fill_share: float
    fill_is_nan: bool
    narrower: str | None

    @property
    def text(self) -> str:
        """The same in words."""
        told = [f"{100 * self.distinct:.3g} % of the numbers are distinct"]
        if self.decimals is not None:
            told.append(f"none needs more than {self.decimals} decimals" if self.decimals else "all are whole")
        elif self.zero_bits:
            told.append(f"the last {self.zero_bits} bits of the mantissa are always zero")
        if self.nans:
            told.append(f"{100 * self.nans:.3g} % are NaN")
        if self.fill is not None:
            told.append(f"{100 * self.fill_share:.3g} % are {self.fill:g}, which seems to stand for missing cells")
        return "; ".join(told) + "."


def features(array: Array) -> Features:
    """Look at a sample of an array's numbers."""
    flat = _sample(array)
    unsigned = flat.view(f"u{flat.dtype.itemsize}") if flat.dtype.itemsize in (1, 2, 4, 8) else flat
    values, counts = np.unique(unsigned, return_counts=True)
    distinct = values.size / max(flat.size, 1)
    if flat.dtype.kind != "f" or flat.dtype.itemsize < 2:
        return Features(distinct, None, 0, 0.0, None, 0.0, False, None)
    nans = float(np.isnan(flat).mean()) if flat.size else 0.0
    fill, fill_share = _fill(values.view(flat.dtype), counts, flat.size)
    kept = flat[np.isfinite(flat)]
    if fill is not None:
        kept = kept[kept != flat.dtype.type(fill)]
    return Features(
        distinct=distinct,
        decimals=_decimals(kept),
        zero_bits=_zero_bits(kept),
        nans=nans,
        fill=fill,
        fill_share=fill_share,
        fill_is_nan=nans >= _FILL_SHARE,
        narrower="float32" if flat.dtype == np.float64 and _fits(flat) else None,
    )


def _sample(array: Array) -> Array:
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype.kind == "c":
        flat = flat.real.copy()
    if flat.dtype.kind in "Mm":
        flat = flat.view(np.int64)
    return np.ascontiguousarray(flat[:: max(1, -(-flat.size // _SAMPLE))]).astype(flat.dtype.newbyteorder("="))


def _fill(values: Array, counts: npt.NDArray[np.int64], total: int) -> tuple[float | None, float]:
    """Find the least or the greatest number, if it is far from the others and occurs again and again."""
    finite = np.isfinite(values)
    values, counts = values[finite], counts[finite]
    if values.size < 3:
        return None, 0.0
    order = np.argsort(values, kind="stable")
    values, counts = values[order].astype(np.float64), counts[order]
    inner = float(values[-2] - values[1])
    for at, gap in ((0, values[1] - values[0]), (-1, values[-1] - values[-2])):
        share = counts[at] / total
        if share >= _FILL_SHARE and gap > inner / 2:
            return float(values[at]), float(share)
    return None, 0.0


def _decimals(numbers: Array) -> int | None:
    if not numbers.size:
        return None
    wide = numbers.astype(np.float64)
    # Steps that are hardly coarser than those of the floats themselves would hold for any numbers.
    finest = 16 * float(np.finfo(numbers.dtype).eps) * float(np.abs(wide).max())
    for decimals in range(_MOST_DECIMALS + 1):
        if 10.0**-decimals < finest:
            return None
        if np.array_equal(np.round(wide, decimals).astype(numbers.dtype), numbers):
            return decimals
    return None


def _zero_bits(numbers: Array) -> int:
    if not numbers.size:
        return 0
    joined = int(np.bitwise_or.reduce(numbers.view(f"u{numbers.dtype.itemsize}")))
    mantissa = {2: 10, 4: 23, 8: 52}[numbers.dtype.itemsize]
    return min((joined & -joined).bit_length() - 1, mantissa) if joined else mantissa


def _fits(numbers: Array) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        back = numbers.astype(np.float32).astype(numbers.dtype)
    return bool(np.array_equal(back.view(np.uint64), numbers.view(np.uint64)))


def rounded(array: Array) -> Iterator[tuple[float, Array]]:
    """Yield an array in coarser steps, powers of ten, with each step.

    The steps are about a ten-thousandth and a hundredth of how far most numbers lie apart.
    """
    finite = array[np.isfinite(array)].astype(np.float64)
    if finite.size < 2:
        return
    low, high = np.percentile(finite, (5, 95))
    spread = float(high - low)
    if not spread > 0:
        return
    for part in (1e-4, 1e-2):
        exponent = int(np.floor(np.log10(spread * part)))
        step = 10.0**exponent
        with np.errstate(over="ignore", invalid="ignore"):
            # Divided by a power of ten, steps below one are the floats next to decimal numbers.
            coarse = (
                np.round(array.astype(np.float64) / step) * step
                if exponent >= 0
                else np.round(array.astype(np.float64) * 10.0**-exponent) / 10.0**-exponent
            )
            numbers = np.where(np.isfinite(array), coarse, array).astype(array.dtype)
        if not np.array_equal(numbers, array, equal_nan=True):
            yield step, numbers
