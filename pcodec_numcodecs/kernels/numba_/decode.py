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
from .batches import BATCH_CELLS, NARROW, read_differences, read_fixed, read_offsets, stays, walk, walk_differences
from .compiled import compiled_allocating, inlined, read_only
from .deltas import first_unsound, undo_consecutive, undo_conv1, undo_lookback
from .joins import announce_bytes, join_numbers, store_bits
from .opening import (
    OMITTED,
    PRESENT,
    STATE_LENGTH,
    WIDEST,
    make_table,
    page_metadata_bits,
    read_page_metadata,
    variables_of,
)
from .rows import copy_parts
from .variables import MOST_VARIABLES, each_width
from .words import clear, items

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_EIGHT, _WIDTH, _PAIR = np.uint64(8), np.uint64(16), np.uint64(0xFFFF)
_CELLS = np.uint64(BATCH_CELLS)
_LOOKBACKS, _PRIMARY, _SECONDARY = range(MOST_VARIABLES)
_RAN_OUT, _FAULTY = -1, -2  # instead of the numbers wanted
_TAIL = 3072
"""Bytes that hold the codes and the offsets of a batch of one variable, and page metadata of the usual size."""
USUAL_STATES = 64
_NEVER = np.uint64(0xFFFFFFFFFFFFFFFF)
_NO_WEIGHTS, _NO_VALUES = np.zeros(0, np.int64), read_only(np.zeros(0, np.uint64))


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
    ends = np.empty_like(starts)
    faults = np.zeros((starts.size, 2), np.int64)
    first = 0
    for chunk, recipe in enumerate(recipes):
        lanes = slice(first, first + recipe.lanes)
        first = lanes.stop
        has_lookbacks = recipe.delta == LOOKBACK
        primary, last = streams[has_lookbacks], streams[-1]
        secondary_too = last is not primary and last.state_length > 0
        delta = np.array(
            (
                *(recipe.delta, primary.state_length, recipe.window, secondary_too),
                *(recipe.quantization, recipe.bias, min(primary.latent_bits, 32)),
            )
        )
        variables, bins = variables_of(streams, chunk, has_lookbacks)
        arguments = lane_arguments(
            *(data, starts[lanes], numbers[lanes], wanted[lanes], variables, bins, delta),
            making(recipe.mode, recipe.base, out.itemsize, recipe.signed, recipe.mantissa_bits > 0),
            *(out, Rows(rows.lengths[lanes], rows.firsts[lanes], rows.starts), ends[lanes], faults[lanes]),
            np.ascontiguousarray(recipe.weights),
            read_only(recipe.values.astype(np.uint64, copy=False)),
        )
        decode_lanes(*arguments)
    return ends, faults


def lane_arguments(
    data: npt.NDArray[np.uint8],
    starts: I64,
    numbers: I64,
    wanted: I64,
    variables: I64,
    bins: U64,
    delta: I64,
    made: U64,
    out: npt.NDArray[Any],
    rows: Rows,
    ends: I64,
    faults: I64,
    weights: I64 = _NO_WEIGHTS,
    values: U64 = _NO_VALUES,
) -> tuple[Any, ...]:
    """Return what `decode_lanes` needs to decode the lanes of one Pco chunk.

    Parameters
    ----------
    variables, bins
        What `variables_of` returns.
    delta
        Kind, order or state length, window, whether secondary latents are differenced, quantization, bias, and for what
        Conv1 is for, the width of latents.
    made
        What `making` returns.
    ends, faults
        To be filled.
    weights, values
        As in `Recipe`; `values` are read-only and 64 bits wide.
    """
    return (
        *(read_only(data), *_tail(data, variables), starts, numbers, wanted, variables, bins, delta, weights, made),
        *(values, ends, faults, np.int64(out.itemsize), *each_width(out), out.view(np.uint8)),
        *(rows.lengths, rows.firsts, rows.starts),
    )


