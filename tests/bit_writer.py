"""A tiny writer of bit fields, apart from the one under test, to assemble Pco bytes by hand."""


def pack(*fields: tuple[int, int]) -> bytes:
    """Write (value, width) after (value, width), lowest bit first, and zeros up to the next byte."""
    value = position = 0
    for field, width in fields:
        assert 0 <= field < 1 << width or field == width == 0
        value |= field << position
        position += width
    return value.to_bytes((position + 7) // 8, "little")


def one_bin(lower: int, offset_bits: int, latent_bits: int) -> list[tuple[int, int]]:
    """Fields of a variable whose latents are ``lower`` and an offset: no tANS."""
    return [(0, 4), (1, 15), (lower, latent_bits), (offset_bits, latent_bits.bit_length())]


def bins(ans_log: int, rows: list[tuple[int, int, int]], latent_bits: int) -> list[tuple[int, int]]:
    """Fields of a variable with bins of (weight, lower, offset bits)."""
    fields = [(ans_log, 4), (len(rows), 15)]
    for weight, lower, offset_bits in rows:
        fields += [(weight - 1, ans_log), (lower, latent_bits), (offset_bits, latent_bits.bit_length())]
    return fields


def file_header(n_hint: int = 0, uniform: int = 0, version: int = 3, major: int = 4, hint_padding: int = 0) -> bytes:
    """Header of a standalone file; `hint_padding` goes into the bits after the hint, which should be 0."""
    width = max(1, n_hint.bit_length())
    hint = pack((width - 1, 6), (n_hint, width), (hint_padding, -(6 + width) % 8))
    return b"pco!" + bytes([version, uniform]) + hint + bytes([major, 1])


def chunk_header(type_byte: int, n: int) -> bytes:
    """What precedes a chunk's metadata in a standalone file."""
    return bytes([type_byte]) + (n - 1).to_bytes(3, "little")
