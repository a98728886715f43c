"""Memory for arrays that last as long as a call, kept for the next one.

What a C library frees it may give back to the system, and does after some histories at the end of each call; the
system clears each page that it hands out anew, which takes longer than most of what is then done with it.

Large arrays begin where a cache line does: rows of whole lines are then written a line at a time, by one tile each.
"""

import os
from math import prod
from threading import RLock
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["clear", "empty", "empty_like", "lasting", "zeros"]

_LEAST: Final = 1 << 20
"""Bytes of an array that is worth it."""
_MOST_KEPT: Final = 64 << 20
"""Bytes that are kept by a process: for the chunks of a few megabytes that a few threads work on."""
_LINE: Final = 64
"""Bytes of a cache line."""
_WASTE: Final = 2
"""An array may lie in memory of up to so many times its bytes."""


class _Block(NamedTuple):
    """Memory, and what `numpy` calls it: address, and that it may be written to."""

    memory: npt.NDArray[np.uint8]
    size: int
    data: tuple[int, bool]


class _Kept:
    """Blocks of memory that nothing lies in, the one that was used last at the end."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a process that was forked, as another thread may have had the lock."""
        self._blocks: list[_Block] = []
        self._lock = RLock()  # blocks come back whenever an array dies, also while the same thread takes another

    def clear(self) -> None:
        """Give all memory back."""
        with self._lock:
            self._blocks = []

    def take(self, size: int) -> _Block:
        """Return a block of at least so many bytes."""
        with self._lock:
            # Blocks that come back meanwhile, of arrays that the collector finds, go to another list.
            blocks, self._blocks = self._blocks, []
            found = None
            for place in range(len(blocks) - 1, -1, -1):
                # The one that was used last may still be in the caches.
                if size <= blocks[place].size <= _WASTE * size:
                    found = blocks.pop(place)
                    break
            self._blocks[:0] = blocks
        return found or self._made(size)

    def _made(self, size: int) -> _Block:
        try:
            memory = _aligned(size)
        except MemoryError:
            self.clear()
            memory = _aligned(size)
        return _Block(memory, size, memory.__array_interface__["data"])

    def give_back(self, block: _Block) -> None:
        """Keep a block, in place of those that were used longest ago."""
        with self._lock:
            blocks, self._blocks = [*self._blocks, block], []
            held = sum([other.size for other in blocks])
            first = 0
            while held > _MOST_KEPT:
                held -= blocks[first].size
                first += 1
            self._blocks[:0] = blocks[first:]


def _aligned(size: int) -> npt.NDArray[np.uint8]:
    """Return so many bytes, from the beginning of a cache line on."""
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % _LINE
    return memory[start : start + size]


_kept = _Kept()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.forget)


def clear() -> None:
    """Give back all memory that is kept."""
    _kept.clear()


class _Lease:
    """A block that an array lies in: the array, and all that are views of it, keep this alive."""

    __slots__ = ("__array_interface__", "_block", "_kept")

    def __init__(self, block: _Block, kept: _Kept, size: int, dtype: np.dtype[Any]) -> None:
        self._block, self._kept = block, kept
        self.__array_interface__ = {"version": 3, "shape": (size,), "typestr": dtype.str, "data": block.data}

    def __del__(self) -> None:
        self._kept.give_back(self._block)


def empty(size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Do what `numpy.empty` does for a 1-D array."""
    dtype = np.dtype(dtype)
    if not _LEAST <= size * dtype.itemsize <= _MOST_KEPT:
        return np.empty(size, dtype)
    return np.asarray(_Lease(_kept.take(size * dtype.itemsize), _kept, size, dtype))


def lasting(shape: tuple[int, ...], dtype: npt.DTypeLike, order: Literal["C", "F"] = "C") -> npt.NDArray[Any]:
    """Do what `numpy.empty` does, for an array that is the caller's: its memory does not come back.

    A large one is a view: NumPy does not resize it in place.
    """
    dtype = np.dtype(dtype)
    size = prod(shape) * dtype.itemsize
    if size < _LEAST:
        return np.empty(shape, dtype, order)
    return _aligned(size).view(dtype).reshape(shape, order=order)


def zeros(size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Do what `numpy.zeros` does for a 1-D array."""
    made = empty(size, dtype)
    made[...] = 0
    return made


def empty_like(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Do what `numpy.empty_like` does for a 1-D array."""
    return empty(array.size, array.dtype)
