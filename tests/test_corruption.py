"""Corruption: bytes that break a rule of the format are refused, as the wheel refuses them, and so are bytes cut short.

Each refused stream is assembled by hand and differs in one field from one that is read.
"""

import numpy as np
import pcodec
import pytest
from bit_writer import bins, chunk_header, file_header, one_bin, pack
from wheel_oracle import HEADER, outcome

import pcodec_numcodecs
from pcodec_numcodecs import CorruptionError, standalone
from pcodec_numcodecs.dtypes import NUMBER_TYPES, to_latents

CLASSIC, INT_MULT, FLOAT_MULT, FLOAT_QUANT, DICT = [(kind, 4) for kind in range(5)]
NONE, CONSECUTIVE, LOOKBACK, CONV1 = [(kind, 4) for kind in range(4)]
META = pack(CLASSIC, NONE, *one_bin(5, 0, 32))
CHUNK = chunk_header(1, 3) + META


def float_latent(value, name):
    number_type = NUMBER_TYPES[name]
    return int(to_latents(np.array([value], number_type.dtype), number_type)[0])


def meta(name, mode=(CLASSIC,), delta=(NONE,), variables=None, end=()):
    width = NUMBER_TYPES[name].bits
    if variables is None:
        count = 2 if mode[0] in (INT_MULT, FLOAT_MULT, FLOAT_QUANT) else 1
        variables = [one_bin(5, 1, width)] * count
    return name, pack(*mode, *delta, *(field for variable in variables for field in variable), *end)


def lookback(window_log, state_log, *lowers, offset_bits=0):
    weights = [1] * len(lowers)
    return meta(
        "u32",
        delta=(LOOKBACK, (window_log - 1, 5), (state_log, 4), (0, 1)),
        variables=[
            bins(len(lowers) - 1, [(w, low, offset_bits) for w, low in zip(weights, lowers, strict=True)], 32),
            one_bin(0, 1, 32),
        ],
    )


def conv1(name, q, bias, *weights):
    fields = [(q, 5), (bias + 2**63, 64), (len(weights) - 1, 5), *((w + 2**31, 32) for w in weights)]
    return meta(name, delta=(CONV1, *fields))


FILES = {
    "magic": (b"pcO!" + file_header()[4:] + CHUNK + b"\0", "magic"),
    "standalone-version": (file_header(version=4) + CHUNK + b"\0", "standalone version"),
    "uniform-type-12": (file_header(uniform=12) + CHUNK + b"\0", "number type byte"),
    "uniform-type-255": (file_header(uniform=255) + b"\0", "number type byte"),
    "padding-after-hint": (file_header(5, hint_padding=0b1000000) + CHUNK + b"\0", "padding"),
    "padding-after-long-hint": (file_header(2**40, hint_padding=0b1) + CHUNK + b"\0", "padding"),
    "format-major": (file_header(major=5) + CHUNK + b"\0", "format major version"),
    "chunk-type-12": (file_header() + chunk_header(12, 3) + META + b"\0", "number type byte"),
    "chunk-type-not-uniform": (file_header(uniform=2) + CHUNK + b"\0", "uniform number type"),
    "chunk-type-unknown-not-uniform": (file_header(uniform=1) + chunk_header(99, 3) + META + b"\0", "uniform"),
    "chunk-type-not-the-first": (file_header() + CHUNK + chunk_header(3, 3) + META + b"\0", "does not match"),
    "end-type": (file_header() + CHUNK + b"\x0c", "number type byte"),
}

