"""Latents to pages: tANS codes from a page's end to its start, then codes and offsets in order."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...constants import ANS_INTERLEAVING, BATCH
from ..streams import EncodeStream
from .compiled import compiled, inlined_lightly, read_only
from .tables import ANS_LOG, BITS, BYTES, make_tables
from .variables import MOST_VARIABLES, by_width
from .words import store

I64 = npt.NDArray[np.int64]

_ONE, _TWO, _THREE, _FOUR, _SEVEN, _TOP = (np.uint64(number) for number in (1, 2, 3, 4, 7, 63))
_WHOLE_BYTES = np.uint64(56)  # of a count of bits below 64
_HALF, _LOW_HALF = np.uint64(16), np.uint64(0xFFFF)
_NO_STATES, _NO_CELLS = np.zeros((0, 0), np.uint64), np.zeros(0, np.uint16)
_NARROW = 56  # bits of a field that always fit into a word beside the bits of a begun byte


def encode_pages(streams: tuple[EncodeStream, ...], words: npt.NDArray[np.uint64]) -> tuple[I64, I64]:
    """See `Kernels.encode_pages`. Pages are written from the one of the most batches down."""
    counts = np.array([stream.counts for stream in streams])
    starts, ends = np.zeros((2, counts.shape[1]), np.int64)
    none = MOST_VARIABLES - len(streams)
    states = [np.ascontiguousarray(stream.delta_states) for stream in streams] + [_NO_STATES] * none
    assigned = [stream.assigned for stream in streams] + [_NO_CELLS] * none
    u8, u16, u32, u64 = (tuple(map(read_only, kind)) for kind in by_width(tuple(s.latents for s in streams)))
    sizes = np.array([(s.latents.itemsize, s.latent_bits, s.bins.ans_log, len(s.bins), s.cells.size) for s in streams])
    firsts, order, shifts, lowers, offset_bits, nbits_terms, slot_terms, next_states, widest = make_tables(
        *(counts, sizes),
        np.concatenate([stream.bins.lowers for stream in streams]),
        np.concatenate([stream.bins.offset_bits for stream in streams]),
        np.concatenate([stream.bins.weights for stream in streams]),
        np.concatenate([stream.cells for stream in streams]),
    )
    _encode(
        *(u8, u16, u32, u64, tuple(map(read_only, assigned)), counts, firsts, order, tuple(states), sizes),
        *(shifts, lowers, offset_bits, nbits_terms, slot_terms, next_states, widest, words.view(np.uint8)),
        *(np.empty(counts.shape[0] * int(counts.max(initial=0)), np.uint32), np.empty(ANS_INTERLEAVING, np.uint64)),
        *(np.zeros(counts.shape[0] * ANS_INTERLEAVING, np.uint64), starts, ends),
    )
    return starts, ends


@compiled
def _encode(
    u8: Any,
    u16: Any,
    u32: Any,
    u64: Any,
    assigned: Any,
    counts: Any,
    firsts: Any,
    order: Any,
    delta_states: Any,
    sizes: Any,
    shifts: Any,
    lowers: Any,
    offset_bits: Any,
    nbits_terms: Any,
    slot_terms: Any,
    next_states: Any,
    widest: Any,
    out: Any,
    codes: Any,
    state: Any,
    slots: Any,
    starts: Any,
    ends: Any,
) -> None:
    """Write lanes one after another; `starts` and `ends` get their bytes.

    Of `codes`, `state` and `slots`, which are room, the last must be zeros: of variables without codes it stays as it
    is. `widest` is the widest offset of each variable.
    """
    variables = sizes.shape[0]
    room = codes.size // variables
    byte, held, used = np.uint64(0), np.uint64(0), np.uint64(0)
    for lane in order:
        starts[lane] = byte
        most = 0
        for variable in range(variables):
            latent_bits, ans_log = np.uint64(sizes[variable, BITS]), np.uint64(sizes[variable, ANS_LOG])
            first, n = firsts[variable, lane], counts[variable, lane]
            most = max(most, n)
            own_slots = slots[variable * ANS_INTERLEAVING : (variable + 1) * ANS_INTERLEAVING]
            if ans_log:
                terms = slice(shifts[0, variable], shifts[0, variable + 1])
                states = next_states[shifts[1, variable] : shifts[1, variable + 1]]
                own = assigned[variable][first : first + n]
                own_codes = codes[variable * room : (variable + 1) * room]
                _encode_codes(own, nbits_terms[terms], slot_terms[terms], states, state, own_codes, own_slots)
            for place in range(delta_states[variable].shape[1]):
                value = delta_states[variable][lane, place]
                byte, held, used = _put_wide(out, byte, held, used, value, latent_bits)
            for slot in own_slots:
                byte, held, used = _put(out, byte, held, used, slot, ans_log)
        byte, held, used = _pad(out, byte, held, used)
        for done in range(0, most, BATCH):
            for variable in range(variables):
                n = min(counts[variable, lane] - done, BATCH)
                if n <= 0:
                    continue
                if sizes[variable, ANS_LOG]:
                    begin = variable * room + done
                    byte, held, used = _put_codes(out, byte, held, used, codes[begin : begin + n])
                if not widest[variable]:
                    continue
                terms = slice(shifts[0, variable], shifts[0, variable + 1])
                some = slice(firsts[variable, lane] + done, firsts[variable, lane] + done + n)
                own = assigned[variable][some]
                low, widths, size = lowers[terms], offset_bits[terms], sizes[variable, BYTES]
                # Each field must wait for the one before it: of narrow ones, several are made one.
                few = 4 if 4 * widest[variable] <= _NARROW else 2 if 2 * widest[variable] <= _NARROW else 1
                if size == 8:
                    latents = u64[variable][some]
                    if widest[variable] > _NARROW:
                        byte, held, used = _put_wide_offsets(out, byte, held, used, latents, own, low, widths)
                    else:
                        byte, held, used = _put_offsets(out, byte, held, used, latents, own, low, widths, few)
                elif size == 4:
                    byte, held, used = _put_offsets(out, byte, held, used, u32[variable][some], own, low, widths, few)
                elif size == 2:
                    byte, held, used = _put_offsets(out, byte, held, used, u16[variable][some], own, low, widths, few)
                else:
                    byte, held, used = _put_offsets(out, byte, held, used, u8[variable][some], own, low, widths, few)
        byte, held, used = _pad(out, byte, held, used)
        ends[lane] = byte


@inlined_lightly
def _encode_codes(
    bins: Any, nbits_terms: Any, slot_terms: Any, next_states: Any, state: Any, codes: Any, slots: Any
) -> None:
    """Run the tANS encoder from the end to the start.

    Fills `codes` with the codes, their widths in the upper halves, and `slots` with where decoding begins. `state` is
    room for four.
    """
    size = np.uint64(next_states.size)
    for turn in range(ANS_INTERLEAVING):
        state[turn] = size
    rest = bins.size % ANS_INTERLEAVING
    for i in range(bins.size - 1, bins.size - rest - 1, -1):
        turn = i % ANS_INTERLEAVING
        codes[i], state[turn] = _encode_code(state[turn], np.uint64(bins[i]), nbits_terms, slot_terms, next_states)
    first, second, third, fourth = state[0], state[1], state[2], state[3]
    for group in range(bins.size // ANS_INTERLEAVING - 1, -1, -1):
        at = np.uint64(group * ANS_INTERLEAVING)
        bin0, bin1 = np.uint64(bins[at]), np.uint64(bins[at + _ONE])
        bin2, bin3 = np.uint64(bins[at + np.uint64(2)]), np.uint64(bins[at + _THREE])
        codes[at], first = _encode_code(first, bin0, nbits_terms, slot_terms, next_states)
        codes[at + _ONE], second = _encode_code(second, bin1, nbits_terms, slot_terms, next_states)
        codes[at + np.uint64(2)], third = _encode_code(third, bin2, nbits_terms, slot_terms, next_states)
        codes[at + _THREE], fourth = _encode_code(fourth, bin3, nbits_terms, slot_terms, next_states)
    slots[0], slots[1], slots[2], slots[3] = first - size, second - size, third - size, fourth - size


@inlined_lightly
def _encode_code(state: Any, index: Any, nbits_terms: Any, slot_terms: Any, next_states: Any) -> Any:
    """Return the code, with its width above, and the next state."""
    width = (state + np.uint64(nbits_terms[index])) >> _HALF
    code = (state & ((_ONE << width) - _ONE)) | (width << _HALF)
    return code, np.uint64(next_states[(state >> width) + np.uint64(slot_terms[index])])


@inlined_lightly
def _pad(out: Any, byte: Any, held: Any, used: Any) -> Any:
    """Write what is still held, and go on to the next whole byte."""
    store(out, byte, held)
    return byte + ((used + _SEVEN) >> _THREE), np.uint64(0), np.uint64(0)


@inlined_lightly
def _put(out: Any, byte: Any, held: Any, used: Any, value: Any, width: Any) -> Any:
    """Write a field of at most 56 bits at `byte`, of which `used` bits hold `held` already."""
    held |= value << used
    store(out, byte, held)
    used += width
    return byte + (used >> _THREE), held >> (used & _WHOLE_BYTES), used & _SEVEN


@inlined_lightly
def _put_wide(out: Any, byte: Any, held: Any, used: Any, value: Any, width: Any) -> Any:
    """Write a field of at most 64 bits; those that reach into a ninth byte stay held."""
    held |= value << used
    store(out, byte, held)
    end = used + width
    # Two shifts: one by 64 - used would be undefined where nothing is used.
    over = (value >> _ONE) >> (_TOP - used)
    held = over if end > _TOP else held >> (end & _WHOLE_BYTES)
    return byte + (end >> _THREE), held, end & _SEVEN


@inlined_lightly
def _put_codes(out: Any, byte: Any, held: Any, used: Any, codes: Any) -> Any:
    """Write the codes of a batch, four to a field."""
    whole = codes.size // ANS_INTERLEAVING * ANS_INTERLEAVING
    for i in range(0, whole, ANS_INTERLEAVING):
        at = np.uint64(i)
        value, width = np.uint64(0), np.uint64(0)
        for turn in range(ANS_INTERLEAVING):
            code = np.uint64(codes[at + np.uint64(turn)])
            value |= (code & _LOW_HALF) << width
            width += code >> _HALF
        byte, held, used = _put(out, byte, held, used, value, width)
    for i in range(whole, codes.size):
        code = np.uint64(codes[i])
        byte, held, used = _put(out, byte, held, used, code & _LOW_HALF, code >> _HALF)
    return byte, held, used


@inlined_lightly
def _put_offsets(
    out: Any, byte: Any, held: Any, used: Any, latents: Any, bins: Any, lowers: Any, offset_bits: Any, few: Any
) -> Any:
    """Write the offsets of a batch, so many of which have no more than 56 bits together: 1, 2 or 4."""
    done = np.uint64(0)
    whole = np.uint64(latents.size // few * few)
    if few == 4:
        while done < whole:
            first, width = _pair(latents, done, bins, lowers, offset_bits)
            second, more = _pair(latents, done + _TWO, bins, lowers, offset_bits)
            byte, held, used = _put(out, byte, held, used, first | (second << width), width + more)
            done += _FOUR
    elif few == 2:
        while done < whole:
            value, width = _pair(latents, done, bins, lowers, offset_bits)
            byte, held, used = _put(out, byte, held, used, value, width)
            done += _TWO
    while done < np.uint64(latents.size):
        value, width = _offset(latents, done, bins, lowers, offset_bits)
        byte, held, used = _put(out, byte, held, used, value, width)
        done += _ONE
    return byte, held, used


@inlined_lightly
def _pair(latents: Any, i: Any, bins: Any, lowers: Any, offset_bits: Any) -> Any:
    """Return the offsets of two latents as one, and its width."""
    first, width = _offset(latents, i, bins, lowers, offset_bits)
    second, more = _offset(latents, i + _ONE, bins, lowers, offset_bits)
    return first | (second << width), width + more


@inlined_lightly
def _offset(latents: Any, i: Any, bins: Any, lowers: Any, offset_bits: Any) -> Any:
    """Return the offset of a latent, and its width."""
    index = np.uint64(bins[i])
    return np.uint64(latents[i]) - lowers[index], np.uint64(offset_bits[index])


@inlined_lightly
def _put_wide_offsets(
    out: Any, byte: Any, held: Any, used: Any, latents: Any, bins: Any, lowers: Any, offset_bits: Any
) -> Any:
    """Write the offsets of a batch."""
    for i in range(latents.size):
        offset, width = _offset(latents, i, bins, lowers, offset_bits)
        byte, held, used = _put_wide(out, byte, held, used, offset, width)
    return byte, held, used
