"""What works on whole Zarr stores."""

from .errors import StoreError
from .inspecting import ArrayInspection, ChunkInspection, StoreInspection, inspect, inspect_chunk
from .verifying import Damage, Verification, VerifiedArray, verify

__all__ = [
    "ArrayInspection",
    "ChunkInspection",
    "Damage",
    "StoreError",
    "StoreInspection",
    "Verification",
    "VerifiedArray",
    "inspect",
    "inspect_chunk",
    "verify",
]
