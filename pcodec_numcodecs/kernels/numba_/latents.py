"""Floats as ordered latents, and back: what is not finite is told by its bits and counts as 0.0."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_FLOATS = {32: (ir.FloatType(), 0x7F80_0000), 64: (ir.DoubleType(), 0x7FF0_0000_0000_0000)}  # and its exponent's bits


def _finite(builder: Any, bits: Any) -> Any:
    """Return the bits, or 0, those of 0.0."""
    word = bits.type
    exponent = ir.Constant(word, _FLOATS[word.width][1])
    is_finite = builder.icmp_unsigned("!=", builder.and_(bits, exponent), exponent)
    return builder.select(is_finite, bits, ir.Constant(word, 0))


def _number_of(typing_context: Any, latent: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = arguments[0].type
        top = ir.Constant(word, 1 << (word.width - 1))
        is_negative = builder.icmp_signed(">=", arguments[0], ir.Constant(word, 0))
        bits = builder.xor(arguments[0], builder.select(is_negative, ir.Constant(word, -1), top))
        number = builder.bitcast(_finite(builder, bits), _FLOATS[word.width][0])
        return number if word.width == 64 else builder.fpext(number, ir.DoubleType())

    return types.float64(latent), build


def _latent_of(typing_context: Any, number: Any, latent: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = arguments[1].type
        top = ir.Constant(word, 1 << (word.width - 1))
        value = arguments[0] if word.width == 64 else builder.fptrunc(arguments[0], _FLOATS[32][0])
        bits = _finite(builder, builder.bitcast(value, word))
        sign = builder.ashr(bits, ir.Constant(word, word.width - 1))
        return builder.xor(bits, builder.or_(sign, top))

    return latent(types.float64, latent), build


number_of = intrinsic(_number_of)  # of a latent of 32 or 64 bits: its float, widened to 64 bits
latent_of = intrinsic(_latent_of)  # of a float64, which is rounded to the width of the second argument, any latent
