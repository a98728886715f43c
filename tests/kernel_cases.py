"""Random arguments of kernels, as no encoder would make them: any bins, any bits, several variables and chunks."""

from typing import Any

import numpy as np

from pcodec_numcodecs.bits import allocate_words
from pcodec_numcodecs.constants import BATCH
from pcodec_numcodecs.dtypes import NUMBER_TYPES, to_latents
from pcodec_numcodecs.kernels import DecodeStream, EncodeStream, Recipe, Rows, streams
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
    # Some bins have two cells.
    cells = np.sort(np.append(np.arange(len(bins)), rng.integers(0, len(bins), int(rng.integers(0, 5)))))
    firsts = np.searchsorted(cells, assigned)
    last = firsts + np.bincount(cells, minlength=len(bins))[assigned] - 1
    assigned = rng.integers(firsts, last, endpoint=True).astype(np.uint16)
    return EncodeStream(latents, assigned, counts, states, latent_bits, bins, cells)


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
    rng: np.random.Generator, latent_bits: int, omitted: int, chunks: int, state_length: int = 0
) -> tuple[DecodeStream, int, int]:
    """Make a stream of several chunks; return it, the most bits of a latent, and those of a page's metadata."""
    bins = tuple(make_bins(rng, latent_bits) for _ in range(chunks))
    stream = DecodeStream(bins, latent_bits, state_length, omitted)
    log = max(own.ans_log for own in bins)
    return stream, log + max(int(own.offset_bits.max()) for own in bins), state_length * latent_bits + 4 * log


