"""Drawings of how numbers become smaller ones, by predictions and modes. What they show is computed."""

from collections.abc import Sequence

import numpy as np
from canvas import Canvas


def prediction() -> Canvas:
    """Draw cells, and what is left of them after a difference along two axes."""
    rows, columns = np.mgrid[:4, :5]
    cells = 2810 + 9 * rows + 4 * columns + rows * columns + np.array([0, 1, 0, -1])[(rows + 2 * columns) % 4]
    padded = np.pad(cells, ((1, 0), (1, 0)))
    left = padded[1:, 1:] - padded[1:, :-1] - padded[:-1, 1:] + padded[:-1, :-1]
    canvas = Canvas(
        760, 300, "Cells of a tile, the plane through three neighbours, and the small numbers that are left"
    )
    canvas.text(20, 34, "Cells of a tile", bold=True)
    _grid(
        canvas,
        20,
        56,
        58,
        [[f"{value / 10:.1f}" for value in row] for row in cells],
        {(2, 3)},
        {(2, 2), (1, 3), (1, 2)},
    )
    canvas.arrow(330, 140, 412, 140)
    canvas.text(371, 124, "predict", at="middle", size=14, fill="soft")
    canvas.text(430, 34, "What is left, in tenths", bold=True)
    _grid(canvas, 430, 56, 58, [[f"{value:+d}" for value in row] for row in left], {(2, 3)}, set())
    west, north, corner, cell = cells[2, 2], cells[1, 3], cells[1, 2], cells[2, 3]
    canvas.text(
        20,
        256,
        f"west + north − corner = {west / 10:.1f} + {north / 10:.1f} − {corner / 10:.1f} = "
        f"{(west + north - corner) / 10:.1f} is predicted; the cell is {cell / 10:.1f}, so {left[2, 3]:+d} is left.",
        size=14,
    )
    canvas.text(
        20,
        280,
        "The first cell of a tile has no neighbours and stays as it is. Small numbers take few bits.",
        size=14,
        fill="soft",
    )
    return canvas


def _grid(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    words: Sequence[Sequence[str]],
    chosen: set[tuple[int, int]],
    near: set[tuple[int, int]],
) -> None:
    for i, row in enumerate(words):
        for j, word in enumerate(row):
            fill = "orange-soft" if (i, j) in chosen else "green-soft" if (i, j) in near else "blue-soft"
            canvas.rect(x + width * j, y + 42 * i, width - 3, 39, fill)
            size = 14 if len(word) < 6 else 12
            canvas.text(x + width * j + (width - 3) / 2, y + 42 * i + 25, word, at="middle", size=size)


def modes() -> Canvas:
    """Draw how each mode splits a number."""
    off = int(np.float64(0.3).view(np.int64)) - int((np.float64(0.1) * 3).view(np.int64))
    quantised = np.float32(1.375)
    bits = f"{int(np.float64(quantised).view(np.uint64)):064b}"
    zeros = len(bits) - len(bits.rstrip("0"))
    table = [
        ("Classic", "any number", "−3, 8, 21", "itself, as an unsigned integer of the same order", ""),
        ("IntMult", "multiples of a base", "3607 = 60 × 60 + 7", "60", "7"),
        ("FloatMult", "decimals kept as floats", "0.3 ≈ 3 × 0.1", "3", f"{off:+d} last place"),
        ("FloatQuant", "floats of fewer bits", f"1.375, last {zeros} bits 0", f"first {64 - zeros} bits", "0"),
        ("Dict", "few distinct values", "7.5, 1e20, 7.5", "0, 1, 0", ""),
    ]
    canvas = Canvas(760, 306, "Pco's modes split a number into a first and a second latent")
    for x, word in ((20, "mode"), (130, "suits"), (310, "for example"), (524, "first latent"), (640, "second")):
        canvas.text(x, 32, word, size=14, fill="soft")
    for place, (name, suits, example, first, second) in enumerate(table):
        y = 46 + 50 * place
        canvas.rect(10, y, 740, 44, "panel", "none")
        canvas.text(20, y + 28, name, bold=True)
        canvas.text(130, y + 28, suits, size=14)
        if place == 0:
            canvas.text(310, y + 28, first, size=14)
            continue
        canvas.text(310, y + 28, example, size=13, mono=True)
        canvas.text(524, y + 28, first, size=13, mono=True, fill="blue")
        canvas.text(640, y + 28, second or "none", size=13, mono=bool(second), fill="orange" if second else "soft")
    return canvas
