"""Pages to numbers, two pages at a time, batch by batch: what one batch needs stays in the nearest cache."""

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
    DICT,
    FLOAT_MULT,
    FLOAT_QUANT,
    INT_MULT,
    LOOKBACK,
    DecodeStream,
    Recipe,
)
from .batches import any_wide, pack, read_fixed, read_offsets, stays, walk, walk_two
from .compiled import compiled, inlined, read_only
from .deltas import undo_consecutive, undo_conv1, undo_lookback
from .joins import join_dictionary, join_float_mult, join_float_quant, join_int_mult, store
from .variables import MOST_VARIABLES, by_width

I64 = npt.NDArray[np.int64]

_EIGHT, _BYTE = np.uint64(8), np.uint64(0xFF)
_BATCH = np.uint64(BATCH)
_SIDES = 2  # lanes at a time
_PRIMARY, _SECONDARY = 1, 2  # the lookbacks come first
_LOW_HALF = np.uint64(0xFFFFFFFF)
_RAN_OUT, _FAULTY = -1, -2  # instead of the numbers wanted


def decode_pages(
    data: npt.NDArray[np.uint8],
    positions: I64,
    streams: tuple[DecodeStream, ...],
    recipes: tuple[Recipe, ...],
    wanted: I64,
    out: npt.NDArray[Any],
    out_starts: I64,
) -> tuple[I64, I64]:
    """See `Kernels.decode_pages`."""
    ends = positions.copy()
    faults = np.zeros((positions.size, 2), np.int64)
    first = 0
    for recipe in recipes:
        lanes = slice(first, first + recipe.lanes)
        _decode_chunk(read_only(data), ends[lanes], streams, lanes, recipe, wanted, out, out_starts, faults[lanes])
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
    out_starts: I64,
    faults: I64,
) -> None:
    """Hand the lanes of one Pco chunk to the compiled kernel, all variables in their places."""
    has_lookbacks = recipe.delta == LOOKBACK
    variables: list[DecodeStream | None] = [*([] if has_lookbacks else [None]), *streams]
    present = [stream for stream in variables if stream is not None]
    # The tables of all variables end to end: then a slot says which table is meant.
    names = ("nbits", "bases", "lowers", "offset_bits")
    if len(present) == 1:
        tables = [getattr(present[0], name) for name in names]
    else:
        shifts = np.cumsum([0] + [stream.nbits.size for stream in present])
        bases = [stream.bases + shift for stream, shift in zip(present, shifts, strict=False)]
        tables = [np.concatenate([getattr(stream, name) for stream in present]) for name in names]
        tables[1] = np.concatenate(bases)
    states_length = max(stream.states.shape[1] for stream in present)
    first_slots = np.zeros((MOST_VARIABLES, wanted[lanes].size, ANS_INTERLEAVING), np.int64)
    counts = np.zeros((MOST_VARIABLES, wanted[lanes].size), np.int64)
    states = np.zeros((MOST_VARIABLES, wanted[lanes].size, states_length), np.uint64)
    shift = 0
    for place, stream in enumerate(variables):
        if stream is not None:
            first_slots[place] = stream.first_slots[lanes] + shift
            counts[place] = stream.counts[lanes]
            states[place, :, : stream.states.shape[1]] = stream.states[lanes]
            shift += stream.nbits.size
    bits = 8 * out.itemsize
    middle = 1 << (bits - 1)
    secondary_too = len(variables) > _SECONDARY and streams[-1].states.shape[1] > 0
    _decode_lanes(
        data,
        ends,
        *tables,
        first_slots,
        counts,
        states,
        wanted[lanes],
        out_starts[lanes],
        np.array([recipe.delta, states_length, recipe.window, secondary_too, recipe.quantization, recipe.bias]),
        np.ascontiguousarray(recipe.weights),
        np.array([recipe.mode, recipe.mantissa_bits]),
        np.uint64(recipe.base),
        np.uint64((1 << bits) - 1),
        np.uint64(middle if recipe.signed else 0),
        np.uint64(middle - 1 if recipe.mantissa_bits else 0),
        faults,
        *by_width((out, recipe.values)),
    )


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
    states: Any,
    wanted: Any,
    out_starts: Any,
    delta: Any,
    weights: Any,
    mode: Any,
    base: Any,
    mask: Any,
    flip: Any,
    turned: Any,
    faults: Any,
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
) -> None:
    """Decode lanes of one Pco chunk; `ends` are their positions at first."""
    packed = pack(nbits, bases, offset_bits)
    wide = any_wide(offset_bits)
    limit = np.uint64(8 * (data.size - PADDING))
    kind, order, secondary_too = delta[0], delta[1], delta[3] != 0
    longest = 0
    for lane in range(wanted.size):
        longest = max(longest, wanted[lane])
    room = _room(kind, order, delta[2], longest)
    ring_mask = np.uint64(room - 1)
    # One of each for either lane and each of its variables.
    ans_states = np.zeros(_SIDES * MOST_VARIABLES * ANS_INTERLEAVING, np.uint64)
    latents = np.zeros(_SIDES * MOST_VARIABLES * BATCH, np.uint64)
    history = np.zeros(_SIDES * MOST_VARIABLES * room, np.uint64)
    still = np.zeros(_SIDES * MOST_VARIABLES, np.bool_)
    entries = np.empty(_SIDES * BATCH, np.uint32)
    position = np.zeros(_SIDES, np.uint64)
    numbers = np.zeros(_SIDES, np.int64)
    batch = np.zeros(_SIDES, np.int64)
    for first in range(0, wanted.size, _SIDES):
        sides = min(_SIDES, wanted.size - first)
        longest = 0
        numbers[_SIDES - 1] = 0
        for side in range(sides):
            lane = first + side
            position[side] = np.uint64(ends[lane])
            numbers[side] = wanted[lane]
            longest = max(longest, wanted[lane])
            for variable in range(MOST_VARIABLES):
                index = np.uint64(MOST_VARIABLES * side + variable)
                own = index * np.uint64(ANS_INTERLEAVING)
                for turn in range(ANS_INTERLEAVING):
                    ans_states[own + np.uint64(turn)] = first_slots[variable, lane, turn]
                still[index] = stays(packed, ans_states, own)
                longest = max(longest, counts[variable, lane])
                for place in range(min(order, room)):
                    history[index * np.uint64(room) + np.uint64(place)] = states[variable, lane, place]
        for done in range(0, longest, BATCH):
            for variable in range(MOST_VARIABLES):
                for side in range(_SIDES):
                    alive = side < sides and numbers[side] != _RAN_OUT
                    batch[side] = min(counts[variable, first + side] - done, BATCH) if alive else 0
                    if batch[side] > 0 and position[side] > limit:
                        numbers[side] = _RAN_OUT
                        batch[side] = 0
                two = np.uint64(MOST_VARIABLES + variable)
                one = np.uint64(variable)
                bits, other_bits = np.uint64(0), np.uint64(0)
                together = batch[0] == BATCH and batch[1] == BATCH and not still[one] and not still[two]
                if together:
                    position[0], bits, position[1], other_bits = walk_two(
                        data,
                        position[0],
                        position[1],
                        packed,
                        lowers,
                        ans_states,
                        one * np.uint64(ANS_INTERLEAVING),
                        two * np.uint64(ANS_INTERLEAVING),
                        entries,
                        latents,
                        one * _BATCH,
                        two * _BATCH,
                    )
                for side in range(_SIDES):
                    n = batch[side]
                    if n <= 0:
                        continue
                    index = np.uint64(MOST_VARIABLES * side + variable)
                    at, own = index * _BATCH, index * np.uint64(ANS_INTERLEAVING)
                    here, entry = position[side], np.uint64(0)
                    if still[index]:
                        slot = ans_states[own]
                        width = (packed[slot] >> _EIGHT) & _BYTE
                        end = here + np.uint64(n) * width
                        if end <= limit:
                            read_fixed(data, here, width, lowers[slot], n, latents, at)
                    else:
                        if together:
                            if side:
                                bits, entry = other_bits, _BATCH
                        else:
                            here, bits = walk(data, here, packed, lowers, ans_states, own, n, entries, latents, at)
                        end = here + bits
                        if end <= limit:
                            read_offsets(data, here, entries, entry, wide, n, latents, at)
                    position[side] = end
                    if end > limit:
                        numbers[side] = _RAN_OUT
            for side in range(sides):
                n = min(numbers[side] - done, BATCH)
                if n <= 0:
                    continue
                lane = first + side
                at = np.uint64(MOST_VARIABLES * side + _PRIMARY) * _BATCH
                fault, value = _undo_delta(
                    *(latents, at, n, counts[_PRIMARY, lane] - done, done, mask),
                    *(history, np.uint64(room * (MOST_VARIABLES * side + _PRIMARY)), np.uint64(room), ring_mask),
                    *(delta, weights, secondary_too),
                )
                if not fault:
                    fault, value = _join(latents, at, n, mode, base, mask, u8[1], u16[1], u32[1], u64[1])
                if fault:
                    if not faults[lane, 0] or fault == BAD_LOOKBACK:
                        faults[lane, 0], faults[lane, 1] = fault, np.int64(value)
                    if fault == BAD_LOOKBACK:
                        numbers[side] = _FAULTY
                    continue
                start = np.uint64(out_starts[lane] + done)
                if u64[0].size:
                    store(latents, at, n, u64[0], start, mask, flip, turned)
                elif u32[0].size:
                    store(latents, at, n, u32[0], start, mask, flip, turned)
                elif u16[0].size:
                    store(latents, at, n, u16[0], start, mask, flip, turned)
                else:
                    store(latents, at, n, u8[0], start, mask, flip, turned)
        for side in range(sides):
            lane = first + side
            # Beyond the data, if the lane needed more than there is.
            ends[lane] = np.int64(limit + _EIGHT if numbers[side] == _RAN_OUT else position[side])


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
    latents: Any,
    at: Any,
    n: Any,
    left: Any,
    done: Any,
    mask: Any,
    history: Any,
    kept: Any,
    room: Any,
    ring_mask: Any,
    delta: Any,
    weights: Any,
    secondary_too: Any,
) -> Any:
    """Undo the delta encoding of a batch; return the fault, if any, and its value."""
    kind, order = delta[0], delta[1]
    stored = max(0, min(left, BATCH))
    if kind == CONSECUTIVE:
        undo_consecutive(latents, at, n, history, kept, order)
        if secondary_too:
            undo_consecutive(latents, at + _BATCH, n, history, kept + room, order)
    elif kind == LOOKBACK:
        backs = at - _BATCH
        window = np.uint64(delta[2])
        for i in range(stored):
            back = latents[backs + np.uint64(i)] & _LOW_HALF
            latents[backs + np.uint64(i)] = back
            if back - np.uint64(1) >= window:
                return BAD_LOOKBACK, back
        undo_lookback(
            latents, at, n, stored, backs, history, kept, ring_mask, done, np.uint64(order)
        )
        if secondary_too:
            undo_lookback(
                latents, at + _BATCH, n, stored, backs, history, kept + room, ring_mask, done, np.uint64(order)
            )
    elif kind == CONV1:
        undo_conv1(latents, at, n, stored, history, kept, weights, delta[5], delta[4], mask)
    return 0, np.uint64(0)


@inlined
def _join(
    latents: Any, at: Any, n: Any, mode: Any, base: Any, mask: Any, u8: Any, u16: Any, u32: Any, u64: Any
) -> Any:
    """Undo the mode of a batch; return the fault, if any, and its value."""
    kind, secondary = mode[0], at + _BATCH
    if kind == INT_MULT:
        join_int_mult(latents, at, n, secondary, base)
    elif kind == FLOAT_MULT:
        join_float_mult(latents, at, n, secondary, base, mode[1], mask)
    elif kind == FLOAT_QUANT:
        join_float_quant(latents, at, n, secondary, base, mask)
    elif kind == DICT:
        if u64.size:
            index = join_dictionary(latents, at, n, u64)
            size = u64.size
        elif u32.size:
            index = join_dictionary(latents, at, n, u32)
            size = u32.size
        elif u16.size:
            index = join_dictionary(latents, at, n, u16)
            size = u16.size
        else:
            index = join_dictionary(latents, at, n, u8)
            size = u8.size
        if index != np.uint64(size):
            return BAD_INDEX, index
    return 0, np.uint64(0)
