"""The kernels compiled by Numba: each loops over lanes, with the GIL released."""

from .bins import assign_bins, measure_bins
from .contexts import assign_contexts, merge_contexts
from .decode import decode_pages
from .deltas import undo_consecutive, undo_conv1, undo_lookback
from .encode import encode_pages
from .lengths import count_bit_lengths
from .lookback import find_lookbacks
from .merge import merge_ranges
from .moments import sum_moments
from .prediction import predict_tiles, restore_tiles

__all__ = [
    "assign_bins",
    "assign_contexts",
    "count_bit_lengths",
    "decode_pages",
    "encode_pages",
    "find_lookbacks",
    "measure_bins",
    "merge_contexts",
    "merge_ranges",
    "predict_tiles",
    "restore_tiles",
    "sum_moments",
    "undo_consecutive",
    "undo_conv1",
    "undo_lookback",
]
