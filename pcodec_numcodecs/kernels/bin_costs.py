"""What bins may cost: what both twins of `Binning` must agree on."""

from typing import Final

from ..fixed_log import ONE_BIT

USUAL_ANS_LOG: Final = 12
"""log2 of the largest table made without need: larger ones leave the first-level caches of decoders."""
QUICK_ANS_LOG: Final = 9
"""log2 of a table that decoders walk as fast as smaller ones."""
TABLE_SAVING: Final = 512
"""What tables that are larger than quick ones must save, as a part of all."""
LARGE_ANS_LOG: Final = 10
"""log2 of a table that leaves room beside it in the nearest cache."""
LARGE_TABLE_SAVING: Final = 128
"""What tables that are larger than that must save, as a part of all."""
OFFSETS_SAVING: Final = 256
"""What bins of several values must save, as a part of all, beside bodies without offsets."""
SINGLE_BIN_SLACK: Final = ONE_BIT // 64
"""Bits a latent worth giving up for a body without codes."""
