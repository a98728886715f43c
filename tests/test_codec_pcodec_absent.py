"""Data of numcodecs where its wheel is absent: arrays open, are read and written; and what is written, all others read.

The wheel is installed here, as the judge. What goes without it runs in a process of its own, in which `import pcodec`
fails.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits, numbers
from numcodecs.pcodec import PCodec as TheirPCodec
from pcodec_arrays import CASES, SHAPE, title, write_all

# Zarr warns of its own choice of datatypes, and before 3.3 of every codec of its own from numcodecs.
IGNORED = ("The data type", "Numcodecs codecs are not")
pytestmark = [pytest.mark.filterwarnings(f"ignore:{message}") for message in IGNORED]

WITHOUT_WHEEL = """
import importlib.metadata
import sys
from pathlib import Path

sys.modules["pcodec"] = None  # from now on, importing it fails

import numpy as np
import zarr
from numcodecs.registry import codec_registry

try:
    import numcodecs.pcodec
except ImportError:
    pass
else:
    raise SystemExit("the wheel is not absent")
assert "pcodec" not in codec_registry
assert "pcodec_numcodecs" not in sys.modules

folder = Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
from pcodec_arrays import SHAPE, create, write_all
"""

READ = """
for path in sorted((folder / "theirs").iterdir()):
    np.save(folder / (path.name + ".npy"), zarr.open_array(path, mode="r")[...])
"""

WRITE = """
write_all(folder / "ours")
for path in (folder / "theirs").iterdir():
    z = zarr.open_array(path, mode="r+")
    z[1:6, 2, :] = z[2:7, 3, :]
assert codec_registry["pcodec"].__module__ == "pcodec_numcodecs.codecs.pcodec"
"""

SERVING = """
from pcodec_numcodecs import PCodecSerializer, serving_numcodecs_pcodec

given = np.asfortranarray(np.arange(np.prod(SHAPE)).reshape(SHAPE))
with serving_numcodecs_pcodec():
    z = create(folder / "serving", "v3", given.dtype, chunks=SHAPE)
    assert type(z.serializer) is PCodecSerializer
    z[:] = given
    assert codec_registry["pcodec"].__module__ == "pcodec_numcodecs.codecs.pcodec"
assert "pcodec" not in codec_registry
again = zarr.open_array(folder / "serving", mode="r")
assert type(again.serializer) is not PCodecSerializer
assert np.array_equal(again[:], given)
"""


def run_without_wheel(folder, code):
    options = ["-W", "error", *(part for message in IGNORED for part in ("-W", f"ignore:{message}"))]
    done = subprocess.run(
        [sys.executable, *options, "-c", WITHOUT_WHEEL + code, str(folder), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make arrays `theirs` with the wheel; read them, write a part of each anew, and make `ours`, all without it."""
    folder = tmp_path_factory.mktemp("pcodec")
    write_all(folder / "theirs")
    before = stored(folder / "theirs")
    run_without_wheel(folder, READ)
    assert stored(folder / "theirs") == before
    run_without_wheel(folder, WRITE)
    return folder


def stored(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(given):
    """Do what the other process does to each array."""
    given = given.copy()
    given[1:6, 2, :] = given[2:7, 3, :]
    return given


def expected(origin, dtype):
    return changed(numbers(dtype, SHAPE)) if origin == "theirs" else numbers(dtype, SHAPE)


every_case = pytest.mark.parametrize(("layout", "dtype"), CASES)
# What others wrote and we have written into since; what we made.
either_origin = pytest.mark.parametrize("origin", ["theirs", "ours"])


@every_case
def test_theirs_is_read(folder, layout, dtype):
    assert_same_bits(np.load(folder / f"{title(layout, dtype)}.npy"), numbers(dtype, SHAPE))


@every_case
@either_origin
def test_numcodecs_reads_what_was_written(folder, origin, layout, dtype):
    z = zarr.open_array(folder / origin / title(layout, dtype), mode="r")
    if z.metadata.zarr_format == 2:
        assert type(z.compressors[0]) is TheirPCodec
    assert_same_bits(z[...], expected(origin, dtype))


@every_case
def test_metadata_are_the_same(folder, layout, dtype):
    names = {2: ".zarray", 3: "zarr.json"}
    theirs, ours = (folder / origin / title(layout, dtype) for origin in ("theirs", "ours"))
    name = names[zarr.open_array(theirs, mode="r").metadata.zarr_format]
    assert json.loads((ours / name).read_text()) == json.loads((theirs / name).read_text())


# Neither datetimes nor, in v2, order="F" are for this pipeline, whatever the codec.
@pytest.mark.parametrize(
    ("layout", "dtype"), [case for case in CASES if np.dtype(case[1]).kind not in "mM" and case[0] != "v2-F"]
)
@either_origin
def test_zarrs_reads_what_was_written(folder, origin, layout, dtype, monkeypatch):
    """The pipeline in Rust; `strict` and the error below because it has Python read what it cannot."""
    pytest.importorskip("zarrs", reason="zarrs is not installed")

    def not_rust(*_):
        raise AssertionError("decoded in Python")

    monkeypatch.setattr(TheirPCodec, "decode", not_rust)
    path = folder / origin / title(layout, dtype)
    with pytest.raises(AssertionError, match="in Python"):
        zarr.open_array(path, mode="r")[...]
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "codec_pipeline.strict": True}):
        assert_same_bits(zarr.open_array(path, mode="r")[...], expected(origin, dtype))


def test_block_that_serves_leaves_nothing_behind(tmp_path):
    run_without_wheel(tmp_path, SERVING)
