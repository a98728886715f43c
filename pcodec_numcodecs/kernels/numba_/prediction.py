"""Predict cells of tiles from those before them, and undo it, tile by tile.

Where it does not take much longer, latents of 8 and 16 bits are worked on as the high bits of 32: they wrap and compare
there as they should, and less has to be compiled.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..predictions import FLOAT_WEIGHTS, LORENZO, MED, WEIGHTS, Prediction
from .alone import restore_alone
from .chains import restore_weights
from .compiled import read_only
from .differences import predict_lorenzo, predict_med, restore_lorenzo, restore_med
from .floats import predict_floats
from .parting import parted
from .stencils import predict_weights
from .woven import EIGHT, SIXTEEN
from .woven_floats import restore_floats

Latents = npt.NDArray[np.unsignedinteger[Any]]

_BATCH: Final = 1 << 16
"""Cells that are widened at a time, about."""
_FEW: Final = 3
"""Slabs that sooner are restored one after the other than side by side, which takes as long for one as for many."""


def predict_tiles(cells: Latents, absent: npt.NDArray[np.uint8], prediction: Prediction, residuals: Latents) -> None:
    """See `Kernels.predict_tiles`."""
    if not absent.size and not cells.flags.writeable:
        cells = cells.copy()  # nothing is written to it, but kernels have no second signature for such arrays
    spare = spare_bits(cells)
    if not spare:
        _predict(cells, absent, prediction, residuals, 0)
        return
    for here, some in _batches(prediction):
        wide, found = widened(cells[here]), np.empty_like(residuals[here], np.uint32)
        _predict(wide, absent[here], some, found, spare)
        residuals[here] = found >> spare
        if absent.size:
            cells[here] = wide >> spare


def restore_tiles(residuals: Latents, prediction: Prediction) -> None:
    """See `Kernels.restore_tiles`."""
    if prediction.kind == WEIGHTS:
        _restore_weights(residuals, prediction)
    elif prediction.kind == FLOAT_WEIGHTS:
        _restore_floats(residuals, prediction)
    elif prediction.kind == LORENZO:
        _restore_plainly(restore_lorenzo, residuals, prediction, 0)
    elif spare := spare_bits(residuals):
        for here, some in _batches(prediction):
            wide = widened(residuals[here])
            _restore_plainly(restore_med, wide, some, spare)
            residuals[here] = wide >> spare
    else:
        _restore_plainly(restore_med, residuals, prediction, 0)


def _batches(prediction: Prediction) -> Iterator[tuple[slice, Prediction]]:
    """Yield lanes of some cells or one, and where these are: what is widened of tiles then stays in the caches.

    It also is memory that the system need not hand out anew each time, which takes longer than all else.
    """
    ends = np.cumsum(prediction.shapes.prod(axis=1))
    if not ends.size:
        return
    bounds = [0, *(np.flatnonzero(np.diff((ends - 1) // _BATCH)) + 1).tolist(), ends.size]
    for first, last in pairwise(bounds):
        lanes = slice(first, last)
        here = slice(int(ends[first - 1]) if first else 0, int(ends[last - 1]))
        yield here, prediction._replace(shapes=prediction.shapes[lanes], sets=prediction.sets[lanes])


def spare_bits(latents: Latents) -> int:
    """Return by how many bits latents are widened."""
    return max(0, 32 - 8 * latents.itemsize)


def widened(latents: Latents) -> npt.NDArray[np.uint32]:
    """Return narrow latents as the high bits of wider ones."""
    return latents.astype(np.uint32) << np.uint32(spare_bits(latents))


def _predict(
    cells: Latents, absent: npt.NDArray[np.uint8], prediction: Prediction, residuals: Latents, spare: int
) -> None:
    absent, shapes = read_only(absent), read_only(prediction.shapes)
    if prediction.kind == FLOAT_WEIGHTS:
        predict_floats(cells, absent, residuals, shapes, *_floats(cells, prediction))
        return
    signed = (_signed(cells), absent, _signed(residuals))
    ends = _ends(cells, prediction.reference << spare)
    if prediction.kind == LORENZO:
        predict_lorenzo(*signed, shapes, *ends)
    elif prediction.kind == MED:
        predict_med(*signed, shapes, *ends)
    else:
        predict_weights(*signed, shapes, *ends, *_stencil(prediction), *_rounding(prediction, spare))


def _restore_plainly(kernel: Any, residuals: Latents, prediction: Prediction, spare: int) -> None:
    kernel(_signed(residuals), read_only(prediction.shapes), *_ends(residuals, prediction.reference << spare))


def _restore_weights(residuals: Latents, prediction: Prediction) -> None:
    bits = 8 * residuals.itemsize
    wide = np.int32 if bits <= 32 else np.int64
    heaviest = int(np.abs(prediction.weights).sum(axis=2).max(initial=0))
    # All that is summed up for a cell, its neighbour before twice: narrow sums are made in half the time.
    largest = (2 * heaviest + (2 << prediction.shift)) << (bits - 1)
    sum_type = np.int32 if largest < 1 << 31 else np.int64
    lanes = SIXTEEN if sum_type is np.int32 and prediction.shapes[:, 0].sum() > len(EIGHT) else EIGHT
    alone, woven, (row, room) = parted(prediction, _FEW, len(lanes))
    rest = *_ends(residuals, prediction.reference), *_stencil(prediction)[:-1]
    rounding = _rounding(prediction, 0)[:2]
    if alone.sets.size:
        restore_alone(_signed(residuals), alone.shapes, alone.firsts, *rest, alone.sets, *rounding, np.empty(0, wide))
    if woven.sets.size:
        rooms = np.empty(row, f"i{bits // 8}"), np.empty(room, wide), np.empty(row, sum_type)
        restore_weights(_signed(residuals), woven.shapes, woven.firsts, *rest, woven.sets, *rounding, *rooms, lanes)


def _restore_floats(residuals: Latents, prediction: Prediction) -> None:
    _, (firsts, shapes, sets), (row, room) = parted(prediction, 0, len(EIGHT))
    rooms = np.empty(row, residuals.dtype), np.empty(room, np.float64)
    given = _floats(residuals, prediction._replace(sets=sets))
    restore_floats(residuals, shapes, firsts, *(*given, *rooms))


def _signed(latents: Latents) -> Any:
    """View latents as signed: loads then extend the sign, and stores do not care."""
    return latents.view(f"i{latents.itemsize}")


def _ends(latents: Latents, reference: int) -> tuple[Any, Any]:
    """Return the reference and half the range, as signed numbers of 64 bits."""
    ends = np.array([reference, 1 << (8 * latents.itemsize - 1)], np.uint64).view(np.int64)
    return ends[0], ends[1]


def _stencil(prediction: Prediction) -> tuple[Any, Any, Any, Any, Any]:
    arrays = (prediction.offsets, prediction.weights, prediction.sets)
    return (prediction.axes, prediction.by_plane, *map(read_only, arrays))  # type: ignore[return-value]


def _rounding(prediction: Prediction, spare: int) -> tuple[Any, Any, Any]:
    """Return the shift, half a unit of what is shifted, and a mask of the bits that are not spare."""
    half = (1 << prediction.shift) >> 1
    return np.int64(prediction.shift), np.int64(half << spare), np.int64(-1 << spare)


def _floats(latents: Latents, prediction: Prediction) -> Any:
    dtype = latents.dtype.type
    ends = dtype(prediction.reference), dtype(1 << (8 * latents.itemsize - 1))
    return *ends, *_stencil(prediction), 1.0 / (1 << prediction.shift)
