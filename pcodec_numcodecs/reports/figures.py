"""Figures as inline SVG, whose colours follow the page around them."""

from collections.abc import Callable, Iterator
from html import escape
from math import ceil, floor, log10

from .colours import shade
from .parts import HeatMap, Scatter

Map = Callable[[float], float]

__all__ = ["heat_map_svg", "scatter_svg"]

_WIDTH, _HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 14, 44
_LINE = 13
_LETTER = 6.3
"""About how wide a letter of a label is."""


def scatter_svg(part: Scatter) -> str:
    """Draw points, each with its label where there is room."""
    xs = [log10(point.x) for point in part.points] or [0.0]
    x_low, x_high = _padded(min(xs), max(xs), 0.3)
    y_low, y_high = _padded(min((p.y for p in part.points), default=0), max((p.y for p in part.points), default=1), 0.1)

    def across(x: float) -> float:
        return _LEFT + (log10(x) - x_low) / (x_high - x_low) * (_WIDTH - _LEFT - _RIGHT)

    def up(y: float) -> float:
        return _HEIGHT - _BOTTOM - (y - y_low) / (y_high - y_low) * (_HEIGHT - _TOP - _BOTTOM)

    groups = list(dict.fromkeys(point.group for point in part.points))
    body = [*_axes(part, (x_low, x_high), (y_low, y_high), across, up)]
    placed = [(across(p.x) - 5, up(p.y) - 5, across(p.x) + 5, up(p.y) + 5) for p in part.points]
    for point in sorted(part.points, key=lambda p: -p.y):
        x, y = across(point.x), up(point.y)
        colour = f"c{groups.index(point.group) % 6}"
        told = f"{point.label}: {part.x_title} {point.x:.3g}, {part.y_title} {point.y:.3g}"
        body.append(
            f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{escape(told)}</title></circle>'
        )
        body.append(_label(point.label, x, y, colour, placed))
    return _svg(_WIDTH, _HEIGHT, part.caption, body)


def _padded(low: float, high: float, least: float) -> tuple[float, float]:
    room = max((high - low) * 0.12, least)
    return low - room, high + room


def _axes(part: Scatter, xs: tuple[float, float], ys: tuple[float, float], across: Map, up: Map) -> Iterator[str]:
    for tick in _log_ticks(*xs):
        x = across(tick)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        yield f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{tick:g}</text>'
    for tick in _ticks(*ys):
        y = up(tick)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    middle = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
    centre = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text x="{centre}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(part.x_title)}</text>'
    yield f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">{escape(part.y_title)}</text>'


def _log_ticks(low: float, high: float) -> list[float]:
    ticks = [m * 10.0**power for power in range(floor(low), ceil(high) + 1) for m in (1, 2, 5)]
    inside = [tick for tick in ticks if low <= log10(tick) <= high]
    tens = [tick for tick in inside if f"{tick:e}".startswith("1.0000")]
    return tens if len(tens) > 2 else inside


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [round(i * step, 10) for i in range(ceil(low / step), floor(high / step) + 1)]


def _label(label: str, x: float, y: float, colour: str, placed: list[tuple[float, float, float, float]]) -> str:
    """Put a label beside a point where it hides nothing; without such a place, it is told by the point alone."""
    width = len(label) * _LETTER
    for left, middle in ((x + 8, y), (x - 8 - width, y), (x - width / 2, y - 12), (x - width / 2, y + 13)):
        for shift in (0, -6, 6):
            box = (left, middle + shift - _LINE / 2, left + width, middle + shift + _LINE / 2)
            inside = box[0] >= _LEFT and box[2] <= _WIDTH and box[1] >= 0 and box[3] <= _HEIGHT - _BOTTOM
            if inside and not any(_overlap(box, other) for other in placed):
                placed.append(box)
                return f'<text class="{colour}" x="{left:.1f}" y="{middle + shift + 4:.1f}">{escape(label)}</text>'
    return ""


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    # What touches only the box of its own point does so by less than a unit.
    return a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1


def heat_map_svg(part: HeatMap) -> str:
    """Draw values as rectangles."""
    low, high = part.limits
    columns = max(map(len, part.rows), default=1)
    width = _WIDTH - _LEFT - _RIGHT
    height = min(max(width * len(part.rows) / columns, 24), 300)
    wide, tall = width / columns, height / max(len(part.rows), 1)
    body = []
    for y, row in enumerate(part.rows):
        for x, value in enumerate(row):
            if value is not None:
                colour = "#{:02x}{:02x}{:02x}".format(*shade((value - low) / (high - low) if high > low else 0.5))
                body.append(
                    f'<rect x="{_LEFT + x * wide:.2f}" y="{_TOP + y * tall:.2f}" width="{wide + 0.3:.2f}" '
                    f'height="{tall + 0.3:.2f}" fill="{colour}"><title>{value:.2f} {escape(part.unit)}</title></rect>'
                )
    bottom = _TOP + height
    if part.y_title:
        middle = _TOP + height / 2
        body.append(
            f'<text transform="translate(34 {middle}) rotate(-90)" text-anchor="middle">{escape(part.y_title)}</text>'
        )
    body.append(f'<text x="{_LEFT + width / 2}" y="{bottom + 18}" text-anchor="middle">{escape(part.x_title)}</text>')
    body += _scale(low, high, part.unit, bottom + 34)
    return _svg(_WIDTH, bottom + 66, part.caption, body)


def _scale(low: float, high: float, unit: str, top: float) -> Iterator[str]:
    width = (_WIDTH - _LEFT - _RIGHT) / 32
    for i in range(32):
        colour = "#{:02x}{:02x}{:02x}".format(*shade(i / 31))
        yield f'<rect x="{_LEFT + i * width:.2f}" y="{top}" width="{width + 0.3:.2f}" height="10" fill="{colour}"/>'
    yield f'<text x="{_LEFT}" y="{top + 24}">{low:.2f}</text>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{top + 24}" text-anchor="end">{high:.2f} {escape(unit)}</text>'


def _svg(width: float, height: float, caption: str, body: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(caption, quote=True)}">'
        f"{''.join(body)}</svg>"
    )
