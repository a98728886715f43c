"""The kernels in NumPy: each step works on all lanes side by side."""

from .bins import assign_bins, measure_bins
from .decode import decode_pages
from .encode import encode_pages
from .lookback import find_lookbacks
from .merge import merge_ranges

__all__ = [
    "assign_bins",
    "decode_pages",
    "encode_pages",
    "find_lookbacks",
    "measure_bins",
    "merge_ranges",
]
