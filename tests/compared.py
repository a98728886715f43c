"""Kernels that run both twins, compare all results to the bit, and hand on NumPy's."""

from typing import Any

import numpy as np
from twins import numba_

from pcodec_numcodecs.bits import word_bytes
from pcodec_numcodecs.kernels import numpy_


class Compared:
    """Fulfils `Kernels`; counts its calls by kernel, so that a test can say what it compared."""

    def __init__(self, twin: Any = numba_) -> None:
        self.twin = twin
        self.calls: dict[str, int] = {}

    def _count(self, name: str) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1

    def decode_pages(self, *arguments: Any) -> Any:
        self._count("decode_pages")
        *others, out, rows = arguments
        data, starts, _, wanted, _, _ = others
        own, given = out.copy(), starts.copy()
        ends, faults = self.twin.decode_pages(*others, own, rows)
        assert np.array_equal(starts, given)
        expected, expected_faults = numpy_.decode_pages(*others, out, rows)
        within = expected <= 8 * data.size
        assert np.array_equal(ends <= 8 * data.size, within)
        assert np.array_equal(ends[within], expected[within])
        assert np.array_equal(faults[within], expected_faults[within])
        kept = np.ones(out.size, np.bool_)  # numbers of lanes that run past the data, or are not sound, are arbitrary
        for lane in np.flatnonzero(~within | (expected_faults[:, 0] != 0)):
            for place in range(0, wanted[lane], rows.lengths[lane]):
                start = rows.starts[rows.firsts[lane] + place // rows.lengths[lane]]
                kept[start : start + min(rows.lengths[lane], wanted[lane] - place)] = False
        assert np.array_equal(own[kept], out[kept])
        return expected, expected_faults

    HAS_FAST_CRC32C = True

    def open_usual_chunk(self, *arguments: Any) -> None:
        """Leave all to the careful way, whose kernels are compared; the short way has tests of its own."""

    def crc32c_of_stretches(self, data: Any, starts: Any, stops: Any) -> Any:
        self._count("crc32c_of_stretches")
        expected = numpy_.crc32c_of_stretches(data, starts, stops)
        assert np.array_equal(self.twin.crc32c_of_stretches(data, starts, stops), expected)
        return expected

    def encode_pages(self, streams: Any, words: Any) -> Any:
        self._count("encode_pages")
        own = np.full_like(words, 0x5A5A5A5A5A5A5A5A)  # whatever is in them
        starts, ends = self.twin.encode_pages(streams, own)
        expected = numpy_.encode_pages(streams, words)
        written = int(ends.max(initial=0))
        assert np.array_equal(starts, expected[0])
        assert np.array_equal(ends, expected[1])
        assert np.array_equal(word_bytes(own)[:written], word_bytes(words)[:written])
        return expected

    def order_floats(self, bits: Any, out: Any) -> None:
        self._in_place("order_floats", out, bits)

    def assign_bins(self, latents: Any, lowers: Any, out: Any) -> None:
        self._in_place("assign_bins", out, latents, lowers)

    def measure_bins(self, latents: Any, bounds: Any, *measures: Any) -> None:
        self._count("measure_bins")
        own = [measure.copy() for measure in measures]
        self.twin.measure_bins(latents, bounds, *own)
        numpy_.measure_bins(latents, bounds, *measures)
        assert all(map(np.array_equal, own, measures))

    def survey_floats(self, latents: Any, mantissa_bits: int, is_glance: bool) -> Any:
        self._count("survey_floats")
        own = self.twin.survey_floats(latents, mantissa_bits, is_glance)
        expected = numpy_.survey_floats(latents, mantissa_bits, is_glance)
        assert np.array_equal(own.usual.view(np.uint64), expected.usual.view(np.uint64))
        assert np.array_equal(own.endings, expected.endings)
        assert own[2:] == expected[2:]
        return expected

    def cut_ranges(self, latents: Any, ranges: int, *found: Any) -> int:
        self._count("cut_ranges")
        own = [array.copy() for array in found]
        size = self.twin.cut_ranges(latents, ranges, *own)
        assert numpy_.cut_ranges(latents, ranges, *found) == size
        assert all(np.array_equal(ours[:size], theirs[:size]) for ours, theirs in zip(own, found, strict=True))
        return int(size)

    def price_ranges(self, *arguments: Any) -> Any:
        self._count("price_ranges")
        prices = numpy_.price_ranges(*arguments)
        assert np.array_equal(self.twin.price_ranges(*arguments), prices)
        return prices

    def find_bounds(self, *arguments: Any) -> Any:
        self._count("find_bounds")
        expected = numpy_.find_bounds(*arguments)
        assert np.array_equal(self.twin.find_bounds(*arguments), expected)
        return expected

    def fit_bins(self, *arguments: Any) -> Any:
        self._count("fit_bins")
        expected = numpy_.fit_bins(*arguments)
        (own, *others), (bins, *expected_others) = self.twin.fit_bins(*arguments), expected
        assert all(map(np.array_equal, vars(own).values(), vars(bins).values()))
        assert all(map(np.array_equal, others, expected_others))
        return expected

    def difference_consecutive(self, latents: Any, counts: Any, *made: Any) -> None:
        self._outputs("difference_consecutive", (latents, counts), made)

    def difference_lookback(self, latents: Any, lookbacks: Any, counts: Any, stored: Any) -> None:
        self._count("difference_lookback")
        own = lookbacks.copy(), stored.copy()
        self.twin.difference_lookback(latents, own[0], counts, own[1])
        numpy_.difference_lookback(latents, lookbacks, counts, stored)
        assert np.array_equal(own[1], stored)
        assert np.array_equal(own[0][: stored.size], lookbacks[: stored.size])

    def index_values(self, latents: Any, most: int, indices: Any, by_value: bool) -> Any:
        self._count("index_values")
        own = indices.copy()
        ours = self.twin.index_values(latents, most, own, by_value)
        expected = numpy_.index_values(latents, most, indices, by_value)
        assert (ours is None) == (expected is None)
        if expected is not None:
            assert all(map(np.array_equal, ours, expected))
            assert np.array_equal(own, indices)
        return expected

    def split_float_mult(self, words: Any, is_ordered: bool, base: Any, *made: Any) -> None:
        self._outputs("split_float_mult", (words, is_ordered, base), made)

    def find_lookbacks(self, latents: Any, counts: Any, window_log: int, out: Any) -> None:
        self._in_place("find_lookbacks", out, latents, counts, window_log)

    def predict_tiles(self, cells: Any, absent: Any, prediction: Any, residuals: Any) -> None:
        self._count("predict_tiles")
        own = cells.copy(), residuals.copy()
        self.twin.predict_tiles(own[0], absent, prediction, own[1])
        numpy_.predict_tiles(cells, absent, prediction, residuals)
        assert np.array_equal(own[0], cells)
        assert np.array_equal(own[1], residuals)

    def place_numbers(self, *arguments: Any) -> None:
        self._count("place_numbers")
        *given, out, rows = arguments
        own = out.copy()
        self.twin.place_numbers(*given, own, rows)
        numpy_.place_numbers(*given, out, rows)
        assert np.array_equal(own, out)

    def place_values(self, *arguments: Any) -> int:
        self._count("place_values")
        *given, out, rows = arguments
        own = out.copy()
        wrong = self.twin.place_values(*given, own, rows)
        assert numpy_.place_values(*given, out, rows) == wrong
        assert wrong >= 0 or np.array_equal(own, out)
        return wrong

    def restore_tiles(self, residuals: Any, prediction: Any) -> None:
        self._in_place("restore_tiles", residuals, prediction)

    def assign_contexts(self, residuals: Any, shapes: Any, axes: int, thresholds: Any, out: Any) -> None:
        self._in_place("assign_contexts", out, residuals, shapes, axes, thresholds)

    def merge_contexts(self, *arguments: Any) -> Any:
        self._count("merge_contexts")
        *given, out = arguments
        own = out.copy()
        taken = self.twin.merge_contexts(*given, own)
        expected = numpy_.merge_contexts(*given, out)
        assert np.array_equal(taken, expected)
        assert np.array_equal(own, out)
        return expected

    def keep_present(self, latents: Any, absent: Any, out: Any) -> None:
        self._in_place("keep_present", out, latents, absent)

    def spread_present(self, latents: Any, absent: Any, between: int, out: Any) -> None:
        self._in_place("spread_present", out, latents, absent, between)

    def count_present(self, absent: Any, sizes: Any) -> Any:
        self._count("count_present")
        expected = numpy_.count_present(absent, sizes)
        assert np.array_equal(self.twin.count_present(absent, sizes), expected)
        return expected

    def fill_runs(self, runs: Any, mask: Any) -> None:
        self._in_place("fill_runs", mask, runs)

    def list_runs(self, mask: Any, runs: Any) -> int:
        self._count("list_runs")
        own = runs.copy()
        expected = numpy_.list_runs(mask, runs)
        assert self.twin.list_runs(mask, own) == expected
        assert np.array_equal(own, runs)
        return expected

    def take_changes(self, mask: Any, sizes: Any, strides: Any, out: Any) -> None:
        self._in_place("take_changes", out, mask, sizes, strides)

    def accumulate_changes(self, mask: Any, sizes: Any, strides: Any) -> None:
        self._in_place("accumulate_changes", mask, sizes, strides)

    def cost_by_lengths(self, residuals: Any, chosen: Any, ends: Any, costs: Any) -> None:
        self._in_place("cost_by_lengths", costs, residuals, chosen, ends)

    def fit_neighbours(self, cells: Any, places: Any, sizes: Any, strides: Any, offsets: Any, out: Any) -> bool:
        self._count("fit_neighbours")
        own = out.copy()
        found = self.twin.fit_neighbours(cells, places, sizes, strides, offsets, own)
        assert numpy_.fit_neighbours(cells, places, sizes, strides, offsets, out) == found
        assert own.tobytes() == out.tobytes()
        return found

    def _outputs(self, name: str, given: Any, made: Any) -> None:
        """Compare a kernel whose last arguments are its results."""
        self._count(name)
        own = [array.copy() for array in made]
        getattr(self.twin, name)(*given, *own)
        getattr(numpy_, name)(*given, *made)
        assert all(map(np.array_equal, own, made))

    def _in_place(self, name: str, changed: Any, *others: Any) -> None:
        """Compare a kernel whose result is `changed`: the last argument, or the first."""
        self._count(name)
        own = changed.copy()
        for kernels, array in ((self.twin, own), (numpy_, changed)):
            arguments = (array, *others) if name in {"restore_tiles", "accumulate_changes"} else (*others, array)
            getattr(kernels, name)(*arguments)
        assert np.array_equal(own, changed)
