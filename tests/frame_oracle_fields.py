"""How the second reader of frames reads the fields of a head: docs/format.md, and nothing else."""

import itertools
import math
import re
import struct
from typing import Any, NamedTuple

import frame_oracle_steps as steps
import google_crc32c
import numpy as np

NUMBER_TYPES = {
    **{f"{kind}{size}": f"{kind}{8 * size}" for kind in "iu" for size in (1, 2, 4, 8)},
    **{f"f{size}": f"f{8 * size}" for size in (2, 4, 8)},
    "b1": "u8",
    "c8": "f32",
    "c16": "f64",
    "M8": "i64",
    "m8": "i64",
}
SMALL_FLOATS = {"bfloat16": "u16"} | {
    f"float8_{kind}": "u8"
    for kind in ("e3m4", "e4m3", "e4m3b11fnuz", "e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")
}
TIME_UNIT = r"\[(?:[1-9][0-9]{0,9})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]"


class WrongError(Exception):
    """The bytes break a rule of docs/format.md."""


class Pipeline(NamedTuple):
    """The fields of a pipeline, its predictor None for none."""

    split: int
    parameters: tuple[Any, ...]
    fills: list[int]
    mask_pages: int
    predictor: steps.Predictor | None
    thresholds: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        return not (self.split or self.fills or self.predictor)

    @property
    def has_secondary(self) -> bool:
        return steps.RAW < self.split < steps.RANK

    @property
    def streams(self) -> int:
        return len(self.thresholds) + 1 + self.has_secondary


class Fields:
    """Reads fields one by one."""

    def __init__(self, source: bytes, place: int) -> None:
        self._source, self._place = source, place

    @property
    def left(self) -> int:
        return len(self._source) - self._place

    def take(self, count: int) -> bytes:
        taken = self._source[self._place : self._place + count]
        check(len(taken) == count, "fields lie in the head")
        self._place += count
        return taken

    def byte(self, most: int = 255, least: int = 0) -> int:
        byte = self.take(1)[0]
        check(least <= byte <= most, "byte within its limits")
        return byte

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def varint(self) -> int:
        value = 0
        for place in range(9):
            byte = self.byte()
            value += (byte % 128) << (7 * place)
            if byte < 128:
                return value
        raise WrongError("varint of more than 9 bytes")


