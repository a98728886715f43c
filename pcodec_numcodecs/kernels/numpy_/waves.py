"""Cells of a plane in waves: all those of a wave are made at once, for each waits for earlier waves alone.

A wave goes through the rows of a plane, some columns further left in each row than in that above. A plane lies
*skewed*, shape (waves, rows, slabs): the cells of a wave follow one another, as do their neighbours at an offset.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Cells = npt.NDArray[Any]


class Wave(NamedTuple):
    """Cells that are made at once.

    Attributes
    ----------
    number
        Which wave of the plane.
    rows
        Those that have such a cell.
    copies
        Which slabs, and rows of these, have a cell beyond their last column then: a copy of the one before.
    """

    number: int
    rows: slice
    copies: list[tuple[slice, slice]]

    def copied(self, skewed: Cells) -> list[tuple[Cells, Cells]]:
        """View what is overwritten in a skewed plane, and by what."""
        before = self.number - 1
        return [(skewed[self.number, rows, slabs], skewed[before, rows, slabs]) for slabs, rows in self.copies]


class Skewed(NamedTuple):
    """How planes are skewed.

    Attributes
    ----------
    rows, columns
        Of a plane, those above its first row and left of its first column included.
    above, left
        How many of them.
    right
        How many columns cells look ahead, in rows above.
    pace
        Columns from a row to the next.
    """

    rows: int
    columns: int
    above: int
    left: int
    right: int
    pace: int

    @classmethod
    def of(cls, n2: int, n3: int, offsets: Sequence[tuple[int, int]]) -> "Skewed":
        """Return how planes are skewed for neighbours at offsets along rows and columns, the cell before among them."""
        above = max(-row for row, _ in offsets)
        left = max(-column for _, column in offsets)
        right = max([0, *(column for _, column in offsets)])
        pace = max([1, *(column // -row + 1 for row, column in offsets if row)])
        return cls(above + n2, left + n3, above, left, right, pace)

    @property
    def waves(self) -> int:
        """Count of waves."""
        return self.pace * (self.rows - 1) + self.columns + self.right

    def empty(self, slabs: int, dtype: npt.DTypeLike) -> Cells:
        """Return a skewed plane of anything."""
        return np.empty((self.waves, self.rows, slabs), dtype)

    def straight(self, skewed: Cells, columns: int) -> Cells:
        """View a skewed plane as rows and so many columns."""
        first, second, third = skewed.strides
        strides = (self.pace * first + second, first, third)
        return np.ndarray((self.rows, columns, skewed.shape[2]), skewed.dtype, skewed, 0, strides)

    def cells(self, skewed: Cells, wave: Wave, offset: tuple[int, int] = (0, 0)) -> Cells:
        """View the cells of a wave, or their neighbours at an offset along rows and columns."""
        row, column = offset
        found: Cells = skewed[wave.number + self.pace * row + column, wave.rows.start + row : wave.rows.stop + row]
        return found

    def order(self, first_row: int, lengths: Sequence[tuple[slice, int]]) -> Iterator[Wave]:
        """Yield the waves of all cells but those of the first column, and of rows before `first_row`.

        Parameters
        ----------
        lengths
            How many columns some of the slabs have.
        """
        first, columns = self.above + first_row, self.columns - self.left
        for number in range(self.pace * first + self.left, self.waves):
            column = number - self.left  # of the row with index 0
            start, stop = self._rows(column, 1, columns, first)
            copies = []
            for slabs, length in lengths:
                if self.right:
                    low, high = self._rows(column, length, length + self.right, first)
                    if low < high:
                        copies.append((slabs, slice(low, high)))
            if start < stop or copies:
                yield Wave(number, slice(start, max(start, stop)), copies)

    def _rows(self, column: int, low: int, high: int, first: int) -> tuple[int, int]:
        """Return which rows a wave meets in columns from `low` up to `high`, from the first one on."""
        return max(first, -((high - 1 - column) // self.pace)), min(self.rows - 1, (column - low) // self.pace) + 1
