"""What others take from the repository says the same as the package: citation and recipe."""

import tomllib

import pytest
from pages import ROOT

import pcodec_numcodecs

yaml = pytest.importorskip("yaml", reason="PyYAML comes with dask: see the `test` extra")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def load(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_citation():
    citation = load("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert (str(citation["version"]), citation["license"]) == (pcodec_numcodecs.__version__, PROJECT["license"])
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").split("(c) 2026 the ")[1].startswith("pcodec_numcodecs devel")
    assert citation["authors"] == [{"name": "The pcodec_numcodecs developers"}]


def test_recipe():
    recipe = load("packaging/conda-forge/recipe.yaml")
    context = recipe["context"]
    assert (context["name"], str(context["version"])) == (PROJECT["name"], pcodec_numcodecs.__version__)
    assert PROJECT["requires-python"] == f">={context['python_min']}"
    needed = [line.replace(" ", "") for line in recipe["requirements"]["run"] if not line.startswith("python ")]
    assert needed == PROJECT["dependencies"]
    constrained = [line.replace(" ", "") for line in recipe["requirements"]["run_constraints"]]
    assert constrained == PROJECT["optional-dependencies"]["jit"]
    commands = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == commands
    assert recipe["about"]["license"] == PROJECT["license"]
    for module in recipe["tests"][0]["python"]["imports"]:
        __import__(module)