def read_pipeline(fields: Fields, number_type: str, tile: tuple[int, ...]) -> Pipeline:
    """Read the pipeline of a part."""
    bits = int(number_type[1:])
    size, integers = bits // 8, number_type[0] != "f"
    split = fields.byte(5)
    parameters: tuple[Any, ...] = ()
    if split in (steps.INT_MULT, steps.FLOAT_MULT):
        check(integers == (split == steps.INT_MULT), "split fits the type")
        parameters = (fields.number(size),)
        if split == steps.INT_MULT:
            check(parameters[0] != 0, "base")
        else:
            base = steps.float_of(parameters[0], bits)
            check(np.isfinite(base) and base != 0, "base")
    elif split == steps.FLOAT_QUANT:
        check(not integers, "split fits the type")
        parameters = (fields.byte(steps.MANTISSAS[bits], 1),)
    elif split == steps.AFFINE:
        parameters = (*struct.unpack("<dd", fields.take(16)), fields.byte(1))
        check(not integers, "split fits the type")
        check(math.isfinite(parameters[0]) and parameters[0] > 0 and math.isfinite(parameters[1]), "affine")
    elif split == steps.RANK:
        parameters = (fields.varint(), fields.varint())
        check(1 <= parameters[0] <= 2**16 and 1 <= parameters[1] <= parameters[0], "distinct values")
    fills = [fields.number(size) for _ in range(fields.byte(2))]
    mask_pages = fields.varint() if fills else 1
    check(1 <= mask_pages <= 2**24 // math.prod(tile), "pages of a block of masks")
    width = bits if split != steps.RANK else 8 if parameters[0] <= 256 else 16
    predictor = read_predictor(fields, split, width, number_type, tile)
    contexts = fields.byte(8 if predictor else 1, 1)
    thresholds = tuple(fields.varint() for _ in range(contexts - 1))
    check(all(a <= b for a, b in itertools.pairwise(thresholds)), "thresholds rise")
    check(all(threshold < 2**62 for threshold in thresholds), "thresholds")
    return Pipeline(split, parameters, fills, mask_pages, predictor, thresholds)


def read_predictor(
    fields: Fields, split: int, width: int, number_type: str, tile: tuple[int, ...]
) -> steps.Predictor | None:
    kind = fields.byte(4)
    if not kind:
        return None
    check(kind != steps.FLOAT_WEIGHTS or (split == 0 and number_type in ("f32", "f64")), "float weights")
    order = tuple(fields.take(len(tile)))
    check(sorted(order) == list(range(len(tile))), "order of axes")
    used = fields.byte(min(4, len(order)), 2 if kind == steps.MED else 1)
    reference = fields.number(width // 8)
    if kind in (steps.LORENZO, steps.MED):
        return steps.Predictor(kind, order, used, reference)
    shift, by_plane = fields.byte(14), fields.byte(1)
    check(not by_plane or used >= 2, "axes of weights by plane")
    count = fields.byte(least=1)
    offsets = tuple(struct.unpack(f"<{used}b", fields.take(used)) for _ in range(count))
    for offset in offsets:
        check(all(-3 <= step <= 2 for step in offset), "offsets")
        check(next((step for step in offset if step), 0) < 0, "neighbours come before")
    sets = fields.byte(4, 1)
    planes = tile[order[len(order) - used]] if by_plane else 1
    weights = []
    for _ in range(sets):
        rows = [struct.unpack(f"<{count}h", fields.take(2 * count)) for _ in range(planes)]
        check(all(sum(row) == 1 << shift for row in rows), "sums of weights")
        weights.append(tuple(rows))
    return steps.Predictor(kind, order, used, reference, shift, by_plane, offsets, tuple(weights))


def element(name: str) -> tuple[str, int, np.dtype]:
    """Return number type, parts and NumPy dtype of an element type."""
    if name in SMALL_FLOATS:
        import ml_dtypes

        return SMALL_FLOATS[name], 1, np.dtype(getattr(ml_dtypes, name))
    spelt = re.fullmatch(r"([|<>])([a-zA-Z][0-9]*)(.*)", name)
    check(spelt, "element type")
    order, kind, unit = spelt.groups()
    check(kind in NUMBER_TYPES, "element type")
    check(order in ("|<" if kind in ("i1", "u1") else "|" if kind == "b1" else "<>"), "byte order")
    check(unit == "" or (kind in ("M8", "m8") and re.fullmatch(TIME_UNIT, unit)), "unit")
    check(int("".join(filter(str.isdigit, unit)) or 1) < 2**31, "multiple of a unit")
    return NUMBER_TYPES[kind], 2 if kind[0] == "c" else 1, np.dtype(name)


def numpy_name(number_type: str) -> str:
    """Return NumPy's name of a number type of Pco."""
    return f"{number_type[0]}{int(number_type[1:]) // 8}"


def varint_at(source: bytes, place: int) -> tuple[int, int]:
    """Return a varint and the place after it."""
    value = 0
    for digit in range(9):
        check(place < len(source), "table of a page")
        byte = source[place]
        place += 1
        value += (byte % 128) << (7 * digit)
        if byte < 128:
            return value, place
    raise WrongError("varint of more than 9 bytes")


def crc(part: bytes) -> int:
    """CRC-32C."""
    return google_crc32c.value(bytes(part))


def check(holds: Any, what: str) -> None:
    """Refuse the bytes unless a rule holds."""
    if not holds:
        raise WrongError(what)
