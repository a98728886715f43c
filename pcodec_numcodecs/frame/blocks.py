"""Chunk-level streams of distinct values and of masks, in blocks so small that reads of parts stay cheap."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..kernels import Kernels
from ..pipeline.lists import write_list
from ..pipeline.masks import write_masks
from .layout import Layout
from .shapes import tile_shapes

__all__ = ["block_limit", "mask_blocks", "value_blocks"]

_SHARE: Final = 20
_MOST_BYTES: Final = 64 << 10
_LEAST_BYTES: Final = 4 << 10
"""Below this a block costs more in the index than it saves."""
_UNLIMITED: Final = 1 << 62
_GROWTH: Final = 4
"""Each try makes a quarter more blocks at least: all are written anew."""


def block_limit(page_bytes: int, in_blocks: bool) -> int:
    """Return the bytes of a block: a twentieth of the pages', and 64 KiB, at the most."""
    return min(max(page_bytes // _SHARE, _LEAST_BYTES), _MOST_BYTES) if in_blocks else _UNLIMITED


def value_blocks(values: Latents, limit: int, level: int, kernels: Kernels) -> tuple[list[bytes], int]:
    """Write distinct values in blocks within a limit of bytes; return them and the values of a block."""
    block = values.size
    whole, specs = write_list(values, level, kernels)
    blocks = [whole]
    made = 1
    while max(map(len, blocks)) > limit and block > 1:
        # Some room, as each block has metadata of its own, and some values are further apart than others.
        count = max(-(-3 * len(whole) // (2 * limit)), 2 * made)
        block = -(-values.size // count)
        blocks = []
        for first in range(0, values.size, block):
            blocks.append(write_list(values[first : first + block], level, kernels, specs)[0])
            if len(blocks[-1]) > limit and block > 1:
                break  # the others need not be written
        made = -(-values.size // block)
    return blocks, block


def mask_blocks(
    layout: Layout, part: int, absent: npt.NDArray[np.uint8], limit: int, level: int, kernels: Kernels
) -> tuple[list[bytes], int]:
    """Write masks in blocks of pages within a limit of bytes; return them and the pages of a block."""
    total = layout.grid.pages
    ends = np.cumsum(layout.grid.cells)
    shapes = tile_shapes(layout, part, np.arange(total))
    fills = len(layout.pipelines[part].fills)

    def written(pages: int) -> Iterator[bytes]:
        for first in range(0, total, pages):
            last = min(first + pages, total)
            cells = slice(int(ends[first - 1]) if first else 0, int(ends[last - 1]))
            yield write_masks(absent[cells], fills, shapes[first:last], level, kernels)

    pages = min(total, layout.chunk_pages)
    blocks = list(written(pages))
    while max(map(len, blocks)) > limit and pages > 1:
        pages = max(1, min(pages - pages // _GROWTH - 1, pages * limit // max(map(len, blocks))))
        blocks = list(written(pages))
    return blocks, pages
