"""The how-to on data of numcodecs: what it shows runs as it stands there, with the wheel and without."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "numcodecs-pcodec.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_every_block_ends_with_what_it_shows():
    assert len(BLOCKS) == 4
    for block in BLOCKS:
        assert block.rstrip().splitlines()[-1].startswith("assert ")


@pytest.mark.parametrize("first", ["", "import sys; sys.modules['pcodec'] = None"], ids=["wheel", "no-wheel"])
def test_blocks_run(first, tmp_path):
    # Zarr before 3.3 warns of every codec of its own from numcodecs.
    options = ["-W", "error", "-W", "ignore:Numcodecs codecs are not"]
    code = "\n".join([first, *BLOCKS])
    done = subprocess.run(
        [sys.executable, *options, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
