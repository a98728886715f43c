"""Compatibility: code written for the wheel runs after changing its import only, and pays for nothing else."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pcodec
import pytest
from wheel_oracle import both

import pcodec_numcodecs

HEAVY = ("dask", "matplotlib", "numba", "numcodecs", "xarray", "zarr")
SIGNATURES = [
    ("ChunkConfig", ["compression_level", "mode_spec", "delta_spec", "paging_spec", "enable_8_bit"]),
    ("standalone.simple_compress", ["src", "config"]),
    ("standalone.simple_decompress", ["src"]),
    ("standalone.simple_decompress_into", ["src", "dst"]),
    ("wrapped.FileCompressor", []),
    ("wrapped.FileCompressor.write_header", ["self"]),
    ("wrapped.FileCompressor.chunk_compressor", ["self", "src", "config"]),
    ("wrapped.ChunkCompressor.n_per_page", ["self"]),
    ("wrapped.ChunkCompressor.write_meta", ["self"]),
    ("wrapped.ChunkCompressor.write_page", ["self", "page_idx"]),
    ("wrapped.FileDecompressor.new", ["src"]),
    ("wrapped.FileDecompressor.chunk_decompressor", ["self", "src", "dtype"]),
    ("wrapped.ChunkDecompressor.read_page_into", ["self", "src", "page_n", "dst"]),
]


def named(path):
    found = pcodec_numcodecs
    for name in path.split("."):
        found = getattr(found, name)
    return found


def public(module):
    return {name for name in dir(module) if not name.startswith("_")}


def test_every_public_name_of_the_wheel_is_here():
    assert public(pcodec) - {"pcodec"} <= set(pcodec_numcodecs.__all__)
    for module in ("standalone", "wrapped"):
        assert public(getattr(pcodec, module)) <= set(getattr(pcodec_numcodecs, module).__all__)
        for name in public(getattr(pcodec, module)):
            assert public(getattr(getattr(pcodec, module), name)) <= public(named(f"{module}.{name}"))


@pytest.mark.parametrize(("path", "names"), SIGNATURES, ids=[path for path, _ in SIGNATURES])
def test_parameters_have_the_names_of_the_wheel(path, names):
    parameters = inspect.signature(named(path)).parameters.values()
    assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY] == names


def test_all_names_are_listed_and_found():
    assert len(set(pcodec_numcodecs.__all__)) == len(pcodec_numcodecs.__all__)
    for name in pcodec_numcodecs.__all__:
        assert getattr(pcodec_numcodecs, name) is not None
        assert name in dir(pcodec_numcodecs)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        pcodec_numcodecs.no_such_name  # noqa: B018


@both
def test_default_level(package):
    assert package.DEFAULT_COMPRESSION_LEVEL == 8
    assert package.ChunkConfig().compression_level == 8


@pytest.mark.parametrize(
    "line",
    [
        "import pcodec_numcodecs; pcodec_numcodecs.__version__",
        "from pcodec_numcodecs import ChunkConfig, CorruptionError, standalone, wrapped; ChunkConfig()",
        "import pcodec_numcodecs.wrapped, pcodec_numcodecs.standalone",
    ],
)
def test_import_loads_neither_plugins_nor_compilers(line):
    code = f"import sys\n{line}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_import_alone_does_not_load_numpy():
    code = "import pcodec_numcodecs, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "parents"),
    [
        ("CorruptionError", (ValueError, RuntimeError)),
        ("FloatModeError", (FloatingPointError, RuntimeError)),
        ("InsufficientDataError", (EOFError, RuntimeError)),
        ("InvalidArgumentError", (ValueError, RuntimeError)),
    ],
)
def test_error_has_the_parents_that_callers_catch(name, parents):
    error = getattr(pcodec_numcodecs, name)
    assert error.__bases__ == (pcodec_numcodecs.PcoError, *parents)
    assert issubclass(error, Exception)
    copy = pickle.loads(pickle.dumps(error("a message")))
    assert (type(copy), copy.args) == (error, ("a message",))


@both
def test_code_that_catches_runtime_error_works(package):
    with pytest.raises(RuntimeError, match="InsufficientData"):
        package.standalone.simple_decompress(b"pco!")
    with pytest.raises(RuntimeError):
        package.standalone.simple_decompress(b"hello")
    with pytest.raises(RuntimeError):
        package.wrapped.FileCompressor().chunk_compressor(np.zeros(0), package.ChunkConfig())
