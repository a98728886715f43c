"""Pages to numbers, page by page, batch by batch: what one batch needs stays in the nearest cache."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...bits import PADDING
from ...constants import ANS_INTERLEAVING, BATCH
from ..streams import (
    BAD_INDEX,
    BAD_LOOKBACK,
    CONSECUTIVE,
    CONV1,
    LOOKBACK,
    DecodeStream,
    Recipe,
    Rows,
)
from .batches import (
    BATCH_CELLS,
    NARROW,
    make_table,
    read_differences,
    read_fixed,
    read_offsets,
    stays,
    walk,
    widest_of,
)
from .compiled import compiled, inlined, read_only
from .deltas import first_unsound, undo_consecutive, undo_conv1, undo_lookback
from .joins import join, store
from .variables import MOST_VARIABLES

I64 = npt.NDArray[np.int64]

_EIGHT, _WIDTH, _PAIR = np.uint64(8), np.uint64(16), np.uint64(0xFFFF)
_CELLS = np.uint64(BATCH_CELLS)
_LOOKBACKS, _PRIMARY, _SECONDARY = range(MOST_VARIABLES)
_RAN_OUT, _FAULTY = -1, -2  # instead of the numbers wanted


def decode_pages(
    data: npt.NDArray[np.uint8],
    positions: I64,
    streams: tuple[DecodeStream, ...],
    recipes: tuple[Recipe, ...],
    wanted: I64,
    out: npt.NDArray[Any],
    rows: Rows,
) -> tuple[I64, I64]:
    """See `Kernels.decode_pages`."""
    ends = positions.copy()
    faults = np.zeros((positions.size, 2), np.int64)
    first = 0
    for recipe in recipes:
        lanes = slice(first, first + recipe.lanes)
        _decode_chunk(read_only(data), ends[lanes], streams, lanes, recipe, wanted, out, rows, faults[lanes])
        first = lanes.stop
    return ends, faults


def _decode_chunk(
    data: npt.NDArray[np.uint8],
    ends: I64,
    streams: tuple[DecodeStream, ...],
    lanes: slice,
    recipe: Recipe,
    wanted: I64,
    out: npt.NDArray[Any],
    rows: Rows,
    faults: I64,
) -> None:
    """Hand the lanes of one Pco chunk to the compiled kernel, all variables in their places."""
    has_lookbacks = recipe.delta == LOOKBACK
    # The tables of all variables end to end: then a slot says which table is meant.
    shifts = np.cumsum([stream.nbits.size for stream in streams]) - [stream.nbits.size for stream in streams]
    bases = _end_to_end([stream.bases + shift for stream, shift in zip(streams, shifts, strict=True)])
    nbits, lowers, offset_bits = (
        _end_to_end([getattr(stream, name) for stream in streams]) for name in ("nbits", "lowers", "offset_bits")
    )
    states_length = max(stream.states.shape[1] for stream in streams)
    first_slots = np.zeros((MOST_VARIABLES, wanted[lanes].size, ANS_INTERLEAVING), np.int64)
    counts = np.zeros((MOST_VARIABLES, wanted[lanes].size), np.int64)
    states = np.zeros((MOST_VARIABLES, wanted[lanes].size, states_length), np.uint64)
    for place, stream, shift in zip(range(0 if has_lookbacks else 1, MOST_VARIABLES), streams, shifts, strict=False):
        first_slots[place] = stream.first_slots[lanes] + shift
        counts[place] = stream.counts[lanes]
        states[place, :, : stream.states.shape[1]] = stream.states[lanes]
    primary_bits = streams[has_lookbacks].latent_bits
    conv1 = (recipe.quantization, recipe.bias, min(primary_bits, 32))
    bits = 8 * out.itemsize
    middle = 1 << (bits - 1)
    secondary_too = len(streams) > 1 + has_lookbacks and streams[-1].states.shape[1] > 0
    _decode_lanes(
        data,
        ends,
        nbits,
        bases,
        lowers,
        offset_bits,
        first_slots,
        counts,
        states,
        wanted[lanes],
        rows.lengths[lanes],
        rows.firsts[lanes],
        rows.starts,
        np.array([recipe.delta, states_length, recipe.window, secondary_too, *conv1]),
        np.ascontiguousarray(recipe.weights),
        np.int64(recipe.mode),
        np.uint64(recipe.base),
        np.uint64((1 << bits) - 1),
        np.uint64(middle if recipe.signed else 0),
        np.uint64(middle - 1 if recipe.mantissa_bits else 0),
        faults,
        recipe.values,
        out,
        np.empty(BATCH, out.dtype),
    )


def _end_to_end(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


@compiled
def _decode_lanes(
    data: Any,
    ends: Any,
    nbits: Any,
    bases: Any,
    lowers: Any,
    offset_bits: Any,
    first_slots: Any,
    counts: Any,
    delta_states: Any,
    wanted: Any,
    row_lengths: Any,
    first_rows: Any,
    row_starts: Any,
    delta: Any,
    weights: Any,
    mode: Any,
    base: Any,
    mask: Any,
    flip: Any,
    turned: Any,
    faults: Any,
    values: Any,
    out: Any,
    scratch: Any,
) -> None:
    """Decode lanes of one Pco chunk; `ends` are their positions at first."""
    table = make_table(nbits, bases, lowers, offset_bits)
    widest = widest_of(offset_bits)
    limit = np.uint64(8 * (data.size - PADDING))
    order = delta[1]
    longest = 0
    for lane in range(wanted.size):
        longest = max(longest, wanted[lane])
    room = _room(delta[0], order, delta[2], longest)
    # How many orders of difference are undone while offsets are read.
    on_the_way = order if delta[0] == CONSECUTIVE and order <= 2 and widest <= NARROW else 0
    # Of each variable:
    states = np.zeros(MOST_VARIABLES * ANS_INTERLEAVING, np.uint64)
    cells = np.zeros(MOST_VARIABLES * BATCH_CELLS, np.uint64)
    history = np.empty(MOST_VARIABLES * room, np.uint64)  # nothing is read that was not written before
    still = np.zeros(MOST_VARIABLES, np.bool_)
    undone = np.zeros(MOST_VARIABLES, np.bool_)
    for lane in range(wanted.size):
        position = np.uint64(ends[lane])
        numbers = wanted[lane]
        longest = numbers
        for variable in range(MOST_VARIABLES):
            own = np.uint64(variable * ANS_INTERLEAVING)
            for turn in range(ANS_INTERLEAVING):
                states[own + np.uint64(turn)] = 2 * first_slots[variable, lane, turn]
            still[variable] = stays(table, states, own)
            longest = max(longest, counts[variable, lane])
            for place in range(min(order, room)):
                history[variable * room + place] = delta_states[variable, lane, place]
        for done in range(0, longest, BATCH):
            n = min(numbers - done, BATCH)
            rows = done, row_lengths[lane], first_rows[lane], row_starts
            for variable in range(MOST_VARIABLES):
                n = min(counts[variable, lane] - done, BATCH)
                undone[variable] = False
                if n <= 0:
                    continue
                if position > limit:
                    numbers = _RAN_OUT
                    break
                at, own = np.uint64(variable) * _CELLS, np.uint64(variable * ANS_INTERLEAVING)
                if still[variable]:
                    slot = states[own]
                    width = (table[slot] >> _WIDTH) & _PAIR
                    begin, bits = position, np.uint64(n) * width
                    if begin + bits <= limit:
                        read_fixed(data, begin, width, table[slot + np.uint64(1)], n, cells, at)
                else:
                    begin, bits = walk(data, position, table, states, own, n, cells, at)
                    if bits and begin + bits <= limit:
                        if on_the_way and n == BATCH and numbers - done >= BATCH and (variable == _PRIMARY or delta[3]):
                            undone[variable] = True
                            read_differences(
                                data, begin, widest, cells, at, history, np.uint64(variable * room), on_the_way
                            )
                        else:
                            read_offsets(data, begin, widest, n, cells, at)
                position = begin + bits
                if position > limit:
                    numbers = _RAN_OUT
                    break
            n = min(numbers - done, BATCH)
            if n <= 0:
                if numbers == _RAN_OUT:
                    break
                continue
            unsound = _undo_delta(
                *(cells, n, counts[_PRIMARY, lane] - done, done),
                *(history, room, delta, weights, undone),
            )
            if unsound >= 0:
                faults[lane, 0], faults[lane, 1] = BAD_LOOKBACK, unsound
                numbers = _FAULTY
                continue
            unsound = join(cells, n, mode, base, mask, values)
            if unsound >= 0:
                if not faults[lane, 0]:
                    faults[lane, 0], faults[lane, 1] = BAD_INDEX, unsound
                continue
            store(cells, _CELLS, n, out, scratch, *rows, mask, flip, turned)
        # Beyond the data, if the lane needed more than there is.
        ends[lane] = np.int64(limit + _EIGHT if numbers == _RAN_OUT else position)


@inlined
def _room(kind: Any, order: Any, window: Any, longest: Any) -> Any:
    """Return the latents to be kept of each variable."""
    if kind == LOOKBACK:
        room = 1
        while room < window and room < longest:
            room *= 2
        return room
    return order + BATCH if kind == CONV1 else order


@inlined
def _undo_delta(
    cells: Any, n: Any, left: Any, done: Any, history: Any, room: Any, delta: Any, weights: Any, undone: Any
) -> Any:
    """Undo the delta encoding of a batch, where that is still to do; return an unsound lookback, or else -1."""
    kind, order = delta[0], delta[1]
    stored = max(0, min(left, BATCH))
    variables = _SECONDARY + 1 if delta[3] else _SECONDARY
    if kind == LOOKBACK:
        unsound = first_unsound(cells, np.uint64(0), stored, np.uint64(delta[2]))
        if unsound >= 0:
            return unsound
    for variable in range(_PRIMARY, variables):
        at, kept = np.uint64(variable) * _CELLS, np.uint64(variable * room)
        if kind == CONSECUTIVE:
            if not undone[variable]:
                undo_consecutive(cells, at, n, history, kept, order)
        elif kind == LOOKBACK:
            undo_lookback(
                *(cells, at, n, stored, np.uint64(0)),
                *(history, kept, np.uint64(room - 1), done, np.uint64(order)),
            )
        elif kind == CONV1:
            mask = (np.uint64(1) << np.uint64(delta[6])) - np.uint64(1)
            undo_conv1(cells, at, n, stored, history, kept, weights, delta[5], delta[4], mask)
    return -1
