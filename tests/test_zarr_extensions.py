"""What docs/zarr-extensions says of the Zarr codec: the schema takes what is written, and the samples can be read."""

import importlib.util
import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import zarr
from frame_cases import assert_same

from pcodec_numcodecs import PcoSerializer, frame

FOLDER = Path(__file__).parents[1] / "docs/zarr-extensions"
CODEC = FOLDER / "codecs/pcodec_numcodecs.pco"
SCHEMA = json.loads((CODEC / "schema.json").read_text(encoding="utf-8"))
NAME = "pcodec_numcodecs.pco"


def recipe():
    spec = importlib.util.spec_from_file_location("make_samples", FOLDER / "make_samples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKE = recipe()
SAMPLES = {sample.name: sample for sample in MAKE.samples()}


def fits(entry):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(entry)


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


WRITTEN = [
    {},
    {"level": 0},
    {"level": 12},
    {"tile": (4, 5)},
    {"tile": [1 << 24]},
    {"tile": ()},
    {"tile": np.array([3, 3])},
    {"predictor": "none"},
    *({"access": access} for access in ("balanced", "series", "maps", "whole")),
    {"level": 3, "tile": (7,), "predictor": "none", "access": "maps"},
]


@pytest.mark.parametrize("settings", WRITTEN, ids=str)
def test_what_the_codec_writes_fits(settings):
    entry = PcoSerializer(**settings).to_dict()
    assert fits(entry)
    assert fits(json.loads(json.dumps(entry)))
    assert PcoSerializer.from_dict(entry) == PcoSerializer(**settings)


@pytest.mark.parametrize("entry", [{"name": NAME}, {"name": NAME, "configuration": {}}], ids=str)
def test_what_the_codec_reads_as_well_fits(entry):
    assert fits(entry)
    assert PcoSerializer.from_dict(entry) == PcoSerializer()


def test_settings_of_newer_versions_fit():
    entry = {"name": NAME, "configuration": {"level": 8, "threads": 3}}
    assert fits(entry)
    with pytest.warns(UserWarning, match="'threads'"):
        assert PcoSerializer.from_dict(entry) == PcoSerializer()


@pytest.mark.parametrize(
    "configuration",
    [
        {"level": 13},
        {"level": -1},
        {"level": "8"},
        {"level": None},
        {"level": 2.5},
        {"tile": "whole"},
        {"tile": [0]},
        {"tile": [(1 << 24) + 1]},
        {"tile": [2.5]},
        {"tile": 5},
        {"predictor": "linear"},
        {"predictor": None},
        {"access": "rows"},
        {"access": 1},
    ],
    ids=str,
)
def test_what_the_codec_refuses_does_not_fit(configuration):
    entry = {"name": NAME, "configuration": configuration}
    assert not fits(entry)
    with pytest.raises((TypeError, ValueError)):
        PcoSerializer.from_dict(entry)


@pytest.mark.parametrize(
    "entry", [{"name": "pco"}, {}, {"name": NAME, "configuration": []}, {"name": NAME, "level": 3}]
)
def test_other_entries_do_not_fit(entry):
    assert not fits(entry)


def test_example_of_the_readme_fits():
    text = (CODEC / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (entry,) = json.loads(example)["codecs"]
    assert fits(entry)
    assert PcoSerializer.from_dict(entry) == PcoSerializer(tile=(128, 128))
    assert entry["configuration"]["level"] == PcoSerializer().level


def codecs_of(path):
    codecs = json.loads((path / "zarr.json").read_text(encoding="utf-8"))["codecs"]
    return codecs[0]["configuration"]["codecs"] if codecs[0]["name"] == "sharding_indexed" else codecs


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_reads(name):
    path = CODEC / "sample_data" / f"{name}.zarr"
    (entry,) = codecs_of(path)
    assert fits(entry)
    stored = zarr.open_array(path, mode="r")
    array = SAMPLES[name].array
    assert (stored.chunks, stored.shards) == (SAMPLES[name].chunks, SAMPLES[name].shards)
    assert_same(np.asarray(stored[...]), array)
    part = (slice(3, 30, 4),) * array.ndim
    assert_same(np.asarray(stored[part]), array[part].copy())


def test_samples_are_complete_small_and_described():
    folder = CODEC / "sample_data"
    assert sorted(path.stem for path in folder.glob("*.zarr")) == sorted(SAMPLES)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 100_000
    text = (folder / "README.md").read_text(encoding="utf-8")
    for sample in SAMPLES.values():
        assert f"| `{sample.name}.zarr` | {' × '.join(map(str, sample.array.shape))} |" in text


def test_samples_hold_what_they_are_for():
    prices = SAMPLES["float64_nan"].array
    assert np.isnan(prices).sum() == 4 * 3 * 5
    assert 0xFFF0_0000_0000_002A in prices.view("u8")
    assert np.signbit(prices[prices == 0]).any()
    assert SAMPLES["uint16_sharded"].shards is not None
    for path in (CODEC / "sample_data/float32_masked.zarr/c").rglob("0/*"):
        if path.is_file():
            (pipeline,) = frame.info(path.read_bytes()).pipelines
            assert (len(pipeline.fills), pipeline.predictor != "none") == (1, True)
    assert {sample.array.dtype.kind for sample in SAMPLES.values()} == set("ifbcuM")


def test_script_makes_them(tmp_path):
    MAKE.write(tmp_path)
    kept = tmp_path / "constant.zarr/zarr.json"
    kept.write_text(content := kept.read_text(encoding="utf-8") + " ", encoding="utf-8")
    MAKE.write(tmp_path)
    assert kept.read_text(encoding="utf-8") == content  # what is there stays as it is
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(SAMPLES)
    for name, sample in SAMPLES.items():
        assert_same(np.asarray(zarr.open_array(tmp_path / f"{name}.zarr", mode="r")[...]), sample.array)
        assert codecs_of(tmp_path / f"{name}.zarr") == codecs_of(CODEC / "sample_data" / f"{name}.zarr")


def test_submission_is_complete(tmp_path):
    """A copy for the registry: its links lead to what is in it."""
    spec = importlib.util.spec_from_file_location("submission", FOLDER / "submission.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.make(tmp_path)
    assert made == tmp_path / "codecs" / NAME
    assert {path.name for path in made.iterdir()} == {"README.md", "format.md", "sample_data", "schema.json"}
    assert json.loads((made / "schema.json").read_text(encoding="utf-8")) == SCHEMA
    links = [
        (page, target)
        for page in made.rglob("*.md")
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
        if not target.startswith("https://")
    ]
    assert (made / "README.md", "./format.md") in links
    for page, target in links:
        assert (page.parent / target).resolve().is_relative_to(made)
        assert (page.parent / target).exists()
