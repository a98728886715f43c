"""Compatibility: settings take what the wheel's take; better: they are frozen, comparable, and checked when created."""

import copy
import decimal
import operator
import pickle
import warnings

import numpy as np
import pcodec
import pytest
from wheel_oracle import PACKAGES, bits, dtype_of, outcome

import pcodec_numcodecs
from pcodec_numcodecs import ChunkConfig, DeltaSpec, InvalidArgumentError, ModeSpec, PagingSpec, Progress


def level(value):
    return lambda p: p.ChunkConfig(compression_level=value)


def mode(name, *arguments):
    return lambda p: p.ChunkConfig(mode_spec=getattr(p.ModeSpec, name)(*arguments), enable_8_bit=True)


def delta(name, *arguments):
    return lambda p: p.ChunkConfig(delta_spec=getattr(p.DeltaSpec, name)(*arguments), enable_8_bit=True)


def paging(name, *arguments):
    return lambda p: p.ChunkConfig(paging_spec=getattr(p.PagingSpec, name)(*arguments), enable_8_bit=True)


def everything(p):
    return p.ChunkConfig(
        3, p.ModeSpec.classic(), p.DeltaSpec.no_op(), p.PagingSpec.exact_page_sizes([200, 100, 300]), True
    )


def numbers_of(type_name, n=600):
    return (np.arange(n) % 50 + 50).astype(dtype_of(type_name))


# Settings, and a number type that they fit.
ACCEPTED = {
    "default": (lambda p: p.ChunkConfig(), "i32"),
    "all-positional": (everything, "u8"),
    "level-0": (level(0), "i32"),
    "level-12": (level(12), "i32"),
    "level-true": (level(True), "i32"),
    "level-numpy": (level(np.int64(3)), "i32"),
    "level-array": (level(np.array(3)), "i32"),
    "8-bit-numpy-bool": (lambda p: p.ChunkConfig(enable_8_bit=np.bool_(True)), "u8"),
    "consecutive-0": (delta("try_consecutive", 0), "f64"),
    "consecutive-7": (delta("try_consecutive", 7), "i8"),
    "conv1-0": (delta("try_conv1", 0), "f32"),
    "conv1-32": (delta("try_conv1", 32), "u16"),
    "quant-52": (mode("try_float_quant", 52), "f64"),
    "quant-10": (mode("try_float_quant", 10), "f16"),
    "quant-bool": (mode("try_float_quant", True), "f32"),
    "int-mult-1": (mode("try_int_mult", 1), "i64"),
    "int-mult-largest": (mode("try_int_mult", 2**64 - 1), "u64"),
    "int-mult-cut-to-width": (mode("try_int_mult", 259), "u8"),
    "float-mult-negative": (mode("try_float_mult", -1.5), "f64"),
    "float-mult-subnormal": (mode("try_float_mult", 1e-320), "f64"),
    "float-mult-int": (mode("try_float_mult", 3), "f32"),
    "float-mult-decimal": (mode("try_float_mult", decimal.Decimal("0.5")), "f32"),
    "float-mult-numpy": (mode("try_float_mult", np.float16(0.5)), "f16"),
    "dict": (mode("try_dict"), "f64"),
    "lookback": (delta("try_lookback"), "u32"),
    "pages-of-1": (paging("equal_pages_up_to", 1), "i16"),
    "pages-of-all": (paging("equal_pages_up_to", 2**64 - 1), "i16"),
    "sizes-list": (paging("exact_page_sizes", [1, 599]), "i32"),
    "sizes-tuple": (paging("exact_page_sizes", (256, 344)), "i32"),
    "sizes-range": (paging("exact_page_sizes", range(299, 302, 2)), "i32"),
    "sizes-array": (paging("exact_page_sizes", np.array([300, 300], np.uint16)), "i32"),
    "sizes-memoryview": (paging("exact_page_sizes", memoryview(np.array([600]))), "i32"),
    "sizes-bytes": (paging("exact_page_sizes", bytes([200] * 3)), "i32"),
}

