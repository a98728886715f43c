"""Drawings of chunks, tiles, pages and frames."""

from canvas import Canvas


def frame() -> Canvas:
    """Draw a chunk as tiles, the frame as pages, and what a window needs."""
    canvas = Canvas(
        760, 430, "A chunk cut into tiles; each tile is a page of the frame; a window touches four tiles and four pages"
    )
    side, left, top = 52, 40, 64
    wanted = {(1, 1), (1, 2), (2, 1), (2, 2)}
    canvas.text(left, 40, "A chunk, cut into tiles", bold=True)
    for row in range(4):
        for column in range(4):
            touched = (row, column) in wanted
            x, y = left + side * column, top + side * row
            canvas.rect(x, y, side - 4, side - 4, "orange-soft" if touched else "blue-soft")
            canvas.text(x + 24, y + 29, 4 * row + column, at="middle", fill="ink" if touched else "soft", size=14)
    canvas.rect(left + 76, top + 80, 84, 62, "none", "orange", 0)
    canvas.text(left + 240, top + 90, "a window that is read", fill="orange")
    canvas.arrow(left + 234, top + 85, left + 166, top + 100, "orange")
    canvas.text(left + 240, top + 148, "No tile is predicted from another,")
    canvas.text(left + 240, top + 170, "so four tiles are enough to decode it.")
    canvas.text(left + 240, top + 14, "Each tile becomes a page: bytes that can be")
    canvas.text(left + 240, top + 36, "fetched, checked and decoded alone.")

    y = 324
    canvas.text(left, y - 16, "The frame, as it lies in the store", bold=True)
    canvas.rect(left, y, 66, 40, "green-soft", "green")
    canvas.text(left + 33, y + 25, "head", at="middle", size=14)
    canvas.rect(left + 70, y, 76, 40, "panel", "line")
    canvas.text(left + 108, y + 25, "shared", at="middle", size=14)
    x = left + 150
    starts = {}
    for page, width in enumerate((36, 30, 34, 28, 32, 38, 34, 30, 36, 34, 30, 28, 32, 34, 30, 28)):
        touched = divmod(page, 4) in wanted
        canvas.rect(x, y, width - 3, 40, "orange-soft" if touched else "blue-soft", "orange" if touched else "none")
        canvas.text(x + (width - 3) / 2, y + 25, page, at="middle", size=13, fill="ink" if touched else "soft")
        starts[page] = x, x + width - 3
        x += width
    canvas.line(left, y + 52, left + 66, y + 52, "green", 2)
    canvas.text(left, y + 74, "1st request: index and", size=14, fill="green")
    canvas.text(left, y + 92, "checksums", size=14, fill="green")
    for first, last in ((5, 6), (9, 10)):
        canvas.line(starts[first][0], y + 52, starts[last][1], y + 52, "orange", 2)
    canvas.text(starts[5][0], y + 74, "then, at the same time, a request for each run of pages", size=14, fill="orange")
    canvas.text(starts[5][0], y + 92, "(neighbours, and those with small gaps, are one)", size=14, fill="soft")
    return canvas


def _box(canvas: Canvas, x: float, y: float, size: tuple[float, float, float], fill: str, line: str) -> None:
    """Draw a box in a slanted view; its front lower left corner is at x, y."""
    width, height, depth = size
    slant_x, slant_y = 0.55 * depth, 0.38 * depth
    canvas.polygon([(x, y), (x + width, y), (x + width, y - height), (x, y - height)], fill, line)
    top = [(x, y - height), (x + width, y - height), (x + width + slant_x, y - height - slant_y)]
    canvas.polygon([*top, (x + slant_x, y - height - slant_y)], fill, line)
    side = [(x + width, y), (x + width + slant_x, y - slant_y), (x + width + slant_x, y - height - slant_y)]
    canvas.polygon([*side, (x + width, y - height)], fill, line)


def tiles() -> Canvas:
    """Draw the tiles that the ways of access make of one chunk."""
    canvas = Canvas(760, 262, "Tiles of a chunk of time, latitude and longitude, by the way of access")
    kinds = [
        ("balanced", (34, 34, 34), "windows, and all", "ways about equally"),
        ("series", (14, 14, 110), "few places,", "all of the time"),
        ("maps", (118, 92, 8), "whole maps", "of one time"),
        ("whole", (118, 92, 110), "chunks always", "read as a whole"),
    ]
    for place, (name, size, first, second) in enumerate(kinds):
        x, y = 12 + 189 * place, 172
        _box(canvas, x, y, (118, 92, 110), "panel", "line")
        _box(canvas, x, y, size, "orange-soft", "orange")
        canvas.text(x, 24, f'"{name}"', bold=True)
        canvas.text(x, y + 30, first, size=14)
        canvas.text(x, y + 48, second, size=14)
        if not place:
            canvas.text(
                x,
                y + 76,
                "Axes: time into the page, latitude up, longitude to the right. Orange: one tile.",
                size=13,
                fill="soft",
            )
    return canvas
