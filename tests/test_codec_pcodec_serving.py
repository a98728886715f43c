"""The block in which this package serves the names of numcodecs' codec: it takes effect, and is undone."""

import pickle
import threading

import numpy as np
import pytest
import zarr
import zarr.registry
from codec_cases import assert_same_bits, numbers
from numcodecs import get_codec
from numcodecs.pcodec import PCodec as TheirPCodec
from numcodecs.registry import codec_registry
from pcodec_arrays import CASES, LAYOUTS, SHAPE, create, title, write_all
from zarr.codecs.numcodecs import PCodec as TheirSerializer

from pcodec_numcodecs import PCodec, PCodecSerializer, serving_numcodecs_pcodec

pytestmark = [
    pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:Numcodecs codecs are not:zarr.errors.ZarrUserWarning"),
]

NAME = "numcodecs.pcodec"


def served():
    """Tell by whom, as arrays are opened: by name."""
    return type(get_codec({"id": "pcodec"})), zarr.registry.get_codec_class(NAME)


def state():
    """Copy all that a block changes, and more."""
    for name in ("_codec_registries", "__codec_registries"):
        registries = getattr(zarr.registry, name, None)
        if registries:
            implementations = {key: dict(registry) for key, registry in registries.items() if registry}
            break
    return dict(codec_registry), implementations, zarr.config.get("codecs").copy(), served()


THEIRS = (TheirPCodec, TheirSerializer)
OURS = (PCodec, PCodecSerializer)


@pytest.fixture(autouse=True)
def before():
    """Every test leaves all as it was."""
    before = state()
    assert before[-1] == THEIRS
    yield before
    assert state() == before


def test_it_serves_inside_and_not_outside(before):
    with serving_numcodecs_pcodec():
        assert served() == OURS
    assert state() == before


def test_it_is_undone_after_an_exception(before):
    error = RuntimeError("of the user's code")

    def fail():
        assert served() == OURS
        raise error

    with pytest.raises(RuntimeError) as caught, serving_numcodecs_pcodec():
        fail()
    assert caught.value is error
    assert state() == before


def test_blocks_in_blocks(before):
    with serving_numcodecs_pcodec():
        inside = state()
        with serving_numcodecs_pcodec():
            assert state() == inside
        assert state() == inside
        with pytest.raises(ZeroDivisionError), serving_numcodecs_pcodec():
            _ = 1 / 0
        assert served() == OURS
    assert state() == before


def test_blocks_one_after_the_other(before):
    for _ in range(3):
        with serving_numcodecs_pcodec():
            assert served() == OURS
        assert state() == before


def test_as_a_decorator(before):
    @serving_numcodecs_pcodec()
    def inside():
        return served()

    assert inside() == inside() == OURS
    assert state() == before


def test_blocks_of_threads_that_end_out_of_turn(before):
    entered, first_ends, second_ends = threading.Barrier(3, timeout=60), threading.Event(), threading.Event()

    def run(ends):
        with serving_numcodecs_pcodec():
            entered.wait()
            ends.wait(60)

    threads = [threading.Thread(target=run, args=(ends,)) for ends in (first_ends, second_ends)]
    for thread in threads:
        thread.start()
    entered.wait()
    for thread, ends in zip(threads, (first_ends, second_ends), strict=True):
        assert served() == OURS
        ends.set()
        thread.join()
    assert state() == before


def test_it_is_undone_when_it_cannot_begin(before, monkeypatch):
    def refuse(*_):
        raise KeyError("no such setting")

    with monkeypatch.context() as patch:
        patch.setattr(type(zarr.config), "set", refuse)
        with pytest.raises(KeyError, match="no such setting"), serving_numcodecs_pcodec():
            raise AssertionError("unreachable")
    assert state() == before
    with serving_numcodecs_pcodec():
        assert served() == OURS


