"""How each page's latents were differenced: the delta field of the chunk metadata."""

from dataclasses import dataclass

from ..constants import (
    BITS_CONV1_ORDER,
    BITS_CONV1_QUANTIZATION,
    BITS_CONV1_WEIGHT,
    BITS_DELTA,
    BITS_DELTA_ORDER,
    BITS_STATE_LOG,
    BITS_WINDOW_LOG,
    MAX_WINDOW_LOG,
)
from ..errors import CorruptionError
from .fields import FieldReader, FieldWriter
from .header import FormatVersion


@dataclass(frozen=True)
class NoDelta:
    """The latents themselves are stored."""

    @property
    def state_length(self) -> int:
        """Latents of a page that its delta state implies."""
        return 0


@dataclass(frozen=True)
class Consecutive:
    """Differences of neighbours, taken `order` times."""

    order: int
    secondary_too: bool = False

    @property
    def state_length(self) -> int:
        """Latents of a page that its delta state implies."""
        return self.order


@dataclass(frozen=True)
class Lookback:
    """Differences to an earlier latent, at distances that are a latent variable of their own."""

    window_log: int
    state_log: int = 0
    secondary_too: bool = False

    @property
    def state_length(self) -> int:
        """Latents of a page that its delta state implies."""
        return 1 << self.state_log


@dataclass(frozen=True)
class Conv1:
    """Differences to ``max(bias + sum(weights * the latents before), 0) >> quantization``."""

    quantization: int
    bias: int
    weights: tuple[int, ...]

    @property
    def state_length(self) -> int:
        """Latents of a page that its delta state implies."""
        return len(self.weights)


DeltaEncoding = NoDelta | Consecutive | Lookback | Conv1

_NONE, _CONSECUTIVE, _LOOKBACK, _CONV1 = range(4)


def applies_to_secondary(delta: DeltaEncoding) -> bool:
    """Whether the secondary latents are differenced as well as the primary ones."""
    return isinstance(delta, Consecutive | Lookback) and delta.secondary_too


def check_conv1(delta: Conv1, latent_bits: int) -> str | None:
    """Say why these weights are not legal for latents of a width, None where they are."""
    if latent_bits > 32:
        return f"Conv1 is for latents of at most 32 bits, got {latent_bits}"
    accumulator_bits = 2 * latent_bits
    limit = min(31, accumulator_bits - 1)
    if delta.quantization > limit:
        return f"Conv1 quantization may not exceed {limit}, got {delta.quantization}"
    reach = abs(float(delta.bias)) + float(1 << latent_bits) * float(sum(abs(w) for w in delta.weights))
    if not reach < float(1 << (accumulator_bits - 1)):
        return f"Conv1 accumulator may not reach 2**{accumulator_bits - 1}, got up to {reach:g}"
    return None


def read_delta(reader: FieldReader, latent_bits: int, version: FormatVersion) -> DeltaEncoding:
    """Read the delta encoding; `latent_bits` is the width of the primary latents."""
    if not version.has_delta_variants:
        order = reader.read(BITS_DELTA_ORDER)
        return Consecutive(order) if order else NoDelta()
    kind = reader.read(BITS_DELTA)
    if kind == _NONE:
        return NoDelta()
    if kind == _CONSECUTIVE:
        order = reader.read(BITS_DELTA_ORDER)
        if order == 0:
            raise CorruptionError("order of consecutive delta may not be 0")
        return Consecutive(order, bool(reader.read(1)))
    if kind == _LOOKBACK:
        lookback = Lookback(
            reader.read(BITS_WINDOW_LOG) + 1, reader.read(BITS_STATE_LOG), secondary_too=bool(reader.read(1))
        )
        if lookback.window_log > MAX_WINDOW_LOG:
            raise CorruptionError(f"window_log of lookback may not exceed {MAX_WINDOW_LOG}, got {lookback.window_log}")
        if lookback.state_log > lookback.window_log:
            raise CorruptionError(f"state_log of lookback may not exceed window_log, got {lookback}")
        return lookback
    if kind == _CONV1:
        quantization = reader.read(BITS_CONV1_QUANTIZATION)
        bias = reader.read(64) - (1 << 63)
        order = reader.read(BITS_CONV1_ORDER) + 1
        weights = tuple(reader.read(BITS_CONV1_WEIGHT) - (1 << 31) for _ in range(order))
        conv1 = Conv1(quantization, bias, weights)
        if reason := check_conv1(conv1, latent_bits):
            raise CorruptionError(reason)
        return conv1
    raise CorruptionError(f"delta encoding may not exceed {_CONV1}, got {kind}")


def write_delta(writer: FieldWriter, delta: DeltaEncoding) -> None:
    """Write the delta field."""
    match delta:
        case NoDelta():
            writer.write(_NONE, BITS_DELTA)
        case Consecutive(order, secondary_too):
            writer.write(_CONSECUTIVE, BITS_DELTA)
            writer.write(order, BITS_DELTA_ORDER)
            writer.write(secondary_too, 1)
        case Lookback(window_log, state_log, secondary_too):
            writer.write(_LOOKBACK, BITS_DELTA)
            writer.write(window_log - 1, BITS_WINDOW_LOG)
            writer.write(state_log, BITS_STATE_LOG)
            writer.write(secondary_too, 1)
        case Conv1(quantization, bias, weights):
            writer.write(_CONV1, BITS_DELTA)
            writer.write(quantization, BITS_CONV1_QUANTIZATION)
            writer.write(bias + (1 << 63), 64)
            writer.write(len(weights) - 1, BITS_CONV1_ORDER)
            for weight in weights:
                writer.write(weight + (1 << 31), BITS_CONV1_WEIGHT)
