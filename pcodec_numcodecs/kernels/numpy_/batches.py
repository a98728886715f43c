"""Pages to latents: tANS codes and offsets, batch by batch, all pages side by side."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...bits import PADDING, masks, read_fields
from ...constants import BATCH
from .opening import Opened
from .walking import SURE_BITS, Walk, windows

I64 = npt.NDArray[np.int64]

_READ_CELLS = 1 << 14  # latents whose offsets are read at a time: temporaries stay in the cache
_WIDE_BLOCK = 1 << 16  # latents a lane decoded at a time where no tANS codes force batches


class Placed(NamedTuple):
    """Where latents of a variable go.

    Attributes
    ----------
    out
        Flat array of the latent dtype, to be filled.
    starts
        int64, one a lane: where in `out` a lane's first latent goes.
    """

    out: npt.NDArray[Any]
    starts: I64


def decode_latents(
    data: npt.NDArray[np.uint8], positions: I64, streams: tuple[Opened, ...], latents: Sequence[Placed]
) -> I64:
    """Decode the latents of all lanes into their places; return where lanes end, those that ran out beyond the data."""
    positions = positions.copy()
    end = 8 * (data.size - PADDING) + 8
    longest, by_length = _longest_first(np.max([stream.counts for stream in streams], axis=0))
    ordered = [_longest_first(stream.counts) for stream in streams]
    # Batches only matter where codes and offsets, or variables, take turns.
    plain = len(streams) == 1 and not streams[0].nbits.any()
    step = max(BATCH, _WIDE_BLOCK // positions.size // BATCH * BATCH) if plain and positions.size else BATCH
    window = windows(data)
    walks = [
        Walk(data, window, stream, int(lengths.max(initial=0)))
        for stream, (lengths, _) in zip(streams, ordered, strict=True)
    ]
    for done in range(0, int(longest.max(initial=0)), step):
        if (positions[by_length[: _above(longest, done)]] >= end).all():
            break  # every lane that is not done has run past the data: what would follow is arbitrary
        for stream, walk, (lengths, order), placed in zip(streams, walks, ordered, latents, strict=True):
            lanes = order[: _above(lengths, done)]
            if not lanes.size:
                continue
            counts = np.minimum(lengths[: lanes.size] - done, step)
            position = positions[lanes]
            position[position > end - 8] = end  # past the end, and to stay there: the caller sees that
            slots = walk.take(position, lanes, counts)
            starts = placed.starts[lanes] + done
            few = max(1, _READ_CELLS // slots.shape[1])
            for first in range(0, lanes.size, few):
                part = slice(first, first + few)
                _read_latents(
                    data, window, stream, slots[part], position[part], counts[part], placed.out, starts[part], end
                )
            positions[lanes] = position
    return positions


def _longest_first(counts: I64) -> tuple[I64, I64]:
    """Return counts from the largest down, and the lanes that they belong to."""
    order = np.argsort(-counts, kind="stable")
    return counts[order], order


def _above(falling: I64, done: int) -> int:
    """Return how many of some falling counts are above `done`."""
    return falling.size - int(np.searchsorted(falling[::-1], done, side="right"))


def _read_latents(
    data: npt.NDArray[np.uint8],
    window: npt.NDArray[np.uint64],
    stream: Opened,
    slots: I64,
    position: I64,
    counts: I64,
    out: npt.NDArray[Any],
    out_starts: I64,
    end: int,
) -> None:
    """Read the offsets that follow the codes of some lanes, and store their latents; advances `position`."""
    widths = stream.offset_bits.take(slots)
    wanted = None
    if counts[-1] < widths.shape[1]:
        wanted = np.arange(widths.shape[1]) < counts[:, None]
        widths *= wanted
    starts = np.cumsum(widths, axis=1)
    starts += position[:, None]
    position[:] = starts[:, -1]
    starts -= widths
    if position.max() > end:
        np.minimum(starts, end, out=starts)
    if int(stream.offset_bits.max()) <= SURE_BITS:
        values = window.take(starts >> 5, mode="clip")
        starts &= 31
        values >>= starts.view(np.uint64)
        values &= masks(widths)
    else:
        values = read_fields(data, starts, widths)
    values += stream.lowers.take(slots)
    target = out_starts[:, None] + np.arange(values.shape[1])
    if wanted is None:
        out[target] = values
    else:
        out[target[wanted]] = values[wanted]
