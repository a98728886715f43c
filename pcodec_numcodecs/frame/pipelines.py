"""How a frame's head spells a pipeline."""

import struct
from math import prod
from typing import Final

import numpy as np
import numpy.typing as npt

from ..constants import MAX_CHUNK_NUMBERS
from ..dtypes import NumberType
from ..errors import CorruptionError
from ..metadata import Classic, FloatMult, FloatQuant, IntMult, check_mode
from ..pipeline.affine import Affine
from ..pipeline.stencils import MOST_REACH
from ..pipeline.steps import FLOAT_WEIGHTS, LORENZO, MED, NONE, WEIGHTS, Pipeline, Predictor, Rank, Split
from .fields import Fields, varint

__all__ = ["read_pipeline", "write_pipeline"]

_RAW, _INT_MULT, _FLOAT_MULT, _FLOAT_QUANT, _AFFINE, _RANK = range(6)
_MOST_FILLS: Final = 2
_MOST_USED: Final = 4
_MOST_SHIFT: Final = 14
_MOST_SETS: Final = 4
_MOST_CONTEXTS: Final = 8
_MOST_NEIGHBOURS: Final = 255
_MOST_VALUES: Final = 1 << 16
_MOST_THRESHOLD: Final = (1 << 62) - 1


def write_pipeline(pipeline: Pipeline, number_type: NumberType, tile: tuple[int, ...]) -> bytes:
    """Write all steps for one part of the elements."""
    width = number_type.bits // 8
    predictor = pipeline.predictor
    planes = tile[predictor.axes[len(predictor.axes) - predictor.used]] if predictor.by_plane else 1
    assert predictor.weights.shape[1] == planes
    parts = [_write_split(pipeline.split, width), bytes([len(pipeline.fills)])]
    if pipeline.fills:
        parts += [*(fill.to_bytes(width, "little") for fill in pipeline.fills), varint(pipeline.mask_pages)]
    parts.append(_write_predictor(pipeline.predictor, pipeline.primary_bits(number_type) // 8))
    parts += [bytes([pipeline.contexts]), *map(varint, pipeline.thresholds)]
    return b"".join(parts)


def _write_split(split: Split, width: int) -> bytes:
    match split:
        case Classic():
            return bytes([_RAW])
        case IntMult(base):
            return bytes([_INT_MULT]) + base.to_bytes(width, "little")
        case FloatMult(base_latent):
            return bytes([_FLOAT_MULT]) + base_latent.to_bytes(width, "little")
        case FloatQuant(k):
            return bytes([_FLOAT_QUANT, k])
        case Affine(scale, offset, narrow):
            return struct.pack("<Bdd?", _AFFINE, scale, offset, narrow)
        case Rank(count, block):
            return bytes([_RANK]) + varint(count) + varint(block)


def _write_predictor(predictor: Predictor, width: int) -> bytes:
    if predictor.kind == NONE:
        return bytes([NONE])
    parts = [
        bytes([predictor.kind, *predictor.axes, predictor.used]),
        predictor.reference.to_bytes(width, "little"),
    ]
    if predictor.kind in (WEIGHTS, FLOAT_WEIGHTS):
        offsets = np.array(predictor.offsets, np.int8)
        parts += [
            bytes([predictor.shift, predictor.by_plane, len(predictor.offsets)]),
            offsets.tobytes(),
            bytes([predictor.sets]),
            predictor.weights.astype("<i2").tobytes(),
        ]
    return b"".join(parts)


def read_pipeline(fields: Fields, number_type: NumberType, tile: tuple[int, ...]) -> Pipeline:
    """Read all steps for one part of the elements.

    Raises
    ------
    CorruptionError
        For steps that are not known, do not fit the type or the tile, or break a rule.
    """
    width = number_type.bits // 8
    split = _read_split(fields, number_type)
    fills = tuple(
        int.from_bytes(fields.take(width), "little") for _ in range(fields.byte("fill values", most=_MOST_FILLS))
    )
    most = MAX_CHUNK_NUMBERS // prod(tile)
    mask_pages = fields.varint("pages of a block of masks", least=1, most=most) if fills else 1
    predictor = _read_predictor(fields, split, number_type, tile)
    contexts = fields.byte("contexts", least=1, most=_MOST_CONTEXTS)
    if contexts > 1 and not predictor.kind:
        raise CorruptionError(f"cells that are not predicted may not have more than 1 context, got {contexts}")
    thresholds = tuple(fields.varint("threshold of a context", most=_MOST_THRESHOLD) for _ in range(contexts - 1))
    if list(thresholds) != sorted(thresholds):
        raise CorruptionError(f"thresholds of contexts must not fall, got {thresholds}")
    return Pipeline(split, fills, mask_pages, predictor, thresholds)


def _read_split(fields: Fields, number_type: NumberType) -> Split:
    width = number_type.bits // 8
    split: Split
    kind = fields.byte("split", most=_RANK)
    match kind:
        case 0:
            return Classic()
        case 1 | 2:
            base = int.from_bytes(fields.take(width), "little")
            split = IntMult(base) if kind == _INT_MULT else FloatMult(base)
        case 3:
            split = FloatQuant(fields.byte("k of FloatQuant"))
        case 4:
            return _read_affine(fields, number_type)
        case _:
            count = fields.varint("count of distinct values", least=1, most=_MOST_VALUES)
            return Rank(count, fields.varint("distinct values of a block", least=1, most=count))
    if reason := check_mode(split, number_type):
        raise CorruptionError(reason)
    return split


def _read_affine(fields: Fields, number_type: NumberType) -> Affine:
    scale, offset = struct.unpack("<dd", fields.take(16))
    narrow = bool(fields.byte("rounding of an affine split", most=1))
    if not number_type.is_float:
        raise CorruptionError(f"an affine split is for floats, got {number_type.name}")
    if not (0.0 < scale < float("inf") and abs(offset) < float("inf")):
        raise CorruptionError(f"scale must be finite and above 0, and offset finite, got {scale} and {offset}")
    return Affine(scale, offset, narrow)


def _read_predictor(fields: Fields, split: Split, number_type: NumberType, tile: tuple[int, ...]) -> Predictor:
    kind = fields.byte("predictor", most=FLOAT_WEIGHTS)
    if kind == NONE:
        return Predictor()
    if kind == FLOAT_WEIGHTS and not (isinstance(split, Classic) and number_type.name in ("f32", "f64")):
        raise CorruptionError(
            f"predictions among floats are for f32 and f64 as they are, got {number_type.name} and {split}"
        )
    bits = split.bits if isinstance(split, Rank) else number_type.bits
    axes = tuple(fields.take(len(tile)))
    if sorted(axes) != list(range(len(tile))):
        raise CorruptionError(f"order of axes must name each of {len(tile)} once, got {axes}")
    used = fields.byte("axes of a prediction", least=2 if kind == MED else 1, most=min(_MOST_USED, len(tile)))
    reference = int.from_bytes(fields.take(bits // 8), "little")
    if kind in (LORENZO, MED):
        return Predictor(kind, axes, used, reference)
    shift = fields.byte("shift of weights", most=_MOST_SHIFT)
    by_plane = bool(fields.byte("weights by plane", most=1))
    if by_plane and used < 2:
        raise CorruptionError(f"weights by plane need 2 axes or more, got {used}")
    count = fields.byte("neighbours", least=1, most=_MOST_NEIGHBOURS)
    offsets = np.frombuffer(fields.take(count * used), np.int8).reshape(count, used)
    _check_offsets(offsets)
    sets = fields.byte("sets of weights", least=1, most=_MOST_SETS)
    shape = (sets, tile[axes[len(axes) - used]] if by_plane else 1, count)
    weights = np.frombuffer(fields.take(2 * prod(shape)), "<i2").astype(np.int64).reshape(shape)
    wrong = weights.sum(axis=2) != 1 << shift
    if wrong.any():
        raise CorruptionError(f"weights must add up to {1 << shift}, got {int(weights.sum(axis=2)[wrong][0])}")
    return Predictor(kind, axes, used, reference, tuple(map(tuple, offsets.tolist())), weights, shift, by_plane)


def _check_offsets(offsets: npt.NDArray[np.int8]) -> None:
    if (np.abs(offsets.astype(np.int64)) > MOST_REACH).any() or (offsets == MOST_REACH).any():
        raise CorruptionError(
            f"offsets of neighbours must be -{MOST_REACH} to {MOST_REACH - 1}, got {offsets.tolist()}"
        )
    first = np.argmax(offsets != 0, axis=1)
    if (np.take_along_axis(offsets, first[:, np.newaxis], axis=1) >= 0).any():
        raise CorruptionError(f"neighbours must come before the cell, got offsets {offsets.tolist()}")
