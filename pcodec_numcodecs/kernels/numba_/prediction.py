"""Predict cells of tiles from those before them, and undo it, tile by tile.

Where it does not take much longer, latents of 8 and 16 bits are worked on as the high bits of 32: they wrap and compare
there as they should, and less has to be compiled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..predictions import FLOAT_WEIGHTS, LORENZO, MED, WEIGHTS, Prediction
from .alone import restore_alone, restore_floats_alone
from .chains import restore_weights
from .compiled import read_only
from .differences import predict_lorenzo, predict_med, restore_lorenzo, restore_med
from .floats import predict_floats
from .stencils import predict_weights
from .woven import SLABS, room_for
from .woven_floats import restore_floats

Latents = npt.NDArray[np.unsignedinteger[Any]]
I64 = npt.NDArray[np.int64]

_FEW = 3
"""Slabs that sooner are restored one after the other than side by side, which takes as long for one as for eight."""
_MOST_PARTED = 256
"""Slabs of which those left over matter."""


def predict_tiles(cells: Latents, absent: npt.NDArray[np.uint8], prediction: Prediction, residuals: Latents) -> None:
    """See `Kernels.predict_tiles`."""
    if not absent.size and not cells.flags.writeable:
        cells = cells.copy()  # nothing is written to it, but kernels have no second signature for such arrays
    spare = spare_bits(cells)
    if not spare:
        _predict(cells, absent, prediction, residuals, 0)
        return
    wide, found = widened(cells), np.empty(cells.size, np.uint32)
    _predict(wide, absent, prediction, found, spare)
    residuals[...] = found >> spare
    if absent.size:
        cells[...] = wide >> spare


def restore_tiles(residuals: Latents, prediction: Prediction) -> None:
    """See `Kernels.restore_tiles`."""
    if prediction.kind == WEIGHTS:
        _restore_by_weights(residuals, prediction, _restore_alone, _restore_woven)
    elif prediction.kind == FLOAT_WEIGHTS:
        _restore_by_weights(residuals, prediction, _restore_floats_alone, _restore_floats_woven)
    elif prediction.kind == LORENZO:
        _restore_plainly(restore_lorenzo, residuals, prediction, 0)
    elif spare := spare_bits(residuals):
        wide = widened(residuals)
        _restore_plainly(restore_med, wide, prediction, spare)
        residuals[...] = wide >> spare
    else:
        _restore_plainly(restore_med, residuals, prediction, 0)


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


def _restore_by_weights(
    residuals: Latents,
    prediction: Prediction,
    alone: Callable[[Latents, I64, Prediction], None],
    woven: Callable[[Latents, I64, Prediction], None],
) -> None:
    """Restore slabs side by side, and those left over one after the other."""
    firsts, prediction = _by_shape(prediction)
    if 0 < int(prediction.shapes[:, 0].sum()) <= _MOST_PARTED:
        firsts, prediction = _slab_by_slab(firsts, prediction)
        are_alone = _are_alone(prediction)
        if are_alone.any():
            alone(residuals, firsts[are_alone], _of_lanes(prediction, are_alone))
            firsts, prediction = firsts[~are_alone], _of_lanes(prediction, ~are_alone)
    if firsts.size:
        woven(residuals, firsts, prediction)


def _restore_floats_alone(residuals: Latents, firsts: I64, prediction: Prediction) -> None:
    restore_floats_alone(residuals, read_only(prediction.shapes), firsts, *_floats(residuals, prediction))


def _restore_floats_woven(residuals: Latents, firsts: I64, prediction: Prediction) -> None:
    shapes = read_only(prediction.shapes)
    row, room = room_for(shapes, prediction.axes, prediction.offsets)
    woven, slab = np.empty(row, residuals.dtype), np.empty(room, np.float64)
    restore_floats(residuals, shapes, firsts, *(*_floats(residuals, prediction), woven, slab))


def _restore_alone(residuals: Latents, firsts: I64, prediction: Prediction) -> None:
    restore_alone(
        *(_signed(residuals), read_only(prediction.shapes), firsts, *_ends(residuals, prediction.reference)),
        *(*_stencil(prediction), *_rounding(prediction, 0)[:2]),
        np.empty(0, np.int32 if residuals.itemsize <= 4 else np.int64),
    )


def _restore_woven(residuals: Latents, firsts: I64, prediction: Prediction) -> None:
    bits = 8 * residuals.itemsize
    heaviest = int(np.abs(prediction.weights).sum(axis=2).max(initial=0))
    # All that is summed up for a cell, its neighbour before twice: narrow sums are made in half the time.
    largest = (2 * heaviest + (2 << prediction.shift)) << (bits - 1)
    row, room = room_for(prediction.shapes, prediction.axes, prediction.offsets)
    restore_weights(
        *(_signed(residuals), read_only(prediction.shapes), firsts, *_ends(residuals, prediction.reference)),
        *(*_stencil(prediction), *_rounding(prediction, 0)[:2]),
        np.empty(row, f"i{bits // 8}"),
        np.empty(room, np.int32 if bits <= 32 else np.int64),
        np.empty(row, np.int32 if largest < 1 << 31 else np.int64),
    )


def _by_shape(prediction: Prediction) -> tuple[I64, Prediction]:
    """Return the first cell of each lane, and lanes of equal shape and weights next to each other."""
    shapes = prediction.shapes
    sizes = shapes.prod(axis=1)
    firsts = np.cumsum(sizes) - sizes
    order = np.lexsort((prediction.sets, *shapes.T[1:]))
    return firsts[order], prediction._replace(shapes=shapes[order], sets=prediction.sets[order])


def _slab_by_slab(firsts: I64, prediction: Prediction) -> tuple[I64, Prediction]:
    """Return the first cell of each slab, and slabs as lanes."""
    slabs = prediction.shapes[:, 0]
    if (slabs == 1).all():
        return firsts, prediction
    lanes = np.repeat(np.arange(slabs.size), slabs)
    place = np.arange(lanes.size) - (np.cumsum(slabs) - slabs)[lanes]
    prediction = _of_lanes(prediction, lanes)
    prediction.shapes[:, 0] = 1
    return firsts[lanes] + place * prediction.shapes.prod(axis=1), prediction


def _are_alone(prediction: Prediction) -> npt.NDArray[np.bool_]:
    """Tell which slabs are left over, and few, when those of one shape and set of weights are woven."""
    kinds = np.column_stack((prediction.shapes, prediction.sets))
    kind = np.concatenate(([0], np.cumsum((kinds[1:] != kinds[:-1]).any(axis=1))))
    counts = np.bincount(kind)
    left = counts % SLABS
    left[left > _FEW] = 0
    alone: npt.NDArray[np.bool_] = np.arange(kind.size) >= (np.cumsum(counts) - left)[kind]
    return alone


def _of_lanes(prediction: Prediction, lanes: npt.NDArray[Any]) -> Prediction:
    return prediction._replace(shapes=prediction.shapes[lanes], sets=prediction.sets[lanes])


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
