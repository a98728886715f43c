"""How settings change what a read asks a store for, and what makes it ask for whole chunks."""

import numpy as np
import pytest
import zarr
from codec_cases import assert_same_bits
from counting_store import CountingStore
from request_cases import FEW, GAP, NEAR, Case, case, codec_pipeline, total, uniform  # noqa: F401 - a fixture

from pcodec_numcodecs import ChunkConfig, standalone
from pcodec_numcodecs.codecs.zarr3 import PcoSerializer
from pcodec_numcodecs.errors import InvalidArgumentError

pytestmark = pytest.mark.usefixtures("codec_pipeline")


class TestGapSetting:
    PARTS = (
        (np.s_[::200, ::300], lambda a: a[::200, ::300]),
        (np.s_[:, 500], lambda a: a[:, 500]),
        (([0, 300, 999, 990], [999, 200, 0, 120]), lambda a: a.vindex[[0, 300, 999, 990], [999, 200, 0, 120]]),
    )

    @pytest.mark.parametrize("gap", [0, 1, 5000, 20_000, 100_000, np.int64(200_000), 1 << 40])
    def test_is_respected(self, gap):
        one = case("uniform-2")
        with zarr.config.set({"pcodec_numcodecs.coalesce_gap": gap}):
            for part, take in self.PARTS:
                gets = one.read(take)
                count, bytes_ = one.limits(part, gap)
                assert len(gets) == count
                assert total(gets) == bytes_

    def test_gaps_of_these_parts_make_a_difference(self):
        one = case("uniform-2")
        counts = [
            {one.limits(part, gap)[0] for gap in (0, 20_000, 100_000, 200_000, 1 << 40)} for part, _ in self.PARTS
        ]
        assert min(map(len, counts)) >= 2
        assert max(map(len, counts)) >= 3

    def test_is_4_or_32_kib_unless_set(self):
        one = case("uniform-2")
        default = [len(one.read(take)) for _, take in self.PARTS]
        assert default == [one.limits(part)[0] for part, _ in self.PARTS]
        chosen = [{NEAR: 0, GAP: 0} for _ in self.PARTS]
        for gap in (NEAR, GAP):
            with zarr.config.set({"pcodec_numcodecs.coalesce_gap": gap}):
                for counts, (_, take) in zip(chosen, self.PARTS, strict=True):
                    counts[gap] = len(one.read(take))
        assert default == [counts[NEAR] if counts[NEAR] <= FEW + 1 else counts[GAP] for counts in chosen]

    def test_holds_again_after_the_block(self):
        one = case("uniform-2")
        before = one.read(self.PARTS[0][1])
        with zarr.config.set({"pcodec_numcodecs.coalesce_gap": 1 << 40}):
            within = one.read(self.PARTS[0][1])
        assert len(within) < len(before)
        assert len(one.read(self.PARTS[0][1])) == len(before)

    @pytest.mark.parametrize(
        ("gap", "error", "complaint"),
        [
            (-1, InvalidArgumentError, "pcodec_numcodecs.coalesce_gap may not be below 0, got -1"),
            ("1000", TypeError, "pcodec_numcodecs.coalesce_gap must be an integer, got str"),
            (1.5, TypeError, "pcodec_numcodecs.coalesce_gap must be an integer, got float"),
            (None, TypeError, "pcodec_numcodecs.coalesce_gap must be an integer, got NoneType"),
        ],
    )
    def test_wrong_values_are_refused(self, gap, error, complaint):
        one = case("uniform-2")
        with zarr.config.set({"pcodec_numcodecs.coalesce_gap": gap}), pytest.raises(error, match=complaint):
            one.read(self.PARTS[0][1])


class TestWhatSwitchesPartialReadsOff:
    """The bits are right all the same; each touched chunk is fetched as a whole."""

    def read_point(self, **options):
        store = CountingStore()
        given = uniform(11, 80)[:300, :300].astype("i4")
        zarr.create_array(store, data=given, **{"chunks": (300, 300), "serializer": PcoSerializer()} | options)
        array = zarr.open_array(store, mode="r")
        with store.watch() as gets:
            assert_same_bits(array[100, 200], given[100, 200])
        return gets, sum(map(len, store.chunks().values()))

    def test_nothing(self):
        gets, stored = self.read_point(compressors=None)
        assert len(gets) == 2
        assert total(gets) < stored / 4

    @pytest.mark.filterwarnings("ignore::pcodec_numcodecs.codecs.zarr3.PartialReadWarning")
    @pytest.mark.parametrize(
        "options",
        [{}, {"compressors": zarr.codecs.Crc32cCodec()}],
        ids=["default-compressors", "checksum"],
    )
    def test_codecs_that_follow(self, options):
        gets, stored = self.read_point(**options)
        assert [(get.start, get.stop, get.n_bytes) for get in gets] == [(0, None, stored)]

    def test_filters(self):
        gets, stored = self.read_point(compressors=None, filters=zarr.codecs.TransposeCodec(order=(1, 0)))
        assert [(get.start, get.stop, get.n_bytes) for get in gets] == [(0, None, stored)]

    def test_shards(self):
        """Of a shard, its index and the touched chunks are fetched, these as a whole."""
        gets, stored = self.read_point(compressors=None, chunks=(150, 150), shards=(300, 300))
        assert len(gets) == 2
        assert stored / 5 < total(gets) < stored / 3


def test_file_in_the_place_of_a_frame_is_read_as_a_whole():
    one = Case(uniform(16, 90)[:200, :200].astype("i4"))
    one.store.put("c/0/0", standalone.simple_compress(one.given.ravel(), ChunkConfig()))
    for part in (np.s_[3, 5], np.s_[:, 9]):
        gets = one.read(lambda a, part=part: a[part])
        assert [(get.start, get.stop) for get in gets] == [(0, one.first), (0, None)]
