"""What chunk metadata say about latents, as kernels want to hear it."""

import numpy as np

from .dtypes import NumberType
from .kernels import Recipe, streams
from .metadata import (
    ChunkMetadata,
    Classic,
    Consecutive,
    Conv1,
    DeltaEncoding,
    Dict,
    FloatMult,
    FloatQuant,
    IntMult,
    Lookback,
    Mode,
    NoDelta,
)

_NO_WEIGHTS = np.zeros(0, np.int64)


def recipe(metadata: ChunkMetadata, lanes: int) -> Recipe:
    """Say how the latents of so many pages of a Pco chunk become numbers."""
    return recipe_of(metadata.mode, metadata.delta, metadata.number_type, lanes)


def recipe_of(mode: Mode, delta: DeltaEncoding, number_type: NumberType, lanes: int) -> Recipe:
    """Say how latents become numbers of a type, given the parts of chunk metadata that matter."""
    made = Recipe(
        lanes=lanes,
        delta=streams.NO_DELTA,
        window=0,
        weights=_NO_WEIGHTS,
        bias=0,
        quantization=0,
        mode=streams.CLASSIC,
        base=0,
        values=np.zeros(0, number_type.latent),
        signed=number_type.is_signed or number_type.is_float,
        mantissa_bits=number_type.mantissa_bits,
    )
    match delta:
        case NoDelta():
            pass
        case Consecutive():
            made = made._replace(delta=streams.CONSECUTIVE)
        case Lookback(window_log):
            made = made._replace(delta=streams.LOOKBACK, window=1 << window_log)
        case Conv1(quantization, bias, weights):
            made = made._replace(
                delta=streams.CONV1, weights=np.array(weights, np.int64), bias=bias, quantization=quantization
            )
    match mode:
        case Classic():
            pass
        case IntMult(base):
            made = made._replace(mode=streams.INT_MULT, base=base)
        case FloatMult():
            made = made._replace(mode=streams.FLOAT_MULT, base=mode.base_bits(number_type))
        case FloatQuant(k):
            made = made._replace(mode=streams.FLOAT_QUANT, base=k)
        case Dict(values):
            made = made._replace(mode=streams.DICT, values=values)
    return made
