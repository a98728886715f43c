"""Every codec on every real array, each array being one chunk: ratio, and speed both ways and of partial reads."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from pcodec_numcodecs import frame

from . import arrays, contestants
from .contestants import Contestant
from .timing import in_turn


class Found(NamedTuple):
    """What one codec made of one array; where it does not take it, `reason` says why, and figures are NaN.

    Attributes
    ----------
    array, codec
        Names.
    numbers, itemsize
        Of the array.
    ratio
        Of raw to stored bytes.
    encode, decode, window, point
        Seconds: window is a tile of about 8,192 cells, point one cell.
    reason
        Empty where all went well.
    """

    array: str
    codec: str
    numbers: int
    itemsize: int
    ratio: float
    encode: float
    decode: float
    window: float
    point: float
    reason: str = ""

    def mb(self, seconds: float) -> float:
        """Return MB/s of raw numbers."""
        return self.numbers * self.itemsize / 1e6 / seconds

    def millions(self, seconds: float) -> float:
        """Return millions of numbers a second."""
        return self.numbers / 1e6 / seconds


def measure(name: str, budget: float, codecs: Iterable[Contestant] = contestants.ALL) -> list[Found]:
    """Measure all codecs on one array, in turn, and check what comes back."""
    array = arrays.real(name)
    tile = frame.info(frame.write(array)).tile
    boxes = {"window": arrays.middle(array.shape, tile), "point": arrays.point(array.shape)}
    tasks: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    reasons: dict[str, str] = {}
    listed = list(codecs)
    for codec in listed:
        try:
            stored = checked(codec, array, boxes)
        except Exception as error:  # of each package its own, for types it does not take
            reasons[codec.name] = f"{type(error).__name__}: {error}".splitlines()[0][:120]
            continue
        ratios[codec.name] = array.nbytes / contestants.stored_bytes(stored)
        out = np.empty_like(array)
        tasks[f"{codec.name} encode"] = lambda codec=codec: codec.write(array)
        tasks[f"{codec.name} decode"] = lambda codec=codec, stored=stored, out=out: codec.read(stored, out)
        if codec.part is not None:
            for part, box in boxes.items():
                tasks[f"{codec.name} {part}"] = lambda codec=codec, stored=stored, out=out, box=box: codec.read_part(
                    stored, out, box
                )
    seconds = in_turn(tasks, budget)
    rows = []
    for codec in listed:
        whole = seconds.get(f"{codec.name} decode", float("nan"))
        times = [
            seconds.get(f"{codec.name} encode", float("nan")),
            whole,
            *(seconds.get(f"{codec.name} {part}", whole) for part in boxes),
        ]
        ratio = ratios.get(codec.name, float("nan"))
        rows.append(Found(name, codec.name, array.size, array.itemsize, ratio, *times, reasons.get(codec.name, "")))
    return rows


class ChangedBitsError(Exception):
    """A codec that is said to be lossless is not."""


def checked(codec: Contestant, array: np.ndarray, boxes: dict[str, tuple[slice, ...]]) -> Any:
    """Return what a codec stores, having read it back."""
    stored = codec.write(array)
    if codec.read(stored, np.empty_like(array)).tobytes() != array.tobytes():
        raise ChangedBitsError("some bits came back changed")
    for box in boxes.values():
        if codec.read_part(stored, np.empty_like(array), box).tobytes() != array[box].tobytes():
            raise ChangedBitsError("some bits of a part came back changed")
    return stored