READ = {
    "int-mult": meta("i16", mode=(INT_MULT, (3, 16))),
    "int-mult-largest": meta("u8", mode=(INT_MULT, (255, 8))),
    "float-mult": meta("f32", mode=(FLOAT_MULT, (float_latent(0.1, "f32"), 32))),
    "float-mult-negative": meta("f64", mode=(FLOAT_MULT, (float_latent(-0.1, "f64"), 64))),
    "float-mult-subnormal": meta("f64", mode=(FLOAT_MULT, (float_latent(5e-324, "f64"), 64))),
    **{f"quant-{k}-{t}": meta(t, mode=(FLOAT_QUANT, (k, 8))) for t, k in (("f16", 10), ("f32", 23), ("f64", 52))},
    "dict": meta("u8", mode=(DICT, (2, 25), (0, 3), (7, 8), (9, 8)), variables=[one_bin(0, 1, 32)]),
    "dict-twice-the-same": meta("u8", mode=(DICT, (2, 25), (0, 3), (7, 8), (7, 8)), variables=[one_bin(0, 1, 32)]),
    "dict-empty": meta("u8", mode=(DICT, (0, 25), (0, 3)), variables=[one_bin(0, 1, 32)]),
    "consecutive-7": meta("i32", delta=(CONSECUTIVE, (7, 3), (0, 1))),
    "window-log-24": lookback(24, 0, 1),
    "state-log-of-window": lookback(3, 3, 1),
    "lookback-of-window": lookback(4, 0, 1, 16),
    "conv1-q-15-u8": conv1("u8", 15, 0, 3),
    "conv1-q-31-u32": conv1("u32", 31, 0, 2**31 - 1),
    "conv1-bias-just-fits": conv1("u8", 0, 2**15 - 1, 0),
    "conv1-dict": meta(
        "f64",
        mode=(DICT, (1, 25), (0, 3), (7, 64)),
        delta=(CONV1, (3, 5), (2**63, 64), (0, 5), (2**31, 32)),
        variables=[one_bin(0, 0, 32)],
    ),
    "bins-overlap-unsorted": meta("u16", variables=[bins(2, [(1, 900, 9), (1, 3, 16), (2, 3, 0)], 16)]),
    "ans-log-14": meta("u16", variables=[bins(14, [(2**14 - 1, 1, 0), (1, 2, 0)], 16)]),
    "offset-bits-of-width": meta("u8", variables=[one_bin(200, 8, 8)]),
    "no-bins": meta("u8", variables=[[(0, 4), (0, 15)]]),
}

BAD = {
    **{f"mode-{kind}": (meta("u32", mode=((kind, 4),)), "mode") for kind in range(5, 16)},
    "int-mult-floats": (meta("f32", mode=(INT_MULT, (3, 32))), "IntMult"),
    "float-mult-integers": (meta("i32", mode=(FLOAT_MULT, (3, 32))), "FloatMult"),
    "quant-integers": (meta("u32", mode=(FLOAT_QUANT, (3, 8))), "FloatQuant"),
    "int-mult-0": (meta("i16", mode=(INT_MULT, (0, 16))), "IntMult"),
    **{
        f"float-mult-{value}": (meta("f32", mode=(FLOAT_MULT, (float_latent(value, "f32"), 32))), "FloatMult")
        for value in (0.0, -0.0, np.inf, -np.inf, np.nan)
    },
    **{
        f"quant-{k}-{t}": (meta(t, mode=(FLOAT_QUANT, (k, 8))), "FloatQuant")
        for t, k in (("f16", 0), ("f16", 11), ("f32", 24), ("f64", 53), ("f64", 255))
    },
    "dict-padding": (
        meta("u8", mode=(DICT, (2, 25), (4, 3), (7, 8), (9, 8)), variables=[one_bin(0, 1, 32)]),
        "padding",
    ),
    **{f"delta-{kind}": (meta("u32", delta=((kind, 4),)), "delta") for kind in range(4, 16)},
    "consecutive-0": (meta("i32", delta=(CONSECUTIVE, (0, 3), (0, 1))), "order"),
    "window-log-25": (lookback(25, 0, 1), "window_log"),
    "state-log-above-window": (lookback(3, 4, 1), "state_log"),
    "lookback-0": (lookback(4, 0, 0, 1), "lookback"),
    "lookback-above-window": (lookback(4, 0, 1, 17), "lookback"),
    "conv1-64-bit": (conv1("u64", 3, 0, 1), "Conv1"),
    "conv1-q-16-u8": (conv1("u8", 16, 0, 3), "quantization"),
    "conv1-bias": (conv1("u8", 0, 2**15, 0), "accumulator"),
    "conv1-negative-bias": (conv1("u8", 0, -(2**15), 0), "accumulator"),
    "conv1-weights": (conv1("u16", 0, 0, 2**14, -(2**14)), "accumulator"),
    "conv1-largest-weights": (conv1("u32", 0, -(2**63), *[-(2**31)] * 32), "accumulator"),
    "bins-above-table": (meta("u8", variables=[bins(1, [(1, 0, 0), (1, 1, 0), (1, 2, 0)], 8)]), "table"),
    "single-bin-with-table": (meta("u8", variables=[bins(1, [(2, 0, 0)], 8)]), "single bin"),
    "no-bins-with-table": (meta("u8", variables=[[(1, 4), (0, 15)]]), "weights"),
    "ans-log-15": (meta("u16", variables=[bins(15, [(2**15 - 1, 1, 0), (1, 2, 0)], 16)]), "tANS log"),
    **{
        f"offset-bits-{t}": (
            meta(t, variables=[one_bin(0, 1 + NUMBER_TYPES[t].bits, NUMBER_TYPES[t].bits)]),
            "offset bits",
        )
        for t in ("u8", "i16", "f32", "f64")
    },
    "weights-too-few": (meta("u8", variables=[bins(2, [(1, 0, 0), (2, 1, 0)], 8)]), "weights"),
    "weights-too-many": (meta("u8", variables=[bins(2, [(4, 0, 0), (1, 1, 0)], 8)]), "weights"),
    "padding": (meta("u8", end=[(1, 1)]), "padding"),
    "padding-last-bit": (meta("u32", end=[(0, 6), (1, 1)]), "padding"),
}


