"""What results tell: summaries of what is stored, comparisons of codecs, plots. Reads, and changes nothing."""

from .comparing import Comparison, Contestant, Measured, compare
from .explaining import Explanation, explain
from .summary import ChunkSummary, summarize

__all__ = [
    "ChunkSummary",
    "Comparison",
    "Contestant",
    "Explanation",
    "Measured",
    "compare",
    "explain",
    "summarize",
]
