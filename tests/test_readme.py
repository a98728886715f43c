"""What the README shows runs as it stands there."""

import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from pcodec_numcodecs import Pco, PcoSerializer, encoding_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Zarr tells of the state of its own specification, whatever the codec.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Consolidated metadata:zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning"),
]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def table_codes():
    return re.findall(r"^\|.*\| `(.+)` \|$", README, re.MULTILINE)


def test_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = blocks("python")
    assert len(examples) == 4
    names = {}
    for example in examples:
        assert example.rstrip().splitlines()[-1].startswith("assert ")
        exec(compile(example, "README.md", "exec"), names)


def test_first_example_is_short():
    assert len([line for line in blocks("python")[0].splitlines() if line.strip()]) <= 12


@pytest.mark.parametrize("code", table_codes())
def test_lines_of_the_table_use_pco_alone(code):
    data = np.linspace(0, 1, 50).reshape(5, 10)
    dataset = xr.Dataset({"data": (("x", "y"), data)})
    store = zarr.storage.MemoryStore()
    codecs = {"Pco": Pco, "PcoSerializer": PcoSerializer, "encoding_for": encoding_for}
    result = eval(code, {"zarr": zarr, "data": data, "dataset": dataset, "store": store, **codecs})
    array = result if isinstance(result, zarr.Array) else zarr.open_array(store, path="data", mode="r")
    assert array[:].tobytes() == data.tobytes()
    used = array.compressors if array.metadata.zarr_format == 2 else (array.serializer, *array.compressors)
    assert used in {(Pco(),), (PcoSerializer(),)}


def test_table_has_its_rows():
    assert len(table_codes()) == 3


def test_commands_name_what_is_there():
    """The set-up commands install extras that exist and call a script that exists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = [shlex.split(line) for block in blocks("console") for line in block.splitlines()]
    assert [command[-1] for command in commands] == [".", "demo", "pytest"]
    extras = {extra for command in commands for part in command for extra in re.findall(r"^\.\[(\w+)\]$", part)}
    assert extras == {"demo", "test"}
    assert extras <= project["optional-dependencies"].keys()
    assert "pcodec-numcodecs" in project["scripts"]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "docs/explanation/architecture.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (ROOT / page).parent.joinpath(target).exists(), target


def test_architecture_names_every_room():
    """Each room of the package stands in the page's table, with the rank that the layer test gives it."""
    from test_layers import MODULES, RANKS, room

    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    named = {}
    for ranks, rooms in re.findall(r"^\| ([\d, ]+) \| (.+?) \|", page, re.MULTILINE):
        names = [name.rstrip("/") for name in re.findall(r"`([\w/]+)`", rooms)]
        ranks = [int(rank) for rank in ranks.split(",")]
        named.update(zip(names, ranks if len(ranks) == len(names) else ranks * len(names), strict=True))
    rooms = {room(module) for module in MODULES} - {"__init__"}
    assert named == {name: RANKS[name] for name in rooms}
