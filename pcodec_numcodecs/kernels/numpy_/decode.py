"""Pages to numbers: the latents of all pages side by side, then chunk by chunk what makes numbers of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import PADDING
from ...constants import ANS_INTERLEAVING
from ...pages import page_starts
from ..streams import (
    BAD_INDEX,
    BAD_LOOKBACK,
    CONSECUTIVE,
    DICT,
    LOOKBACK,
    NO_DELTA,
    ChunkPages,
    DecodeStream,
    Recipe,
    Rows,
    UsualChunk,
)
from .batches import Placed, decode_latents
from .deltas import undo_consecutive, undo_conv1, undo_lookback
from .joins import join, numbers_of
from .opening import open_pages
from .rows_out import place

I64 = npt.NDArray[np.int64]
Latents = npt.NDArray[np.unsignedinteger[Any]]


def decode_pages(
    data: npt.NDArray[np.uint8],
    starts: I64,
    numbers: I64,
    wanted: I64,
    streams: tuple[DecodeStream, ...],
    recipes: tuple[Recipe, ...],
    out: npt.NDArray[Any],
    rows: Rows,
) -> tuple[I64, I64]:
    """See `Kernels.decode_pages`."""
    origin, stop = _span(starts, wanted, streams, recipes)
    data, starts = np.concatenate((data[origin:stop], np.zeros(PADDING, np.uint8))), starts - origin
    positions, opened = open_pages(data, starts, numbers, wanted, streams, recipes)
    has_lookbacks = recipes[0].delta == LOOKBACK
    # The first latents of a lane are those of its delta state; lookbacks begin where the primary latents do.
    rooms = [stream.states.shape[1] for stream in opened]
    if has_lookbacks:
        rooms[0] = rooms[1]
    cells = wanted.copy()
    for stream, room in zip(opened, rooms, strict=True):
        np.maximum(cells, np.where(stream.counts > 0, stream.counts + room, 0), out=cells)
    begins = page_starts(cells)
    latents = []
    for stream, room in zip(opened, rooms, strict=True):
        make = np.empty if not room else np.ones  # of lookbacks, 1 is a sound one
        latents.append(Placed(make(int(cells.sum()), f"u{stream.latent_bits // 8}"), begins + np.minimum(room, cells)))
    ends = decode_latents(data, positions, opened, latents)

    faults = np.zeros((starts.size, 2), np.int64)
    first = 0
    for recipe in recipes:
        lanes = slice(first, first + recipe.lanes)
        first = lanes.stop
        if lanes.start == lanes.stop:
            continue
        begin = int(begins[lanes.start])
        found = [placed.out[begin : begin + int(cells[lanes].sum())] for placed in latents]
        lookbacks = found.pop(0) if has_lookbacks else None
        states = [stream.states[lanes] for stream in opened[has_lookbacks:]]
        _undo_deltas(recipe, found, lookbacks, cells[lanes], states, faults[lanes])
        asked = _asked(found, cells[lanes], wanted[lanes])
        if recipe.mode == DICT:
            _check_indices(asked[0], recipe.values.size, wanted[lanes], faults[lanes])
            if not recipe.values.size:
                continue
        made = numbers_of(join(recipe, asked), recipe)
        place(made, wanted[lanes], out, rows._replace(lengths=rows.lengths[lanes], firsts=rows.firsts[lanes]))
    return ends + 8 * origin, faults


def open_usual_chunk(
    source: npt.NDArray[np.uint8], start: int, bits: int, mantissa_bits: int, signed: bool
) -> UsualChunk | None:
    """See `Kernels.open_usual_chunk`: no way is shorter for NumPy."""
    return None


def decode_usual_chunk(chunk: UsualChunk, pages: ChunkPages, out: Latents, rows: Rows) -> I64 | None:
    """See `Kernels.decode_usual_chunk`: no way is shorter for NumPy."""
    return None


def decode_usual_file(
    data: npt.NDArray[np.uint8], place: int, type_byte: int, mantissa_bits: int, signed: bool, out: Latents, done: int
) -> tuple[int, int]:
    """See `Kernels.decode_usual_file`: no way is shorter for NumPy."""
    return place, done


def _span(starts: I64, wanted: I64, streams: tuple[DecodeStream, ...], recipes: tuple[Recipe, ...]) -> tuple[int, int]:
    """Return the first byte of all pages, and the one after the last that they may take: no more is copied."""
    if not starts.size:
        return 0, 0
    head = each = 0
    for chunk in range(len(recipes)):
        bins = [stream.bins[chunk] for stream in streams]
        each = max(each, sum(own.ans_log + int(own.offset_bits.max(initial=0)) for own in bins))
        head = max(head, sum(ANS_INTERLEAVING * own.ans_log for own in bins))
    head += sum(stream.latent_bits * stream.state_length for stream in streams)
    # Page metadata and body may each end within a byte.
    return int(starts.min()), int((starts + (head + wanted * each) // 8 + 2).max())


def _undo_deltas(
    recipe: Recipe,
    latents: Sequence[Latents],
    lookbacks: npt.NDArray[Any] | None,
    cells: I64,
    states: Sequence[npt.NDArray[np.uint64]],
    faults: I64,
) -> None:
    """Undo the delta encoding of the variables that have delta states, in place; mark lanes of bad lookbacks."""
    if recipe.delta == NO_DELTA:
        return
    if lookbacks is not None:
        # Of 0, the subtraction makes the largest integer.
        bad = np.flatnonzero(lookbacks - np.uint32(1) >= recipe.window)
        _mark(faults, BAD_LOOKBACK, bad, lookbacks[bad], cells)
        lookbacks[bad] = 1
    for own, state in zip(latents, states, strict=True):
        first = state.astype(own.dtype)
        if not state.shape[1]:
            continue
        if recipe.delta == CONSECUTIVE:
            undo_consecutive(own, cells, first)
        elif lookbacks is not None:
            undo_lookback(own, lookbacks, cells, first)
        else:
            undo_conv1(own, cells, first, recipe.weights, recipe.bias, recipe.quantization)


def _mark(faults: I64, kind: int, places: I64, values: npt.NDArray[Any], cells: I64) -> None:
    """Note the first fault of each lane that has none yet."""
    lanes, firsts = np.unique(np.searchsorted(np.cumsum(cells), places, side="right"), return_index=True)
    new = faults[lanes, 0] == 0
    faults[lanes[new], 0] = kind
    faults[lanes[new], 1] = values[firsts[new]]


def _check_indices(indices: Latents, size: int, wanted: I64, faults: I64) -> None:
    """Mark lanes that have indices beyond a dictionary of some size, and make these 0."""
    if not indices.size or indices.max() < size:
        return
    bad = np.flatnonzero(indices >= size)
    _mark(faults, BAD_INDEX, bad, indices[bad], wanted)
    indices[bad] = 0


def _asked(latents: list[Latents], cells: I64, wanted: I64) -> list[Latents]:
    """Return the latents of the numbers wanted."""
    if not (cells > wanted).any():
        return latents
    place = np.arange(latents[0].size) - np.repeat(page_starts(cells), cells)
    asked = place < np.repeat(wanted, cells)
    return [own[asked] for own in latents]