def test_other_codecs_keep_what_is_configured(before):
    configured = before[2]
    assert len(configured) > 5
    with zarr.config.set({"codecs": {**configured, "gzip": "my.Gzip"}}):
        with serving_numcodecs_pcodec():
            mine = zarr.config.get("codecs")
            assert mine["gzip"] == "my.Gzip"
            assert {**mine, NAME: configured[NAME], "gzip": configured["gzip"]} == configured
        assert zarr.config.get("codecs")["gzip"] == "my.Gzip"


def test_what_others_registered_stays(before, monkeypatch):
    class Mine(TheirPCodec):
        pass

    monkeypatch.setitem(codec_registry, "pcodec", Mine)
    with serving_numcodecs_pcodec():
        assert served() == OURS
    assert codec_registry["pcodec"] is Mine


def test_name_in_the_configuration_is_where_the_class_is():
    with serving_numcodecs_pcodec():
        module, _, name = zarr.config.get("codecs")[NAME].rpartition(".")
    assert (module, name) == (PCodecSerializer.__module__, PCodecSerializer.__qualname__)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Arrays made with the wheel outside of a block, `theirs`, and by us inside of one, `ours`."""
    folder = tmp_path_factory.mktemp("serving")
    write_all(folder / "theirs")
    with serving_numcodecs_pcodec(), pytest.MonkeyPatch.context() as patch:
        without_wheel(patch)
        write_all(folder / "ours")
    return folder


def without_wheel(patch):
    def refuse(*_, **__):
        raise AssertionError("the wheel was used")

    patch.setattr(TheirPCodec, "encode", refuse)
    patch.setattr(TheirPCodec, "decode", refuse)


@pytest.mark.parametrize(("layout", "dtype"), CASES)
def test_arrays_are_read_by_the_other(folder, layout, dtype, monkeypatch):
    given = numbers(dtype, SHAPE)
    name = title(layout, dtype)
    assert_same_bits(zarr.open_array(folder / "ours" / name, mode="r")[...], given)
    without_wheel(monkeypatch)
    with serving_numcodecs_pcodec():
        assert_same_bits(zarr.open_array(folder / "theirs" / name, mode="r")[...], given)
    with pytest.raises(AssertionError, match="the wheel was used"):
        zarr.open_array(folder / "ours" / name, mode="r")[...]


def codec_of(z):
    """Find our codec or that of numcodecs, in a shard too."""
    if z.metadata.zarr_format == 2:
        return z.compressors[0]
    codec = z.metadata.codecs[0]
    return getattr(codec, "codecs", [codec])[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_keep_the_codec_they_were_opened_with(layout, tmp_path):
    given = numbers("f4", SHAPE)
    theirs = create(tmp_path / "theirs", layout)
    with serving_numcodecs_pcodec():
        ours = create(tmp_path / "ours", layout)
    position = 0 if layout.startswith("v2") else 1
    for z, kind in ((theirs, THEIRS[position]), (ours, OURS[position])):
        assert type(codec_of(z)) is kind
        z[:] = given
        assert_same_bits(z[:], given)
        if layout != "v3-shards":
            assert type(codec_of(pickle.loads(pickle.dumps(z)))) is kind


def test_pickled_shards_ask_for_their_codec_by_name_again(tmp_path):
    """Zarr does this. So a process that gets such an array needs a block of its own, as the how-to says."""
    with serving_numcodecs_pcodec():
        pickled = pickle.dumps(create(tmp_path, "v3-shards"))
        assert type(codec_of(pickle.loads(pickled))) is PCodecSerializer
    assert type(codec_of(pickle.loads(pickled))) is TheirSerializer


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout.startswith("v3")])
def test_fortran_order_is_right_inside(layout, tmp_path):
    given = np.asfortranarray(numbers("f4", SHAPE))
    options = {"chunks": SHAPE} | ({"shards": SHAPE} if layout == "v3-shards" else {})
    with serving_numcodecs_pcodec():
        create(tmp_path, layout, **options)[:] = given
    assert_same_bits(zarr.open_array(tmp_path, mode="r")[:], np.ascontiguousarray(given))