def making(mode: int, base: int, size: int, signed: bool, is_float: bool) -> U64:
    """Return how numbers are made: the mode, its base, and then for latents of so many bytes three masks.

    These are the bits of a number, those that its latent has toggled, and those that are toggled below the middle.
    """
    bits = 8 * size
    middle = 1 << (bits - 1)
    return np.array((mode, base, (1 << bits) - 1, middle * signed, (middle - 1) * is_float), np.uint64)


def _tail(data: npt.NDArray[np.uint8], variables: I64) -> tuple[npt.NDArray[np.uint8], int]:
    """Return the last bytes of the data with padding behind them, and where in the data they begin.

    There batches may run past the end unharmed; all that comes before is read where it is.
    """
    size = data.size
    start = max(0, size - _TAIL) if variables[_PRIMARY, STATE_LENGTH] <= USUAL_STATES else 0
    tail = np.zeros(size - start + PADDING, np.uint8)
    tail[: size - start] = data[start:]
    tail.flags.writeable = False
    return tail, start


@compiled_allocating
def decode_lanes(
    data: Any,
    tail: Any,
    tail_start: Any,
    starts: Any,
    page_numbers: Any,
    wanted: Any,
    variables: Any,
    bins: Any,
    delta: Any,
    weights: Any,
    made: Any,
    values: Any,
    ends: Any,
    faults: Any,
    size: Any,
    out8: Any,
    out16: Any,
    out32: Any,
    out64: Any,
    memory: Any,
    row_lengths: Any,
    first_rows: Any,
    row_starts: Any,
) -> None:
    """Decode lanes of one Pco chunk."""
    mode, base, mask, flip, turned = np.int64(made[0]), made[1], made[2], made[3], made[4]
    table = make_table(variables, bins)
    metadata_bits = page_metadata_bits(variables)
    order = delta[1]
    longest = np.int64(0)
    for lane in range(wanted.size):
        longest = max(longest, wanted[lane])
    room = _room(delta[0], order, delta[2], longest)
    # How many orders of difference are undone while narrow offsets are read.
    on_the_way = order if delta[0] == CONSECUTIVE and order <= 2 else 0
    # Of each variable:
    counts = clear(np.empty(MOST_VARIABLES, np.int64))
    states = clear(np.empty(MOST_VARIABLES * ANS_INTERLEAVING, np.uint64))
    all_cells, batch = clear(np.empty(MOST_VARIABLES * BATCH_CELLS, np.uint64)), np.empty(BATCH, np.uint64)
    # Arrays would be counted at each batch.
    cells, memory_items, row_items, value_items = items(all_cells), items(memory), items(row_starts), items(values)
    numbers_in = items(out8), items(out16), items(out32), items(out64)
    packed = items(batch.view(np.uint8)), items(batch.view(np.uint16)), items(batch.view(np.uint32)), items(batch)
    history = np.empty(MOST_VARIABLES * room, np.uint64)  # nothing is read that was not written before
    still, undone = clear(np.empty(MOST_VARIABLES, np.int64)), clear(np.empty(MOST_VARIABLES, np.int64))
    for lane in range(wanted.size):
        if not 0 <= starts[lane] <= data.size or 8 * starts[lane] + metadata_bits > 8 * data.size:
            ends[lane] = 8 * data.size + 8
            continue
        # Positions, and the end of the data, count from where `source` begins.
        source, behind, turn = items(data), np.uint64(0), np.uint64(8 * tail_start)
        position, limit = np.uint64(8 * starts[lane]), np.uint64(8 * data.size)
        if position >= turn:
            source, behind, turn = items(tail), turn, _NEVER
            position, limit = position - behind, limit - behind
        position = read_page_metadata(source, position, variables, states, history, room)
        numbers = wanted[lane]
        longest = numbers
        for variable in range(MOST_VARIABLES):
            if variables[variable, PRESENT]:
                counts[variable] = min(max(page_numbers[lane] - variables[variable, OMITTED], 0), numbers)
                still[variable] = stays(table, states, np.uint64(variable * ANS_INTERLEAVING))
        for done in range(0, longest, BATCH):
            n = min(numbers - done, BATCH)
            rows = done, row_lengths[lane], first_rows[lane], row_items
            announce_bytes(memory_items, size, n, *rows)
            for variable in range(MOST_VARIABLES):
                n = min(counts[variable] - done, BATCH)
                undone[variable] = False
                if n <= 0:
                    continue
                if position >= turn:
                    source, behind, turn = items(tail), turn, _NEVER
                    position, limit = position - behind, limit - behind
                if position > limit:
                    numbers = _RAN_OUT
                    break
                widest = variables[variable, WIDEST]
                at, own = np.uint64(variable) * _CELLS, np.uint64(variable * ANS_INTERLEAVING)
                if still[variable]:
                    slot = states[own]
                    width = (table[slot] >> _WIDTH) & _PAIR
                    begin, bits = position, np.uint64(n) * width
                    if begin + bits <= limit:
                        read_fixed(source, begin, width, table[slot + np.uint64(1)], n, cells, at)
                else:
                    # Differences of a whole batch are summed up while it is read.
                    can_sum = (
                        (on_the_way > 0 and widest <= NARROW)
                        and (n == BATCH and numbers - done >= BATCH)
                        and (variable == _PRIMARY or delta[3] > 0)
                    )
                    if can_sum and widest == 0 and on_the_way == 1:
                        undone[variable] = True
                        begin, bits = walk_differences(
                            *(source, position, table, states, own, cells, at),
                            *(items(history), np.uint64(variable * room)),
                        )
                    else:
                        begin, bits = walk(source, position, table, states, own, n, cells, at)
                    if bits and begin + bits <= limit:
                        if can_sum:
                            undone[variable] = True
                            read_differences(
                                *(source, begin, widest, cells, at, items(history)),
                                *(np.uint64(variable * room), on_the_way),
                            )
                        else:
                            read_offsets(source, begin, widest, n, cells, at)
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
                *(cells, n, counts[_PRIMARY] - done, done),
                *(history, room, delta, weights, undone),
            )
            if unsound >= 0:
                faults[lane, 0], faults[lane, 1] = BAD_LOOKBACK, unsound
                numbers = _FAULTY
                continue
            unsound = join_numbers(cells, n, mode, base, mask, size, value_items, values.size)
            if unsound >= 0:
                if not faults[lane, 0]:
                    faults[lane, 0], faults[lane, 1] = BAD_INDEX, unsound
                continue
            _store(cells, n, size, numbers_in, packed, memory_items, *rows, flip, turned)
        # Beyond the data, if the lane needed more than there is.
        ends[lane] = np.int64(behind + (limit + _EIGHT if numbers == _RAN_OUT else position))
    batch[0], all_cells[0] = 0, 0  # used last here: they are not freed while pointers lead to them


@inlined
def _store(
    cells: Any,
    n: Any,
    size: Any,
    numbers: Any,
    packed: Any,
    memory: Any,
    done: Any,
    length: Any,
    first: Any,
    starts: Any,
    flip: Any,
    turned: Any,
) -> None:
    """Store the bits of numbers in the rows of a lane, of which `done` numbers are there.

    `memory` is that of the numbers, in bytes; `packed` is room for a batch, for each width.
    """
    row, place = first + done // length, done % length
    # Loops over whole batches are faster than some over parts, even with a copy.
    whole = place + n <= length
    start = np.uint64(starts[row] + place if whole else 0)
    u8, u16, u32, u64 = numbers if whole else packed
    if size == 8:
        store_bits(cells, _CELLS, n, u64, start, flip, turned)
    elif size == 4:
        store_bits(cells, _CELLS, n, u32, start, flip, turned)
    elif size == 2:
        store_bits(cells, _CELLS, n, u16, start, flip, turned)
    else:
        store_bits(cells, _CELLS, n, u8, start, flip, turned)
    if not whole:
        copy_parts(packed[0], n, memory, size, place, length, row, starts)


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
