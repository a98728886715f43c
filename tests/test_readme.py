"""The README is short, and its table and lines are right."""

import re

import numpy as np
import pytest
import xarray as xr
import zarr
from pages import DOCS, ROOT, blocks

from pcodec_numcodecs import Pco, PcoSerializer, encoding_for

README = (ROOT / "README.md").read_text(encoding="utf-8")

# Zarr tells of the state of its own specification, whatever the codec.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Consolidated metadata:zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning"),
]


def table_codes():
    return re.findall(r"^\|.*\| `(.+)` \|$", README, re.MULTILINE)


def test_example_is_short():
    (example,) = blocks(ROOT / "README.md")
    lines = [line for line in example.code.splitlines() if line.strip()]
    assert len(lines) <= 12
    assert lines[-1].startswith("assert ")


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


def test_table_and_picture_are_what_the_pages_say():
    """Nothing of them is typed: python docs/drawings/make.py makes them again."""
    import sys

    sys.path.insert(0, str(DOCS / "drawings"))
    import make

    for page in make.PAGES:
        assert make.glance.put(page) == page.read_text(encoding="utf-8")
    for name, draw in make.DRAWINGS.items():
        for theme, ending in (("light", ""), ("dark", "-dark")):
            assert draw().render(theme) == (DOCS / "drawings" / f"{name}{ending}.svg").read_text(encoding="utf-8")
    assert {path.name for path in (DOCS / "drawings").glob("*.svg")} == {
        f"{name}{ending}.svg" for name in make.DRAWINGS for ending in ("", "-dark")
    }


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