@pytest.mark.parametrize(("data", "words"), FILES.values(), ids=FILES)
def test_corrupt_file_is_refused(data, words):
    with pytest.raises(CorruptionError, match=words):
        standalone.simple_decompress(data)
    assert outcome(lambda: pcodec.standalone.simple_decompress(data)) == "refused"


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_sound_file_is_read(version):
    header = {0: b"pco!\0", 1: b"pco!\1", 2: b"pco!\2\0\4\1"}.get(version, file_header(3))
    old = pack(CLASSIC, (0, 3), *one_bin(5, 0, 32))  # the delta field was shorter
    data = header + chunk_header(1, 3) + (old if version < 2 else META) + b"\0"
    assert standalone.simple_decompress(data).tolist() == [5, 5, 5]
    assert pcodec.standalone.simple_decompress(data).tolist() == [5, 5, 5]


def chunk_of(package, source, header=HEADER):
    name, data = source
    return package.wrapped.FileDecompressor.new(header)[0].chunk_decompressor(data, name)


@pytest.mark.parametrize("source", READ.values(), ids=READ)
def test_sound_metadata_are_read(source):
    assert chunk_of(pcodec_numcodecs, source)[1] == chunk_of(pcodec, source)[1] == len(source[1])


@pytest.mark.parametrize(("source", "words"), BAD.values(), ids=BAD)
def test_corrupt_metadata_are_refused(source, words):
    # Bytes enough behind, so that nothing else is wrong.
    source = source[0], source[1] + bytes(1000)
    with pytest.raises(CorruptionError, match=words):
        chunk_of(pcodec_numcodecs, source)
    assert outcome(lambda: chunk_of(pcodec, source)) == "refused"


def test_mode_1_of_version_0_is_refused():
    name, data = "u32", pack(INT_MULT, (3, 32), (0, 3), *one_bin(5, 0, 32), *one_bin(0, 0, 32))
    assert chunk_of(pcodec_numcodecs, (name, data), b"\1")[1] == len(data)
    with pytest.raises(CorruptionError, match="mode"):
        chunk_of(pcodec_numcodecs, (name, data), b"\0")
    assert outcome(lambda: chunk_of(pcodec, (name, data), b"\0")) == "refused"


