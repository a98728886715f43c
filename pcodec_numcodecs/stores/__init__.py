"""What works on whole Zarr stores."""

from .converting import Conversion, ConvertedArray, convert
from .errors import StoreError
from .inspecting import ArrayInspection, ChunkInspection, StoreInspection, inspect, inspect_chunk
from .verifying import Damage, Verification, VerifiedArray, verify

__all__ = [
    "ArrayInspection",
    "ChunkInspection",
    "Conversion",
    "ConvertedArray",
    "Damage",
    "StoreError",
    "StoreInspection",
    "Verification",
    "VerifiedArray",
    "convert",
    "inspect",
    "inspect_chunk",
    "verify",
]
