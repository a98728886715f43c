"""What the pages show runs as it stands there; their commands and links lead to what is there."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
from pages import DOCS, NOTEBOOKS, ROOT, TEXTS, blocks, run

import pcodec_numcodecs
from pcodec_numcodecs import cli, stores

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SHOWING = [page for page in TEXTS if blocks(page)]
COMMANDS = [
    (page, line)
    for page in TEXTS
    for block in blocks(page, "console")
    for line in re.split(r"\n|&&", block.code)
    if line.strip()
]


def named(page):
    return page.relative_to(ROOT).as_posix() if hasattr(page, "relative_to") else page.strip()


def test_reference_has_every_public_name():
    named = []
    for page in (DOCS / "reference").glob("*.md"):
        module = ""
        for kind, name in re.findall(r"^\.\. (\w+):: ([\w.]+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            if kind.endswith("module"):
                module = name
            if kind.startswith("auto"):
                named.append(name if kind == "automodule" else f"{module}.{name}")
    assert len(set(named)) == len(named)
    rooms = (pcodec_numcodecs, pcodec_numcodecs.frame, stores)
    public = {f"{room.__name__}.{name}" for room in rooms for name in room.__all__}
    # The rooms themselves have pages of their own.
    assert public - set(named) - {room.__name__ for room in rooms} == {"pcodec_numcodecs.frame.MAGIC"}


def test_pages_are_found():
    assert len(SHOWING) > 8
    assert len(NOTEBOOKS) == 3
    assert len(COMMANDS) > 10
    assert {ROOT / "README.md", DOCS / "getting-started.md"} <= set(SHOWING)


# Zarr and xarray tell of the state of Zarr's own specification, whatever the codec.
@pytest.mark.filterwarnings("ignore:Consolidated metadata:zarr.errors.ZarrUserWarning")
@pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning")
@pytest.mark.filterwarnings("ignore:The codec:zarr.errors.UnstableSpecificationWarning")
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not")
@pytest.mark.parametrize("page", SHOWING, ids=named)
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page)


@pytest.mark.parametrize("page", NOTEBOOKS, ids=named)
def test_notebooks_run(page, tmp_path):
    """Their cells, in a process of their own: they start servers and draw."""
    code = f"import pages, pathlib; pages.run(pathlib.Path({str(page)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", NOTEBOOKS, ids=named)
def test_notebooks_keep_what_they_print(page):
    """All of it from one run, from the first cell to the last, without an error or a warning."""
    cells = [cell for cell in json.loads(page.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert {output["name"] for output in outputs if output["output_type"] == "stream"} == {"stdout"}
    assert any("image/png" in output.get("data", ()) for output in outputs)


@pytest.mark.parametrize("page", SHOWING, ids=named)
def test_every_block_ends_with_what_it_shows(page):
    for block in blocks(page):
        last = [line for line in block.code.splitlines() if line and not line.startswith((" ", ")"))][-1]
        assert last.startswith("assert "), f"{page}, line {block.line}"


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=named)
def test_commands_name_what_is_there(page, line):
    words = shlex.split(line.partition("  #")[0])
    for extra in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        assert set(extra.split(",")) <= PROJECT["optional-dependencies"].keys()
    match words:
        case ["pip", "install", what]:
            assert re.fullmatch(r"(\.|pcodec-numcodecs)(\[[\w,]+\])?", what)
        case ["pcodec-numcodecs", *arguments]:
            assert "pcodec-numcodecs" in PROJECT["scripts"]
            assert cli._parser().parse_args(arguments)
        case ["python", "-m", module, *_]:
            assert module in ("sphinx", "http.server")
        case ["python" | ".ci/run", *_]:
            assert (ROOT / (words[0] if words[0] == ".ci/run" else words[1])).exists()
        case ["pytest", *arguments]:
            files = [argument for argument in arguments if argument.endswith(".py")]
            assert all((ROOT / file).exists() for file in files)
        case _:
            raise AssertionError(f"{page}: what is checked of a command such as {line!r}?")


@pytest.mark.parametrize("page", TEXTS + NOTEBOOKS, ids=named)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text):
        assert target.startswith("https://") or (page.parent / target).exists(), target
