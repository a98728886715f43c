"""What results show is what they hold: as lines, as JSON, and as a page, light and dark, wide and narrow."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from pcodec_numcodecs.reports import (
    Code,
    HeatMap,
    Point,
    Report,
    Reported,
    Scatter,
    Table,
    Text,
    bits,
    choice,
    count,
    factor,
    share,
    size,
    span,
    speed,
)
from pcodec_numcodecs.reports.colours import shade
from pcodec_numcodecs.reports.html import fragment, page
from pcodec_numcodecs.reports.plain import plain
from pcodec_numcodecs.reports.text import as_text

ROWS = (
    (choice("group/long_name_of_an_array"), count(1200), size(950), factor(2.5)),
    (choice("b10 <script>alert(1)</script>"), count(30), size(1_250_000), factor(None)),
    (choice("b9"), count(4), size(12_345), factor(11.0)),
)
TOTAL = (choice("all"), count(1234), size(1_263_295), factor(3.25))
TABLE = Table(("array", "objects", "stored", "ratio"), ROWS, "A table.", TOTAL)
MAP = HeatMap("Bits a number", "bits", "down", "across", ((1.0, 2.0, None), (3.0, 4.0, 5.0)))
POINTS = tuple(Point(f"codec-{i}", 10.0 ** (i / 2), 1 + i % 3, f"family {i % 4}") for i in range(8))
PLOT = Scatter("Ratio and speed", "MB/s", "ratio", POINTS)
REPORT = Report(
    "A report & more", [Text("A paragraph."), Text("Beware.", warning=True), TABLE, MAP, PLOT, Code("x < 1")]
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(1000), "1 kB"),
        (size(999_499), "999 kB"),
        (size(999_500), "1 MB"),
        (size(12_345_678), "12.3 MB"),
        (size(5e15), "5e+03 TB"),
        (size(None), "-"),
        (count(1234567), "1,234,567"),
        (factor(3.14159), "3.14"),
        (share(0.1234), "12.3 %"),
        (bits(7.0), "7.00"),
        (span(0.0000123), "12.3 µs"),
        (span(0.0123), "12.3 ms"),
        (span(12.34), "12.3 s"),
        (span(200), "3 min 20 s"),
        (speed(2.5e6), "2.5 MB/s"),
    ],
)
def test_figures_are_short(cell, text):
    assert cell.text == text


def test_lines_fit_the_terminal():
    for width in (40, 60, 120):
        lines = as_text(REPORT, width).splitlines()
        assert max(map(len, lines)) <= width
    text = as_text(REPORT, 120)
    assert "warning: Beware." in text
    assert "1,200" in text
    # Columns of numbers end where their titles end.
    (title,) = [line for line in text.splitlines() if line.startswith("array")]
    (row,) = [line for line in text.splitlines() if line.startswith("b9")]
    assert row.index("12.3 kB") + len("12.3 kB") == title.index("stored") + len("stored")
    assert "x < 1" in text


def test_heat_maps_in_a_terminal():
    assert "\n.-\n+#@\n'.' is 1.00, '@' is 5.00\n" in as_text(Report("", [MAP]))
    coloured = as_text(Report("", [MAP]), colour=True)
    low, high = (f"{';'.join(map(str, shade(place)))}m" for place in (0, 1))
    assert f"\x1b[38;2;{low}" in coloured
    assert f"\x1b[48;2;{high}" in coloured
    # A long row goes on in the next line, and many rows are drawn together.
    row = HeatMap("row", "bits", "", "pages", (tuple(float(i) for i in range(300)),))
    assert max(map(len, as_text(Report("", [row]), 50).splitlines())) <= 50
    large = HeatMap("large", "bits", "y", "x", tuple(tuple(float(x * y) for x in range(400)) for y in range(300)))
    lines = as_text(Report("", [large]), 50).splitlines()
    assert max(map(len, lines)) <= 50
    assert len(lines) < 32


@dataclass(frozen=True)
class Result(Reported):
    """A result."""

    name: str
    numbers: np.ndarray
    where: range
    nothing: float = float("nan")

    @property
    def double(self) -> list:
        """Twice the numbers."""
        return [2 * n for n in self.numbers.tolist()]

    def report(self) -> Report:
        """Return a report."""
        return Report(self.name, [TABLE])


def test_results_become_json():
    result = Result("r", np.arange(3), range(2, 5))
    found = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert found == {"name": "r", "numbers": [0, 1, 2], "where": [2, 5], "nothing": None, "double": [0, 2, 4]}
    with pytest.raises(TypeError, match="object has no form"):
        plain(object())


class Outline(HTMLParser):
    """Checks that tags are closed in turn, and keeps those that could ask for something elsewhere."""

    VOID = ("meta", "link", "wbr")

    def __init__(self):
        super().__init__()
        self.open, self.outside = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        self.outside += [v for k, v in attributes if k in ("src", "href") and not (v or "").startswith("data:")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("made", [page(REPORT, "Made here."), fragment(REPORT)], ids=["page", "notebook"])
def test_html_is_whole_and_needs_nothing_else(made):
    outline = Outline()
    outline.feed(made)
    assert outline.open == []
    assert outline.outside == []
    assert "@import" not in made
    assert "url(" not in made
    assert "<script>alert" not in made
    assert "b10 &lt;script&gt;" in made
    for text in ("A report &amp; more", "Beware.", "12.3 kB", "x &lt; 1", "Bits a number"):
        assert text in made


def test_notebooks_get_the_fragment():
    html = Result("in a notebook", np.arange(3), range(2))._repr_html_()
    assert html.startswith('<div class="pco">')
    assert "<button" not in html
    assert "in a notebook" in html


def test_labels_of_a_plot_hide_nothing():
    crowded = tuple(Point(f"codec-{i}", 100.0 + i, 2.0 + i / 1000, "one") for i in range(12))
    svg = re.findall(
        r'<text class="c0" x="([\d.-]+)" y="([\d.-]+)">', page(Report("", [Scatter("", "x", "y", crowded)]))
    )
    places = [(float(x), float(y)) for x, y in svg]
    assert 1 <= len(places) <= 12
    for i, (x, y) in enumerate(places):
        for other_x, other_y in places[:i]:
            assert abs(y - other_y) > 8 or abs(x - other_x) > 40
    # Those without a label are told by their point.
    assert page(Report("", [Scatter("", "x", "y", crowded)])).count("<title>codec-") == 12


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
class TestInABrowser:
    """The page as people see it."""

    @staticmethod
    def browse(tmp_path, html, *arguments):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
        flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        flags += ["--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}"]
        done = subprocess.run(
            [CHROMIUM, *flags, *arguments, f"file://{tmp_path / 'page.html'}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
        return done.stdout

    def test_tables_sort_and_nothing_is_complained_of(self, tmp_path):
        script = """<script>
          const names = () => [...document.querySelectorAll("tbody td:first-child")].map((cell) => cell.textContent[0]);
          const seen = [];
          for (const title of [0, 1, 2, 3]) for (const times of [1, 2]) {
            document.querySelectorAll("th button")[title].click();
            seen.push(names().join("") + document.querySelectorAll("th")[title].getAttribute("aria-sort")[0]);
          }
          document.body.dataset.seen = seen.join(" ");
          document.body.dataset.foot = document.querySelector("tfoot").textContent;
        </script></body>"""
        rows = [(choice(letter), *row[1:]) for letter, row in zip("xyz", ROWS, strict=True)]
        html = page(Report("Sorted", [Table(TABLE.titles, tuple(rows), "", TOTAL), MAP, PLOT]))
        found = self.browse(tmp_path, html.replace("</body>", script), "--dump-dom")
        # Names; objects 1200 30 4; stored 950 1.25 MB 12 kB; ratio 2.5 - 11.
        assert 'data-seen="xyza zyxd zyxa xyzd xzya yzxd yxza zxyd"' in found
        assert 'data-foot="all1,234' in found

    def test_words_sort_as_people_count(self, tmp_path):
        script = """<script>document.querySelector("th button").click();
          document.body.dataset.seen = [...document.querySelectorAll("tbody td:first-child")].map((c) => c.textContent);
        </script></body>"""
        rows = tuple((choice(name),) for name in ("b10", "a/2", "b9"))
        html = page(Report("Words", [Table(("name",), rows)]))
        assert 'data-seen="a/2,b9,b10"' in self.browse(tmp_path, html.replace("</body>", script), "--dump-dom")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [1200, 390], ids=["desktop", "phone"])
    def test_a_screenshot_is_as_it_should_be(self, tmp_path, width, scheme):
        script = """<script>
          const wide = [...document.querySelectorAll("body *")].filter(
            (e) => !e.closest(".wide, pre, svg") && e.getBoundingClientRect().right > innerWidth + 1);
          document.title = wide.length ? "too wide: " + wide[0].outerHTML.slice(0, 80) : "fits";
        </script></body>"""
        # A window may not be as narrow as a phone, but a frame may.
        (tmp_path / "inner.html").write_text(page(REPORT).replace("</body>", script), encoding="utf-8")
        probe = """<script>onload = () => { document.body.dataset.title = frames[0].document.title }</script>"""
        html = f"""<!DOCTYPE html><meta name="color-scheme" content="light dark"><body style="margin:0">
          <iframe src="inner.html" style="width:{width}px;height:1500px;border:0;display:block"></iframe>{probe}"""
        flags = [f"--window-size={max(width, 600)},1500", "--allow-file-access-from-files"]
        if scheme == "dark":
            flags.append("--blink-settings=preferredColorScheme=0")
        assert 'data-title="fits"' in self.browse(tmp_path, html, *flags, "--dump-dom")
        self.browse(tmp_path, html, *flags, f"--screenshot={tmp_path / 'shot.png'}")
        image = np.asarray(Image.open(tmp_path / "shot.png").convert("L"))[:, :width].astype(int)
        background = image[2, 2]
        assert background < 60 if scheme == "dark" else background > 230
        # Words, lines and figures stand out against it, down to the end of the report.
        contrast = np.abs(image - background) > 100
        assert contrast.mean() > 0.01
        assert contrast[: len(contrast) // 3].any(axis=1).mean() > 0.2
