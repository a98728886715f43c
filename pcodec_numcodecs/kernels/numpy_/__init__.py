"""The kernels in NumPy: each step works on all lanes side by side."""

from .bins import assign_bins, measure_bins
from .decode import decode_pages
from .deltas import difference_consecutive, difference_lookback, undo_consecutive, undo_conv1, undo_lookback
from .dictionary import index_values
from .encode import encode_pages
from .float_mult import split_float_mult
from .lookback import find_lookbacks
from .merge import merge_ranges
from .ranges import cut_ranges

__all__ = [
    "assign_bins",
    "cut_ranges",
    "decode_pages",
    "difference_consecutive",
    "difference_lookback",
    "encode_pages",
    "find_lookbacks",
    "index_values",
    "measure_bins",
    "merge_ranges",
    "split_float_mult",
    "undo_consecutive",
    "undo_conv1",
    "undo_lookback",
]
