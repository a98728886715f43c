"""One Pco chunk: numbers to metadata and pages."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import deltas
from .arithmetic import check_float_arithmetic
from .bits import allocate_words, word_bytes
from .choosing import Choice, ChunkNumbers, Common, Neighbours, choose
from .config import ChunkConfig
from .constants import ANS_INTERLEAVING, MAX_CHUNK_NUMBERS
from .dtypes import Latents, NumberType
from .errors import InvalidArgumentError
from .fixed_log import FRACTION_BITS
from .kernels import EncodeStream, Kernels, load
from .metadata import Bins, ChunkMetadata, Classic, Dict, NoDelta
from .training import SECONDARY_LEVEL, train

I64 = npt.NDArray[np.int64]
U16 = npt.NDArray[np.uint16]

_LEAST_NEIGHBOURS = 8  # chunks that are searched together, and as many more as it takes
_NEIGHBOURS = 1 << 21  # for so many numbers


@dataclass(frozen=True, eq=False)
class CompressedChunk:
    """A chunk ready to be written.

    Attributes
    ----------
    metadata
        What all pages share.
    page_numbers
        Count of numbers of each page, int64.
    variables
        Of each latent variable, the latents that are stored and the delta states.
    assigned
        Of each latent variable, the cell of each latent that is stored, uint16: a bin, or a part of one.
    cells
        Of each latent variable, the bin of each cell, int64.
    most_bits
        Of each latent variable, what codes and offsets take at the most.
    """

    metadata: ChunkMetadata
    page_numbers: I64
    variables: tuple[deltas.Encoded, ...]
    assigned: tuple[U16, ...]
    cells: tuple[I64, ...]
    most_bits: tuple[int, ...]

    def write_pages(self, kernels: Kernels) -> list[bytes]:
        """Return the bytes of every page."""
        streams = []
        size = 0
        for variable, bins, encoded, assigned, cells, most_bits in zip(
            *(self.metadata.layout, self.metadata.bins, self.variables, self.assigned, self.cells, self.most_bits),
            strict=True,
        ):
            streams.append(
                EncodeStream(
                    latents=encoded.stored,
                    assigned=assigned,
                    counts=np.maximum(self.page_numbers - variable.omitted, 0),
                    delta_states=encoded.states.astype(np.uint64),
                    latent_bits=variable.latent_bits,
                    bins=bins,
                    cells=cells,
                )
            )
            size += most_bits + encoded.states.size * variable.latent_bits
            # tANS states, and padding after page metadata and body.
            size += self.page_numbers.size * (ANS_INTERLEAVING * bins.ans_log + 16)
        words = allocate_words(size)
        starts, ends = kernels.encode_pages(tuple(streams), words)
        data = word_bytes(words)
        return [data[start:end].tobytes() for start, end in zip(starts, ends, strict=True)]


def compress_chunk(
    numbers: npt.NDArray[np.generic], number_type: NumberType, config: ChunkConfig, kernels: Kernels
) -> CompressedChunk:
    """Choose mode and delta encoding, and train the bins.

    Parameters
    ----------
    numbers
        1-D, contiguous, of the number type.

    Raises
    ------
    InvalidArgumentError
        When there are no numbers or too many, or when a setting does not fit the type or their count.
    FloatModeError
        When floats do not add and multiply as they do elsewhere.
    """
    _check(number_type, [numbers.size], config)
    page_numbers = np.array(config.paging_spec.page_numbers(numbers.size), np.int64)
    return _compress(ChunkNumbers(numbers, number_type, kernels), number_type, config, page_numbers, kernels)


def compress_chunks(
    numbers: npt.NDArray[np.generic], number_type: NumberType, config: ChunkConfig, counts: list[int]
) -> Iterator[tuple[CompressedChunk, Kernels]]:
    """Do what `compress_chunk` does for chunks of one page each, of so many numbers, that lie end to end.

    Neighbours have one choice, but for chunks that are unlike them.

    Yields
    ------
    Each chunk, and the kernels to write it with.
    """
    if counts:
        _check(number_type, counts, config)
    first = start = 0
    while first < len(counts):
        last, end = first, start
        while last < len(counts) and (last - first < _LEAST_NEIGHBOURS or end - start < _NEIGHBOURS):
            end += counts[last]
            last += 1
        kernels = load(max(counts[first:last]))
        common = Neighbours(numbers[start:end], counts[first:last], number_type, config, kernels).choose()
        for n in counts[first:last]:
            chunk = ChunkNumbers(numbers[start : start + n], number_type, kernels)
            yield _compress(chunk, number_type, config, np.array([n], np.int64), kernels, common), kernels
            start += n
        first = last


def _check(number_type: NumberType, counts: list[int], config: ChunkConfig) -> None:
    """Check what does not depend on the numbers of chunks, but on how many each has."""
    if number_type.bits == 8 and not config.enable_8_bit:
        raise InvalidArgumentError(
            "8-bit types must be allowed by enable_8_bit=True: other codecs often serve them better, "
            f"got {number_type.name}"
        )
    if not min(counts):
        raise InvalidArgumentError("cannot compress empty chunk: it must have at least 1 number, got 0")
    if max(counts) > MAX_CHUNK_NUMBERS:
        raise InvalidArgumentError(
            f"count may not exceed {MAX_CHUNK_NUMBERS} per chunk, got {max(counts)}; "
            "use more chunks, or smaller pages for a standalone file"
        )
    if number_type.is_float:
        # Whatever is chosen in the end: choices are made among floats, and bytes must not depend on the thread.
        check_float_arithmetic()


def compress_latents(
    latents: Latents,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
    common: Common | None = None,
) -> CompressedChunk:
    """Do what `compress_chunk` does, with ordered latents in pages of so many; the paging of `config` does not matter.

    Whoever calls this with latents of floats has seen to it that floats add and multiply as they do elsewhere.
    """
    numbers = ChunkNumbers(latents, number_type, kernels, is_ordered=True)
    return _compress(numbers, number_type, config, page_numbers, kernels, common)


def _compress(
    numbers: ChunkNumbers,
    number_type: NumberType,
    config: ChunkConfig,
    page_numbers: I64,
    kernels: Kernels,
    common: Common | None = None,
) -> CompressedChunk:
    choice = choose(numbers, number_type, config, page_numbers, kernels, common)
    chunk, cost = _train(choice, number_type, config.compression_level, page_numbers, kernels)
    if isinstance(choice.mode, Classic) and isinstance(choice.delta, NoDelta):
        return chunk
    raw_cost = numbers.size * number_type.bits << FRACTION_BITS
    return _raw(numbers.latents, number_type, page_numbers) if raw_cost < cost else chunk


def _train(
    choice: Choice, number_type: NumberType, level: int, page_numbers: I64, kernels: Kernels
) -> tuple[CompressedChunk, int]:
    """Encode deltas and find the bins; return the chunk and its expected cost."""
    encoded = deltas.encode(choice.delta, choice.primary, page_numbers, kernels, choice.distance)
    variables = [encoded]
    levels = [level]
    if encoded.lookbacks is not None:
        nothing = np.zeros((page_numbers.size, 0), np.uint32)
        variables.insert(0, deltas.Encoded(encoded.lookbacks, nothing))
        levels.insert(0, level)
    if choice.secondary is not None:
        variables.append(deltas.encode(NoDelta(), choice.secondary, page_numbers, kernels))
        levels.append(min(level, SECONDARY_LEVEL))
    trained = [train(v.stored, own, page_numbers.size, kernels) for v, own in zip(variables, levels, strict=True)]
    metadata = ChunkMetadata(number_type, choice.mode, choice.delta, tuple(t.bins for t in trained))
    cost = sum(t.cost for t in trained)
    cost += sum(8 * v.states.nbytes for v in variables) << FRACTION_BITS
    if isinstance(choice.mode, Dict):
        cost += 8 * choice.mode.values.nbytes << FRACTION_BITS
    assigned, cells, most_bits = zip(*((t.assigned, t.cells, t.most_bits) for t in trained), strict=True)
    return CompressedChunk(metadata, page_numbers, tuple(variables), assigned, cells, most_bits), cost


def _raw(latents: Latents, number_type: NumberType, page_numbers: I64) -> CompressedChunk:
    """Return the plainest form: every latent in full."""
    bins = Bins(0, np.ones(1, np.int64), np.zeros(1, np.uint64), np.array([number_type.bits]))
    metadata = ChunkMetadata(number_type, Classic(), NoDelta(), (bins,))
    nothing = np.zeros((page_numbers.size, 0), latents.dtype)
    assigned = np.zeros(latents.size, np.uint16)
    return CompressedChunk(
        metadata,
        page_numbers,
        variables=(deltas.Encoded(latents, nothing),),
        assigned=(assigned,),
        cells=(np.zeros(1, np.int64),),
        most_bits=(8 * latents.nbytes,),
    )
