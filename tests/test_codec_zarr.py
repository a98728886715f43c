"""Zarr arrays of both formats with Pco: every bit comes back, however the array is laid out, written and read."""

import json
import pickle
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import zarr
from codec_cases import FRAME_DTYPES, NUMBER_DTYPES, REFUSED_DTYPES, assert_same_bits, numbers
from zarr.storage import LocalStore

from pcodec_numcodecs import frame
from pcodec_numcodecs.codecs import zarr3
from pcodec_numcodecs.codecs.numcodecs import Pco
from pcodec_numcodecs.codecs.pcodec import PCodec
from pcodec_numcodecs.codecs.unknown import UnknownSettingWarning
from pcodec_numcodecs.codecs.zarr3 import PartialReadWarning, PcoSerializer
from pcodec_numcodecs.config import ChunkConfig
from pcodec_numcodecs.errors import CorruptionError, InvalidArgumentError
from pcodec_numcodecs.standalone import simple_compress

# Zarr warns of its own choice of datatypes, whatever the codec.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning"),
    # Zarr compares chunks with the fill value; NumPy's comparison of complex NaN warns on some processors.
    pytest.mark.filterwarnings("ignore:invalid value encountered in equal:RuntimeWarning"),
    # One of the layouts below is what the warning is about.
    pytest.mark.filterwarnings("ignore:ZstdCodec after PcoSerializer"),
]

SHAPE = (7, 9, 5)
CHUNKS = (4, 5, 5)  # with chunks at two edges that are filled up
LAYOUTS = {
    "v2": {"zarr_format": 2, "compressors": Pco(), "chunks": CHUNKS},
    "v2-F": {"zarr_format": 2, "compressors": Pco(), "chunks": CHUNKS, "order": "F"},
    "v2-F-one-chunk": {"zarr_format": 2, "compressors": Pco(), "chunks": SHAPE, "order": "F"},
    "v2-pcodec-F": {"zarr_format": 2, "compressors": PCodec(), "chunks": CHUNKS, "order": "F"},
    "v3": {"serializer": PcoSerializer(), "compressors": None, "chunks": CHUNKS},
    "v3-one-chunk": {"serializer": PcoSerializer(), "compressors": None, "chunks": SHAPE},
    "v3-F": {"serializer": PcoSerializer(), "compressors": None, "chunks": SHAPE, "config": {"order": "F"}},
    "v3-shards": {"serializer": PcoSerializer(), "compressors": None, "chunks": (2, 3, 5), "shards": (4, 6, 5)},
    "v3-one-shard": {"serializer": PcoSerializer(), "compressors": None, "chunks": SHAPE, "shards": SHAPE},
    "v3-transposed": {
        "serializer": PcoSerializer(),
        "compressors": None,
        "chunks": CHUNKS,
        "filters": zarr.codecs.TransposeCodec(order=(2, 0, 1)),
    },
    "v3-then-zstd": {"serializer": PcoSerializer(), "chunks": CHUNKS},
}


def create(layout, dtype="f4", shape=SHAPE, store=None, **others):
    """Make an array; `layout` is a name of `LAYOUTS`."""
    return zarr.create_array({} if store is None else store, shape=shape, dtype=dtype, **LAYOUTS[layout] | others)


