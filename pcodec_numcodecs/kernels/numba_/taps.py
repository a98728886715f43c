"""Where a stencil's neighbours lie in a slab, and its slabs in memory with room around their rows.

A row has a copy of its first cell `LEFT` times before it, and of its last one `RIGHT` times behind: neighbours beyond
its ends are these. Those along the other axes are clamped once a row.
"""

from typing import Any, Final

import numpy as np

from .compiled import inlined

LEFT: Final = 3
RIGHT: Final = 2
HALO: Final = LEFT + RIGHT


@inlined
def roomiest(shapes: Any) -> Any:
    """Return the cells of the largest slab, with the room around its rows."""
    most = np.int64(0)
    for lane in range(shapes.shape[0]):
        most = max(most, shapes[lane, 1] * shapes[lane, 2] * shapes[lane, 3] * (shapes[lane, 4] + HALO))
    return most


@inlined
def pad_row(cells: Any, here: Any, n: Any) -> None:
    """Fill the room around a row."""
    extend_left(cells, here)
    last = np.uint64(here + n - 1)
    for i in range(RIGHT):
        cells[last + np.uint64(i + 1)] = cells[last]


@inlined
def extend_left(cells: Any, here: Any) -> None:
    """Fill the room before a row."""
    first = np.uint64(here)
    for i in range(LEFT):
        cells[first - np.uint64(i + 1)] = cells[first]


@inlined
def reach(offsets: Any, spans: Any) -> None:
    """Find how far neighbours lie along each axis: the least offset, or 0, and the largest."""
    for axis in range(4):
        spans[axis, 0] = spans[axis, 1] = 0
        for k in range(offsets.shape[0]):
            spans[axis, 0] = min(spans[axis, 0], offsets[k, axis])
            spans[axis, 1] = max(spans[axis, 1], offsets[k, axis])


@inlined
def is_clamped(spans: Any, i0: Any, i1: Any, i2: Any, n0: Any, n1: Any, n2: Any) -> Any:
    """Tell whether some neighbour of a row would lie outside along an axis before the last."""
    return (
        (i0 + spans[0, 0] < 0 or i0 + spans[0, 1] >= n0)
        or (i1 + spans[1, 0] < 0 or i1 + spans[1, 1] >= n1)
        or (i2 + spans[2, 0] < 0 or i2 + spans[2, 1] >= n2)
    )


@inlined
def plane_of(axes: Any, by_plane: Any, i0: Any, i1: Any, i2: Any) -> Any:
    """Return the plane whose weights a row has, or 0 if all planes share theirs."""
    return (i0 if axes == 4 else (i1 if axes == 3 else i2)) if by_plane else np.int64(0)


@inlined
def is_face(axes: Any, by_plane: Any, i0: Any, i1: Any, i2: Any) -> Any:
    """Tell whether a row lies on a face where the stencil is not used."""
    return (
        (i2 == 0 and axes >= 2 and not (by_plane and axes == 2))
        or (i1 == 0 and axes >= 3 and not (by_plane and axes == 3))
        or (i0 == 0 and axes == 4 and not by_plane)
    )


@inlined
def clamp(i: Any, offset: Any, n: Any) -> Any:
    """Return how far a neighbour is moved along an axis."""
    return min(max(i + offset, 0), n - 1) - i


@inlined
def is_skipped(offsets: Any, k: Any, axes: Any, by_plane: Any, i: Any) -> Any:
    """Tell whether a neighbour lies before the first channel; `i` is the index of this one."""
    return by_plane and i + offsets[k, 4 - axes] < 0


@inlined
def gather_slabs(shapes: Any, firsts: Any, sets: Any, axes: Any, cursor: Any, starts: Any, rows: Any) -> None:
    """Find the next slabs that are worked on side by side, as many as `starts` has room for.

    They have one set of weights, and one shape but along the first axis of the prediction, where the first of them is
    the longest. This is the last in `starts`, and also stands where there are too few.

    Parameters
    ----------
    firsts
        First cells of the lanes.
    cursor
        The lane of the next slab, and its place in the lane.
    starts, rows
        Filled: first cell and rows of each slab.
    """
    first, last = cursor[0], starts.size - 1
    longest = 5 - axes if axes > 1 else np.int64(0)
    place = last
    while place >= 0 and cursor[0] < shapes.shape[0]:
        lane = cursor[0]
        is_alike = sets[lane] == sets[first]
        for axis in range(1, 5):
            is_alike &= axis == longest or shapes[lane, axis] == shapes[first, axis]
        if not is_alike:
            break
        rows[place] = shapes[lane, 1] * shapes[lane, 2] * shapes[lane, 3]
        starts[place] = firsts[lane] + cursor[1] * rows[place] * shapes[lane, 4]
        place -= 1
        cursor[1] += 1
        if cursor[1] == shapes[lane, 0]:
            cursor[0] += 1
            cursor[1] = 0
    for k in range(place + 1):
        starts[k], rows[k] = starts[last], rows[last]


@inlined
def end_slabs(starts: Any, rows: Any, done: Any) -> None:
    """Have slabs that end after so many rows follow the last one, whose cells are written after theirs."""
    last = starts.size - 1
    for k in range(last):
        if rows[k] == done:
            starts[k] = starts[last]
