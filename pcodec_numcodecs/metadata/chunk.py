"""Chunk metadata: mode, delta encoding, and the bins of each latent variable."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ..constants import BITS_ANS_LOG, BITS_BIN_COUNT, MAX_ANS_LOG
from ..dtypes import NumberType
from ..errors import CorruptionError
from .deltas import DeltaEncoding, Lookback, applies_to_secondary, read_delta, write_delta
from .fields import FieldReader, FieldWriter
from .header import FormatVersion
from .modes import Mode, has_secondary, primary_bits, read_mode, write_mode


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of one latent variable, and the size of its tANS table.

    A latent is ``lowers[b] + offset``, the offset of `offset_bits[b]` bits, the sum modulo the latent width.

    Attributes
    ----------
    ans_log
        log2 of the table size, 0 to 14.
    weights
        Table slots of each bin, int64; they add up to the table size.
    lowers
        uint64.
    offset_bits
        int64, 0 to the latent width.
    """

    ans_log: int
    weights: npt.NDArray[np.int64]
    lowers: npt.NDArray[np.uint64]
    offset_bits: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return self.weights.size

    @classmethod
    def none(cls) -> Self:
        """Return the bins of a variable of which nothing is stored."""
        return cls(0, np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64))


@dataclass(frozen=True)
class VariableLayout:
    """What mode and delta encoding say of one latent variable.

    Attributes
    ----------
    name
        ``"delta"``, ``"primary"`` or ``"secondary"``.
    latent_bits
        Width of its latents.
    state_length
        Values of its delta state in each page.
    omitted
        Latents of each page that are not stored, as a delta state implies them: for the delta variable the
        primary's.
    """

    name: str
    latent_bits: int
    state_length: int
    omitted: int


def layout(mode: Mode, delta: DeltaEncoding, number_type: NumberType) -> tuple[VariableLayout, ...]:
    """List the latent variables in the order of the wire."""
    state_length = delta.state_length
    variables = [VariableLayout("primary", primary_bits(mode, number_type), state_length, state_length)]
    if isinstance(delta, Lookback):
        variables.insert(0, VariableLayout("delta", 32, 0, state_length))
    if has_secondary(mode):
        length = state_length if applies_to_secondary(delta) else 0
        variables.append(VariableLayout("secondary", number_type.bits, length, length))
    return tuple(variables)


@dataclass(frozen=True, eq=False)
class ChunkMetadata:
    """All that pages of one Pco chunk share."""

    number_type: NumberType
    mode: Mode
    delta: DeltaEncoding
    bins: tuple[Bins, ...]

    @property
    def layout(self) -> tuple[VariableLayout, ...]:
        """The latent variables, one for each of `bins`."""
        return layout(self.mode, self.delta, self.number_type)

    @classmethod
    def read(
        cls, source: bytes | memoryview, number_type: NumberType, version: FormatVersion
    ) -> tuple["ChunkMetadata", int]:
        """Read the metadata; return it and the count of bytes read.

        Raises
        ------
        CorruptionError
            When a rule of the format is broken.
        InsufficientDataError
            When bytes are missing.
        """
        reader = FieldReader(source, "chunk metadata")
        mode = read_mode(reader, number_type, version)
        delta = read_delta(reader, primary_bits(mode, number_type), version)
        bins = tuple(_read_bins(reader, variable) for variable in layout(mode, delta, number_type))
        reader.align()
        if isinstance(delta, Lookback):
            _check_lookbacks(bins[0], delta)
        return cls(number_type, mode, delta, bins), reader.bytes_read

    def write(self) -> bytes:
        """Return the bytes of the metadata."""
        writer = FieldWriter()
        write_mode(writer, self.mode, self.number_type)
        write_delta(writer, self.delta)
        for variable, bins in zip(self.layout, self.bins, strict=True):
            writer.write(bins.ans_log, BITS_ANS_LOG)
            writer.write(len(bins), BITS_BIN_COUNT)
            columns = ((bins.weights - 1).view(np.uint64), bins.lowers, bins.offset_bits.view(np.uint64))
            writer.write_records(columns, _bin_widths(bins.ans_log, variable.latent_bits))
        return writer.getvalue()


def _bin_widths(ans_log: int, latent_bits: int) -> tuple[int, int, int]:
    return ans_log, latent_bits, latent_bits.bit_length()


def bin_metadata_bits(ans_log: int, latent_bits: int) -> int:
    """Bits that one bin takes in the chunk metadata."""
    return sum(_bin_widths(ans_log, latent_bits))


def _read_bins(reader: FieldReader, variable: VariableLayout) -> Bins:
    ans_log = reader.read(BITS_ANS_LOG)
    count = reader.read(BITS_BIN_COUNT)
    size = 1 << ans_log
    where = f"of the {variable.name} latents"
    if count > size:
        raise CorruptionError(f"bins {where} may not exceed the tANS table's {size} slots, got {count}")
    if count == 1 and ans_log > 0:
        raise CorruptionError(f"a single bin {where} must have tANS log 0, got {ans_log}")
    if ans_log > MAX_ANS_LOG:
        raise CorruptionError(f"tANS log {where} may not exceed {MAX_ANS_LOG}, got {ans_log}")
    widths = _bin_widths(ans_log, variable.latent_bits)
    less_one, lowers, offset_bits = reader.read_records(count, widths)
    bins = Bins(ans_log, less_one.view(np.int64) + 1, lowers, offset_bits.view(np.int64))
    widest = int(bins.offset_bits.max(initial=0))
    if widest > variable.latent_bits:
        raise CorruptionError(f"offset bits {where} may not exceed {variable.latent_bits}, got {widest}")
    # A variable without bins counts as one symbol of weight 1.
    total = int(bins.weights.sum()) if count else 1
    if total != size:
        raise CorruptionError(f"weights {where} must add up to {size}, got {total}")
    return bins


def _check_lookbacks(bins: Bins, delta: Lookback) -> None:
    window = 1 << delta.window_log
    if len(bins) and (int(bins.lowers.min()) < 1 or int(bins.lowers.max()) > window):
        raise CorruptionError(
            f"lookbacks must be 1 to {window}, got bins from {bins.lowers.min()} to {bins.lowers.max()}"
        )
