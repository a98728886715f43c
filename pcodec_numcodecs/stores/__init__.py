"""What works on whole Zarr stores, and on the user's own data."""

from ..diagnostics import Advice, ChunkSummary, Comparison, Explanation, Features, Measured, Try
from .advising import Recommendation, RecommendedArray, compare, explain, recommend
from .conversions import Conversion, ConvertedArray
from .converting import convert
from .errors import StoreError
from .inspecting import ArrayInspection, ChunkInspection, StoreInspection, inspect, inspect_chunk
from .verifying import Damage, Verification, VerifiedArray, verify

__all__ = [
    "Advice",
    "ArrayInspection",
    "ChunkInspection",
    "ChunkSummary",
    "Comparison",
    "Conversion",
    "ConvertedArray",
    "Damage",
    "Explanation",
    "Features",
    "Measured",
    "Recommendation",
    "RecommendedArray",
    "StoreError",
    "StoreInspection",
    "Try",
    "Verification",
    "VerifiedArray",
    "compare",
    "convert",
    "explain",
    "inspect",
    "inspect_chunk",
    "recommend",
    "verify",
]
