"""Records of pipelines as docs/format.md spells them, right or wrong; and a table of wrong ones."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

import numpy as np
from frame_heads import COMPLEX, PACKED, PLAIN, Head, taken_apart, varint
from frame_pipelines import FEATURES
from twins import numpy_

from pcodec_numcodecs.frame.head import read_head
from pcodec_numcodecs.metadata import Classic, FloatMult, FloatQuant, IntMult
from pcodec_numcodecs.pipeline.affine import Affine
from pcodec_numcodecs.pipeline.lists import write_list
from pcodec_numcodecs.pipeline.steps import FLOAT_WEIGHTS, LORENZO, NONE, WEIGHTS, Pipeline, Rank


@dataclass(frozen=True)
class Record:
    """All fields of a pipeline, as wrong as wanted."""

    split: bytes = b"\0"
    fills: tuple[bytes, ...] = ()
    mask_pages: int = 1
    predictor: int = NONE
    axes: tuple[int, ...] = ()
    used: int = 0
    reference: bytes = b""
    shift: int = 0
    by_plane: int = 0
    offsets: tuple[tuple[int, ...], ...] = ()
    sets: int = 1
    weights: tuple[int, ...] = ()
    thresholds: tuple[int, ...] = ()
    # Counts that follow from the fields above, unless something else is to stand there.
    fill_count: int | None = None
    neighbours: int | None = None
    contexts: int | None = None

    def spelt(self) -> bytes:
        """Return the bytes."""

        def byte(given: int | None, otherwise: int) -> bytes:
            return bytes([otherwise if given is None else given])

        parts = [self.split, byte(self.fill_count, len(self.fills)), *self.fills]
        if self.fills:
            parts.append(varint(self.mask_pages))
        parts.append(bytes([self.predictor]))
        if self.predictor != NONE:
            parts += [bytes(self.axes), bytes([self.used]), self.reference]
        if self.predictor in (WEIGHTS, FLOAT_WEIGHTS):
            parts += [bytes([self.shift, self.by_plane]), byte(self.neighbours, len(self.offsets))]
            parts += [struct.pack(f"<{len(offset)}b", *offset) for offset in self.offsets]
            parts += [bytes([self.sets]), struct.pack(f"<{len(self.weights)}h", *self.weights)]
        parts += [byte(self.contexts, len(self.thresholds) + 1), *map(varint, self.thresholds)]
        return b"".join(parts)

    def but(self, **fields: Any) -> "Record":
        """Return a copy with other fields."""
        return changed(self, **fields)


def ranked(count: int, block: int) -> bytes:
    """Spell a split into ranks."""
    return b"\5" + varint(count) + varint(block)


def affine(scale: float, offset: float, narrow: int = 0) -> bytes:
    """Spell an affine split."""
    return b"\4" + struct.pack("<ddB", scale, offset, narrow)


def record_of(pipeline: Pipeline, size: int) -> Record:
    """Return the fields of a pipeline for numbers of so many bytes."""
    match pipeline.split:
        case Classic():
            split = b"\0"
        case IntMult(base):
            split = b"\1" + base.to_bytes(size, "little")
        case FloatMult(base):
            split = b"\2" + base.to_bytes(size, "little")
        case FloatQuant(k):
            split = bytes([3, k])
        case Affine(scale, offset, narrow):
            split = affine(scale, offset, narrow)
        case Rank(count, block):
            split = ranked(count, block)
    predictor = pipeline.predictor
    width = size if not isinstance(pipeline.split, Rank) else 1 if pipeline.split.count <= 256 else 2
    return Record(
        split=split,
        fills=tuple(fill.to_bytes(size, "little") for fill in pipeline.fills),
        mask_pages=pipeline.mask_pages,
        predictor=predictor.kind,
        axes=predictor.axes,
        used=predictor.used,
        reference=predictor.reference.to_bytes(width, "little"),
        shift=predictor.shift,
        by_plane=int(predictor.by_plane),
        offsets=predictor.offsets,
        sets=predictor.sets,
        weights=tuple(predictor.weights.reshape(-1).tolist()),
        thresholds=pipeline.thresholds,
    )


def feature(name: str) -> tuple[Head, Record]:
    """Return the fields of the frame of a feature, and those of the pipeline of its first part."""
    written = FEATURES[name]().write()
    layout = read_head(memoryview(written))
    records = [record_of(pipeline, layout.element.number_type.bits // 8) for pipeline in layout.pipelines]
    return taken_apart(written, tuple(record.spelt() for record in records)), records[0]


def spoilt(name: str, **fields: Any) -> Head:
    """Return a feature's frame with other fields in its pipeline."""
    head, record = feature(name)
    return head.but(pipelines=(record.but(**fields).spelt(), *head.pipelines[1:]))


