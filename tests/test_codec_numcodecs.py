"""The numcodecs codecs: what they hold, what they refuse, and that their metadata stay what they are."""

import json
import pickle
from array import array

import numpy as np
import pytest
from codec_cases import DTYPES, FRAME_DTYPES, NUMBER_DTYPES, REFUSED_DTYPES, assert_same_bits, numbers
from numcodecs import get_codec
from numcodecs.pcodec import PCodec as TheirPCodec
from numcodecs.vlen import VLenUTF8

from pcodec_numcodecs import frame
from pcodec_numcodecs.codecs.numcodecs import Pco
from pcodec_numcodecs.codecs.pcodec import PCodec
from pcodec_numcodecs.codecs.unknown import UnknownSettingWarning
from pcodec_numcodecs.config import ChunkConfig
from pcodec_numcodecs.errors import CorruptionError, InsufficientDataError, InvalidArgumentError, PcoError
from pcodec_numcodecs.standalone import simple_compress

FLOATS = np.round(np.sin(np.arange(3000) / 50), 2).reshape(50, 60)


class TestPco:
    @pytest.mark.parametrize("order", ["=", ">"])
    @pytest.mark.parametrize("dtype", FRAME_DTYPES)
    def test_every_type_comes_back(self, dtype, order):
        given = numbers(dtype)
        given = given.astype(given.dtype.newbyteorder(order))
        encoded = Pco().encode(given)
        assert encoded[:4] == b"pcof"
        assert_same_bits(Pco().decode(encoded), given)

    @pytest.mark.parametrize("level", range(13))
    def test_every_level(self, level):
        assert_same_bits(Pco(level).decode(Pco(level).encode(FLOATS)), FLOATS)

    @pytest.mark.parametrize(
        "settings",
        [{"level": 0}, {"tile": (10, 20, 20)}, {"access": "series"}, {"access": "maps"}, {"access": "whole"}],
        ids=str,
    )
    def test_settings_are_used(self, settings):
        given = numbers("i4", (50, 40, 20)) >> 20
        default, asked = frame.info(Pco().encode(given)), frame.info(Pco(**settings).encode(given))
        if "level" in settings:
            assert asked.frame_bytes > default.frame_bytes
        else:
            assert asked.tile != default.tile
        if "tile" in settings:
            assert asked.tile == settings["tile"]
        assert_same_bits(Pco().decode(Pco(**settings).encode(given)), given)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_files_are_read_for_ever(self, dtype):
        given = numbers(dtype)
        stored = given.view("i8") if given.dtype.kind in "mM" else given
        encoded = simple_compress(stored.reshape(-1), ChunkConfig(enable_8_bit=True))
        assert encoded.startswith(b"pco!")
        assert_same_bits(Pco().decode(encoded).view(given.dtype), given.reshape(-1))
        out = np.empty_like(given)
        assert_same_bits(Pco().decode(encoded, out=out), given)

    @pytest.mark.parametrize("dtype", ["f4", "u1"])
    def test_files_without_numbers(self, dtype):
        encoded = simple_compress(np.empty(0, dtype), ChunkConfig())
        assert_same_bits(Pco().decode(encoded), np.empty(0, np.uint8))

    @pytest.mark.parametrize(
        "given",
        [
            FLOATS,
            np.asfortranarray(FLOATS),
            FLOATS.T,
            FLOATS[::2, ::-3],
            np.float32(3.5).reshape(()),
            np.frombuffer(b"x" + FLOATS.tobytes(), offset=1),
            np.broadcast_to(np.int16(7), (3, 4)),
            np.empty((0, 3), np.float32),
            np.array(["2001-02-03", "NaT"], ">M8[D]"),
        ],
        ids=["C", "F", "transposed", "strided", "0-d", "misaligned", "broadcast", "empty", "datetimes"],
    )
    def test_layout_in_memory_comes_back(self, given):
        found = Pco().decode(Pco().encode(given))
        assert_same_bits(found, given)
        # What Zarr looks at, as all of numcodecs does: the bytes in the order of memory.
        assert found.tobytes(order="A") == given.tobytes(order="A")

    @pytest.mark.parametrize("given", [array("d", [1.5, 2.5]), memoryview(FLOATS)], ids=["array.array", "memoryview"])
    def test_other_buffers_are_encoded(self, given):
        assert_same_bits(Pco().decode(Pco().encode(given)), np.asarray(given))

    @pytest.mark.parametrize("dtype", ["f4", "u1", "M8[s]"])
    def test_no_numbers(self, dtype):
        encoded = Pco().encode(np.empty((0, 3), dtype))
        out = np.empty((3, 0), dtype)
        assert Pco().decode(encoded, out=out) is out

    @pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda b: np.frombuffer(b, np.uint8)])
    def test_decodes_any_buffer(self, wrap):
        assert_same_bits(Pco().decode(wrap(Pco().encode(FLOATS))), FLOATS)

    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize(
        "make",
        [
            lambda: np.zeros(FLOATS.size),
            lambda: np.zeros(FLOATS.shape),
            lambda: np.zeros(FLOATS.shape[::-1], order="F"),
            lambda: np.zeros(FLOATS.size, "M8[ns]"),
            lambda: np.zeros(FLOATS.nbytes, np.uint8),
            lambda: bytearray(FLOATS.nbytes),
        ],
        ids=["1-D", "2-D", "F", "datetimes", "bytes", "bytearray"],
    )
    def test_out_is_filled_in_the_order_of_its_memory(self, make, order):
        given = np.asarray(FLOATS, order=order)
        out = make()
        assert Pco().decode(Pco().encode(given), out=out) is out
        assert (out if isinstance(out, bytearray) else out.tobytes(order="A")) == given.tobytes(order="A")

    @pytest.mark.parametrize(
        ("out", "complaint"),
        [
            (np.zeros(FLOATS.size - 1), "must hold the chunk's 24000 bytes exactly, got 23992"),
            (np.zeros(FLOATS.size + 1), "must hold the chunk's 24000 bytes exactly, got 24008"),
            (np.zeros(0), "exactly, got 0"),
            (np.zeros((50, 120))[:, ::2], "must be contiguous, got strides"),
            (np.broadcast_to(np.float64(0), FLOATS.shape), "must be contiguous"),
            (bytes(FLOATS.nbytes), "must be writeable"),
        ],
        ids=["short", "long", "empty", "strided", "broadcast", "read-only"],
    )
    def test_out_that_does_not_fit_is_refused(self, out, complaint):
        with pytest.raises(InvalidArgumentError, match=complaint):
            Pco().decode(Pco().encode(FLOATS), out=out)

    @pytest.mark.parametrize("dtype", [*REFUSED_DTYPES, np.longdouble])
    def test_types_without_numbers_are_refused(self, dtype):
        given = np.zeros(4, dtype)
        with pytest.raises(TypeError) as caught:
            Pco().encode(given)
        assert f"got dtype {given.dtype}; use another codec, such as Zstd" in str(caught.value)

    @pytest.mark.parametrize("given", [b"12345678", bytearray(8), VLenUTF8().encode(np.array(["a", "b"], object))])
    def test_bytes_are_refused(self, given):
        with pytest.raises(TypeError, match=r"got (bytes|bytearray), perhaps made by a filter such as VLenUTF8; use"):
            Pco().encode(given)

    @pytest.mark.parametrize("given", [[1, 2], 7, None, "text"])
    def test_what_is_no_buffer_is_refused(self, given):
        with pytest.raises(TypeError, match="pass a NumPy array"):
            Pco().encode(given)

    def test_chunk_that_could_not_be_read_is_not_written(self):
        with pytest.raises(InvalidArgumentError, match="exceed 8589934592 bytes of array, got 8589934600; make"):
            Pco().encode(np.broadcast_to(np.int64(0), (1 << 30) + 1))

    @pytest.mark.parametrize("cut", [3, 20, -1])
    def test_damage_is_reported(self, cut):
        with pytest.raises((CorruptionError, InsufficientDataError)):
            Pco().decode(Pco().encode(FLOATS)[:cut])


