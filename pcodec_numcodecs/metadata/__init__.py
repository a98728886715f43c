"""The wire format and nothing else: dataclasses with read and write, and every refusal."""

from .chunk import Bins, ChunkMetadata, VariableLayout, bin_metadata_bits, layout
from .deltas import Consecutive, Conv1, DeltaEncoding, Lookback, NoDelta, applies_to_secondary, check_conv1
from .header import FormatVersion
from .modes import Classic, Dict, FloatMult, FloatQuant, IntMult, Mode, has_secondary, primary_bits
from .modes import check as check_mode
from .standalone import ChunkHeader, FileHeader

__all__ = [
    "Bins",
    "ChunkHeader",
    "ChunkMetadata",
    "Classic",
    "Consecutive",
    "Conv1",
    "DeltaEncoding",
    "Dict",
    "FileHeader",
    "FloatMult",
    "FloatQuant",
    "FormatVersion",
    "IntMult",
    "Lookback",
    "Mode",
    "NoDelta",
    "VariableLayout",
    "applies_to_secondary",
    "bin_metadata_bits",
    "check_conv1",
    "check_mode",
    "has_secondary",
    "layout",
    "primary_bits",
]
