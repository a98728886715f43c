"""Drawings of how small numbers become few bits, by bins and tANS. What they show is computed, as Pco's format says."""

from collections.abc import Sequence

import numpy as np
from canvas import Canvas

NAMES, COLOURS = "ABCD", ("grey", "orange", "blue", "green")
LOWERS, OFFSET_BITS = (0, 8, 12, 16), (3, 2, 2, 4)


def _counts() -> np.ndarray:
    places = np.arange(32)
    return np.maximum(2, np.round(100 * np.exp2(-np.abs(places - 12.3) / 2.4))).astype(int)


def bins() -> Canvas:
    """Draw latents sorted into bins, each a code and an offset."""
    counts = _counts()
    canvas = Canvas(760, 318, "A histogram of latents in four bins; each latent is the code of its bin and an offset")
    canvas.text(20, 30, "How often each latent occurs, and the bins", bold=True)
    foot = 198
    for name, colour, low, width in zip(NAMES, COLOURS, LOWERS, OFFSET_BITS, strict=True):
        cells = range(low, low + (1 << width))
        for latent in cells:
            height = 1.4 * counts[latent]
            canvas.rect(24 + 22 * latent, round(foot - height, 1), 18, round(height, 1), colour, round=1)
        left, right = 22 + 22 * low, 20 + 22 * cells.stop
        canvas.line(left, foot + 8, right, foot + 8, colour, 3)
        middle = (left + right) / 2
        canvas.text(middle, foot + 30, name, at="middle", bold=True, fill=colour)
        canvas.text(middle, foot + 50, f"from {low}", at="middle", size=14)
        canvas.text(middle, foot + 68, f"{width} bits", at="middle", size=14)
    latent, name, low, width = 13, NAMES[2], LOWERS[2], OFFSET_BITS[2]
    canvas.text(
        20,
        foot + 104,
        f"The latent {latent} is bin {name}, which tANS spells in about "
        f"{-np.log2(counts[low : low + (1 << width)].sum() / counts.sum()):.1f} bits, "
        f"and the offset {latent} − {low} = {latent - low}, spelt {latent - low:0{width}b}.",
        size=14,
    )
    return canvas


def decoder(weights: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Return the bin of each state, the bits that it reads, and the state to which these are added."""
    size = sum(weights)
    stride = (3 * size // 5) | 1
    slots = [0] * size
    for place, owner in enumerate(np.repeat(range(len(weights)), weights).tolist()):
        slots[place * stride % size] = owner
    following = list(weights)
    bits_read, bases = [], []
    for owner in slots:
        bits = size.bit_length() - following[owner].bit_length()
        bits_read.append(bits)
        bases.append((following[owner] << bits) - size)
        following[owner] += 1
    return slots, bits_read, bases


def tans() -> Canvas:
    """Draw a table of eight states, and a walk through it."""
    slots, bits_read, bases = decoder([1, 4, 2, 1])
    canvas = Canvas(760, 344, "A tANS table of eight states, and five steps of decoding with it")
    canvas.text(20, 30, "A table of eight states", bold=True)
    for place, heading in enumerate(("state", "bin", "read", "go to")):
        canvas.text(44 + 74 * place, 58, heading, size=14, fill="soft", at="middle")
    for state in range(8):
        y = 68 + 31 * state
        colour = COLOURS[slots[state]]
        canvas.rect(12, y, 300, 28, "panel", "none")
        canvas.text(44, y + 20, state, size=14, at="middle")
        canvas.text(118, y + 20, NAMES[slots[state]], size=15, at="middle", bold=True, fill=colour)
        bits = bits_read[state]
        canvas.text(192, y + 20, f"{bits} bit{'s' * (bits != 1)}", size=14, at="middle")
        canvas.text(266, y + 20, f"{bases[state]} + bits", size=14, at="middle")

    canvas.text(360, 30, "Decoding, from state 5", bold=True)
    stream, state = "0110110100", 5
    for step in range(5):
        y = 68 + 50 * step
        bits = bits_read[state]
        read, stream = stream[:bits], stream[bits:]
        following = bases[state] + (int(read, 2) if read else 0)
        canvas.rect(360, y, 44, 38, "blue-soft", "line")
        canvas.text(382, y + 25, state, at="middle")
        canvas.text(424, y + 25, NAMES[slots[state]], bold=True, fill=COLOURS[slots[state]], size=17)
        told = (
            f"read {read}: go to {bases[state]} + {int(read, 2)} = {following}"
            if read
            else (f"read nothing: go to {following}")
        )
        canvas.text(452, y + 25, told, size=14)
        state = following
        if step < 4:
            canvas.arrow(382, y + 39, 382, y + 50)
    canvas.text(
        20,
        336,
        "A frequent bin has many states, and most of its states read few bits. All numbers are of real tables.",
        size=13,
        fill="soft",
    )
    return canvas
