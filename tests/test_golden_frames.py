"""Compatibility for ever: frames of version 1 that once were written are read to the bit, by every release.

The files under `golden/frames/` are never written here: a lost or changed one fails. `golden/make_frames.py` made them.
"""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from frame_oracle import Frame

from pcodec_numcodecs import frame

GOLDEN = Path(__file__).parent / "golden"
with (GOLDEN / "frames.csv").open(newline="") as lines:
    ROWS = {row["file"]: row for row in csv.DictReader(lines)}


def content_of(row: dict[str, str]) -> bytes:
    return (GOLDEN / "frames" / row["file"]).read_bytes()


def test_no_frame_is_missing_or_unlisted():
    assert sorted(ROWS) == sorted(path.name for path in (GOLDEN / "frames").iterdir())
    assert len(ROWS) >= 43
    assert sum(len(content_of(row)) for row in ROWS.values()) < 300_000


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_frame_gives_its_cells(row):
    content = content_of(row)
    assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert content[:5] == b"pcof\1"
    shape = tuple(map(int, row["shape"].split()))
    array = frame.read(content)
    assert (array.dtype.str, array.shape) == (row["dtype"], shape)
    assert hashlib.sha256(array.tobytes()).hexdigest() == row["cells_sha256"]
    assert hashlib.sha256(Frame(content).array().tobytes()).hexdigest() == row["cells_sha256"]
    back = frame.read(content, np.s_[...])[(..., *[slice(None, None, 3)] * len(shape))]
    assert frame.read(content, (..., *[slice(None, None, 3)] * len(shape))).tobytes() == back.tobytes()


def test_every_feature_is_there():
    found = {(row["file"], *described(content_of(row))) for row in ROWS.values()}
    splits = {split for _, splits, _, _, _ in found for split in splits}
    assert splits == {0, 1, 2, 3, 4, 5}
    assert {kind for _, _, kinds, _, _ in found for kind in kinds} == {0, 1, 2, 3, 4}
    assert {fills for _, _, _, counts, _ in found for fills in counts} == {0, 1, 2}
    assert {flags for _, _, _, _, flags in found} == {0, 1, 2, 4}


def described(content: bytes) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]:
    """Return splits, predictors, counts of fills, and flags, as the second reader sees them."""
    oracle = Frame(content)
    pipelines = [] if oracle.constant is not None else oracle.pipelines
    return (
        tuple(pipeline.split for pipeline in pipelines),
        tuple(pipeline.predictor.kind if pipeline.predictor else 0 for pipeline in pipelines),
        tuple(len(pipeline.fills) for pipeline in pipelines),
        oracle.flags,
    )
