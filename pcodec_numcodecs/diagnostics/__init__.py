"""What results tell: summaries of what is stored, comparisons of codecs, plots. Reads, and changes nothing."""

from .comparing import Comparison, Contestant, Measured, compare
from .explaining import Advice, Explanation, Try, explain
from .numbers import Features
from .summary import ChunkSummary, summarize

__all__ = [
    "Advice",
    "ChunkSummary",
    "Comparison",
    "Contestant",
    "Explanation",
    "Features",
    "Measured",
    "Try",
    "compare",
    "explain",
    "summarize",
]
