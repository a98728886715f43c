"""The kernels compiled by Numba: each loops over lanes, with the GIL released."""

from .bins import assign_bins, measure_bins
from .checksums import HAS_FAST_CRC32C, crc32c_of_stretches
from .chunks import decode_usual_chunk, decode_usual_file, open_usual_chunk
from .contexts import assign_contexts, merge_contexts
from .decode import decode_pages
from .dictionary import index_values
from .differencing import difference_consecutive, difference_lookback
from .encode import encode_pages
from .fitting import fit_neighbours
from .float_mult import split_float_mult
from .lengths import cost_by_lengths
from .lookback import find_lookbacks
from .ordering import order_floats
from .placing import place_numbers, place_values
from .prediction import predict_tiles, restore_tiles
from .presence import (
    accumulate_changes,
    count_present,
    fill_runs,
    keep_present,
    list_runs,
    spread_present,
    take_changes,
)
from .ranges import cut_ranges, find_bounds, price_ranges
from .surveys import survey_floats
from .weights import fit_bins

__all__ = [
    "HAS_FAST_CRC32C",
    "accumulate_changes",
    "assign_bins",
    "assign_contexts",
    "cost_by_lengths",
    "count_present",
    "crc32c_of_stretches",
    "cut_ranges",
    "decode_pages",
    "decode_usual_chunk",
    "decode_usual_file",
    "difference_consecutive",
    "difference_lookback",
    "encode_pages",
    "fill_runs",
    "find_bounds",
    "find_lookbacks",
    "fit_bins",
    "fit_neighbours",
    "index_values",
    "keep_present",
    "list_runs",
    "measure_bins",
    "merge_contexts",
    "open_usual_chunk",
    "order_floats",
    "place_numbers",
    "place_values",
    "predict_tiles",
    "price_ranges",
    "restore_tiles",
    "split_float_mult",
    "spread_present",
    "survey_floats",
    "take_changes",
]
