"""The worked example of docs/format.md is what the code writes, and reads."""

import re
from pathlib import Path

import numpy as np
import pytest

from pcodec_numcodecs import frame

pytestmark = pytest.mark.numpy_only

PAGE = (Path(__file__).parents[1] / "docs/format.md").read_text(encoding="utf-8")
ARRAY = np.array([[10, 20, 30], [40, 50, 65]], "<i2")


def example() -> bytes:
    block = PAGE.partition("tests/test_frame_format.py compares this block")[2].split("```")[1]
    found = b""
    for line in block.strip("\n").splitlines():
        offset, digits = re.fullmatch(r" *([0-9]+)  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)", line).groups()
        assert int(offset) == len(found)
        found += bytes.fromhex(digits)
    return found


def test_example_is_what_is_written():
    assert frame.write(ARRAY, tile=(2, 2), level=8).hex(" ") == example().hex(" ")


def test_example_reads():
    assert np.array_equal(frame.read(example()), ARRAY)
    numbers = "\n".join(" ".join(map(str, row)) for row in ARRAY.tolist())
    assert f"```\n{numbers}\n```" in PAGE


def test_crc_of_the_page_is_the_one_that_is_meant():
    from pcodec_numcodecs.frame.checksums import crc32c

    assert f"`123456789` is `{crc32c(b'123456789'):08X}`" in PAGE
