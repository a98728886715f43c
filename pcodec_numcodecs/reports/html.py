"""Reports as HTML: a fragment for notebooks, and a page that needs nothing beside itself."""

from html import escape

from .cells import Cell
from .figures import heat_map_svg, scatter_svg
from .parts import Code, HeatMap, Part, Report, Table, Text

__all__ = ["fragment", "page"]

_LONG = 16
"""Letters of a name from which on it needs several lines on a phone."""

_COLOURS = """
.pco { --ink: #1d2433; --faint: #667085; --line: #d8dee8; --stripe: #f6f8fb; --paper: #fff; --warn: #8a4b00;
  --warn-paper: #fff5e5; --link: #1759b8;
  --c0: #1759b8; --c1: #c2410c; --c2: #15803d; --c3: #7e22ce; --c4: #b45309; --c5: #475569; }
@media (prefers-color-scheme: dark) {
.pco { --ink: #e6eaf2; --faint: #9aa5b8; --line: #333c4d; --stripe: #1b212c; --paper: #12161e; --warn: #ffc97a;
  --warn-paper: #33240d; --link: #8ab8ff;
  --c0: #7ab0ff; --c1: #ff9a62; --c2: #5fd38a; --c3: #cfa1ff; --c4: #f4bf5f; --c5: #a9b6c9; }
}
"""
_STYLE = """
.pco { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: var(--ink); }
.pco h1 { font-size: 1.45em; line-height: 1.25; margin: 0 0 .6em; overflow-wrap: anywhere; }
.pco p { max-width: 46em; margin: .7em 0; overflow-wrap: anywhere; }
.pco .warning { color: var(--warn); background: var(--warn-paper); border-left: 4px solid currentColor;
  padding: .5em .8em; }
.pco figure { margin: 1.4em 0; max-width: 720px; }
.pco figcaption, .pco caption { color: var(--faint); text-align: left; padding: 0 0 .4em; font-size: .93em; }
.pco svg { width: 100%; height: auto; display: block; font-size: 10px; }
.pco svg text { fill: var(--faint); font-family: inherit; }
.pco svg .grid { stroke: var(--line); stroke-width: 1; }
.pco .c0 { fill: var(--c0) !important; } .pco .c1 { fill: var(--c1) !important; }
.pco .c2 { fill: var(--c2) !important; } .pco .c3 { fill: var(--c3) !important; }
.pco .c4 { fill: var(--c4) !important; } .pco .c5 { fill: var(--c5) !important; }
.pco .wide { overflow-x: auto; margin: 1.4em 0; }
.pco table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93em; }
.pco th, .pco td { padding: .32em .7em; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
.pco .number { text-align: right; }
.pco thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
.pco tbody tr:nth-child(even) td { background: var(--stripe); }
.pco tfoot td { font-weight: 600; border-bottom: 0; }
.pco td:first-child, .pco th:first-child { position: sticky; left: 0; background: var(--paper); max-width: 24em;
  white-space: normal; overflow-wrap: break-word; }
.pco .long td:first-child { min-width: 11.5em; }
.pco tbody tr:nth-child(even) td:first-child { background: var(--stripe); }
.pco th button { all: unset; cursor: pointer; font-weight: 600; }
.pco th button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.pco th[aria-sort=ascending] button::after { content: " ▲"; color: var(--link); }
.pco th[aria-sort=descending] button::after { content: " ▼"; color: var(--link); }
.pco pre { overflow-x: auto; padding: .8em 1em; background: var(--stripe); border: 1px solid var(--line);
  border-radius: 6px; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
"""
_PAGE_STYLE = """
html { background: #fff; } @media (prefers-color-scheme: dark) { html { background: #12161e; } }
body { margin: 0; } main.pco { max-width: 1100px; margin: 0 auto; padding: 1.6em 1.2em 3em; }
footer { color: var(--faint); font-size: .87em; margin-top: 2.5em; }
@media (max-width: 600px) { .pco svg { font-size: 13px; } main.pco { padding: 1em .8em 2em; font-size: 14px; }
  .pco th, .pco td { padding: .3em .5em; } }
"""
_SCRIPT = """
document.querySelectorAll("th button").forEach((button) => button.addEventListener("click", () => {
  const title = button.parentElement, body = title.closest("table").tBodies[0], column = title.cellIndex;
  const rising = title.getAttribute("aria-sort") !== "ascending";
  for (const other of title.parentElement.children) other.removeAttribute("aria-sort");
  title.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const numbers = title.classList.contains("number");
  const order = (row) => numbers ? Number(row.cells[column].dataset.order) : row.cells[column].textContent;
  const words = new Intl.Collator(undefined, {numeric: true});
  const compare = (a, b) => numbers ? order(a) - order(b) : words.compare(order(a), order(b));
  [...body.rows].sort((a, b) => rising ? compare(a, b) : compare(b, a)).forEach((row) => body.append(row));
}));
"""


