"""Predict cells of tiles from those before them, and undo it, tile by tile."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..predictions import FLOAT_WEIGHTS, LORENZO, MED, Prediction
from .compiled import read_only
from .differences import predict_lorenzo, predict_med, restore_lorenzo, restore_med
from .floats import predict_floats, restore_floats
from .stencils import predict_weights, restore_weights

Latents = npt.NDArray[np.unsignedinteger[Any]]


def predict_tiles(cells: Latents, absent: npt.NDArray[np.uint8], prediction: Prediction, residuals: Latents) -> None:
    """See `Kernels.predict_tiles`."""
    absent, shapes = read_only(absent), read_only(prediction.shapes)
    if prediction.kind == FLOAT_WEIGHTS:
        predict_floats(cells, absent, residuals, shapes, *_floats(cells, prediction))
    elif prediction.kind == LORENZO:
        predict_lorenzo(_signed(cells), absent, _signed(residuals), shapes, *_ends(cells, prediction))
    elif prediction.kind == MED:
        predict_med(_signed(cells), absent, _signed(residuals), shapes, *_ends(cells, prediction))
    else:
        predict_weights(_signed(cells), absent, _signed(residuals), shapes, *_weights(cells, prediction))


def restore_tiles(residuals: Latents, prediction: Prediction) -> None:
    """See `Kernels.restore_tiles`."""
    shapes = read_only(prediction.shapes)
    if prediction.kind == FLOAT_WEIGHTS:
        restore_floats(residuals, shapes, *_floats(residuals, prediction))
    elif prediction.kind == LORENZO:
        restore_lorenzo(_signed(residuals), shapes, *_ends(residuals, prediction))
    elif prediction.kind == MED:
        restore_med(_signed(residuals), shapes, *_ends(residuals, prediction))
    else:
        restore_weights(_signed(residuals), shapes, *_weights(residuals, prediction))


def _signed(latents: Latents) -> Any:
    """View latents as signed: loads then extend the sign, and stores do not care."""
    return latents.view(f"i{latents.itemsize}")


def _ends(latents: Latents, prediction: Prediction) -> tuple[Any, Any]:
    """Return the reference and half the range, as signed numbers of 64 bits."""
    reference, mid = np.array([prediction.reference, 1 << (8 * latents.itemsize - 1)], np.uint64).view(np.int64)
    return reference, mid


def _weights(latents: Latents, prediction: Prediction) -> tuple[Any, ...]:
    arrays = [read_only(a) for a in (prediction.offsets, prediction.weights, prediction.sets)]
    shift = np.int64(prediction.shift)
    ends = _ends(latents, prediction)
    return prediction.axes, *ends, arrays[0], arrays[1], shift, arrays[2], prediction.by_plane


def _floats(latents: Latents, prediction: Prediction) -> tuple[Any, ...]:
    _, _, _, offsets, weights, _, sets, by_plane = _weights(latents, prediction)
    ends = (latents.dtype.type(prediction.reference), latents.dtype.type(1 << (8 * latents.itemsize - 1)))
    return prediction.axes, *ends, offsets, weights, 1.0 / (1 << prediction.shift), sets, by_plane