def steps_but(head: Head, record: Record) -> Head:
    """Return a frame with another pipeline."""
    return head.but(pipelines=(record.spelt(),))


def streams_but(head: Head, stream: int, content: bytes) -> Head:
    """Return a frame with another chunk-level stream."""
    return head.but(streams=(*head.streams[:stream], content, *head.streams[stream + 1 :]))


def pages_but(head: Head, content: bytes) -> Head:
    """Return a frame with another first page."""
    return head.but(pages=(content, *head.pages[1:]))


def listed(numbers: Sequence[int], dtype: str) -> bytes:
    """Spell a list."""
    return write_list(np.array(numbers, dtype), 0, numpy_)[0]


RANKS, RANKS_RECORD = feature("ranks of 16 bits, predicted")
SMALL_RANKS, SMALL_RECORD = feature("ranks, masked")
MASKED, MASKED_RECORD = feature("one mask")
CONTEXTS, _ = feature("contexts")
BOTH, _ = feature("contexts, masked")
SETS, SETS_RECORD = feature("several sets of weights")
PLANES, PLANES_RECORD = feature("weights by plane")
FIRST_VALUES = RANKS.kinds.index(1)
SMALL_VALUES = SMALL_RANKS.kinds.index(1)
FIRST_MASKS = MASKED.kinds.index(2)
COUNT = read_head(memoryview(RANKS.frame())).pipelines[0].split.count
MASKED_LAYOUT = read_head(memoryview(MASKED.frame()))
MASKED_CELLS = int(MASKED_LAYOUT.grid.cells[: MASKED_LAYOUT.pipelines[0].mask_pages].sum())
SMALL_COUNT = read_head(memoryview(SMALL_RANKS.frame())).pipelines[0].split.count
F4, F2, I4 = "FloatQuant, Lorenzo", "FloatMult of halves", "weights"
ONE = "must end with its last field|must lie within the head|a chunk-level stream"

