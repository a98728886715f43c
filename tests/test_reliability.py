"""The page of reliability is made of what was found, and of nothing else; figures that it shows are never typed."""

import re
from pathlib import Path

import pytest
from reliability import all as command
from reliability import page
from reliability.results import QUICK, sections

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"


def test_command_writes_the_sections_that_were_asked_for(tmp_path):
    copy, kept = tmp_path / "page.md", tmp_path / "kept.json"
    copy.write_text(f"before\n{page.BEGIN}old\n{page.END}after\n", encoding="utf-8")
    command.main(["--quick", "--only", "licences", "differential", "--keep", str(kept), "--write", str(copy)])
    text = copy.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{page.BEGIN}```console\npython tests/reliability/all.py --quick")
    assert text.endswith(f"{page.END}after\n")
    assert "old" not in text
    assert "| zarr |" in text
    assert (chunks := re.search(r"^\d+ chunks of .*$", text, re.MULTILINE)[0])
    assert "## Killed writers" not in text
    # What one run found is there for the next.
    command.main(["--quick", "--only", "threads", "--keep", str(kept), "--write", str(copy)])
    text = copy.read_text(encoding="utf-8")
    assert chunks in text
    assert "16 threads made" in text
    assert re.search(r"^\* sections were run on commits \w+ \(.*licences.*threads", text, re.MULTILINE)


def test_every_section_has_its_place():
    """Whatever breaks a promise is shown."""
    text = page.render({"fuzzing": [FUZZED], "faults": FAULTS, "writing": WRITTEN}, "command")
    assert "| frame | 1,234 | 200 | 1,034 | 13 ms | 2 KiB | numpy, numba | 10 min | 1 |" in text
    assert "* `abc: the twins do not agree`" in text
    assert "5 reads, 1 wrong." in text
    assert "* `[0, 1] <f8 (3,): TooLongError`" in text


FUZZED = {
    **{"reader": "frame", "twins": ["numpy", "numba"], "inputs": 1234, "read": 200, "refused": 1034, "errors": {}},
    **{"longest": 0.0131, "peak": 2048, "seconds": 600.0, "faults": ["abc: the twins do not agree"]},
}
FAULTS = {"cases": 5, "outcomes": {"gone": {"absent": 4, "wrong": 1}}, "wrong": ["[0, 3] chunk"], "seconds": 1.0}
WRITTEN = {"arrays": 9, "cells": 99, "longest": 2.0, "seconds": 9.0, "faults": ["[0, 1] <f8 (3,): TooLongError"]}


def test_page_holds_what_a_full_run_writes():
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(page.BEGIN) == text.count(page.END) == 1
    for heading in ("Damaged bytes", "Hostile arrays", "Faulty stores", "Killed writers", "Memory", "Licences"):
        assert f"\n## {heading}\n" in text


def test_sections_are_those_of_the_plan():
    assert len(sections(QUICK)) == 15


def test_page_needs_its_markers(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text(page.BEGIN, encoding="utf-8")
    with pytest.raises(ValueError, match="must have one line"):
        page.write(copy, {}, "")
