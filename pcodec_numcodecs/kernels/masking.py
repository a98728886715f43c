"""What each twin offers for masked cells: `pcodec_numcodecs.kernels.Kernels` is this and more."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Masking"]

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Latents = npt.NDArray[np.unsignedinteger[Any]]


class Masking(Protocol):
    """Cells that are masked, and masks as runs and as changes."""

    def keep_present(self, latents: Latents, absent: U8, out: Latents) -> None:
        """Copy the latents of cells that are not masked, those for which `absent` is 0, to `out`, which they fill."""

    def spread_present(self, latents: Latents, absent: U8, between: int, out: Latents) -> None:
        """Invert `keep_present`: masked cells get `between`. The latents may be those at the end of `out`."""

    def count_present(self, absent: U8, sizes: I64) -> I64:
        """Count the cells of each page that are not masked, given the codes of the cells of pages end to end."""

    def fill_runs(self, runs: npt.NDArray[np.uint32], mask: U8) -> None:
        """Fill a mask with runs of 0 and of 1 in turn, which add up to its size."""

    def list_runs(self, mask: U8, runs: npt.NDArray[np.uint32]) -> int:
        """Invert `fill_runs`: fill in the lengths of runs, up to one more than cells, and return how many there are."""

    def take_changes(self, mask: U8, sizes: I64, strides: I64, out: U8) -> None:
        """Invert `accumulate_changes`, which see; `out` is filled."""

    def accumulate_changes(self, mask: U8, sizes: I64, strides: I64) -> None:
        """Undo changes from one stretch of a page to the next, in place.

        Parameters
        ----------
        mask
            Pages end to end; 0 or 1 for each cell: whether it differs from the one a stretch before.
        sizes, strides
            Cells of each page, and of its stretches, which fill it evenly.
        """
