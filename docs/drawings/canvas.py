"""A canvas for drawings in SVG, each made twice: for light and for dark pages.

Colours are named by what they mean; text is text, so it can be searched, read aloud and scaled.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
COLOURS = {
    "light": {
        "none": "none",
        "page": "#ffffff",
        "ink": "#1f2730",
        "soft": "#566270",
        "line": "#9aa5b1",
        "panel": "#f1f4f7",
        "blue": "#1b6fb5",
        "blue-soft": "#cfe3f4",
        "orange": "#c8610f",
        "orange-soft": "#fbe0c8",
        "green": "#2c7d4f",
        "green-soft": "#d3ecdc",
        "grey": "#8792a0",
        "on": "#ffffff",
    },
    "dark": {
        "none": "none",
        "page": "none",
        "ink": "#e6eaef",
        "soft": "#a9b4c0",
        "line": "#66727f",
        "panel": "#262c34",
        "blue": "#58a6e6",
        "blue-soft": "#1f3c56",
        "orange": "#f09a4d",
        "orange-soft": "#553314",
        "green": "#6cc190",
        "green-soft": "#1d4530",
        "grey": "#7b8794",
        "on": "#101418",
    },
}


class Canvas:
    """Shapes in the order in which they are drawn; `title` says in words what is to be seen."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.shapes: list[str] = []

    def rect(self, x: float, y: float, w: float, h: float, fill: str, line: str = "none", round: float = 3) -> None:
        """Draw a box."""
        self.shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{round:g}" fill="{{{fill}}}" '
            f'stroke="{{{line}}}"/>'
        )

    def polygon(self, points: Sequence[tuple[float, float]], fill: str, line: str = "line") -> None:
        """Draw a filled outline."""
        spots = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.shapes.append(f'<polygon points="{spots}" fill="{{{fill}}}" stroke="{{{line}}}" stroke-linejoin="round"/>')

    def text(
        self,
        x: float,
        y: float,
        words: object,
        *,
        size: float = 15,
        fill: str = "ink",
        at: str = "start",
        bold: bool = False,
        mono: bool = False,
    ) -> None:
        """Write words whose baseline is at `y`; `at` is where on them `x` is."""
        style = ' font-weight="600"' if bold else ""
        style += " font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\"" if mono else ""
        self.shapes.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{{{fill}}}" text-anchor="{at}"{style}>'
            f"{escape(str(words)).replace('{', '&#123;').replace('}', '&#125;')}</text>"
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = "line", width: float = 1.5, dashes: str = ""
    ) -> None:
        """Draw a line."""
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.shapes.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{{{colour}}}" '
            f'stroke-width="{width:g}"{dashed}/>'
        )

    def arrow(self, x1: float, y1: float, x2: float, y2: float, colour: str = "soft", width: float = 1.5) -> None:
        """Draw a line with a head at its end."""
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        dx, dy = (x2 - x1) / length, (y2 - y1) / length
        back_x, back_y = x2 - 9 * dx, y2 - 9 * dy
        self.line(x1, y1, back_x, back_y, colour, width)
        sides = [(round(back_x - s * 4.5 * dy, 2), round(back_y + s * 4.5 * dx, 2)) for s in (1, -1)]
        self.polygon([(x2, y2), *sides], colour, colour)

    def save(self, folder: Path, name: str) -> None:
        """Write `name.svg` and `name-dark.svg`."""
        for theme, ending in (("light", ""), ("dark", "-dark")):
            (folder / f"{name}{ending}.svg").write_text(self.render(theme), encoding="utf-8")

    def render(self, theme: str) -> str:
        """Return the drawing in the colours of a theme."""
        body = "\n".join(self.shapes).format_map(COLOURS[theme])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" aria-label={quoteattr(self.title)} '
            f'font-family="{FONT}">\n'
            f"<title>{escape(self.title)}</title>\n"
            f'<rect width="100%" height="100%" rx="6" fill="{COLOURS[theme]["page"]}"/>\n{body}\n</svg>\n'
        )
