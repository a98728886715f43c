"""Random chunk metadata, most of them sound, of kinds that no known encoder writes."""

import numpy as np

from pcodec_numcodecs.dtypes import NUMBER_TYPES, NumberType, to_latents
from pcodec_numcodecs.metadata import (
    Bins,
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
    layout,
    primary_bits,
)


def metadata(rng: np.random.Generator) -> ChunkMetadata:
    """Make metadata of any number type, mode and delta encoding; bins in no order, of any overlap."""
    number_type = list(NUMBER_TYPES.values())[rng.integers(len(NUMBER_TYPES))]
    mode = _mode(rng, number_type)
    delta = _delta(rng, primary_bits(mode, number_type))
    bins = []
    for variable in layout(mode, delta, number_type):
        highest = (1 << variable.latent_bits) - 1
        if isinstance(mode, Dict) and variable.name == "primary":
            highest = mode.values.size
        bins.append(_bins(rng, variable.latent_bits, highest))
        if variable.name == "delta":
            lowers = rng.integers(1, (1 << delta.window_log) + 1, len(bins[-1])).astype(np.uint64)
            # Not so wide that a sum could wrap to 0, which the wheel does not see.
            bins[-1] = Bins(bins[-1].ans_log, bins[-1].weights, lowers, np.minimum(bins[-1].offset_bits, 8))
    return ChunkMetadata(number_type, mode, delta, tuple(bins))


def _mode(rng: np.random.Generator, number_type: NumberType) -> Mode:
    values = rng.integers(0, 1 << number_type.bits, int(rng.integers(0, 40)), dtype=np.uint64)
    modes: list[Mode] = [Classic(), Dict(values.astype(number_type.latent))]
    if number_type.is_float:
        base = np.array([rng.choice([0.1, 0.5, -3, 1e-5])], number_type.dtype)
        modes.append(FloatMult(int(to_latents(base, number_type)[0])))
        modes.append(FloatQuant(int(rng.integers(1, number_type.mantissa_bits + 1))))
    else:
        modes.append(IntMult(int(rng.integers(1, 1 << min(number_type.bits, 20)))))
    return modes[rng.integers(len(modes))]


def _delta(rng: np.random.Generator, latent_bits: int) -> DeltaEncoding:
    kind = rng.integers(4)
    if kind == 1:
        return Consecutive(int(rng.integers(1, 8)), bool(rng.random() < 0.4))
    if kind == 2:
        window_log = int(rng.integers(1, 12))
        return Lookback(window_log, int(rng.integers(0, min(window_log, 9) + 1)), bool(rng.random() < 0.4))
    if kind == 3 and latent_bits <= 32:
        most_bias, most_weight = 1 << (2 * latent_bits - 3), 1 << max(1, latent_bits - 8)
        weights = rng.integers(-most_weight, most_weight, int(rng.choice([1, 2, 5, 32])))
        quantization = int(rng.integers(0, min(31, 2 * latent_bits - 1) + 1))
        return Conv1(quantization, int(rng.integers(-most_bias, most_bias)), tuple(int(weight) for weight in weights))
    return NoDelta()


def _bins(rng: np.random.Generator, latent_bits: int, highest: int) -> Bins:
    ans_log = int(rng.choice([0, 0, 1, 2, 3, 5, 8]))
    size = 1 << ans_log
    count = int(rng.integers(2, min(size, 6) + 1)) if ans_log else int(rng.random() < 0.93)
    if not count:
        return Bins.none()
    cuts = np.sort(rng.choice(np.arange(1, size), count - 1, replace=False)) if count > 1 else []
    weights = np.diff(np.concatenate(([0], cuts, [size]))).astype(np.int64)
    lowers = rng.integers(0, highest if rng.random() < 0.7 else min(9, highest), count, np.uint64, endpoint=True)
    widths = rng.integers(0, int(rng.choice([1, 3, 9, latent_bits + 1])), count)
    return Bins(ans_log, weights, lowers, np.minimum(widths, min(latent_bits, highest.bit_length())).astype(np.int64))


def page(rng: np.random.Generator, chunk: ChunkMetadata) -> bytes:
    """Make a page of random bits, or of zeros, the sounder ones, whose metadata are padded as they should be."""
    size = int(rng.choice([0, 40, 200, 5000, 5000]))
    data = bytearray(rng.integers(0, 256, size, np.uint8).tobytes() if rng.random() < 0.4 else size)
    bits = sum(
        variable.state_length * variable.latent_bits + 4 * bins.ans_log
        for variable, bins in zip(chunk.layout, chunk.bins, strict=True)
    )
    if bits % 8 and bits // 8 < size:
        data[bits // 8] &= (1 << bits % 8) - 1
    return bytes(data)
