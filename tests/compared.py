"""Kernels that run both twins, compare all results to the bit, and hand on NumPy's."""

from typing import Any

import numpy as np
from twins import numba_

from pcodec_numcodecs.bits import PADDING
from pcodec_numcodecs.kernels import numpy_


class Compared:
    """Fulfils `Kernels`; counts its calls by kernel, so that a test can say what it compared."""

    def __init__(self, twin: Any = numba_) -> None:
        self.twin = twin
        self.calls: dict[str, int] = {}

    def _count(self, name: str) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1

    def decode_pages(
        self, data: Any, positions: Any, streams: Any, recipes: Any, wanted: Any, out: Any, rows: Any
    ) -> Any:
        self._count("decode_pages")
        own, given = out.copy(), positions.copy()
        others = (data, positions, streams, recipes, wanted)
        ends, faults = self.twin.decode_pages(*others, own, rows)
        assert np.array_equal(positions, given)
        expected, expected_faults = numpy_.decode_pages(*others, out, rows)
        within = expected <= 8 * (data.size - PADDING)
        assert np.array_equal(ends <= 8 * (data.size - PADDING), within)
        assert np.array_equal(ends[within], expected[within])
        assert np.array_equal(faults[within], expected_faults[within])
        kept = np.ones(out.size, np.bool_)  # numbers of lanes that run past the data, or are not sound, are arbitrary
        for lane in np.flatnonzero(~within | (expected_faults[:, 0] != 0)):
            for place in range(0, wanted[lane], rows.lengths[lane]):
                start = rows.starts[rows.firsts[lane] + place // rows.lengths[lane]]
                kept[start : start + min(rows.lengths[lane], wanted[lane] - place)] = False
        assert np.array_equal(own[kept], out[kept])
        return expected, expected_faults

    def encode_pages(self, streams: Any, words: Any) -> Any:
        self._count("encode_pages")
        own = words.copy()
        starts, ends = self.twin.encode_pages(streams, own)
        expected = numpy_.encode_pages(streams, words)
        assert np.array_equal(starts, expected[0])
        assert np.array_equal(ends, expected[1])
        assert np.array_equal(own, words)
        return expected

    def assign_bins(self, latents: Any, lowers: Any, out: Any) -> None:
        self._in_place("assign_bins", out, latents, lowers)

    def measure_bins(self, latents: Any, bins: Any, *measures: Any) -> None:
        self._count("measure_bins")
        own = [measure.copy() for measure in measures]
        self.twin.measure_bins(latents, bins, *own)
        numpy_.measure_bins(latents, bins, *measures)
        assert all(map(np.array_equal, own, measures))

    def merge_ranges(self, lowers: Any, uppers: Any, counts: Any, fixed: int, costs: Any, origins: Any) -> None:
        self._count("merge_ranges")
        own = costs.copy(), origins.copy()
        self.twin.merge_ranges(lowers, uppers, counts, fixed, *own)
        numpy_.merge_ranges(lowers, uppers, counts, fixed, costs, origins)
        assert np.array_equal(own[0], costs)
        assert np.array_equal(own[1], origins)

    def find_lookbacks(self, latents: Any, counts: Any, window_log: int, out: Any) -> None:
        self._in_place("find_lookbacks", out, latents, counts, window_log)

    def _in_place(self, name: str, changed: Any, *others: Any) -> None:
        """Compare a kernel whose result is `changed`, the last argument."""
        self._count(name)
        own = changed.copy()
        for kernels, array in ((self.twin, own), (numpy_, changed)):
            getattr(kernels, name)(*others, array)
        assert np.array_equal(own, changed)
