"""The drop-in for the codec of numcodecs: same settings, same metadata; and in Zarr v3 right in any memory order."""

import itertools
import json
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import xarray as xr
import zarr
from codec_cases import REFUSED_DTYPES, assert_same_bits, numbers
from numcodecs.pcodec import PCodec as TheirPCodec
from pcodec_arrays import CHUNKS, SHAPE, WIDE_DTYPES
from zarr.codecs import TransposeCodec
from zarr.codecs.numcodecs import PCodec as TheirSerializer
from zarr.storage import LocalStore

from pcodec_numcodecs import (
    CorruptionError,
    InvalidArgumentError,
    PCodec,
    PCodecSerializer,
    UnknownSettingWarning,
)

pytestmark = [
    # Zarr warns of its own choice of datatypes, and before 3.3 of every codec of its own from numcodecs.
    pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:Numcodecs codecs are not:zarr.errors.ZarrUserWarning"),
]

DELTAS = [
    {},
    {"delta_spec": "auto", "delta_encoding_order": 1},
    {"delta_spec": "none"},
    {"delta_spec": "no_op"},
    {"delta_spec": "try_lookback"},
    *({"delta_spec": "try_consecutive", "delta_encoding_order": order} for order in (0, 2, 7)),
]
COMBINATIONS = [
    {"level": level, "mode_spec": mode} | delta | pages
    for level, mode, delta, pages in itertools.product(
        (0, 8, 12),
        ("auto", "classic"),
        DELTAS,
        ({}, {"paging_spec": "equal_pages_up_to", "equal_pages_up_to": 100}),
    )
]
SOME = [{}, {"level": 3}, {"equal_pages_up_to": 7, "level": 0}, {"delta_encoding_order": None}, *DELTAS[1:]]
GIVEN = np.asfortranarray(np.arange(35 * 40).reshape(35, 40) // 3 * 100)


def plain(settings):
    """Spell the settings as every reader knows them."""
    return settings | ({"delta_spec": "none"} if settings.get("delta_spec") == "no_op" else {})


@pytest.mark.parametrize("settings", COMBINATIONS, ids=str)
class TestEveryCombinationOfSettings:
    def test_metadata_are_those_of_numcodecs(self, settings):
        expected = TheirPCodec(**plain(settings)).get_config()
        assert json.dumps(PCodec(**settings).get_config()) == json.dumps(expected)
        expected = TheirSerializer(**plain(settings)).to_dict()
        assert json.loads(json.dumps(PCodecSerializer(**settings).to_dict())) == expected

    def test_round_trip(self, settings):
        encoded = PCodec(**settings).encode(GIVEN)
        for codec in (PCodec(), TheirPCodec()):
            assert_same_bits(codec.decode(encoded).reshape(GIVEN.shape, order="F"), GIVEN)
        z = create(GIVEN, **settings)
        z[:] = GIVEN
        assert_same_bits(z[:], np.ascontiguousarray(GIVEN))


def create(given, store=None, chunks=None, **settings):
    serializer = PCodecSerializer(**settings)
    store = {} if store is None else store
    return zarr.create_array(
        store,
        shape=given.shape,
        dtype=given.dtype,
        chunks=chunks or given.shape,
        serializer=serializer,
        compressors=None,
    )


class TestSettings:
    @pytest.mark.parametrize("make", [PCodec, PCodecSerializer])
    @pytest.mark.parametrize("settings", SOME, ids=str)
    def test_equality_hash_repr_pickle(self, make, settings):
        codec = make(**settings)
        for twin in (make(**settings), pickle.loads(pickle.dumps(codec)), eval(repr(codec))):
            assert twin == codec
            assert hash(twin) == hash(codec)
            assert repr(twin) == repr(codec)
        assert codec != make(level=5)
        assert codec != 5
        assert len({codec, make(**settings), make(level=5)}) == 2

    @pytest.mark.parametrize("settings", SOME, ids=str)
    def test_round_trip_through_metadata(self, settings):
        codec = PCodec(**settings)
        config = json.loads(json.dumps(codec.get_config()))
        assert PCodec.from_config(config) == codec
        assert PCodec.from_config({name: config[name] for name in config if name != "id"}) == codec
        serializer = PCodecSerializer(**settings)
        assert PCodecSerializer.from_dict(json.loads(json.dumps(serializer.to_dict()))) == serializer

    def test_only_what_was_given_is_written(self):
        assert PCodecSerializer().to_dict() == {"name": "numcodecs.pcodec", "configuration": {}}
        assert repr(PCodecSerializer(delta_spec="no_op")) == "PCodecSerializer(delta_spec='none')"

    def test_order_of_settings_does_not_matter(self):
        assert PCodecSerializer(level=3, mode_spec="classic") == PCodecSerializer(mode_spec="classic", level=3)

    def test_integers_of_numpy_become_json(self):
        settings = {"level": np.int64(3), "delta_encoding_order": np.uint8(2), "equal_pages_up_to": np.int32(9)}
        expected = {"level": 3, "delta_encoding_order": 2, "equal_pages_up_to": 9}
        assert json.dumps(PCodecSerializer(**settings).to_dict()["configuration"]) == json.dumps(expected)

    def test_configuration_may_be_missing(self):
        for data in ({}, {"configuration": {}}):
            assert PCodecSerializer.from_dict({"name": "numcodecs.pcodec", **data}) == PCodecSerializer()

    def test_serializer_is_frozen(self):
        with pytest.raises(FrozenInstanceError):
            PCodecSerializer().settings = ()

    def test_dask_gives_equal_codecs_one_token(self):
        tokenize = pytest.importorskip("dask.base", reason="dask is not installed").tokenize
        for make in (PCodec, PCodecSerializer):
            assert tokenize(make(level=3)) == tokenize(make(level=3)) != tokenize(make(level=4))

    def test_unknown_keys_are_ignored_with_a_warning(self):
        configuration = {"level": 3, "zzz": 1, "future": "yes"}
        complaint = (
            "settings of the codec 'pcodec' are 'level', .*, got 'future', 'zzz' as well, which is ignored; check"
        )
        with pytest.warns(UnknownSettingWarning, match=complaint) as caught:
            assert PCodec.from_config({"id": "pcodec", **configuration}) == PCodec(level=3)
        assert caught[0].filename == __file__
        with pytest.warns(UnknownSettingWarning, match=complaint):
            codec = PCodecSerializer.from_dict({"name": "numcodecs.pcodec", "configuration": configuration})
        assert codec.to_dict()["configuration"] == {"level": 3}

    @pytest.mark.parametrize("make", [PCodec, PCodecSerializer])
    @pytest.mark.parametrize(
        ("settings", "error", "complaint"),
        [
            ({"level": 13}, InvalidArgumentError, "may not exceed 12, got 13"),
            ({"level": "8"}, TypeError, "must be an integer"),
            ({"mode_spec": "zzz"}, InvalidArgumentError, "must be one of 'auto', 'classic', got 'zzz'"),
            ({"delta_spec": "try_consecutive"}, InvalidArgumentError, "must be 0 to 7"),
            ({"equal_pages_up_to": 0}, InvalidArgumentError, "may not be below 1, got 0"),
            ({"levle": 3}, TypeError, "levle"),
        ],
        ids=str,
    )
    def test_wrong_settings_are_refused_at_once(self, make, settings, error, complaint):
        with pytest.raises(error, match=complaint):
            make(**settings)

    @pytest.mark.parametrize(
        ("data", "error", "complaint"),
        [
            ({"name": "numcodecs.zstd"}, InvalidArgumentError, "must be 'numcodecs.pcodec', got 'numcodecs.zstd'"),
            ({"name": "numcodecs.pcodec", "configuration": None}, TypeError, "must be a dict, got NoneType"),
            ({"name": "numcodecs.pcodec", "configuration": {"level": 13}}, InvalidArgumentError, "exceed 12, got 13"),
        ],
        ids=str,
    )
    def test_wrong_metadata_are_refused(self, data, error, complaint):
        with pytest.raises(error, match=complaint):
            PCodecSerializer.from_dict(data)

    def test_settings_are_used(self):
        noise = numbers("u2", (4000,)).astype(np.int64) * 1001
        sizes = [create_and_measure(noise, **settings) for settings in ({}, {"mode_spec": "classic"}, {"level": 0})]
        assert sizes[0] < min(sizes[1:])

    def test_size_is_not_known_before(self):
        assert not PCodecSerializer.is_fixed_size
        with pytest.raises(NotImplementedError):
            PCodecSerializer().compute_encoded_size(100, None)


def create_and_measure(given, **settings):
    z = create(given, **settings)
    empty = z.nbytes_stored()
    z[:] = given
    return z.nbytes_stored() - empty


def right_for_all_readers(folder, expected):
    """Zarr finds its own class, and the wheel, by the name in the metadata."""
    again = zarr.open_array(folder, mode="r")
    assert isinstance(again.serializer, TheirSerializer)
    assert_same_bits(again[:], np.ascontiguousarray(expected))


class TestMemoryOrder:
    GIVEN = numbers("i4", SHAPE)

    @pytest.mark.parametrize(
        "arrange",
        [
            np.asfortranarray,
            lambda a: np.repeat(a, 2, axis=1)[:, ::2],
            lambda a: a[::-1].copy()[::-1],
            lambda a: np.ascontiguousarray(a.T).T,
            lambda a: a.astype(a.dtype.newbyteorder("S")),
            lambda a: np.asfortranarray(a.astype(a.dtype.newbyteorder("S"))),
        ],
        ids=["F", "strided", "reversed", "transposed", "swapped", "F-swapped"],
    )
    @pytest.mark.parametrize("chunks", [SHAPE, CHUNKS], ids=["one-chunk", "chunks"])
    def test_any_arrangement_of_the_input(self, arrange, chunks, tmp_path):
        z = create(self.GIVEN, tmp_path, chunks)
        z[:] = arrange(self.GIVEN)
        assert_same_bits(z[:], self.GIVEN)
        right_for_all_readers(tmp_path, self.GIVEN)

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
    def test_after_a_transpose(self, order, tmp_path):
        z = zarr.create_array(
            tmp_path,
            shape=SHAPE,
            dtype="i4",
            chunks=CHUNKS,
            filters=TransposeCodec(order=order),
            serializer=PCodecSerializer(),
            compressors=None,
        )
        z[:] = self.GIVEN
        right_for_all_readers(tmp_path, self.GIVEN)

    def test_in_a_shard_of_one_chunk(self, tmp_path):
        options = {"shards": SHAPE, "chunks": SHAPE, "serializer": PCodecSerializer(), "compressors": None}
        z = zarr.create_array(tmp_path, shape=SHAPE, dtype="i4", **options)
        z[:] = np.asfortranarray(self.GIVEN)
        assert_same_bits(zarr.open_array(tmp_path, mode="r")[:], self.GIVEN)

    def test_transposed_dataset(self, tmp_path):
        dataset = xr.Dataset({"t": (("x", "y"), numbers("f8", (6, 11)))}).transpose("y", "x")
        assert not dataset["t"].values.flags.c_contiguous
        encoding = {"t": {"serializer": PCodecSerializer(), "compressors": None}}
        dataset.to_zarr(tmp_path, zarr_format=3, consolidated=False, encoding=encoding)
        right_for_all_readers(tmp_path / "t", dataset["t"].values)
        assert xr.open_zarr(tmp_path, consolidated=False).identical(dataset)

    def test_class_of_zarr_is_wrong_before_3_3(self):
        """What the how-to warns of, and what it says to be there instead."""
        z = zarr.create_array({}, shape=SHAPE, chunks=SHAPE, dtype="i4", serializer=TheirSerializer(), compressors=None)
        z[:] = np.asfortranarray(self.GIVEN)
        mended = tuple(map(int, zarr.__version__.split(".")[:2])) >= (3, 3)
        expected = self.GIVEN if mended else self.GIVEN.ravel(order="F").reshape(SHAPE)
        assert_same_bits(z[:], expected)

    @pytest.mark.parametrize("dtype", [">i2", ">f8", ">M8[ns]"])
    def test_either_byte_order(self, dtype, tmp_path):
        native = np.dtype(dtype).newbyteorder("=")
        given = numbers(native, SHAPE)
        z = create(given.astype(dtype), tmp_path / "swapped")
        z[:] = given.astype(dtype)
        assert_same_bits(z[:].astype(native), given)
        create(given, tmp_path / "native")[:] = given
        chunks = [(tmp_path / name / "c/0/0/0").read_bytes() for name in ("swapped", "native")]
        assert chunks[0] == chunks[1] == PCodec().encode(given)

    def test_codec_takes_either_byte_order_by_itself(self):
        """Without the array around it, which swaps bytes before a codec sees them."""
        dtype = zarr.dtype.parse_dtype(">i4", zarr_format=3)
        prototype = zarr.core.buffer.default_buffer_prototype()
        config = zarr.core.array_spec.ArrayConfig(order="C", write_empty_chunks=False)
        spec = zarr.core.array_spec.ArraySpec((3, 2), dtype, 0, config, prototype)
        given = np.asfortranarray(np.arange(6, dtype=">i4").reshape(3, 2))
        codec = PCodecSerializer()
        encoded = codec._encode_sync(prototype.nd_buffer.from_numpy_array(given), spec)
        assert encoded.to_bytes() == PCodec().encode(np.arange(6, dtype="i4"))
        assert_same_bits(codec._decode_sync(encoded, spec).as_numpy_array(), np.ascontiguousarray(given))

    @pytest.mark.parametrize("dtype", WIDE_DTYPES)
    def test_every_type_and_0_d(self, dtype):
        for given in (numbers(dtype, SHAPE), numbers(dtype, (2,))[1].reshape(())):
            z = create(given)
            z[...] = given
            assert_same_bits(z[...], given)


class TestRefusals:
    @pytest.mark.parametrize("dtype", [d for d in REFUSED_DTYPES if d not in ("O", "V5")] + ["i1", "u1"], ids=str)
    @pytest.mark.parametrize("shards", [None, (4, 4)], ids=["chunks", "shards"])
    def test_types_are_refused_when_the_array_is_created(self, dtype, shards):
        store = {}
        options = {"shape": (8, 8), "chunks": (2, 2), "shards": shards, "compressors": None}
        with pytest.raises(TypeError, match=r"holds .*, got dtype .*; use .*another compressor"):
            zarr.create_array(store, dtype=dtype, serializer=PCodecSerializer(), **options)
        assert not store

    @pytest.mark.parametrize("dtype", ["i1", "u1"])
    def test_8_bit_is_refused_by_itself(self, dtype):
        parsed = zarr.dtype.parse_dtype(dtype, zarr_format=3)
        with pytest.raises(TypeError, match=f"16 to 64 bits, got dtype {np.dtype(dtype)}; use the codec 'pcodec_num"):
            PCodecSerializer().validate(shape=(3,), dtype=parsed, chunk_grid=None)
        with pytest.raises(TypeError, match="16 to 64 bits"):
            PCodec().encode(np.zeros(3, dtype))

    @pytest.mark.parametrize(
        ("stored", "complaint"),
        [
            (np.zeros(9, np.float32), "must hold 10 numbers, got 9; it may be damaged"),
            (np.zeros(11, np.float32), "must hold 10 numbers, got at least 11"),
            (np.zeros(10, np.int32), "f32.*i32"),
        ],
        ids=["short", "long", "type"],
    )
    def test_chunk_of_another_array_is_refused(self, stored, complaint, tmp_path):
        z = create(np.zeros(10, np.float32), LocalStore(tmp_path))
        z[:] = 1
        (tmp_path / "c" / "0").write_bytes(TheirPCodec().encode(stored))
        with pytest.raises(CorruptionError, match=complaint):
            z[:]