@pytest.mark.parametrize(
    ("layout", "dtype"),
    [
        (layout, dtype)
        for layout in LAYOUTS
        for dtype in FRAME_DTYPES
        # That codec holds neither 8-bit nor complex numbers.
        if layout != "v2-pcodec-F" or (np.dtype(dtype).itemsize > 1 and np.dtype(dtype).kind != "c")
    ],
)
def test_every_type_in_every_layout(layout, dtype):
    given = numbers(dtype, SHAPE)
    z = create(layout, dtype)
    z[:] = given
    assert_same_bits(z[:], given)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda a: np.asfortranarray(a.T).T,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype(a.dtype.newbyteorder("S")),
    ],
    ids=["F", "transposed", "strided", "reversed", "swapped"],
)
def test_any_arrangement_of_the_input(layout, arrange):
    given = numbers("i4", SHAPE)
    z = create(layout, "i4")
    z[:] = arrange(given)
    assert_same_bits(z[:], given)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_parts_are_written_and_read(layout):
    given = numbers("i2", SHAPE)
    z = create(layout, "i2", fill_value=-7)
    expected = np.full(SHAPE, -7, np.int16)
    for part in (np.s_[1:6, 2, :], np.s_[0], np.s_[3:, 4:8, 1:4]):
        z[part] = given[part]
        expected[part] = given[part]
    assert_same_bits(z[:], expected)
    assert_same_bits(z[2:5, ::3, 4], expected[2:5, ::3, 4])
    assert_same_bits(z.oindex[[5, 1, 1], :, [0, 3]], expected[np.ix_([5, 1, 1], range(9), [0, 3])])
    assert_same_bits(z.vindex[[5, 1], [8, 0], [4, 4]], expected[[5, 1], [8, 0], [4, 4]])


@pytest.mark.parametrize("layout", ["v2", "v3", "v3-shards"])
def test_fill_chunks_are_not_stored(layout):
    store = {}
    z = create(layout, "f4", store=store, fill_value=np.nan)
    z[:] = np.nan
    assert_same_bits(z[:], np.full(SHAPE, np.nan, np.float32))
    assert not [key for key in store if "zarr" not in key and ".z" not in key]


def test_negative_zeros_are_no_fill_value():
    for layout in ("v2", "v3"):
        z = create(layout, "f8", fill_value=0.0)
        z[:] = -0.0
        assert_same_bits(z[:], np.full(SHAPE, -0.0))


@pytest.mark.parametrize("dtype", NUMBER_DTYPES)
@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_0_d(layout, dtype):
    given = numbers(dtype, (2,))[1].reshape(())
    z = create(layout, dtype, (), chunks=())
    z[...] = given
    assert_same_bits(z[...], given)


@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_array_without_numbers(layout):
    z = create(layout, "f4", (0, 3), chunks=(2, 3))
    z[:] = np.empty((0, 3), np.float32)
    assert z[:].shape == (0, 3)


@pytest.mark.parametrize("dtype", [">i2", ">f8", ">M8[ns]", ">c16"])
def test_v3_takes_either_byte_order(dtype, tmp_path):
    given = numbers(np.dtype(dtype).newbyteorder("="), SHAPE)
    store = LocalStore(tmp_path)
    z = create("v3", dtype, store=store)
    z[:] = given.astype(dtype)
    assert_same_bits(z[:].astype(given.dtype), given)
    assert_same_bits(zarr.open_array(store, mode="r")[:].astype(given.dtype), given)
    native = {}
    create("v3", given.dtype, store=native)[:] = given
    chunk = (tmp_path / "c" / "0" / "0" / "0").read_bytes()
    assert chunk == native["c/0/0/0"].to_bytes()


def test_both_formats_hold_the_same_frames():
    given = numbers("f4", SHAPE)
    frames = []
    for layout, key in (("v2", "0.0.0"), ("v3", "c/0/0/0")):
        store = {}
        create(layout, store=store, chunks=SHAPE)[:] = given
        frames.append(store[key].to_bytes())
    assert frames[0] == frames[1] == Pco().encode(given) == frame.write(given)


@pytest.mark.parametrize("layout", ["v2", "v3"])
@pytest.mark.parametrize("dtype", ["i1", "f4", "M8[s]"])
def test_files_are_read_for_ever(layout, dtype, tmp_path):
    """Plain .pco files, which were stored before there were frames."""
    given = numbers(dtype, SHAPE)
    z = create(layout, dtype, store=LocalStore(tmp_path), chunks=SHAPE)
    z[:] = given
    stored = given.view("i8") if given.dtype.kind in "mM" else given
    file = simple_compress(stored.reshape(-1), ChunkConfig(enable_8_bit=True))
    (tmp_path / ("0.0.0" if layout == "v2" else "c/0/0/0")).write_bytes(file)
    assert_same_bits(z[:], given)
    assert_same_bits(z[2:5, ::3, 4], given[2:5, ::3, 4])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_array_pickles(layout, tmp_path):
    given = numbers("f4", SHAPE)
    z = create(layout, store=LocalStore(tmp_path))
    z[:] = given
    assert_same_bits(pickle.loads(pickle.dumps(z))[:], given)


