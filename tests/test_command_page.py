"""The how-to of the command: what it shows runs as it stands there, one block after the other."""

import re
import shlex

import pytest
import zarr
from pages import DOCS, blocks
from people_cases import QUIET

from pcodec_numcodecs.cli import _COMMANDS, main

PAGE = DOCS / "how-to" / "command.md"


@pytest.mark.filterwarnings(*QUIET)
def test_commands_and_blocks_run_in_turn(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shown = [(block.line, "python", block.code) for block in blocks(PAGE)]
    shown += [(block.line, "console", block.code) for block in blocks(PAGE, "console")]
    names, ran = {}, []
    for _, language, code in sorted(shown):
        if language == "python":
            exec(compile(code, str(PAGE), "exec"), names)
            continue
        for line in code.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "pcodec-numcodecs"
            assert main(arguments) == 0, line
            printed = capsys.readouterr()
            assert printed.out.strip(), line
            assert printed.err == "", line
            ran.append(arguments[0])
    assert {*ran, "demo", "warmup"} == {module.__name__.rpartition(".")[2] for module in _COMMANDS}
    old = zarr.open_group("data.zarr", mode="r")
    for store in ("new.zarr", "again.zarr", "by-function.zarr"):
        new = zarr.open_group(store, mode="r")
        assert all(new[name][:].tobytes() == old[name][:].tobytes() for name in old.array_keys())
        assert new["temperature"].metadata.dimension_names == ("day", "y", "x")
    for page in ("chunk.html", "codecs.html"):
        assert (tmp_path / page).read_text().startswith("<!DOCTYPE html>")


def test_options_that_are_named_are_there(capsys):
    text = PAGE.read_text(encoding="utf-8")
    known = ""
    for module in _COMMANDS:
        with pytest.raises(SystemExit):
            main([module.__name__.rpartition(".")[2], "--help"])
        known += capsys.readouterr().out
    options = set(re.findall(r"`?(--[a-z][a-z-]+)", text))
    assert options >= {"--scheduler", "--zarr-format", "--html", "--json", "--storage-option", "--plot"}
    assert [option for option in options if option not in known] == []
