"""The numbers of a chunk as trials and modes want them: as ordered latents, of all only where that has to be."""

from typing import Any

import numpy.typing as npt

from .. import modes
from ..dtypes import Latents, NumberType, to_latents
from ..estimates import Runs, sample_runs, sample_scattered, sample_stretch
from ..kernels import Kernels
from ..lazy import lazy_property
from ..metadata import FloatMult, Mode
from ..modes import float_mult


class ChunkNumbers:
    """The numbers of a chunk.

    Floats are ordered when they are asked for: what splits them, or a sample, takes them as they are, and a pass over
    all and the memory for it are saved.

    Parameters
    ----------
    numbers
        1-D, contiguous, of the number type; or the ordered latents of such.
    is_ordered
        Whether it is these.
    """

    def __init__(
        self, numbers: npt.NDArray[Any], number_type: NumberType, kernels: Kernels, is_ordered: bool = False
    ) -> None:
        self._numbers = numbers
        self._number_type = number_type
        self._kernels = kernels
        self._is_ordered = is_ordered

    @property
    def size(self) -> int:
        """Count of numbers."""
        return self._numbers.size

    @lazy_property
    def latents(self) -> Latents:
        """The ordered latents of all."""
        if self._is_ordered:
            return self._numbers
        return to_latents(self._numbers, self._number_type, self._kernels.order_floats)

    def runs(self) -> Runs:
        """Take what `sample_runs` does, as ordered latents."""
        return self._sampled(sample_runs(self._numbers))

    def stretch(self, longest_page: int, most: int) -> Runs:
        """Take what `sample_stretch` does, as ordered latents."""
        return self._sampled(sample_stretch(self._numbers, longest_page, most))

    def scattered(self, count: int) -> Latents:
        """Take what `sample_scattered` does, as ordered latents."""
        return self._ordered(sample_scattered(self._numbers, count))

    def split(self, mode: Mode) -> tuple[Latents, Latents | None]:
        """Do what `modes.split` does."""
        if isinstance(mode, FloatMult) and not self._is_ordered:
            bits = self._numbers.view(self._number_type.latent)
            return float_mult.split(mode, bits, self._number_type, self._kernels, is_ordered=False)
        return modes.split(mode, self.latents, self._number_type, self._kernels)

    def _sampled(self, runs: Runs) -> Runs:
        return runs._replace(latents=self._ordered(runs.latents))

    def _ordered(self, some: npt.NDArray[Any]) -> Latents:
        if some is self._numbers:  # of a small chunk, all are the sample
            return self.latents
        return some if self._is_ordered else to_latents(some, self._number_type, self._kernels.order_floats)
