"""Floats as ordered latents, and back: what is not finite is told by its bits and counts as 0.0."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_FLOATS = {32: (ir.FloatType(), 0x7F80_0000), 64: (ir.DoubleType(), 0x7FF0_0000_0000_0000)}  # and its exponent's bits


def _equal(kind: Any, value: int) -> Any:
    """Return a constant of a type: a number, or a vector of equal ones."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def _like(kind: Any, item: Any) -> Any:
    """Return a type of as many items."""
    return ir.VectorType(item, kind.count) if isinstance(kind, ir.VectorType) else item


def _word(kind: Any) -> Any:
    return kind.element if isinstance(kind, ir.VectorType) else kind


def _finite(builder: Any, bits: Any) -> Any:
    """Return the bits, or 0, those of 0.0."""
    kind = bits.type
    exponent = _equal(kind, _FLOATS[_word(kind).width][1])
    is_finite = builder.icmp_unsigned("!=", builder.and_(bits, exponent), exponent)
    return builder.select(is_finite, bits, _equal(kind, 0))


def to_number(builder: Any, latent: Any) -> Any:
    """Return the float64 of a latent, or of a vector of them."""
    kind = latent.type
    width = _word(kind).width
    sign = builder.not_(builder.ashr(latent, _equal(kind, width - 1)))
    bits = _finite(builder, builder.xor(latent, builder.or_(sign, _equal(kind, 1 << (width - 1)))))
    number = builder.bitcast(bits, _like(kind, _FLOATS[width][0]))
    return number if width == 64 else builder.fpext(number, _like(kind, ir.DoubleType()))


def to_latent(builder: Any, number: Any, kind: Any) -> Any:
    """Return the latent of a float64, or of a vector of them, which is rounded to the width of the latents."""
    width = _word(kind).width
    value = number if width == 64 else builder.fptrunc(number, _like(kind, _FLOATS[32][0]))
    bits = _finite(builder, builder.bitcast(value, kind))
    sign = builder.ashr(bits, _equal(kind, width - 1))
    return builder.xor(bits, builder.or_(sign, _equal(kind, 1 << (width - 1))))


def _number_of(typing_context: Any, latent: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return to_number(builder, arguments[0])

    return types.float64(latent), build


def _latent_of(typing_context: Any, number: Any, latent: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return to_latent(builder, arguments[0], arguments[1].type)

    return latent(types.float64, latent), build


number_of = intrinsic(_number_of)  # of a latent of 32 or 64 bits: its float, widened to 64 bits
latent_of = intrinsic(_latent_of)  # of a float64, which is rounded to the width of the second argument, any latent