def decode_case(rng: np.random.Generator, counts: list[int], bits: int, chunks: int) -> tuple[Any, ...]:
    """Return arguments of `decode_pages`; some lanes begin at random bytes, some so late that the data end too soon."""
    lanes = np.array(counts, np.int64)
    delta = int(rng.choice([streams.NO_DELTA, streams.CONSECUTIVE, streams.LOOKBACK, streams.CONV1]))
    if delta == streams.CONV1 and bits == 64:
        delta = streams.NO_DELTA
    mode = int(rng.choice([streams.CLASSIC, streams.INT_MULT, streams.DICT, streams.FLOAT_MULT, streams.FLOAT_QUANT]))
    mantissa_bits = {16: 10, 32: 23, 64: 52}.get(bits, 0)
    if mode in {streams.FLOAT_MULT, streams.FLOAT_QUANT} and not mantissa_bits:
        mode = streams.INT_MULT
    order = 0 if delta == streams.NO_DELTA else int(rng.choice([1, 2, 4, 7] if delta != streams.LOOKBACK else [1, 4]))
    base = {
        streams.INT_MULT: int(rng.integers(1, 1 << min(bits, 20))),
        streams.FLOAT_QUANT: int(rng.integers(1, max(mantissa_bits, 1) + 1)),
    }.get(mode, 0)
    if mode == streams.FLOAT_MULT:
        base = int(np.array([rng.choice([0.1, -3, 1e-4, 1000])], f"f{bits // 8}").view(f"u{bits // 8}")[0])
    weights = rng.integers(-(1 << 20), 1 << 20, order) if delta == streams.CONV1 else np.zeros(0, np.int64)
    if bits < 32:
        weights >>= 14
    floats = mode in {streams.FLOAT_MULT, streams.FLOAT_QUANT} or (mantissa_bits and rng.random() < 0.5)
    made = Recipe(
        lanes=0,
        delta=delta,
        window=1 << int(rng.integers(2, 32)) if delta == streams.LOOKBACK else 0,
        weights=weights,
        bias=int(rng.integers(-(1 << 12), 1 << 12)),
        quantization=int(rng.integers(0, 10)),
        mode=mode,
        base=base,
        values=words_below(rng, bits, int(rng.integers(0, 300)) if mode == streams.DICT else 0).astype(f"u{bits // 8}"),
        signed=bool(floats or rng.random() < 0.5),
        mantissa_bits=mantissa_bits if floats else 0,
    )
    owner = np.arange(lanes.size) * chunks // lanes.size
    recipes = tuple(made._replace(lanes=int((owner == chunk).sum())) for chunk in range(chunks))
    parts = []
    if delta == streams.LOOKBACK:
        parts.append(decode_stream(rng, 32, order, chunks))
    parts.append(decode_stream(rng, 32 if mode == streams.DICT else bits, order, chunks, order))
    if mode not in {streams.CLASSIC, streams.DICT}:
        too = order if delta in {streams.CONSECUTIVE, streams.LOOKBACK} and rng.random() < 0.5 else 0
        parts.append(decode_stream(rng, bits, too, chunks, too))
    most = sum(bits for _, bits, _ in parts) * int(lanes.max())
    opening = (sum(bits for _, _, bits in parts) + 7) // 8
    size = opening + int(rng.choice([0, 1, most // 16, most // 8 + 1]))
    data = np.frombuffer(rng.bytes(size), np.uint8)
    starts = rng.integers(0, size - opening + 1, lanes.size)
    starts[rng.random(lanes.size) < 0.5] = 0
    starts[rng.random(lanes.size) < 0.1] = size - opening
    out, rows = random_rows(rng, lanes, bits)
    return data, starts, lanes, lanes, tuple(stream for stream, _, _ in parts), recipes, out, rows


def random_rows(rng: np.random.Generator, lanes: np.ndarray, bits: int) -> tuple[np.ndarray, Rows]:
    """Return an array and rows for lanes in it: lanes end to end, or rows in any order and equally far apart."""
    lengths = np.maximum(lanes, 1)
    if rng.random() < 0.3:
        out = np.zeros(int(lanes.sum()), f"u{bits // 8}")
        return out, Rows(lengths, np.arange(lanes.size), np.cumsum(lanes) - lanes)
    lengths = np.minimum(lengths, rng.integers(1, 300, lanes.size))
    counts = -(-lanes // lengths)
    firsts = np.cumsum(counts) - counts
    order = rng.permutation(int(counts.sum())) if rng.random() < 0.5 else np.arange(int(counts.sum()))
    return np.zeros(300 * order.size, f"u{bits // 8}"), Rows(lengths, firsts, 300 * order)


def decode_plain(kernels: Any, made: Recipe, variables: list[tuple[list[np.ndarray], np.ndarray]], n: list[int]) -> Any:
    """Have latents decoded that are stored as they are, one bin as wide as they are.

    Parameters
    ----------
    variables
        For each, the stored latents of each lane, and the delta states, shape (lanes, state length).
    n
        Numbers of each lane.

    Returns
    -------
    The bits of the numbers, end to end.
    """
    parts = []
    for lane in range(len(n)):
        opening = [states[lane].astype(_little_endian(stored[lane])).tobytes() for stored, states in variables]
        batches = [
            stored[lane][done : done + BATCH].astype(_little_endian(stored[lane])).tobytes()
            for done in range(0, max(n[lane], 1), BATCH)
            for stored, _ in variables
        ]
        parts.append(b"".join(opening + batches))
    data = np.frombuffer(b"".join(parts), np.uint8)
    bounds = np.cumsum([0, *map(len, parts)])
    room = max(states.shape[1] for _, states in variables)
    found = []
    for stored, states in variables:
        bits = 8 * stored[0].itemsize
        bins = Bins(0, np.ones(1, np.int64), np.zeros(1, np.uint64), np.array([bits]))
        if states.shape[1]:  # of differences, the middle is toggled
            bins.lowers[0] = 1 << (bits - 1)
        omitted = room if states.shape[1] or (made.delta == streams.LOOKBACK and not found) else 0
        found.append(DecodeStream((bins,), bits, states.shape[1], omitted))
    wanted = np.array(n, np.int64)
    out = np.zeros(int(wanted.sum()), variables[-1][0][0].dtype if not made.values.size else made.values.dtype)
    lanes = made._replace(lanes=len(n))
    rows = Rows(np.maximum(wanted, 1), np.arange(wanted.size), np.cumsum(wanted) - wanted)
    ends, faults = kernels.decode_pages(data, bounds[:-1], wanted, wanted, tuple(found), (lanes,), out, rows)
    assert ends.tolist() == (8 * bounds[1:]).tolist()
    assert not faults.any()
    return out


def _little_endian(array: np.ndarray) -> np.dtype:
    return array.dtype.newbyteorder("<")
