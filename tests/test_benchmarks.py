"""The benchmarks run, on little data; no speed is asserted."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import real_arrays
from benchmarks import speed, timing

from pcodec_numcodecs.kernels import choice

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PEERS = ("fpzip", "imagecodecs", "matplotlib", "numba")


def test_speed_measures_both_ways_of_both():
    measured = speed.measure(rounds=1, n=10_000)
    assert sorted(measured) == ["decode, NumPy core", "decode, Rust wheel", "encode, NumPy core", "encode, Rust wheel"]
    assert min(measured.values()) > 0


def test_tasks_take_turns():
    turns = []
    tasks = {name: lambda name=name: turns.append(name) for name in "ab"}
    seconds = timing.in_turn(tasks, budget=9, least=2, most=4)
    assert "".join(turns) == "ab" * 5  # the first round is not counted
    assert seconds.keys() == tasks.keys()
    turns.clear()
    timing.in_turn(tasks, budget=0)
    assert "".join(turns) == "ab" * 2


def test_slow_tasks_sit_out_rounds(monkeypatch):
    clock = [0.0]
    turns = []

    def task(name, seconds):
        turns.append(name)
        clock[0] += seconds

    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    tasks = {"slow": lambda: task("slow", 4), "fast": lambda: task("fast", 0.25), "other": lambda: task("other", 0.125)}
    seconds = timing.in_turn(tasks, budget=17, least=2, most=9)
    assert seconds == {"slow": 4, "fast": 0.25, "other": 0.125}
    # After three rounds, the slow one has had more than its share; all have once more than is counted.
    assert [turns.count(name) for name in tasks] == [4, 10, 10]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Run the command on two small arrays; return the page that it wrote, and where."""
    for package in PEERS:
        pytest.importorskip(package, reason=f"{package} is not installed: see the `bench` extra")
    from benchmarks import all as command
    from benchmarks.results import SMALL

    missing = {reason for name in SMALL if (reason := real_arrays.available(name))}
    if missing:
        pytest.skip(f"real arrays need {', '.join(sorted(missing))}")
    folder = tmp_path_factory.mktemp("docs")
    copy = folder / "benchmarks.md"
    copy.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    threads = numcodecs.blosc.get_nthreads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(choice.VARIABLE, "numpy")  # the run sets it, and the patch takes that back
        command.main(["--quick", "--write", str(copy)])
    numcodecs.blosc.set_nthreads(threads)
    return copy


