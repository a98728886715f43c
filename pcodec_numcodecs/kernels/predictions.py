"""What a kernel call gets to predict the cells of tiles from those before them (a lane is one tile)."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

LORENZO: Final = 1
MED: Final = 2
WEIGHTS: Final = 3
FLOAT_WEIGHTS: Final = 4


class Prediction(NamedTuple):
    """How the cells of many tiles are predicted; see `Kernels.predict_tiles`.

    Attributes
    ----------
    kind
        `LORENZO`, `MED`, `WEIGHTS` or `FLOAT_WEIGHTS`.
    axes
        How many of the four axes are used, 1 to 4: the last ones. `MED`, and a channel axis, need 2.
    shapes
        int64, shape (lanes, 5), all at least 1: how many slabs a tile has, and their four lengths, 1 for axes in front
        of the used ones. A slab is predicted by itself.
    reference
        Prediction of each slab's first cell, a latent.
    offsets
        int64, shape (neighbours, 4): where a neighbour lies. The first number that is not 0 is negative; all are in
        -3 to 2, and 0 for axes that are not used. For the kinds with weights.
    weights
        int64, shape (sets, planes, neighbours), below ``2**15`` in size; each row sums to ``2**shift``. Of several
        planes, the cell's index along the channel axis tells which one.
    shift
        0 to 14.
    sets
        int64, one a lane: which weights.
    by_plane
        Whether the first used axis is a channel axis, whose first plane has neighbours within itself alone.
    """

    kind: int
    axes: int
    shapes: npt.NDArray[np.int64]
    reference: int
    offsets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64]
    shift: int
    sets: npt.NDArray[np.int64]
    by_plane: bool
