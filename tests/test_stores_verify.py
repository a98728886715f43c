"""Every damaged byte is found and named with its chunk, page and cells; what is whole is not complained of."""

import re
import shutil

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numcodecs import Zstd
from people_cases import QUIET, field, flip, make_pco_array, make_tree, run, run_json
from zarr.codecs import BloscCodec, Crc32cCodec, TransposeCodec

from pcodec_numcodecs import ChunkConfig, CorruptionError, PcoSerializer, frame, standalone
from pcodec_numcodecs.stores import verify

pytestmark = pytest.mark.filterwarnings(*QUIET)


@pytest.fixture(scope="module")
def one_frame():
    """Return a frame of several pages."""
    return frame.write(field(), level=4, tile=(16, 16))


def test_nothing_is_wrong_with_a_frame(one_frame):
    assert frame.check(one_frame) == ()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_flipped_bit_of_a_frame_is_found(one_frame, data):
    at = data.draw(st.integers(0, 8 * len(one_frame) - 1))
    changed = bytearray(one_frame)
    changed[at // 8] ^= 1 << at % 8
    (fault, *others) = frame.check(changed)
    assert others == []
    # What is said to be damaged is what cannot be read.
    with pytest.raises((CorruptionError, EOFError)):
        frame.read(changed, fault.cells if fault.cells is not None else ...)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_cut_of_a_frame_is_found(one_frame, data):
    length = data.draw(st.integers(0, len(one_frame) - 1))
    faults = frame.check(one_frame[:length])
    assert faults
    for fault in faults:
        if fault.cells is not None:
            with pytest.raises((CorruptionError, EOFError)):
                frame.read(one_frame[:length], fault.cells)


def test_what_follows_a_frame_is_found(one_frame):
    (fault,) = frame.check(one_frame + b"!")
    assert "must end" in fault.reason


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_whole_store_is_whole(tmp_path, capsys, zarr_format):
    arrays = make_tree(tmp_path / "tree.zarr", zarr_format)
    make_pco_array(tmp_path / "tree.zarr/pco", chunks=(8, 16), shards=(16, 32))
    code, found = run_json(capsys, "verify", tmp_path / "tree.zarr")
    assert code == 0
    assert found["ok"]
    by_path = {a["path"]: a for a in found["arrays"]}
    assert by_path.keys() == {*arrays, "pco"}
    assert by_path["pco"]["method"] == "checksums"
    assert by_path["pco"]["chunks"] == 5 * 3
    assert by_path["field"]["method"] == "decoded"
    assert by_path["sparse"]["chunks"] == 2


def test_page_and_cells_of_the_array_are_named(tmp_path, capsys):
    make_pco_array(tmp_path / "a.zarr", cells=field((64, 64)), chunks=(32, 32))
    flip(tmp_path / "a.zarr/c/1/0")
    code, found = run_json(capsys, "verify", tmp_path / "a.zarr")
    assert code == 1
    (damage,) = found["damages"]
    assert (damage["chunk"], damage["page"], damage["cells"]) == ("c/1/0", 7, "[56:64, 16:32]")
    array = zarr.open_array(tmp_path / "a.zarr", mode="r")
    with pytest.raises(CorruptionError):
        array[56:64, 16:32]
    assert array[48:56].tobytes() == field((64, 64))[48:56].tobytes()


def test_cells_end_where_the_array_ends(tmp_path):
    make_pco_array(tmp_path / "a.zarr", cells=field((60, 60)), chunks=(32, 32))
    content = (tmp_path / "a.zarr/c/1/1").read_bytes()
    (tmp_path / "a.zarr/c/1/1").write_bytes(content[: len(content) // 2])
    found = {d.page: d.cells for d in verify(tmp_path / "a.zarr").damages}
    assert found[7] == "[56:60, 48:60]"


def test_a_line_on_stderr_names_all(tmp_path, capsys):
    make_pco_array(tmp_path / "a.zarr", cells=field((64, 64)), chunks=(32, 32))
    flip(tmp_path / "a.zarr/c/1/0")
    code, _, (line,) = run(capsys, "verify", tmp_path / "a.zarr")
    assert code == 1
    assert re.search(r"chunk c/1/0, page 7, cells \[56:64, 16:32\] of the array: CRC-32C must be 0x", line)


def test_a_chunk_inside_a_shard_is_named(tmp_path):
    make_pco_array(tmp_path / "a.zarr", cells=field((64, 64)), chunks=(16, 16), shards=(32, 32))
    # The first inner chunk begins with the shard.
    flip(tmp_path / "a.zarr/c/1/1", 4)
    (damage,) = verify(tmp_path / "a.zarr").damages
    assert "chunk 0.0 of the shard" in damage.chunk
    assert damage.cells == "[32:48, 32:48]"
    flip(tmp_path / "a.zarr/c/0/0", -10)
    damages = verify(tmp_path / "a.zarr").damages
    assert any("shard's index" in d.reason for d in damages)
    (tmp_path / "a.zarr/c/0/1").write_bytes(b"short")
    assert any("cut short" in d.reason for d in verify(tmp_path / "a.zarr").damages)


def test_an_index_at_the_start_of_a_shard_is_found(tmp_path):
    from zarr.codecs import ShardingCodec

    codec = ShardingCodec(chunk_shape=(16, 16), codecs=[PcoSerializer()], index_location="start")
    zarr.create_array(tmp_path / "a.zarr", data=field((64, 64)), chunks=(32, 32), serializer=codec, compressors=None)
    found = verify(tmp_path / "a.zarr")
    assert found.ok
    assert found.arrays[0].chunks == 16
    flip(tmp_path / "a.zarr/c/1/1", -3)
    assert not verify(tmp_path / "a.zarr").ok


@pytest.mark.parametrize(
    ("zarr_format", "compressors"), [(2, Zstd()), (3, BloscCodec()), (3, Crc32cCodec())], ids=["v2", "blosc", "crc32c"]
)
def test_damage_to_other_codecs_is_found(tmp_path, zarr_format, compressors):
    zarr.create_array(
        tmp_path / "a.zarr", data=field(), chunks=(16, 32), compressors=compressors, zarr_format=zarr_format
    )
    path = tmp_path / "a.zarr" / ("c/1/0" if zarr_format == 3 else "1.0")
    assert verify(tmp_path / "a.zarr").ok
    path.write_bytes(path.read_bytes()[:-20])
    (damage,) = verify(tmp_path / "a.zarr").damages
    assert damage.cells == "[16:32, 0:32]"
    assert "cannot decode" in damage.reason


@pytest.mark.filterwarnings("ignore:.*compresses what is compressed")
def test_damage_below_another_compressor_is_found(tmp_path):
    zarr.create_array(tmp_path / "a.zarr", data=field(), chunks=(16, 32), serializer=PcoSerializer())
    assert verify(tmp_path / "a.zarr").arrays[0].method == "checksums"
    flip(tmp_path / "a.zarr/c/0/0", 6)
    assert not verify(tmp_path / "a.zarr").ok


def test_a_chunk_of_another_array_is_found(tmp_path):
    make_pco_array(tmp_path / "a.zarr")
    make_pco_array(tmp_path / "b.zarr", cells=field(dtype="f8"))
    shutil.copy(tmp_path / "b.zarr/c/0/0", tmp_path / "a.zarr/c/0/0")
    (damage,) = verify(tmp_path / "a.zarr").damages
    assert "must have shape (16, 32) and dtype float32" in damage.reason


def test_unreadable_arrays_count_as_damage(tmp_path, capsys):
    make_tree(tmp_path / "tree.zarr")
    document = tmp_path / "tree.zarr/whole/zarr.json"
    document.write_text(document.read_text().replace('"zstd"', '"no_such_codec"'))
    code, _, (line,) = run(capsys, "verify", tmp_path / "tree.zarr")
    assert code == 1
    assert "no_such_codec" in line


@pytest.mark.parametrize("at", [0, 20, -1])
def test_files_are_verified(tmp_path, capsys, at):
    (tmp_path / "a.pco").write_bytes(standalone.simple_compress(np.arange(1000) ** 3, ChunkConfig()))
    (tmp_path / "frame").write_bytes(frame.write(field()))
    assert run(capsys, "verify", tmp_path / "a.pco")[0] == 0
    assert run(capsys, "verify", tmp_path / "frame")[0] == 0
    flip(tmp_path / "frame", at)
    assert run(capsys, "verify", tmp_path / "frame")[0] == 1
    content = (tmp_path / "a.pco").read_bytes()
    (tmp_path / "a.pco").write_bytes(content[:at] if at else b"")
    assert run(capsys, "verify", tmp_path / "a.pco")[0] == 1


class TestFortranOrder:
    """Arrays that Zarr before 3.3 mixed up are pointed out."""

    @staticmethod
    def make(path, cells, filters=None):
        import zarr.codecs.numcodecs as wrapped

        zarr.create_array(
            path,
            shape=cells.shape,
            dtype=cells.dtype,
            chunks=(40, 60),
            filters=filters or (),
            serializer=wrapped.PCodec(),
            compressors=None,
        )[...] = cells

    @staticmethod
    def smooth():
        return np.add.outer(np.sin(np.arange(40) / 9), np.arange(60) / 50).astype("f8")

    def test_mixed_up_cells_are_seen(self, tmp_path):
        # What that release wrote for a Fortran-ordered array: its cells in the order of memory.
        smooth = self.smooth()
        self.make(tmp_path / "a.zarr", smooth.reshape(-1, order="F").reshape(40, 60))
        assert "looks as if that had happened" in verify(tmp_path / "a.zarr").arrays[0].warning

    def test_smooth_cells_are_not_accused(self, tmp_path):
        self.make(tmp_path / "a.zarr", self.smooth())
        found = verify(tmp_path / "a.zarr")
        assert found.ok
        assert "the store does not tell" in found.arrays[0].warning

    def test_a_transpose_before_it_is_named(self, tmp_path):
        self.make(tmp_path / "a.zarr", self.smooth(), filters=(TransposeCodec(order=(1, 0)),))
        assert "`transpose` comes before it" in verify(tmp_path / "a.zarr").arrays[0].warning

    def test_others_are_not_warned_of(self, tmp_path):
        make_pco_array(tmp_path / "a.zarr")
        make_tree(tmp_path / "tree.zarr")
        for path in ("a.zarr", "tree.zarr"):
            assert not any(a.warning for a in verify(tmp_path / path).arrays)
