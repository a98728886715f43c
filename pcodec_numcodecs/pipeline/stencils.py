"""Which neighbours a weighted prediction looks at, as offsets along its axes.

All are causal: in C order they come before the cell, so a decoder knows them.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

__all__ = ["MOST_REACH", "STENCILS", "Offset", "channel", "stencil"]

Offset = tuple[int, ...]

MOST_REACH: Final = 3
"""How far back an offset may reach along an axis."""
STENCILS: Final = ("corner", "full", "plus", "wide")


def stencil(name: str, axes: int) -> tuple[Offset, ...]:
    """Return the neighbours of a stencil.

    Parameters
    ----------
    name
        ``"corner"``: one step back along some of the axes; ``"full"``: all causal neighbours one step away; ``"plus"``:
        these, and two steps back along each axis; ``"wide"``: all causal ones up to two steps away.
    axes
        Number of axes.
    """
    match name:
        case "corner":
            return tuple(_causal((-1, 0), axes))
        case "full":
            return tuple(_causal((-1, 0, 1), axes))
        case "plus":
            return (
                *stencil("full", axes),
                *(tuple(-2 * (axis == other) for other in range(axes)) for axis in range(axes)),
            )
        case "wide":
            return tuple(_causal((-2, -1, 0, 1, 2), axes))
    raise AssertionError(name)


def channel(planes: int) -> tuple[Offset, ...]:
    """Return the neighbours for planes of two axes: those in the plane, and nine in each of the planes before.

    Parameters
    ----------
    planes
        Count of planes. Of few, all before are looked at, of more the last and one cell of the one before that.
    """
    within = tuple((0, *offset) for offset in stencil("plus", 2))
    if planes > MOST_REACH + 1:
        return (*within, *_plane(1), (-2, 0, 0))
    return (*within, *(offset for back in range(1, planes) for offset in _plane(back)))


def _plane(back: int) -> Iterator[Offset]:
    return ((-back, *offset) for offset in product((-1, 0, 1), repeat=2))


def _causal(steps: tuple[int, ...], axes: int) -> Iterator[Offset]:
    return (offset for offset in product(steps, repeat=axes) if next((step for step in offset if step), 1) < 0)