# What the value alone decides: refused when created, while the wheel may only refuse to compress.
REFUSED = {
    "level--1": (level(-1), InvalidArgumentError),
    "level-13": (level(13), InvalidArgumentError),
    "level-2**63": (level(2**63), InvalidArgumentError),
    "level-2**70": (level(2**70), InvalidArgumentError),
    "level-float": (level(3.0), TypeError),
    "level-str": (level("8"), TypeError),
    "level-none": (level(None), TypeError),
    "level-numpy-bool": (level(np.bool_(True)), TypeError),
    "unknown-keyword": (lambda p: p.ChunkConfig(foo=1), TypeError),
    "too-many-arguments": (lambda p: p.ChunkConfig(8, *[None] * 5), TypeError),
    "mode-str": (lambda p: p.ChunkConfig(mode_spec="auto"), TypeError),
    "mode-none": (lambda p: p.ChunkConfig(mode_spec=None), TypeError),
    "mode-of-another-kind": (lambda p: p.ChunkConfig(mode_spec=p.DeltaSpec.auto()), TypeError),
    "delta-str": (lambda p: p.ChunkConfig(delta_spec="auto"), TypeError),
    "paging-int": (lambda p: p.ChunkConfig(paging_spec=300), TypeError),
    "8-bit-int": (lambda p: p.ChunkConfig(enable_8_bit=1), TypeError),
    "8-bit-none": (lambda p: p.ChunkConfig(enable_8_bit=None), TypeError),
    "consecutive--1": (delta("try_consecutive", -1), InvalidArgumentError),
    "consecutive-8": (delta("try_consecutive", 8), InvalidArgumentError),
    "consecutive-float": (delta("try_consecutive", 1.5), TypeError),
    "conv1--1": (delta("try_conv1", -1), InvalidArgumentError),
    "conv1-33": (delta("try_conv1", 33), InvalidArgumentError),
    "conv1-float": (delta("try_conv1", 1.5), TypeError),
    "quant--1": (mode("try_float_quant", -1), InvalidArgumentError),
    "quant-0": (mode("try_float_quant", 0), InvalidArgumentError),
    "quant-53": (mode("try_float_quant", 53), InvalidArgumentError),
    "quant-2**32": (mode("try_float_quant", 2**32), InvalidArgumentError),
    "quant-float": (mode("try_float_quant", 4.0), TypeError),
    "int-mult--1": (mode("try_int_mult", -1), InvalidArgumentError),
    "int-mult-0": (mode("try_int_mult", 0), InvalidArgumentError),
    "int-mult-2**64": (mode("try_int_mult", 2**64), InvalidArgumentError),
    "int-mult-float": (mode("try_int_mult", 2.0), TypeError),
    "float-mult-0": (mode("try_float_mult", 0.0), InvalidArgumentError),
    "float-mult--0": (mode("try_float_mult", -0.0), InvalidArgumentError),
    "float-mult-nan": (mode("try_float_mult", float("nan")), InvalidArgumentError),
    "float-mult-inf": (mode("try_float_mult", float("inf")), InvalidArgumentError),
    "float-mult-10**400": (mode("try_float_mult", 10**400), InvalidArgumentError),
    "float-mult-str": (mode("try_float_mult", "1.5"), TypeError),
    "float-mult-bytes": (mode("try_float_mult", bytearray(b"1.5")), TypeError),
    "float-mult-none": (mode("try_float_mult", None), TypeError),
    "float-mult-complex": (mode("try_float_mult", 1j), TypeError),
    "pages-of-0": (paging("equal_pages_up_to", 0), InvalidArgumentError),
    "pages-of--1": (paging("equal_pages_up_to", -1), InvalidArgumentError),
    "pages-of-float": (paging("equal_pages_up_to", 300.0), TypeError),
    "sizes-int": (paging("exact_page_sizes", 5), TypeError),
    "sizes-float": (paging("exact_page_sizes", [300.0, 300.0]), TypeError),
    "sizes-str": (paging("exact_page_sizes", "300"), TypeError),
    "sizes-set": (paging("exact_page_sizes", {600}), TypeError),
    "sizes-generator": (paging("exact_page_sizes", (n for n in [600])), TypeError),
    "sizes-2-D": (paging("exact_page_sizes", np.array([[600]])), TypeError),
    "sizes-0-D": (paging("exact_page_sizes", np.array(600)), TypeError),
    "sizes--1": (paging("exact_page_sizes", [-1, 601]), InvalidArgumentError),
    "sizes-0": (paging("exact_page_sizes", [0, 600]), InvalidArgumentError),
}

# What only the numbers decide.
UNFIT = {
    "8-bit-not-enabled": (level(8), "i8"),
    "conv1-0-64-bit": (delta("try_conv1", 0), "u64"),
    "conv1-64-bit": (delta("try_conv1", 1), "f64"),
    "conv1-64-bit-dict": (
        lambda p: p.ChunkConfig(mode_spec=p.ModeSpec.try_dict(), delta_spec=p.DeltaSpec.try_conv1(1)),
        "i64",
    ),
    "quant-11-f16": (mode("try_float_quant", 11), "f16"),
    "quant-24-f32": (mode("try_float_quant", 24), "f32"),
    "quant-integers": (mode("try_float_quant", 4), "i32"),
    "int-mult-2**32-32-bit": (mode("try_int_mult", 2**32), "u32"),
    "int-mult-256-8-bit": (mode("try_int_mult", 256), "u8"),
    "int-mult-floats": (mode("try_int_mult", 10), "f32"),
    "float-mult-too-large": (mode("try_float_mult", 1e300), "f32"),
    "float-mult-too-small": (mode("try_float_mult", 1e-320), "f32"),
    "float-mult-integers": (mode("try_float_mult", 0.5), "u16"),
    "sizes-too-few": (paging("exact_page_sizes", [599]), "i32"),
    "sizes-too-many": (paging("exact_page_sizes", [599, 2]), "i32"),
    "sizes-none": (paging("exact_page_sizes", []), "i32"),
}