class TestPcoSettings:
    def test_metadata_are_pinned(self):
        assert json.dumps(Pco().get_config()) == '{"id": "pcodec_numcodecs.pco", "level": 8}'
        assert json.dumps(Pco(np.int64(3)).get_config()) == '{"id": "pcodec_numcodecs.pco", "level": 3}'
        assert json.dumps(Pco(tile=np.array([3, 4]), predictor="none", access="maps").get_config()) == (
            '{"id": "pcodec_numcodecs.pco", "level": 8, "tile": [3, 4], "predictor": "none", "access": "maps"}'
        )

    def test_nothing_else_is_public(self):
        codec = Pco()
        codec.encode(FLOATS)
        assert [name for name in vars(codec) if not name.startswith("_")] == []

    def test_found_by_its_registered_name(self):
        codec = get_codec({"id": "pcodec_numcodecs.pco", "level": 2})
        assert type(codec) is Pco
        assert codec.level == 2
        assert get_codec({"id": "pcodec_numcodecs.pco"}) == Pco()

    def test_equality_hash_repr_pickle(self):
        codec = Pco(4, tile=[2, 3])
        config = json.loads(json.dumps(codec.get_config()))
        for twin in (
            Pco(level=4, tile=(2, 3)),
            get_codec(config),
            pickle.loads(pickle.dumps(codec)),
            eval(repr(codec)),
        ):
            assert twin == codec
            assert hash(twin) == hash(codec)
        assert codec != Pco(5, tile=[2, 3])
        assert codec != Pco(4, tile=[3, 2])
        assert codec != Pco(4, tile=[2, 3], access="maps")
        assert (codec.level, codec.tile, codec.predictor, codec.access) == (4, (2, 3), "auto", "balanced")
        assert codec != PCodec(4)
        assert codec != 4
        assert repr(Pco(4)) == "Pco(level=4)"

    @pytest.mark.parametrize("level", [-1, 13, 99])
    def test_level_out_of_limits(self, level):
        with pytest.raises(InvalidArgumentError, match=r"level may not (be below 0|exceed 12), got"):
            Pco(level)

    @pytest.mark.parametrize("level", ["8", None, 8.0])
    def test_level_of_wrong_type(self, level):
        with pytest.raises(TypeError, match="level must be an integer, got"):
            Pco(level)

    @pytest.mark.parametrize(
        ("settings", "error", "complaint"),
        [
            ({"tile": "big"}, InvalidArgumentError, "tile must be 'auto' or a sequence of integers, got 'big'"),
            ({"tile": 64}, TypeError, "tile must be 'auto' or a sequence of integers, got int"),
            ({"tile": [0, 4]}, InvalidArgumentError, "length of a tile may not be below 1, got 0"),
            ({"tile": [1 << 25]}, InvalidArgumentError, "may not exceed 16777216, got 33554432"),
            ({"predictor": "best"}, InvalidArgumentError, "predictor must be one of 'auto', 'none', got 'best'"),
            ({"access": "rows"}, InvalidArgumentError, "access must be one of 'balanced', .*, got 'rows'"),
            ({"access": 3}, TypeError, "access must be a str, got int"),
            ({"levle": 3}, TypeError, "levle"),
        ],
        ids=str,
    )
    def test_wrong_settings_are_refused_at_once(self, settings, error, complaint):
        with pytest.raises(error, match=complaint):
            Pco(**settings)

    def test_settings_of_newer_versions_warn(self):
        with pytest.warns(UnknownSettingWarning, match=r"settings of pcodec_numcodecs.pco may be .*, got 'levle' as"):
            codec = get_codec({"id": "pcodec_numcodecs.pco", "levle": 3, "level": 4})
        assert codec == Pco(4)

    def test_tile_for_other_axes(self):
        with pytest.raises(InvalidArgumentError, match=r"a length for each of the array's 2 axes, got \(5,\); or use"):
            Pco(tile=[5]).encode(FLOATS)


