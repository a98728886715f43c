"""Colours of heat maps, the same in the terminal, in HTML and in plots."""

__all__ = ["shade"]

# Dark to light along one path of hues, so that order is seen in print and by the colour-blind as well.
_STOPS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))


def shade(place: float) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, for a place from 0 to 1."""
    position = min(max(place, 0.0), 1.0) * (len(_STOPS) - 1)
    first = min(int(position), len(_STOPS) - 2)
    part = position - first
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(_STOPS[first], _STOPS[first + 1], strict=True))
    return red, green, blue