HOSTILE_PIPELINES = {
    "split": (spoilt(I4, split=b"\6"), "split may not exceed 5, got 6"),
    "IntMult of floats": (spoilt(F4, split=b"\1" + b"\2\0\0\0"), "IntMult is for integers, got f32"),
    "IntMult by 0": (spoilt(I4, split=b"\1" + bytes(4)), "base of IntMult may not be 0"),
    "FloatMult of integers": (spoilt(I4, split=b"\2" + bytes(4)), "FloatMult is for floats, got i32"),
    "FloatMult by 0": (spoilt(F4, split=b"\2" + b"\0\0\0\x80"), "base of FloatMult must be finite and not 0, got 0.0"),
    "FloatMult by -0": (spoilt(F4, split=b"\2" + b"\xff\xff\xff\x7f"), "must be finite and not 0, got -0.0"),
    "FloatMult by NaN": (spoilt(F4, split=b"\2" + b"\xff" * 4), "must be finite and not 0, got nan"),
    "FloatMult by infinity": (spoilt(F4, split=b"\2" + b"\0\0\x80\xff"), "must be finite and not 0, got inf"),
    "FloatQuant of integers": (spoilt(I4, split=b"\3\1"), "FloatQuant is for floats, got i32"),
    "FloatQuant by 0": (spoilt(F4, split=b"\3\0"), "k of FloatQuant for f32 must be 1 to 23, got 0"),
    "FloatQuant by 24": (spoilt(F4, split=b"\3\x18"), "k of FloatQuant for f32 must be 1 to 23, got 24"),
    "affine of integers": (spoilt(I4, split=affine(1.0, 0.0)), "an affine split is for floats, got i32"),
    "scale of 0": (spoilt(F4, split=affine(0.0, 0.0)), "scale must be finite and above 0"),
    "scale below 0": (spoilt(F4, split=affine(-1.0, 0.0)), "scale must be finite and above 0"),
    "scale of NaN": (spoilt(F4, split=affine(float("nan"), 0.0)), "scale must be finite and above 0"),
    "scale infinite": (spoilt(F4, split=affine(float("inf"), 0.0)), "scale must be finite and above 0"),
    "offset of NaN": (spoilt(F4, split=affine(1.0, float("nan"))), "and offset finite"),
    "offset infinite": (spoilt(F4, split=affine(1.0, float("-inf"))), "and offset finite"),
    "rounding": (spoilt(F4, split=affine(1.0, 0.0, 2)), "rounding of an affine split may not exceed 1"),
    "no values": (steps_but(RANKS, RANKS_RECORD.but(split=ranked(0, 1))), "values may not be below 1"),
    "too many values": (
        steps_but(RANKS, RANKS_RECORD.but(split=ranked((1 << 16) + 1, 1))),
        "count of distinct values may not exceed 65536",
    ),
    "no values of a block": (
        steps_but(RANKS, RANKS_RECORD.but(split=ranked(COUNT, 0))),
        "distinct values of a block may not be below 1",
    ),
    "block of more than all values": (
        steps_but(RANKS, RANKS_RECORD.but(split=ranked(COUNT, COUNT + 1))),
        f"distinct values of a block may not exceed {COUNT}",
    ),
    "as many blocks as values": (
        steps_but(RANKS, RANKS_RECORD.but(split=ranked(1 << 16, 1))),
        "must have 65537 chunk-level streams",
    ),
    "three fills": (
        steps_but(MASKED, MASKED_RECORD.but(fills=MASKED_RECORD.fills * 3)),
        "fill values may not exceed 2, got 3",
    ),
    "fills beyond the head": (MASKED.but(pipelines=(b"\0\2",), streams=(), kinds=()), ""),
    "no pages of a block of masks": (
        steps_but(MASKED, MASKED_RECORD.but(mask_pages=0)),
        "pages of a block of masks may not be below 1",
    ),
    "more pages of a block of masks than of a Pco chunk": (
        steps_but(MASKED, MASKED_RECORD.but(mask_pages=(1 << 24) // 63 + 1)),
        "pages of a block of masks may not exceed 266305",
    ),
    "predictor": (spoilt(I4, predictor=5), "predictor may not exceed 4, got 5"),
    "float weights of integers": (spoilt(I4, predictor=FLOAT_WEIGHTS), "predictions among floats are for f32 and f64"),
    "float weights of halves": (
        spoilt(F2, split=b"\0", predictor=FLOAT_WEIGHTS),
        "predictions among floats are for f32 and f64 as they are, got f16",
    ),
    "float weights of quotients": (spoilt(F4, predictor=FLOAT_WEIGHTS), "as they are, got f32 and FloatQuant"),
    "float weights of ranks": (
        steps_but(RANKS, RANKS_RECORD.but(predictor=FLOAT_WEIGHTS)),
        "as they are, got f64 and Rank",
    ),
    "axis twice": (spoilt(I4, axes=(0, 1, 1)), r"order of axes must name each of 3 once, got \(0, 1, 1\)"),
    "axis that is not there": (spoilt(I4, axes=(0, 1, 3)), "order of axes must name each of 3 once"),
    "no axes used": (spoilt(I4, used=0), "axes of a prediction may not be below 1"),
    "more axes used than there are": (spoilt(I4, used=4), "axes of a prediction may not exceed 3, got 4"),
    "five axes used": (
        Head(
            shape=(1,) * 5,
            tile=(1,) * 5,
            pipelines=(Record(predictor=LORENZO, axes=(0, 1, 2, 3, 4), used=5, reference=bytes(4)).spelt(),),
        ),
        "axes of a prediction may not exceed 4, got 5",
    ),
    "no axes at all": (
        Head(shape=(), tile=(), pipelines=(Record(predictor=LORENZO, used=1, reference=bytes(4)).spelt(),)),
        "axes of a prediction may not exceed 0, got 1",
    ),
    "MED along one axis": (spoilt("MED along 3 of 4 axes", used=1), "axes of a prediction may not be below 2"),
    "shift": (spoilt(I4, shift=15), "shift of weights may not exceed 14, got 15"),
    "neither by plane nor not": (spoilt(I4, by_plane=2), "weights by plane may not exceed 1, got 2"),
    "by plane along one axis": (spoilt("weights along one axis", by_plane=1), "weights by plane need 2 axes or more"),
    "by plane without the weights of all planes": (spoilt(I4, by_plane=1), ONE + "|weights must add up"),
    "no neighbours": (spoilt(I4, neighbours=0), "neighbours may not be below 1"),
    "neighbours beyond the head": (spoilt("weights along one axis", neighbours=255, offsets=()), ""),
    **{
        f"neighbour at {offset}": (
            steps_but(SETS, SETS_RECORD.but(offsets=(offset, *SETS_RECORD.offsets[1:]))),
            words,
        )
        for offset, words in {
            (-4, 0): "offsets of neighbours must be -3 to 2",
            (-1, 3): "offsets of neighbours must be -3 to 2",
            (-1, -128): "offsets of neighbours must be -3 to 2",
            (0, 0): "neighbours must come before the cell",
            (0, 1): "neighbours must come before the cell",
            (1, -1): "neighbours must come before the cell",
        }.items()
    },
    "no sets of weights": (
        steps_but(SETS, SETS_RECORD.but(sets=0)),
        "sets of weights may not be below 1",
    ),
    "five sets of weights": (
        steps_but(SETS, SETS_RECORD.but(sets=5)),
        "sets of weights may not exceed 4",
    ),
    "sum of weights": (
        steps_but(PLANES, PLANES_RECORD.but(weights=(*PLANES_RECORD.weights[:-1], 7))),
        "weights must add up to 256",
    ),
    "weights of a plane missing": (
        steps_but(PLANES, PLANES_RECORD.but(weights=PLANES_RECORD.weights[:-35])),
        "",
    ),
    "planes by the million": (
        PLANES.but(shape=(1 << 24, 1, 1), tile=(1 << 24, 1, 1), chunk_pages=1, pipelines=(PLANES_RECORD.spelt(),)),
        "a field of [0-9]+ bytes must lie within the head",
    ),
    "no contexts": (spoilt("contexts", contexts=0), "contexts may not be below 1"),
    "nine contexts": (spoilt("contexts", contexts=9), "contexts may not exceed 8, got 9"),
    "contexts without a predictor": (steps_but(PLAIN, Record(thresholds=(1,))), "not have more than 1"),
    "thresholds fall": (
        spoilt("contexts", thresholds=(0, 1, 40, 90, 89, 160, 200)),
        "must not fall",
    ),
    "threshold": (spoilt("contexts", thresholds=(0, 1, 2, 3, 4, 5, 1 << 62)), "threshold of a context may not exceed"),
    "packed with a pipeline": (
        steps_but(PACKED, Record(predictor=LORENZO, axes=(0, 1), used=1, reference=b"\0")),
        "packed bools may not have a pipeline",
    ),
    "packed ranks": (
        steps_but(PACKED, Record(split=ranked(1, 1))),
        "packed bools may not have a pipeline",
    ),
    "kinds in another order": (
        RANKS.but(kinds=RANKS.kinds[::-1]),
        "kind of a chunk-level stream may not exceed 0, got 1",
    ),
    "masks where values are due": (
        RANKS.but(kinds=(0, 2, *RANKS.kinds[2:])),
        "kind of a chunk-level stream may not exceed 1, got 2",
    ),
    "values missing": (
        RANKS.but(kinds=RANKS.kinds[:-1], streams=RANKS.streams[:-1]),
        f"must have {len(RANKS.kinds)} chunk-level streams, got {len(RANKS.kinds) - 1}",
    ),
    "set that is not there": (
        SETS.but(index=b"\0\1\2\4" + SETS.index[4:]),
        "set of weights of a page must be below 4",
    ),
    "sets missing": (SETS.but(index=SETS.index[:-1]), "a field of 15 bytes must lie within the head"),
    "sets where none are due": (PLAIN.but(index=bytes(2)), "must end with its last field"),
    "blocks that fall": (
        RANKS.but(index=b"\2\0\1\0" + RANKS.index[4:]),
        "blocks of values of a page must rise and be below .*, got .2, 1.",
    ),
    "block that is not there": (
        RANKS.but(index=b"\0\0\xff\xff" + RANKS.index[4:]),
        f"and be below {RANKS.kinds.count(1)}, got .0, 65535.",
    ),
    "blocks missing": (RANKS.but(index=RANKS.index[:-2]), "a field of 80 bytes must lie within the head"),
    "counts above the cells": (
        pages_but(CONTEXTS, b"\xff\xff\x7f" + CONTEXTS.pages[0]),
        "numbers of a context of page 0 may not exceed 720",
    ),
    "counts above the cells together": (
        pages_but(CONTEXTS, varint(400) * 7 + CONTEXTS.pages[0]),
        "numbers of all contexts of page 0 may not exceed 720, got 2800",
    ),
    "counts above the cells that are not masked": (
        pages_but(BOTH, varint(44) + varint(44) + b"\0\0"),
        "numbers of all contexts may not exceed the cells of a page that are not masked",
    ),
    "counts missing": (pages_but(CONTEXTS, b""), "must lie within page 0, got 0 bytes"),
    "values without a count": (streams_but(SMALL_RANKS, SMALL_VALUES, b"\1\0\0"), "a list must have a count of up to"),
    "values without numbers": (
        streams_but(SMALL_RANKS, SMALL_VALUES, bytes(4)),
        "of them, got 0",
    ),
    "values by the billion": (streams_but(SMALL_RANKS, SMALL_VALUES, b"\xff" * 9), "got 4294967295 in 9 bytes"),
    "one value too few": (
        streams_but(SMALL_RANKS, SMALL_VALUES, listed(range(SMALL_COUNT - 1), "<u4")),
        rf"must have {SMALL_COUNT} of them, got {SMALL_COUNT - 1}",
    ),
    "one value too many": (
        streams_but(SMALL_RANKS, SMALL_VALUES, listed(range(SMALL_COUNT + 1), "<u4")),
        f"a list must have a count of up to {SMALL_COUNT}, got {SMALL_COUNT + 1}",
    ),
    "bytes after the values": (
        streams_but(SMALL_RANKS, SMALL_VALUES, SMALL_RANKS.streams[SMALL_VALUES] + b"\0"),
        rf"must have {SMALL_COUNT} of them, got {SMALL_COUNT} and 1 bytes more",
    ),
    "list cut short": (streams_but(SMALL_RANKS, SMALL_VALUES, SMALL_RANKS.streams[SMALL_VALUES][:-1]), ""),
    "place that is not in the list": (
        streams_but(
            steps_but(SMALL_RANKS, SMALL_RECORD.but(split=ranked(SMALL_COUNT - 1, SMALL_COUNT - 1))),
            SMALL_VALUES,
            listed(range(SMALL_COUNT - 1), "<u4"),
        ),
        f"places in the list of {SMALL_COUNT - 1} values must be below that, got {SMALL_COUNT - 1}",
    ),
    "place that is not in the page's blocks": (
        RANKS.but(index=RANKS.index[:2] + RANKS.index[:2] + RANKS.index[4:]),
        "places of page 0 must be in the blocks of values",
    ),
    "form of a mask": (
        streams_but(MASKED, FIRST_MASKS, b"\x08" + MASKED.streams[FIRST_MASKS][1:]),
        "form of a mask must be",
    ),
    "no mask": (streams_but(MASKED, FIRST_MASKS, b""), "form of a mask must be 0 to 7, got -1"),
    "mask without runs": (streams_but(MASKED, FIRST_MASKS, bytes(5)), f"add up to {MASKED_CELLS} cells, got 0"),
    "mask of fewer cells": (
        streams_but(MASKED, FIRST_MASKS, b"\0" + listed([3, 4], "<u4")),
        f"must add up to {MASKED_CELLS} cells, got 7",
    ),
    "mask of more cells": (
        streams_but(MASKED, FIRST_MASKS, b"\0" + listed([(1 << 32) - 1] * 60, "<u4")),
        f"must add up to {MASKED_CELLS} cells, got {60 * ((1 << 32) - 1)}",
    ),
    "mask of more runs than cells": (
        streams_but(MASKED, FIRST_MASKS, b"\0" + listed([0] * (MASKED_CELLS + 2), "<u4")),
        f"a list must have a count of up to {MASKED_CELLS + 1}",
    ),
    "bytes after the masks": (
        streams_but(MASKED, FIRST_MASKS, MASKED.streams[FIRST_MASKS] + b"\0"),
        "masks must end with their last list, got 1 bytes more",
    ),
    "mask of other cells": (
        streams_but(MASKED, FIRST_MASKS, b"\0" + listed([MASKED_CELLS], "<u4")),
        "",
    ),
    "no metadata where a page has numbers": (streams_but(RANKS, 0, b""), ""),
    "complex page with one pipeline's streams": (COMPLEX.but(pages=(b"\0", COMPLEX.pages[1])), ""),
}
