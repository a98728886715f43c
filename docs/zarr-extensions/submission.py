"""Copies the codec's folder into a checkout of the registry: ``python docs/zarr-extensions/submission.py CHECKOUT``."""

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CODEC = "codecs/pcodec_numcodecs.pco"


def make(checkout: Path) -> Path:
    """Make the folder, complete by itself; return it."""
    target = checkout / CODEC
    shutil.copytree(HERE / CODEC, target)
    shutil.copy(HERE.parent / "format.md", target)
    for page in target.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"\]\((?:\.\./)*format\.md", "](./format.md", text)
        # What is not in the folder is named, but not linked.
        text = re.sub(r"\[([^]]+)\]\(\.\./[^)]+\)", r"\1", text)
        page.write_text(text, encoding="utf-8")
    return target


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