def page(report: Report, footer: str = "") -> str:
    """Return a whole page: one file, light or dark as the reader's system, with tables that sort."""
    title = escape(report.title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>{_COLOURS}{_STYLE}{_PAGE_STYLE}</style>\n</head>\n<body>\n"
        f'<main class="pco">\n<h1>{title}</h1>\n{_body(report, sortable=True)}\n'
        f"<footer>{escape(footer)}</footer>\n</main>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def fragment(report: Report) -> str:
    """Return what a notebook shows: the same without scripts, which many of them do not run."""
    return (
        f'<div class="pco"><style>{_COLOURS}{_STYLE}</style>'
        f"<p><strong>{escape(report.title)}</strong></p>{_body(report, sortable=False)}</div>"
    )


def _body(report: Report, sortable: bool) -> str:
    return "\n".join(_part(part, sortable) for part in report.parts)


def _part(part: Part, sortable: bool) -> str:
    if isinstance(part, Text):
        return f'<p class="warning">{escape(part.text)}</p>' if part.warning else f"<p>{escape(part.text)}</p>"
    if isinstance(part, Code):
        return f"<pre>{escape(part.text)}</pre>"
    if isinstance(part, Table):
        return _table(part, sortable)
    svg = heat_map_svg(part) if isinstance(part, HeatMap) else scatter_svg(part)
    return f"<figure><figcaption>{escape(part.caption)}</figcaption>{svg}</figure>"


def _table(table: Table, sortable: bool) -> str:
    if not table.rows:
        return ""
    numbers = [all(row[i].is_number for row in table.rows) for i in range(len(table.titles))]
    titles = "".join(
        f'<th scope="col"{_class(number)}>{f"<button>{escape(title)}</button>" if sortable else escape(title)}</th>'
        for title, number in zip(table.titles, numbers, strict=True)
    )
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    body = "".join(_row(row, numbers) for row in table.rows)
    foot = f"<tfoot>{_row(table.total, numbers)}</tfoot>" if table.total else ""
    kind = ' class="long"' if any(len(row[0].text) > _LONG for row in table.rows) else ""
    return (
        f'<div class="wide" tabindex="0"><table{kind}>{caption}<thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table></div>"
    )


def _row(row: tuple[Cell, ...], numbers: list[bool]) -> str:
    first, *others = zip(row, numbers, strict=True)
    cells = "".join(f"<td{_class(number)}{_order(cell)}>{escape(cell.text)}</td>" for cell, number in others)
    # Long names are broken where their parts end.
    name = escape(first[0].text).replace("/", "/<wbr>").replace("_", "_<wbr>")
    return f"<tr><td{_class(first[1])}{_order(first[0])}>{name}</td>{cells}</tr>"


def _class(number: bool) -> str:
    return ' class="number"' if number else ""


def _order(cell: Cell) -> str:
    # JavaScript's word for what Python spells inf.
    return f' data-order="{cell.order}"'.replace("inf", "Infinity") if cell.is_number else ""
