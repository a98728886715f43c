"""The how-to on speed: what it names is there."""

import re
import tomllib
from pathlib import Path

from pcodec_numcodecs import cli
from pcodec_numcodecs.kernels import choice

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "speed.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_names_are_right():
    assert f"`{choice.VARIABLE}` may be `{'` or `'.join(choice.NAMES)}`" in TEXT
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"pcodec-numcodecs\[(\w+)\]", TEXT)) == {"jit"} <= extras.keys()
    assert cli._parser().parse_args(["warmup"]).command == "warmup"
    assert TEXT.count("pcodec-numcodecs warmup") == 3