SETTINGS = [
    {},
    {"level": 3},
    {"mode_spec": "classic"},
    {"delta_spec": "try_lookback"},
    {"delta_spec": "try_consecutive", "delta_encoding_order": 2},
    {"delta_encoding_order": 1},
    {"equal_pages_up_to": 1000},
]


def assert_shorter(codec, other, given):
    assert len(codec.encode(given)) < len(other.encode(given))


class TestPCodec:
    @pytest.mark.parametrize("settings", [*SETTINGS, {"delta_spec": "none"}], ids=str)
    def test_metadata_are_those_of_numcodecs(self, settings):
        assert json.dumps(PCodec(**settings).get_config()) == json.dumps(TheirPCodec(**settings).get_config())

    def test_default_metadata_are_pinned(self):
        assert json.dumps(PCodec().get_config()) == (
            '{"id": "pcodec", "level": 8, "mode_spec": "auto", "delta_spec": "auto", '
            '"paging_spec": "equal_pages_up_to", "delta_encoding_order": null, "equal_pages_up_to": 262144}'
        )

    def test_no_op_is_written_as_every_reader_knows_it(self):
        assert PCodec(delta_spec="no_op").get_config()["delta_spec"] == "none"
        assert PCodec(delta_spec="no_op") == PCodec(delta_spec="none")

    @pytest.mark.parametrize("settings", [*SETTINGS, {"delta_spec": "none"}], ids=str)
    def test_round_trip_through_metadata_and_pickle(self, settings):
        codec = PCodec(**settings)
        config = json.loads(json.dumps(codec.get_config()))
        assert config.pop("id") == "pcodec"
        assert PCodec.from_config(config) == codec
        assert pickle.loads(pickle.dumps(codec)) == codec

    @pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if np.dtype(dtype).itemsize > 1])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_both_read_what_the_other_writes(self, dtype, order):
        given = np.asarray(numbers(dtype, (30, 40)), order=order)
        for writer, reader in ((PCodec(), TheirPCodec()), (TheirPCodec(), PCodec())):
            found = reader.decode(writer.encode(given))
            assert_same_bits(found.view(given.dtype).reshape(given.shape, order=order), given)

    @pytest.mark.parametrize("settings", [*SETTINGS, {"delta_spec": "none"}, {"delta_spec": "no_op"}], ids=str)
    def test_they_read_every_setting(self, settings):
        given = np.arange(5000) // 3 * 100
        assert_same_bits(TheirPCodec().decode(PCodec(**settings).encode(given)), given)

    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    def test_we_read_every_setting(self, settings):
        given = np.arange(5000) // 3 * 100
        assert_same_bits(PCodec().decode(TheirPCodec(**settings).encode(given)), given)

    def test_settings_are_used(self):
        noise = numbers("u2", (4000,)).astype(np.int64)
        assert_shorter(PCodec(), PCodec(mode_spec="classic"), noise * 1001)
        curve = np.cumsum(np.cumsum(noise - 32768))
        assert_shorter(PCodec(), PCodec(delta_spec="none"), curve)
        assert_shorter(PCodec(delta_encoding_order=2), PCodec(delta_encoding_order=1), curve)
        twice = PCodec(delta_spec="try_consecutive", delta_encoding_order=2)
        assert twice.encode(curve) == PCodec(delta_encoding_order=2).encode(curve)
        repeated = np.tile(noise[:500], 8)
        assert_shorter(PCodec(delta_spec="try_lookback"), PCodec(delta_spec="none"), repeated)
        assert_shorter(PCodec(level=8), PCodec(level=0), noise**2)
        # Each run of numbers is a chunk of the file, with its own byte for int64 and its count less 1.
        assert PCodec(equal_pages_up_to=1000).encode(curve).count(b"\x04\xe7\x03\x00") == 4

    def test_out_is_strict(self):
        encoded = PCodec().encode(FLOATS)
        out = np.empty_like(FLOATS)
        assert PCodec().decode(encoded, out=out) is out
        assert_same_bits(out, FLOATS)
        with pytest.raises(InvalidArgumentError, match="exactly"):
            PCodec().decode(encoded, out=np.empty(7))

    def test_no_numbers(self):
        assert PCodec().decode(TheirPCodec().encode(np.empty(0))).size == 0

    @pytest.mark.parametrize("dtype", ["i1", "u1"])
    def test_8_bit_is_refused(self, dtype):
        with pytest.raises(TypeError, match=f"16 to 64 bits, got dtype {np.dtype(dtype)}; use"):
            PCodec().encode(np.zeros(3, dtype))

    @pytest.mark.parametrize(
        ("settings", "complaint"),
        [
            ({"level": 13}, "may not exceed 12, got 13"),
            ({"mode_spec": "zzz"}, "mode_spec must be one of 'auto', 'classic', got 'zzz'"),
            ({"delta_spec": "zzz"}, "delta_spec must be one of 'auto', .*, got 'zzz'"),
            ({"paging_spec": "zzz"}, "paging_spec must be one of 'equal_pages_up_to', got 'zzz'"),
            ({"delta_spec": "try_consecutive"}, "must be 0 to 7 for delta_spec 'try_consecutive', got None"),
            ({"delta_spec": "none", "delta_encoding_order": 1}, "may only be given for .*, got 1 for 'none'"),
            ({"delta_encoding_order": 8}, "may not exceed 7, got 8"),
            ({"equal_pages_up_to": 0}, "may not be below 1, got 0"),
        ],
        ids=str,
    )
    def test_wrong_settings_are_refused_at_once(self, settings, complaint):
        with pytest.raises(InvalidArgumentError, match=complaint) as caught:
            PCodec(**settings)
        assert isinstance(caught.value, PcoError)

    @pytest.mark.parametrize("name", ["level", "mode_spec", "delta_spec", "paging_spec", "equal_pages_up_to"])
    def test_settings_of_wrong_type(self, name):
        with pytest.raises(TypeError, match="must be a"):
            PCodec(**{name: []})

    def test_the_id_still_belongs_to_numcodecs(self):
        assert isinstance(get_codec({"id": "pcodec"}), TheirPCodec)


def test_all_numbers_are_tested():
    assert len(set(map(np.dtype, NUMBER_DTYPES))) == 11