# Metadata, page, its numbers.
PAGES = {
    "page-metadata": (
        meta("u8", variables=[bins(1, [(1, 5, 0), (1, 6, 0)], 8)], delta=(CONSECUTIVE, (1, 3), (0, 1))),
        2,
    ),
    "no-bins": (meta("u8", variables=[[(0, 4), (0, 15)]]), 2),
    "no-bins-delta": (meta("u8", variables=[[(0, 4), (0, 15)]], delta=(CONSECUTIVE, (1, 3), (0, 1))), 2),
    "lookback": (lookback(1, 0, 1, offset_bits=2), 2),
    "dictionary": (meta("u8", mode=(DICT, (2, 25), (0, 3), (7, 8), (9, 8)), variables=[one_bin(0, 2, 32)]), 3),
    "dictionary-empty": (meta("u8", mode=(DICT, (0, 25), (0, 3)), variables=[one_bin(0, 2, 32)]), 1),
    "end": (meta("u8", variables=[one_bin(5, 3, 8)]), 2),
}
BAD_PAGES = [
    ("page-metadata", pack((9, 8), (0, 4), (1, 1)), "page metadata"),
    ("page-metadata", pack((9, 8), (0, 4), (0, 3), (1, 1)), "page metadata"),
    ("no-bins", b"", "bins"),
    ("no-bins-delta", b"\7", "bins"),
    ("lookback", pack((5, 32), (3, 2), (0, 1)), "lookback"),
    ("dictionary", pack((0, 2), (2, 2), (1, 2)), "dictionary"),
    ("dictionary", pack((0, 2), (1, 2), (3, 2)), "dictionary"),
    ("dictionary-empty", pack((0, 2)), "dictionary"),
    ("end", pack((0, 3), (7, 3), (1, 1)), "padding"),
    ("end", pack((0, 3), (7, 3), (0, 1), (1, 1)), "padding"),
]
GOOD_PAGES = [
    ("page-metadata", pack((9, 8), (0, 4), (0, 4), (0, 1)), [9, 142]),
    ("lookback", pack((5, 32), (1, 2), (0, 1)), [5, 2**31]),
    ("dictionary", pack((0, 2), (1, 2), (0, 2)), [7, 9, 7]),
    ("end", pack((0, 3), (7, 3)), [5, 12]),
]


@pytest.mark.parametrize(("name", "page", "words"), BAD_PAGES)
def test_corrupt_page_is_refused(name, page, words):
    source, n = PAGES[name]
    destination = np.zeros(n, NUMBER_TYPES[source[0]].dtype)
    with pytest.raises(CorruptionError, match=words):
        chunk_of(pcodec_numcodecs, source)[0].read_page_into(page + bytes(9), n, destination)
    assert outcome(lambda: chunk_of(pcodec, source)[0].read_page_into(page + bytes(9), n, destination)) == "refused"


@pytest.mark.parametrize(("name", "page", "numbers"), GOOD_PAGES)
def test_sound_page_is_read(name, page, numbers):
    source, n = PAGES[name]
    for package in (pcodec, pcodec_numcodecs):
        destination = np.zeros(n, NUMBER_TYPES[source[0]].dtype)
        assert chunk_of(package, source)[0].read_page_into(page, n, destination)[1] == len(page)
        assert destination.tolist() == numbers


def test_lookback_of_nothing_is_corrupt():
    # A lower bound and its offset may wrap to 0, which the wheel does not see: what it reads then is unspecified.
    source = lookback(4, 0, 16, offset_bits=32)
    page = pack((5, 32), (2**32 - 16, 32), (0, 1))
    with pytest.raises(CorruptionError, match="lookback"):
        chunk_of(pcodec_numcodecs, source)[0].read_page_into(page, 2, np.zeros(2, np.uint32))


def test_padding_of_half_a_page_is_not_looked_at():
    source = meta("u8", variables=[one_bin(5, 3, 8)])
    page = pack(*[(1, 3)] * 258, (1, 1))
    for package in (pcodec, pcodec_numcodecs):
        destination = np.zeros(256, np.uint8)
        chunk = chunk_of(package, source)[0]
        assert chunk.read_page_into(page, 258, destination)[1] == 96
        assert (destination == 6).all()
        assert outcome(lambda chunk=chunk: chunk.read_page_into(page, 258, np.zeros(258, np.uint8))) == "refused"
