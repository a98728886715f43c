"""The pages that people read, and the code that stands in them."""

import json
import linecache
import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TEXTS = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")], key=lambda path: (path.parent != ROOT, path)
)
NOTEBOOKS = sorted(path for path in DOCS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


class Block(NamedTuple):
    """Code of a page, and the line before its first one."""

    code: str
    line: int


def blocks(page: Path, language: str = "python") -> list[Block]:
    """Return the blocks of a language, or the code cells of a notebook."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        return [Block("".join(cell["source"]) + "\n", 0) for cell in cells]
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(match[1], text.count("\n", 0, match.start(1))) for match in found]


def run(page: Path) -> None:
    """Run all blocks of a page, one after the other, with the names of those before."""
    # Such a traceback shows the page and its lines.
    linecache.checkcache(str(page))
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        exec(compile("\n" * block.line + block.code, str(page), "exec"), names)
