"""Predict cells of tiles from those before them, and undo it; slabs of one shape are worked on side by side."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..predictions import FLOAT_WEIGHTS, LORENZO, MED, WEIGHTS, Prediction
from .differences import impute_lorenzo, impute_med, predict_lorenzo, predict_med, restore_lorenzo, restore_med
from .floats import predict_floats
from .slabs import Slabs, slab_blocks
from .stencils import predict_weights
from .weighing import restore_weights
from .weighing_floats import restore_floats

Latents = npt.NDArray[np.unsignedinteger[Any]]
Mask = npt.NDArray[np.bool_]

_NEAR = 1 << 18  # cells that are summed at a time: they stay in a near cache, and room for them is reused


def predict_tiles(cells: Latents, absent: npt.NDArray[np.uint8], prediction: Prediction, residuals: Latents) -> None:
    """See `Kernels.predict_tiles`."""
    for slabs in slab_blocks(prediction.shapes):
        for some, hidden in _by_mask(slabs, absent):
            found = some.take(cells)
            some.put(residuals, _predict(found, hidden, prediction, some.lanes))
            if hidden is not None:
                some.put(cells, found)


def restore_tiles(residuals: Latents, prediction: Prediction) -> None:
    """See `Kernels.restore_tiles`."""
    if prediction.kind == WEIGHTS:
        signed, reference, mid = _signed(residuals, prediction)
        restore_weights(signed, prediction, reference, mid)
        return
    if prediction.kind == FLOAT_WEIGHTS:
        restore_floats(residuals, prediction)
        return
    blocks = slab_blocks(prediction.shapes, _NEAR) if prediction.kind == LORENZO else slab_blocks(prediction.shapes)
    for slabs in blocks:
        slabs.put(residuals, _restore(slabs.take(residuals), prediction))


def _by_mask(slabs: Slabs, absent: npt.NDArray[np.uint8]) -> Iterator[tuple[Slabs, Mask | None]]:
    """Yield the slabs without absent cells, and those with some: these take a step a cell."""
    if not absent.size:
        yield slabs, None
        return
    hidden = slabs.take(absent).astype(np.bool_)
    some: Mask = np.any(hidden, axis=(1, 2, 3, 4))
    if not some.all():
        yield slabs.chosen(~some), None
    if some.any():
        yield slabs.chosen(some), hidden[some]


def _predict(cells: Latents, hidden: Mask | None, prediction: Prediction, lanes: npt.NDArray[np.int64]) -> Latents:
    if prediction.kind == FLOAT_WEIGHTS:
        return predict_floats(cells, hidden, prediction, lanes)
    signed, reference, mid = _signed(cells, prediction)
    if prediction.kind == LORENZO:
        found = (
            predict_lorenzo(signed, reference, mid)
            if hidden is None
            else impute_lorenzo(signed, hidden, reference, mid)
        )
    elif prediction.kind == MED:
        found = (
            predict_med(signed, prediction.axes, reference, mid)
            if hidden is None
            else impute_med(signed, hidden, reference, mid)
        )
    else:
        found = predict_weights(signed, hidden, prediction, lanes, reference, mid)
    return found.view(cells.dtype)


def _restore(residuals: Latents, prediction: Prediction) -> Latents:
    signed, reference, mid = _signed(residuals, prediction)
    if prediction.kind == LORENZO:
        signed = restore_lorenzo(signed, reference, mid)
    else:
        signed = restore_med(signed, prediction.axes, reference, mid)
    return signed.view(residuals.dtype)


def _signed(latents: Latents, prediction: Prediction) -> tuple[Any, Any, Any]:
    """View latents, the reference and half the range as signed numbers: arrays of these wrap like unsigned ones."""
    dtype = f"i{latents.itemsize}"
    ends = np.array([prediction.reference, 1 << (8 * latents.itemsize - 1)], latents.dtype).view(dtype)
    return latents.view(dtype), ends[:1], ends[1:]
