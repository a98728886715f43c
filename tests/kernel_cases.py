"""Random arguments of kernels, as no encoder would make them: any bins, any bits, several variables and chunks."""

from typing import Any

import numpy as np

from pcodec_numcodecs.ans import decode_table, encode_table
from pcodec_numcodecs.bits import PADDING, allocate_words
from pcodec_numcodecs.dtypes import NUMBER_TYPES, to_latents
from pcodec_numcodecs.kernels import DecodeStream, EncodeStream
from pcodec_numcodecs.metadata import Bins


def words_below(rng: np.random.Generator, bits: int, n: int) -> np.ndarray:
    """Return integers below ``2**bits``, of 0 to 64 bits."""
    words = np.frombuffer(rng.bytes(8 * n), np.uint64)
    return (words >> np.uint64(1)) >> np.uint64(63 - bits) if bits < 64 else words.copy()


def latents_of_some_kind(rng: np.random.Generator, bits: int, n: int) -> np.ndarray:
    """Return latents that are random within a span, drawn from a few, or steps of a walk."""
    kinds = [
        words_below(rng, int(rng.integers(0, bits + 1)), n),
        rng.choice(words_below(rng, bits, int(rng.integers(1, 400))), n),
        np.cumsum(words_below(rng, 2, n)),
    ]
    return kinds[rng.integers(3)].astype(f"u{bits // 8}")


def floats_of_some_kind(rng: np.random.Generator, dtype: str, n: int) -> tuple[np.ndarray, Any]:
    """Return ordered latents of floats of any bits, or of multiples of a base; and the base."""
    number_type = NUMBER_TYPES[dtype]
    base = number_type.dtype.type(rng.choice([0.1, 1.0, -3.0, 1e-4, 1000.0]))
    if rng.random() < 0.5:
        floats = words_below(rng, number_type.bits, n).astype(number_type.latent).view(number_type.dtype)
    else:
        floats = rng.integers(-60, 60, n).astype(number_type.dtype) * base
    return to_latents(floats, number_type), base


def make_bins(rng: np.random.Generator, latent_bits: int) -> Bins:
    """Make bins that cover the whole latent range between them, for tables of any size."""
    ans_log = int(rng.choice([0, 1, 2, 4, 8, 12]))
    most = min(1 << ans_log, 1 << latent_bits, 200)
    lowers = np.unique(words_below(rng, latent_bits, most))
    lowers[0] = 0
    size = 1 << ans_log
    cuts = np.sort(rng.choice(np.arange(1, size), lowers.size - 1, replace=False)) if lowers.size > 1 else []
    weights = np.diff(np.concatenate(([0], cuts, [size]))).astype(np.int64)
    uppers = np.append(lowers[1:] - np.uint64(1), np.uint64((1 << latent_bits) - 1))
    widths = [int(upper - lower).bit_length() for upper, lower in zip(uppers, lowers, strict=True)]
    return Bins(ans_log, weights, lowers, np.array(widths, np.int64))


def encode_stream(rng: np.random.Generator, latent_bits: int, counts: np.ndarray) -> EncodeStream:
    bins = make_bins(rng, latent_bits)
    latents = words_below(rng, latent_bits, int(counts.sum())).astype(f"u{latent_bits // 8}")
    latents.flags.writeable = bool(rng.random() < 0.5)
    assigned = (np.searchsorted(bins.lowers, latents.astype(np.uint64), side="right") - 1).astype(np.uint16)
    states = words_below(rng, latent_bits, counts.size * int(rng.choice([0, 0, 1, 3]))).reshape(counts.size, -1)
    table = encode_table(bins)
    return EncodeStream(
        *(latents, assigned, counts, states, latent_bits, bins.lowers, bins.offset_bits, bins.ans_log),
        *(table.nbits_terms, table.slot_terms, table.next_states),
    )


def encode_case(rng: np.random.Generator, counts: list[int], widths: list[int]) -> tuple[Any, np.ndarray]:
    """Return arguments of `encode_pages`, for variables of such widths."""
    first = np.array(counts, np.int64)
    streams = []
    for width in widths:
        # A delta state takes the place of the first latents.
        streams.append(encode_stream(rng, width, np.maximum(first - (int(rng.integers(0, 4)) if streams else 0), 0)))
    size = sum((64 + 14) * s.latents.size + 64 * s.delta_states.size + 128 * first.size for s in streams)
    return tuple(streams), allocate_words(size)


def decode_stream(
    rng: np.random.Generator, latent_bits: int, counts: np.ndarray, chunks: int
) -> tuple[DecodeStream, int]:
    """Make a stream whose lanes belong to several chunks in turn; return it and the most bits of a latent."""
    tables = [decode_table(make_bins(rng, latent_bits)) for _ in range(chunks)]
    sizes = np.array([table.nbits.size for table in tables])
    shifts = np.cumsum(sizes) - sizes
    owner = np.arange(counts.size) % chunks
    first = np.column_stack([rng.integers(0, sizes[owner]) for _ in range(4)])
    stream = DecodeStream(
        np.concatenate([table.nbits for table in tables]),
        np.concatenate([table.bases + shift for table, shift in zip(tables, shifts, strict=True)]),
        np.concatenate([table.lowers for table in tables]),
        np.concatenate([table.offset_bits for table in tables]),
        first + shifts[owner, None],
        counts,
        np.zeros(int(counts.sum()), f"u{latent_bits // 8}"),
        np.cumsum(counts) - counts,
    )
    return stream, int((stream.nbits + stream.offset_bits).max())


def decode_case(
    rng: np.random.Generator, counts: list[int], widths: list[int], chunks: int
) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return arguments of `decode_pages`; some lanes begin at random bits, of which some are the last or beyond."""
    streams = []
    most = 0
    for width in widths:
        own = np.maximum(np.array(counts, np.int64) - int(rng.integers(0, 4)), 0)
        stream, bits = decode_stream(rng, width, own, chunks)
        streams.append(stream)
        most += bits * int(own.max())
    size = int(rng.choice([0, 1, most // 16, most // 8 + 1]))
    data = np.zeros(size + PADDING, np.uint8)
    data[:size] = np.frombuffer(rng.bytes(size), np.uint8)
    positions = rng.integers(0, 8 * size + 8, len(counts))
    positions[rng.random(len(counts)) < 0.5] = 0
    positions[rng.random(len(counts)) < 0.1] = 8 * size
    return data, positions, tuple(streams)