@pytest.mark.parametrize(("make", "type_name"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_settings_compress(make, type_name):
    numbers = numbers_of(type_name)
    sizes = []
    for package in PACKAGES:
        data = package.standalone.simple_compress(numbers, make(package))
        assert bits(pcodec.standalone.simple_decompress(data)) == bits(numbers)
        chunk = package.wrapped.FileCompressor().chunk_compressor(numbers, make(package))
        sizes.append((make(package).compression_level, make(package).enable_8_bit, chunk.n_per_page()))
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(("make", "error"), REFUSED.values(), ids=REFUSED)
def test_bad_settings_are_refused_when_created(make, error):
    with pytest.raises(error) as raised:
        make(pcodec_numcodecs)
    assert raised.type is error


def takes_bools_for_indices():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return operator.index(np.bool_(True)) == 1
        except TypeError:
            return False


@pytest.mark.parametrize(("make", "error"), REFUSED.values(), ids=REFUSED)
def test_the_wheel_refuses_them_too(make, error, request):
    if "numpy-bool" in request.node.callspec.id and takes_bools_for_indices():
        pytest.skip("this NumPy still takes its bools for indices")
    numbers = numbers_of("f64" if "try_float" in make.__qualname__ else "i32")
    found = outcome(lambda: pcodec.standalone.simple_compress(numbers, make(pcodec)))
    assert found == ("TypeError" if error is TypeError else "refused")


@pytest.mark.parametrize(("make", "type_name"), UNFIT.values(), ids=UNFIT)
def test_settings_that_do_not_fit_the_numbers_are_refused(make, type_name):
    numbers = numbers_of(type_name)
    config = make(pcodec_numcodecs)
    compressor = pcodec_numcodecs.wrapped.FileCompressor()
    for compress in (pcodec_numcodecs.standalone.simple_compress, compressor.chunk_compressor):
        with pytest.raises(InvalidArgumentError):
            compress(numbers, config)
    assert outcome(lambda: pcodec.standalone.simple_compress(numbers, make(pcodec))) == "refused"


@pytest.mark.parametrize("n", [1, 4, 5])
def test_chunks_as_short_as_a_convolution_are_written(n):
    numbers = numbers_of("i32", n)
    for package in PACKAGES:
        data = package.standalone.simple_compress(numbers, delta("try_conv1", 4)(package))
        assert bits(pcodec_numcodecs.standalone.simple_decompress(data)) == bits(numbers)


def test_pages_shorter_than_a_convolution_are_written():
    # The wheel panics.
    numbers = numbers_of("i32")
    config = ChunkConfig(delta_spec=DeltaSpec.try_conv1(4), paging_spec=PagingSpec.exact_page_sizes([1, 3, 4, 5, 587]))
    assert bits(pcodec.standalone.simple_decompress(pcodec_numcodecs.standalone.simple_compress(numbers, config))) == (
        bits(numbers)
    )


VALUES = [
    *(ModeSpec.auto(), ModeSpec.classic(), ModeSpec.try_dict(), ModeSpec.try_int_mult(7)),
    *(ModeSpec.try_float_mult(0.1), ModeSpec.try_float_quant(9)),
    *(DeltaSpec.auto(), DeltaSpec.no_op(), DeltaSpec.try_lookback()),
    *(DeltaSpec.try_consecutive(0), DeltaSpec.try_consecutive(2), DeltaSpec.try_conv1(2)),
    *(PagingSpec.equal_pages_up_to(300), PagingSpec.exact_page_sizes([300]), PagingSpec.exact_page_sizes([300, 1])),
    *(
        ChunkConfig(),
        ChunkConfig(9),
        ChunkConfig(mode_spec=ModeSpec.try_float_mult(0.1)),
        ChunkConfig(enable_8_bit=True),
    ),
    *(Progress(3, True), Progress(3, False)),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_compare_and_hash_by_what_they_say(value):
    assert [other for other in VALUES if other == value] == [value]
    assert len({*VALUES, copy.deepcopy(value)}) == len(VALUES)
    assert value != "auto"


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_copied_and_pickled(value):
    copies = [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for made in (*copies, copy.copy(value), copy.deepcopy(value)):
        assert type(made) is type(value)
        assert made == value
        assert hash(made) == hash(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_printed_form_makes_the_value_again(value):
    names = {"ChunkConfig": ChunkConfig, "ModeSpec": ModeSpec, "DeltaSpec": DeltaSpec, "PagingSpec": PagingSpec}
    assert eval(repr(value), {**names, "Progress": Progress}) == value


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_frozen(value):
    for name in ("compression_level", "n_processed", "_name", "name", "new_name"):
        with pytest.raises(AttributeError):
            setattr(value, name, 3)
        with pytest.raises(AttributeError):
            delattr(value, name)


@pytest.mark.parametrize("name", ["ModeSpec", "DeltaSpec", "PagingSpec"])
def test_specs_are_made_by_their_methods_only(name):
    for package in PACKAGES:
        assert outcome(getattr(package, name)) == "TypeError"


def test_equal_settings_are_equal_however_they_were_written():
    assert ModeSpec.try_float_mult(3) == ModeSpec.try_float_mult(np.float32(3))
    assert PagingSpec.exact_page_sizes(np.array([1, 2])) == PagingSpec.exact_page_sizes((1, 2))
    assert ChunkConfig(np.int8(8)) == ChunkConfig()