@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_resize_and_append_keep_the_codec(layout):
    given = numbers("f4", SHAPE)
    z = create(layout)
    z[:] = given
    z.append(given)
    assert_same_bits(z[:], np.concatenate([given, given]))


@pytest.mark.parametrize("dtype", [d for d in REFUSED_DTYPES if d != "O"], ids=str)
@pytest.mark.parametrize("shards", [None, (4, 4)], ids=["chunks", "shards"])
def test_v3_refuses_types_when_the_array_is_created(dtype, shards):
    store = {}
    with pytest.raises(TypeError, match=r"a frame may hold .*, got dtype .*; use another codec, such as Zstd or Blosc"):
        zarr.create_array(
            store, shape=(8, 8), chunks=(2, 2), shards=shards, dtype=dtype, serializer=PcoSerializer(), compressors=None
        )
    assert not store


def test_codec_is_right_by_itself():
    """Without the array around it, which hides some of what a codec should do."""
    dtype = zarr.dtype.parse_dtype(">i4", zarr_format=3)
    prototype = zarr.core.buffer.default_buffer_prototype()
    config = zarr.core.array_spec.ArrayConfig(order="C", write_empty_chunks=False)
    spec = zarr.core.array_spec.ArraySpec((3, 2), dtype, 0, config, prototype)
    given = np.arange(6, dtype=">i4").reshape(3, 2)
    codec = PcoSerializer()
    codec.validate(shape=spec.shape, dtype=dtype, chunk_grid=None)
    encoded = codec._encode_sync(prototype.nd_buffer.from_numpy_array(given), spec)
    assert_same_bits(codec._decode_sync(encoded, spec).as_numpy_array(), given)
    with pytest.raises(TypeError, match="got dtype <U4; use another codec"):
        codec.validate(shape=spec.shape, dtype=zarr.dtype.parse_dtype("<U4", zarr_format=3), chunk_grid=None)


def test_v2_refuses_types_when_a_chunk_is_written():
    # Zarr does not ask codecs of this format any earlier.
    z = create("v2", "S3")
    with pytest.raises(TypeError, match=r"a frame may hold .*, got dtype \|S3; use another codec"):
        z[:] = b"abc"


@pytest.mark.parametrize("layout", ["v2", "v2-F"])
@pytest.mark.parametrize("dtype", [">f4", ">u8", ">M8[s]", ">c8"])
def test_v2_keeps_the_byte_order(layout, dtype):
    given = numbers(np.dtype(dtype).newbyteorder("=")).astype(dtype)
    z = create(layout, dtype)
    z[:] = given
    assert_same_bits(z[:], given)


def test_v2_refuses_strings():
    with pytest.raises(TypeError, match="got bytearray, perhaps made by a filter such as VLenUTF8"):
        create("v2", str)[:] = "a"


