"""Makes all drawings, and the table of the README and the landing page: ``python docs/drawings/make.py``.

What the pages of benchmarks and of partial reads say is taken from there: run this after they were written anew.
"""

from pathlib import Path

import coding
import entropy
import glance
import storage

FOLDER = Path(__file__).resolve().parent
DRAWINGS = {
    "at-a-glance": glance.draw,
    "frame": storage.frame,
    "tiles": storage.tiles,
    "prediction": coding.prediction,
    "modes": coding.modes,
    "bins": entropy.bins,
    "tans": entropy.tans,
}
PAGES = (FOLDER.parents[1] / "README.md", FOLDER.parent / "index.md")


def main() -> None:
    """Write all files."""
    for name, draw in DRAWINGS.items():
        draw().save(FOLDER, name)
    for page in PAGES:
        page.write_text(glance.put(page), encoding="utf-8")


if __name__ == "__main__":
    main()
