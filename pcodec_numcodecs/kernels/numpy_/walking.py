"""The tANS codes of many pages: from slot to slot of a table, by bits that each slot says how many of it needs."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ...constants import ANS_INTERLEAVING
from ...lazy import lazy_property
from .opening import Opened

I64 = npt.NDArray[np.int64]

SURE_BITS = 33
"""Bits of a window, from any bit that it is for."""

_FIVE = np.array(5, np.int64)
_LOW_FIVE = np.array(31, np.int64)
_FEW_LANES = 4  # up to so many, Python itself is faster than NumPy's calls


def windows(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the 64-bit little-endian integer that starts at every fourth byte: aligned ones are picked faster."""
    words = data[: data.size // 4 * 4].view("<u4")
    window = np.empty((words.size - 1, 2), "<u4")
    window[:, 0] = words[:-1]
    window[:, 1] = words[1:]
    return window.reshape(-1).view("<u8").astype(np.uint64, copy=False)


class Walk:
    """The codes of one latent variable.

    Parameters
    ----------
    data, window
        All pages, and `windows` of these.
    stream
        The variable; its lanes begin to walk at their first slots.
    longest
        The largest count of latents.
    """

    def __init__(
        self, data: npt.NDArray[np.uint8], window: npt.NDArray[np.uint64], stream: Opened, longest: int
    ) -> None:
        self._data, self._window, self._longest = data, window, longest
        self._table = np.stack((stream.nbits, (1 << stream.nbits) - 1, stream.bases))
        self._reads = bool(stream.nbits.any())
        self._state = stream.first_slots.T.copy()

    @lazy_property
    def _rows(self) -> list[tuple[int, int, int]]:
        """The table as Python's own numbers."""
        return list(zip(*self._table.tolist(), strict=True))

    def take(self, position: I64, lanes: I64, counts: I64) -> I64:
        """Walk over one batch; return the slot of each latent, shape (lanes, latents).

        `counts` falls from lane to lane, so that lanes that are done drop off the end. Advances `position`.
        """
        most, state = int(counts[0]), self._state
        if not self._reads:
            return np.broadcast_to(state[0, lanes, None], (lanes.size, most))
        groups = -(-most // ANS_INTERLEAVING)
        slots = np.empty((groups + 1, ANS_INTERLEAVING, lanes.size), np.int64)
        slots[0] = state[:, lanes]
        if counts[-1] == most and most % ANS_INTERLEAVING == 0:
            self._take_groups(position, slots, None)
        else:
            self._take_ragged(position, slots, counts)
        state[:, lanes] = slots[-1]
        return np.ascontiguousarray(slots[:-1].reshape(groups * ANS_INTERLEAVING, -1)[:most].T)

    def _take_ragged(self, position: I64, slots: I64, counts: I64) -> None:
        """Walk where lanes end at different latents: between two such ends all is regular."""
        groups = slots.shape[0] - 1
        whole, rest = np.divmod(counts, ANS_INTERLEAVING)
        cuts = np.unique(np.concatenate((whole, whole[rest > 0] + 1, np.zeros(1, np.int64))))
        for first, last in pairwise(cuts):
            active = int(np.count_nonzero(counts > ANS_INTERLEAVING * first))
            part = np.empty((last - first + 1, ANS_INTERLEAVING, active), np.int64)
            part[0] = slots[first, :, :active]
            valid = None
            if whole[active - 1] == first:  # some lane ends inside this group
                index = ANS_INTERLEAVING * first + np.arange(ANS_INTERLEAVING)
                valid = (index[:, None] < counts[:active]).astype(np.int64)
            lane_position = position[:active].copy()
            self._take_groups(lane_position, part, valid)
            position[:active] = lane_position
            slots[first + 1 : last + 1, :, :active] = part[1:]
            slots[first + 1 : last + 1, :, active:] = slots[first, :, active:]
        assert cuts[-1] == groups

    def _take_groups(self, position: I64, slots: I64, valid: I64 | None) -> None:
        """Fill `slots[1:]` from `slots[0]`, four codes of each lane a step: the inner loop of decoding.

        The four states of a page do not depend on each other, only their bit positions do.
        """
        lanes = position.size
        if lanes <= _FEW_LANES and valid is None and self._table.shape[1] <= self._longest:
            for lane in range(lanes):
                position[lane] = self._take_lane(int(position[lane]), slots[:, :, lane])
            return
        row = np.empty((3, ANS_INTERLEAVING, lanes), np.int64)
        width, mask, base = row
        places = np.empty((ANS_INTERLEAVING, lanes), np.int64)
        place0, place1, place2, place3 = places
        width0, width1, width2, width3 = width
        word = np.empty_like(places)
        shift = np.empty_like(places)
        value = np.empty(places.shape, np.uint64)
        unsigned_shift, signed_value = shift.view(np.uint64), value.view(np.int64)
        place0[:] = position
        take, take_window = self._table.take, self._window.take
        add, bitwise_and, right_shift = np.add, np.bitwise_and, np.right_shift
        for group in range(slots.shape[0] - 1):
            take(slots[group], 1, row, "clip")
            if valid is not None:
                width *= valid
            add(place0, width0, place1)
            add(place1, width1, place2)
            add(place2, width2, place3)
            right_shift(places, _FIVE, word)
            bitwise_and(places, _LOW_FIVE, shift)
            add(place3, width3, place0)
            take_window(word, None, value, "clip")
            right_shift(value, unsigned_shift, value)
            bitwise_and(signed_value, mask, signed_value)
            add(signed_value, base, slots[group + 1])
        position[:] = place0

    def _take_lane(self, place: int, slots: I64) -> int:
        """Do the same for one lane with Python's own numbers; return where it is then."""
        rows, data, integer = self._rows, self._data.data, int.from_bytes
        slot0, slot1, slot2, slot3 = slots[0].tolist()
        found: list[int] = []
        for _ in range(slots.shape[0] - 1):
            byte = place >> 3
            # Four codes of at most 14 bits that start within a byte end within the eight bytes from there.
            word = integer(data[byte : byte + 8], "little") >> (place & 7)
            width0, mask, base = rows[slot0]
            slot0 = base + (word & mask)
            word >>= width0
            width1, mask, base = rows[slot1]
            slot1 = base + (word & mask)
            word >>= width1
            width2, mask, base = rows[slot2]
            slot2 = base + (word & mask)
            word >>= width2
            width3, mask, base = rows[slot3]
            slot3 = base + (word & mask)
            place += width0 + width1 + width2 + width3
            found += (slot0, slot1, slot2, slot3)
        slots[1:] = np.array(found, np.int64).reshape(-1, ANS_INTERLEAVING)
        return place
