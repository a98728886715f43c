"""The how-to on data of numcodecs: what it shows runs without the wheel as well."""

import subprocess
import sys

from pages import DOCS, blocks

PAGE = DOCS / "how-to" / "numcodecs-pcodec.md"


def test_blocks_run_without_the_wheel(tmp_path):
    # Zarr before 3.3 warns of every codec of its own from numcodecs.
    options = ["-W", "error", "-W", "ignore:Numcodecs codecs are not"]
    code = "\n".join(["import sys; sys.modules['pcodec'] = None", *(block.code for block in blocks(PAGE))])
    done = subprocess.run(
        [sys.executable, *options, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
