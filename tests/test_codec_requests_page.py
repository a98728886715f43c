"""The how-to on partial reads: its figures are what the command finds."""

import re
import subprocess
import sys

import pytest
import zarr
from benchmarks import requests

TEXT = requests.PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def measured():
    return requests.measure_all()


def test_figures_are_what_the_command_finds(measured):
    written = requests.rows(TEXT)
    found = requests.rows(requests.BEGIN + requests.table(measured) + requests.END)
    assert len(written) == len(requests.READS) + 2
    if not requests.JOINS_IN_SHARDS:
        # The page says of which releases these are.
        apart = [row for row in written if row[0] in ("100 × 100 window", "5 scattered cells")]
        assert len(apart) == 2
        for row in apart:
            place = written.index(row)
            assert row[4:] != found[place][4:]
            row[4:] = found[place][4:]
    assert written == found


def test_figures_show_what_the_page_says(measured):
    ours, inside = measured["this codec"], measured["this codec in shards"]
    assert ours["one cell"].n_bytes < 0.02 * ours["all"].n_bytes
    assert inside["one cell"].n_bytes > 0.09 * inside["all"].n_bytes
    assert {cost.gets for cost in measured["`numcodecs.pcodec`"].values()} == {1}


def test_command_runs(tmp_path, monkeypatch, capsys):
    """On a copy of the page from which the table is gone."""
    copy = tmp_path / "page.md"
    copy.write_text(re.sub(f"(?<={requests.BEGIN}).*?(?={requests.END})", "", TEXT, flags=re.DOTALL), encoding="utf-8")
    emptied = copy.read_text(encoding="utf-8")
    assert emptied != TEXT
    monkeypatch.setattr(requests, "PAGE", copy)
    monkeypatch.setattr(requests, "measure_all", lambda: {"this codec": dict.fromkeys(requests.READS, (1, 2))})
    if requests.JOINS_IN_SHARDS:
        requests.main()
        assert "| column | (1, 2) |\n" in copy.read_text(encoding="utf-8")
    else:
        with pytest.raises(SystemExit, match="is left as it is"):
            requests.main()
        assert copy.read_text(encoding="utf-8") == emptied
    assert capsys.readouterr().out.startswith(f"zarr {zarr.__version__}\n| read | this codec |\n")


def test_setting_of_the_environment():
    """Zarr makes one of it, by its own rules."""
    code = "import zarr; print(zarr.config.get('pcodec_numcodecs.coalesce_gap'))"
    (name,) = re.findall(r"`(ZARR_\w+)`", TEXT)
    done = subprocess.run([sys.executable, "-c", code], env={name: "4096"}, capture_output=True, text=True, check=True)
    assert done.stdout == "4096\n"