def tables(text):
    """Return each table as rows of cells, without the line below its header."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[line.strip("|").split("|") for line in table.splitlines() if "--:" not in line] for table in found]


def test_command_writes_the_page(quick):
    text, before = quick.read_text(encoding="utf-8"), PAGE.read_text(encoding="utf-8")
    assert text.partition("<!-- benchmarks:begin -->")[0] == before.partition("<!-- benchmarks:begin -->")[0]
    assert text.partition("<!-- benchmarks:end -->")[2] == before.partition("<!-- benchmarks:end -->")[2]
    assert "python tests/benchmarks/all.py --quick --write" in text
    assert re.search(r"zarr \d+\.\d+", text)
    for table in tables(text):
        assert len({len(row) for row in table}) == 1
        assert len(table) > 1
    pictures = re.findall(r"!\[.+\]\((.+)\)", text)
    assert len(pictures) == 3
    for picture in pictures:
        assert (quick.parent / picture).read_text(encoding="utf-8").startswith("<?xml")
        assert (quick.parent / picture.replace(".svg", "-dark.svg")).exists()
    assert "Error" not in text  # no codec failed, or changed bits
    assert "nan" not in text.lower().replace("nanoseconds", "")


def test_every_codec_is_in_the_page(quick):
    from benchmarks import contestants

    text = quick.read_text(encoding="utf-8")
    (summary,) = (table for table in tables(text) if "window ms" in table[0][-2])
    assert [row[0].strip() for row in summary[1:]] == [codec.name for codec in contestants.ALL]
    assert {row[1].strip() for row in summary[1:]} == {"2"}
    for row in summary[1:]:
        assert all(float(cell.replace(",", "")) >= 0 for cell in row[2:])


def test_plots_of_the_page_have_dark_ones():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: see the `bench` extra")
    from benchmarks import plots

    drawn = sorted((PAGE.parent / "benchmarks").glob("*.svg"))
    light = [plot for plot in drawn if not plot.stem.endswith("-dark")]
    assert len(light) == 3
    assert len(drawn) == 2 * len(light)
    for plot in light:
        dark = plot.with_name(f"{plot.stem}-dark.svg").read_text(encoding="utf-8")
        assert dark == plots.darkened(plot.read_text(encoding="utf-8"))


def test_page_needs_its_markers(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: see the `bench` extra")
    from benchmarks import page

    empty = tmp_path / "page.md"
    empty.write_text("# Benchmarks\n")
    with pytest.raises(ValueError, match="must have one line <!-- benchmarks:begin -->"):
        page.write(empty, None, "command")
    assert empty.read_text() == "# Benchmarks\n"


def test_lossy_codecs_and_types_they_refuse_are_told():
    for package in PEERS[:2]:
        pytest.importorskip(package, reason=f"{package} is not installed: see the `bench` extra")
    from benchmarks import chunks, contestants

    def refuse(array):
        raise TypeError("no such type\nat all")

    lossy = contestants.Contestant("lossy", lambda a: a.astype("f2").tobytes(), lambda stored, out: out.fill(0))
    picky = contestants.Contestant("picky", refuse, lambda stored, out: None)
    name = "syn_dec_f64"
    rows = {row.codec: row for row in chunks.measure(name, 0, [lossy, picky, contestants.BLOSC_ZSTD])}
    assert rows["lossy"].reason == "ChangedBitsError: some bits came back changed"
    assert rows["picky"].reason == "TypeError: no such type"
    assert math.isnan(rows["picky"].encode)
    fine = rows[contestants.BLOSC_ZSTD.name]
    assert (fine.reason, fine.numbers, fine.itemsize) == ("", 200_000, 8)
    assert fine.window == fine.point == fine.decode > 0
    assert fine.ratio > 1


@pytest.mark.parametrize("box", [np.s_[0:1, 0:1, 0:1], np.s_[3:9, 4:7, 10:31], np.s_[28:29, 30:31, 30:31]])
def test_boxes_of_plain_pages(box):
    for package in PEERS[:2]:
        pytest.importorskip(package, reason=f"{package} is not installed: see the `bench` extra")
    from benchmarks import contestants

    array = np.arange(29 * 31 * 31).reshape(29, 31, 31)
    for codec in (contestants.NUMPY_WRAPPED, contestants.WHEEL, contestants.WHEEL_ONE_PAGE):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(choice.VARIABLE, "numpy")
            found = codec.read_part(codec.write(array), np.zeros_like(array), box)
        assert np.array_equal(found, array[box])


def test_command_runs_as_a_script():
    """Modules of its folder do not pass for packages of their names."""
    for package in PEERS:
        pytest.importorskip(package, reason=f"{package} is not installed: see the `bench` extra")
    script = Path(__file__).parent / "benchmarks" / "all.py"
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--write PAGE" in done.stdout


def test_ratios_are_written_into_their_page(tmp_path, capsys):
    for package in PEERS:
        pytest.importorskip(package, reason=f"{package} is not installed: see the `bench` extra")
    from benchmarks import ratios

    name = "orca_votemper_fill_f32"
    if reason := real_arrays.available(name):
        pytest.skip(reason)
    page = tmp_path / "ratios.md"
    page.write_text(f"before\n{ratios.BEGIN}old\n{ratios.END}\nafter\n", encoding="utf-8")
    ratios.main(["--arrays", name, "--regret", "--write", str(page)])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    (row,) = re.findall(
        rf"^\| {name} \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", text, re.MULTILINE
    )
    one_page, _, _, usual, high = map(float, row)
    assert one_page < usual <= high
    assert re.search(r"^\| worst \|  \| \d+\.\d\d \|$", text, re.MULTILINE)
    assert capsys.readouterr().err.startswith(f"measure {name}\n")


def test_chunks_cover_a_shape():
    from benchmarks import ratios

    seen = np.zeros((7, 300, 200), np.int64)
    boxes = list(ratios.chunks(seen.shape, 100_000))
    for box in boxes:
        seen[box] += 1
    assert (seen == 1).all()
    assert 50_000 < seen.size / len(boxes) < 200_000
