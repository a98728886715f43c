"""Which slabs are restored side by side, and which one after the other; remembered, as chunks of an array are alike."""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..predictions import Prediction
from .compiled import read_only
from .woven import room_for

__all__ = ["Parting", "Slabs", "parted"]

I64 = npt.NDArray[np.int64]

_MOST: Final = 256
"""Slabs of which it matters that some are left over."""


class Slabs(NamedTuple):
    """Some slabs: lanes with the first cell, the shape (read-only) and the set of weights of each."""

    firsts: I64
    shapes: I64
    sets: I64


class Parting(NamedTuple):
    """Slabs that are restored alone, those that are woven, and the room that these need (see `room_for`)."""

    alone: Slabs
    woven: Slabs
    room: tuple[int, int]


def parted(prediction: Prediction, few: int, lanes: int) -> Parting:
    """Part the slabs of a prediction: up to so `few` that are left over when so many at a time are woven are alone."""
    find = _remembered if prediction.sets.size <= _MOST else _parted
    offsets = prediction.offsets
    return find(prediction.shapes.tobytes(), prediction.sets.tobytes(), prediction.axes, offsets.tobytes(), few, lanes)


def _parted(shape_bytes: bytes, set_bytes: bytes, axes: int, offset_bytes: bytes, few: int, lanes: int) -> Parting:
    shapes, sets, offsets = (np.frombuffer(given, np.int64) for given in (shape_bytes, set_bytes, offset_bytes))
    slabs = _by_shape(shapes.reshape(-1, 5), sets, axes)
    alone = np.zeros(slabs.sets.size, np.bool_)
    if few and 0 < slabs.shapes[:, 0].sum() <= _MOST:
        slabs = _one_by_one(slabs)
        alone = _left_over(slabs, axes, few, lanes)
    woven = _chosen(slabs, ~alone)
    return Parting(_chosen(slabs, alone), woven, room_for(woven.shapes, axes, offsets.reshape(-1, 4), lanes))


_remembered = lru_cache(32)(_parted)


def _by_shape(shapes: I64, sets: I64, axes: int) -> Slabs:
    """Return lanes such that those that may be woven together are next to each other, the longest first.

    They have one set of weights, and one shape but along the first axis of the prediction: no neighbour lies ahead
    along that, so slabs that end sooner do not matter to the others.
    """
    sizes = shapes.prod(axis=1)
    order = np.lexsort((-shapes[:, -axes], *_kinds(shapes, sets, axes).T))
    return Slabs((np.cumsum(sizes) - sizes)[order], shapes[order], sets[order])


def _kinds(shapes: I64, sets: I64, axes: int) -> I64:
    """Return what slabs that are woven together have in common, a row for each lane."""
    kinds = np.column_stack((shapes[:, 1:], sets))
    if axes > 1:
        kinds[:, -1 - axes] = 0
    return kinds


def _one_by_one(slabs: Slabs) -> Slabs:
    """Make a lane of each slab."""
    count = slabs.shapes[:, 0]
    lanes = np.repeat(np.arange(count.size), count)
    place = np.arange(lanes.size) - (np.cumsum(count) - count)[lanes]
    shapes = slabs.shapes[lanes]
    shapes[:, 0] = 1
    return Slabs(slabs.firsts[lanes] + place * shapes.prod(axis=1), shapes, slabs.sets[lanes])


def _left_over(slabs: Slabs, axes: int, few: int, lanes: int) -> npt.NDArray[np.bool_]:
    """Tell which slabs are left over, and few, when others of their kind are woven."""
    kinds = _kinds(slabs.shapes, slabs.sets, axes)
    kind = np.concatenate(([0], np.cumsum((kinds[1:] != kinds[:-1]).any(axis=1))))
    counts = np.bincount(kind)
    left = counts % lanes
    left[left > few] = 0
    alone: npt.NDArray[np.bool_] = np.arange(kind.size) >= (np.cumsum(counts) - left)[kind]
    return alone


def _chosen(slabs: Slabs, chosen: npt.NDArray[np.bool_]) -> Slabs:
    return Slabs(slabs.firsts[chosen], read_only(slabs.shapes[chosen]), read_only(slabs.sets[chosen]))