class TestSerializerSettings:
    def test_metadata_are_pinned(self, tmp_path):
        expected = {"name": "pcodec_numcodecs.pco", "configuration": {"level": 8}}
        assert PcoSerializer().to_dict() == expected
        assert json.dumps(PcoSerializer(level=np.int64(3)).to_dict()["configuration"]) == '{"level": 3}'
        assert json.dumps(PcoSerializer(tile=[2, 3], access="series").to_dict()["configuration"]) == (
            '{"level": 8, "tile": [2, 3], "access": "series"}'
        )
        create("v3", store=LocalStore(tmp_path))
        assert json.loads((tmp_path / "zarr.json").read_text())["codecs"] == [expected]

    @pytest.mark.parametrize("level", [0, 12])
    def test_round_trip_through_metadata_and_pickle(self, level):
        codec = PcoSerializer(level)
        for twin in (PcoSerializer.from_dict(codec.to_dict()), pickle.loads(pickle.dumps(codec)), eval(repr(codec))):
            assert twin == codec
            assert hash(twin) == hash(codec)
        assert codec != PcoSerializer(5)
        assert repr(codec) == f"PcoSerializer(level={level})"

    def test_configuration_may_be_missing(self):
        assert PcoSerializer.from_dict({"name": "pcodec_numcodecs.pco"}) == PcoSerializer()
        assert PcoSerializer.from_dict({"name": "pcodec_numcodecs.pco", "configuration": {}}) == PcoSerializer()

    def test_is_frozen(self):
        with pytest.raises(FrozenInstanceError):
            PcoSerializer().level = 3

    @pytest.mark.parametrize(
        ("data", "complaint"),
        [
            ({"name": "pcodec_numcodecs.pco", "configuration": {"tile": [0]}}, "may not be below 1, got 0"),
            ({"name": "pcodec_numcodecs.pco", "configuration": {"level": 13}}, "may not exceed 12, got 13"),
            ({"name": "bytes", "configuration": {"level": 8}}, "name of the codec must be .*, got 'bytes'"),
        ],
    )
    def test_wrong_metadata_are_refused(self, data, complaint):
        with pytest.raises(InvalidArgumentError, match=complaint):
            PcoSerializer.from_dict(data)

    def test_settings_of_newer_versions_warn(self):
        data = {"name": "pcodec_numcodecs.pco", "configuration": {"levle": 3, "level": 4}}
        with pytest.warns(UnknownSettingWarning, match=r"got 'levle' as well; what is stored can be read without"):
            assert PcoSerializer.from_dict(data) == PcoSerializer(4)

    @pytest.mark.parametrize("shards", [None, (4, 6, 5)], ids=["chunks", "shards"])
    def test_tile_for_other_axes_is_refused_when_the_array_is_created(self, shards):
        with pytest.raises(InvalidArgumentError, match=r"each of the array's 3 axes, got \(5, 5\)"):
            create("v3", chunks=(2, 3, 5), shards=shards, serializer=PcoSerializer(tile=[5, 5]))

    @pytest.mark.parametrize("configuration", [None, [8], "level"])
    def test_configuration_of_wrong_type(self, configuration):
        with pytest.raises(TypeError, match="must be a dict"):
            PcoSerializer.from_dict({"name": "pcodec_numcodecs.pco", "configuration": configuration})

    @pytest.mark.parametrize("level", ["8", None, 8.0])
    def test_level_of_wrong_type(self, level):
        with pytest.raises(TypeError, match="level must be an integer"):
            PcoSerializer(level)

    def test_size_is_not_known_before(self):
        assert not PcoSerializer.is_fixed_size
        with pytest.raises(NotImplementedError):
            PcoSerializer().compute_encoded_size(100, None)

    def test_level_is_used(self):
        sizes = []
        for level in (0, 8):
            store = {}
            create("v3", "i8", store=store, serializer=PcoSerializer(level))[:] = numbers("i8", SHAPE) >> 40
            sizes.append(sum(len(chunk) for key, chunk in store.items() if key.startswith("c/")))
        assert sizes[1] < sizes[0]


@pytest.mark.parametrize(
    ("stored", "complaint"),
    [
        (Pco().encode(np.arange(9, dtype="f4")), r"must have shape \(10,\) and dtype float32, got .* shape \(9,\)"),
        (Pco().encode(np.arange(11, dtype="f4")), r"got a frame of shape \(11,\)"),
        (Pco().encode(np.arange(10, dtype="i4")), "got .* dtype int32; it may belong to another array"),
        (simple_compress(np.zeros(9, "f4"), ChunkConfig()), "must hold 10 numbers, got 9; it may be damaged"),
        (simple_compress(np.zeros(11, "f4"), ChunkConfig()), "must hold 10 numbers, got at least 11"),
        (simple_compress(np.zeros(10, "i4"), ChunkConfig()), "f32.*i32"),
        (b"neither of them", "must begin with b'pcof'"),
    ],
    ids=["short", "long", "type", "short-file", "long-file", "type-of-file", "neither"],
)
def test_chunk_of_another_array_is_refused(stored, complaint, tmp_path):
    z = zarr.create_array(tmp_path, shape=(10,), chunks=(10,), dtype="f4", serializer=PcoSerializer(), compressors=None)
    z[:] = 1
    (tmp_path / "c" / "0").write_bytes(stored)
    for part in (np.s_[:], np.s_[3]):
        with pytest.raises(CorruptionError, match=complaint):
            z[part]


