"""Every limit of the Pco format, once."""

from typing import Final

FORMAT_VERSION: Final = (4, 1)
"""Version that writers put into the header (major, minor)."""
MAX_FORMAT_MAJOR: Final = 4
STANDALONE_MAGIC: Final = b"pco!"
STANDALONE_VERSION: Final = 3
MAX_STANDALONE_VERSION: Final = 3
STANDALONE_TERMINATOR: Final = 0

BATCH: Final = 256
"""Latents of one variable that share a run of tANS codes and a run of offsets."""
ANS_INTERLEAVING: Final = 4
"""tANS states of one page and variable, taken in turn."""

MAX_ANS_LOG: Final = 14
MAX_CHUNK_NUMBERS: Final = 1 << 24
MAX_LEVEL: Final = 12
DEFAULT_LEVEL: Final = 8
DEFAULT_PAGE_NUMBERS: Final = 1 << 18
DEFAULT_MAX_BYTES: Final = 8 << 30
"""Decompressed bytes that a reader makes before it asks for leave (an 8-byte page can claim 2**24 numbers)."""

MAX_CONSECUTIVE_ORDER: Final = 7
MAX_CONV1_ORDER: Final = 32
MAX_WINDOW_LOG: Final = 24

BITS_MODE: Final = 4
BITS_DELTA: Final = 4
BITS_DELTA_ORDER: Final = 3
BITS_WINDOW_LOG: Final = 5
BITS_STATE_LOG: Final = 4
BITS_CONV1_QUANTIZATION: Final = 5
BITS_CONV1_ORDER: Final = 5
BITS_CONV1_WEIGHT: Final = 32
BITS_QUANT_K: Final = 8
BITS_DICT_COUNT: Final = 25
BITS_ANS_LOG: Final = 4
BITS_BIN_COUNT: Final = 15