def test_codec_that_follows_is_warned_of(tmp_path):
    with pytest.warns(PartialReadWarning, match="ZstdCodec after PcoSerializer .*; create the array with compressors="):
        create("v3", store=LocalStore(tmp_path), compressors="auto")
    with pytest.warns(PartialReadWarning, match="ZstdCodec after"):
        zarr.open_array(LocalStore(tmp_path))
    with pytest.warns(PartialReadWarning, match="Crc32cCodec after"):
        create("v3", compressors=zarr.codecs.Crc32cCodec())


def test_no_warning_where_nothing_follows(recwarn):
    for layout in LAYOUTS.keys() - {"v3-then-zstd"}:
        create(layout)
    assert [w for w in recwarn if w.category is PartialReadWarning] == []


def test_chunks_are_coded_off_the_event_loop(monkeypatch):
    # So that the chunks of one call can be coded at the same time, and the loop stays free.
    ran = []

    def note(where, name):
        work = getattr(where, name)
        monkeypatch.setattr(
            where, name, lambda *given: (ran.append((name, threading.current_thread().name)), work(*given))[1]
        )

    note(zarr3, "write_frame")
    note(zarr3.ChunkReading, "whole")
    z = create("v3", "f4", chunks=SHAPE)
    z[:] = numbers("f4", SHAPE)
    z[:]
    assert [name for name, _ in ran] == ["write_frame", "whole"]
    loop = zarr.core.sync.sync(_thread_name())
    assert all(thread not in (loop, threading.current_thread().name) for _, thread in ran)


async def _thread_name():
    return threading.current_thread().name


def test_sync_pipeline():
    """The pipeline of newer Zarr releases that runs codecs without the event loop."""
    path = "zarr.core.codec_pipeline.FusedCodecPipeline"
    if not hasattr(zarr.core.codec_pipeline, "FusedCodecPipeline"):
        pytest.skip(f"zarr {zarr.__version__} has no FusedCodecPipeline")
    with zarr.config.set({"codec_pipeline.path": path}):
        for layout in ("v3", "v3-shards"):
            given = numbers("f4", SHAPE)
            z = create(layout)
            z[:] = given
            assert_same_bits(z[:], given)
            assert_same_bits(z[2:5, ::3, 4], given[2:5, ::3, 4])


FRESH_PROCESS = """
import sys
import numpy as np
import zarr

given = np.random.default_rng(0).normal(size=(20, 30)).astype("f4")
v2 = zarr.create_array(
    sys.argv[1] + "/v2", shape=given.shape, dtype="f4", chunks=(8, 8), zarr_format=2,
    compressors={"id": "pcodec_numcodecs.pco", "level": 5},
)
v3 = zarr.create_array(
    sys.argv[1] + "/v3", shape=given.shape, dtype="f4", chunks=(8, 8), zarr_format=3,
    serializer={"name": "pcodec_numcodecs.pco", "configuration": {"level": 5}}, compressors=None,
)
for z in (v2, v3):
    z[:] = given
    assert zarr.open_array(z.store_path, mode="r")[:].tobytes() == given.tobytes()
print(v2.compressors[0], v3.serializer)
"""

READ_ONLY_PROCESS = """
import sys
import zarr

for name in ("v2", "v3"):
    z = zarr.open_array(sys.argv[1] + "/" + name, mode="r")
    print(float(z[:].sum()))
"""


def test_registered_name_is_enough_in_a_fresh_process(tmp_path):
    def run(code):
        assert "pcodec_numcodecs\n" not in code
        assert "import pcodec_numcodecs" not in code
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )

    written = run(FRESH_PROCESS)
    assert written.returncode == 0, written.stderr
    assert written.stdout.split() == ["Pco(level=5)", "PcoSerializer(level=5)"]
    read = run(READ_ONLY_PROCESS)
    assert read.returncode == 0, read.stderr
    first, second = read.stdout.split()
    assert first == second
