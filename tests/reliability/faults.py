"""Stores that fail in every way while they are read: `python tests/reliability/faults.py`.

Each case is one read of a random part of an array whose object meets one to three faults. What comes must be wholly of
the old object or wholly of the new one, or absent, or an error; for a shard, chunk by chunk.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import zarr
from counting_store import PIPELINES, CountingStore, is_chunk

from pcodec_numcodecs import CorruptionError, InsufficientDataError, PcoSerializer

SHAPE, INNER, TILE = (200, 180), (100, 90), (25, 30)
FILL = -7
FAULTS = (
    *(
        "truncated",
        "delayed and swapped",
        "error",
        "missing once",
        "gone",
        "too much",
        "all of it",
        "nothing",
        "a bit flipped",
    ),
    *("other bytes", "swapped", "swapped back and forth"),
)
LAYOUTS = {"chunk": None, "shard": SHAPE}


class StoreError(OSError):
    """What the store itself fails with."""


class Found(NamedTuple):
    """How often each fault had each outcome; and descriptions of what was wrong."""

    cases: int
    outcomes: dict[str, dict[str, int]]
    wrong: list[str]
    seconds: float


class FaultyStore(CountingStore):
    """A store whose reads of chunks meet faults.

    Attributes
    ----------
    plan
        Fault of the read with each number.
    other
        What an object is replaced by.
    """

    plan: dict[int, str]
    other: dict[str, bytes]
    rng: np.random.Generator
    gone = False

    def before(self, key: str, byte_range: Any) -> None:
        """Have something happen, before the read is answered; without checks of what is asked for."""
        if not is_chunk(key):
            return
        fault = self.plan.get(len(self.gets), "")
        if fault == "error":
            raise StoreError("the connection was reset")
        if fault == "delayed and swapped":
            time.sleep(0.002)
        if fault in ("swapped", "delayed and swapped") or (
            "swapped back and forth" in self.plan.values() and is_chunk(key)
        ):
            now = self._store_dict[key].to_bytes()
            self.put(key, self.other[key])
            self.other = {**self.other, key: now}
        self.gone |= fault == "gone"

    def answer(self, key: str, prototype: Any, byte_range: Any) -> Any:
        """Return the bytes that were asked for, or others."""
        right = super().answer(key, prototype, byte_range)
        if not is_chunk(key) or right is None:
            return right
        content, fault = right.to_bytes(), self.plan.get(len(self.gets), "")
        if self.gone or fault == "missing once":
            return None
        match fault:
            case "truncated":
                content = content[: int(self.rng.integers(len(content) + 1))]
            case "too much":
                content += self.rng.bytes(int(self.rng.integers(1, 200)))
            case "all of it":
                content = self._store_dict[key].to_bytes()
            case "nothing":
                content = b""
            case "a bit flipped" if content:
                place = int(self.rng.integers(len(content)))
                content = (
                    content[:place] + bytes([content[place] ^ 1 << int(self.rng.integers(8))]) + content[place + 1 :]
                )
            case "other bytes":
                content = self.rng.bytes(len(content))
        return prototype.buffer.from_bytes(content)


@cache
def arrays(seed: int) -> np.ndarray:
    """Return what is in an object, of numbers that no other object has."""
    rng = np.random.default_rng(seed)
    found = rng.integers(0, 1 << int(rng.integers(9, 16)), SHAPE, dtype="i4")
    return found * 2 + seed % 2 + np.int32(100_000 * (seed % 2))


@cache
def objects(seed: int, layout: str) -> dict[str, bytes]:
    """Return what a store holds of an array."""
    array, store = _created(layout)
    array[:] = arrays(seed)
    return store.chunks()


def _created(layout: str) -> tuple[zarr.Array, FaultyStore]:
    """Return an array without chunks, and its store."""
    store = FaultyStore()
    store.plan = {}
    options: dict[str, Any] = {"chunks": INNER, "shards": SHAPE} if layout == "shard" else {"chunks": SHAPE}
    options |= {"shape": SHAPE, "dtype": "i4", "fill_value": FILL, "compressors": None}
    return zarr.create_array(store, serializer=PcoSerializer(tile=TILE), **options), store


def part_of(rng: np.random.Generator) -> tuple[Any, ...]:
    """Return a selection: a cell, a row, a window, or all."""
    ranges = []
    for size in SHAPE:
        start = int(rng.integers(size))
        stop = int(rng.integers(start + 1, size + 1))
        kind = rng.integers(4)
        ranges.append((slice(start, start + 1), slice(start, stop), slice(start, stop, 7), slice(None))[kind])
    return tuple(ranges)


def judged(found: np.ndarray, part: tuple[Any, ...], candidates: dict[str, np.ndarray], size: tuple[int, ...]) -> str:
    """Tell of which object cells are; "wrong" where those of one chunk are of several or of none."""
    seen = set()
    places = np.ix_(*(np.arange(n)[one] // length for n, one, length in zip(SHAPE, part, size, strict=True)))
    chunk = np.broadcast_to(places[0] * 100 + places[1], found.shape)
    for number in np.unique(chunk):
        cells = chunk == number
        names = [name for name, whole in candidates.items() if np.array_equal(found[cells], whole[part][cells])]
        seen.add(names[0] if names else "wrong")
    return "wrong" if "wrong" in seen else seen.pop() if len(seen) == 1 else "mixed by chunk"


def told(error: Exception, layout: str) -> str:
    """Tell what an error says; "wrong" where it is none of those that a user may expect."""
    if isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:  # as newer releases of Zarr wrap them
        return told(error.exceptions[0], layout)
    if isinstance(error, CorruptionError | InsufficientDataError):
        return "damaged"
    if isinstance(error, StoreError):
        return "error of the store"
    # A shard's index, which is Zarr's, has a checksum too; one cut to nothing cannot be reshaped.
    words = {"checksum", "index", "reshape"} & set(str(error).split())
    is_short = str(error).startswith("The stored shard is too short to hold its index")  # from Zarr 3.4 on
    is_index = layout == "shard" and isinstance(error, ValueError) and (words or is_short)
    return "index of the shard damaged" if is_index else f"wrong: {type(error).__name__}"


def run(cases: int, seed: int = 0, *, seconds: float = float("inf")) -> Found:
    """Read so many times, or for so many seconds."""
    start = time.perf_counter()
    outcomes = {fault: Counter[str]() for fault in FAULTS}
    wrong: list[str] = []
    done = 0
    while done < cases and time.perf_counter() - start < seconds:
        rng = np.random.default_rng([seed, done])
        layout = list(LAYOUTS)[done % 2]
        old, new = (int(rng.integers(3)) * 2 + side for side in (0, 1))
        faults = [FAULTS[rng.integers(len(FAULTS))] for _ in range(rng.integers(1, 4))]
        pipeline = list(PIPELINES.values())[rng.integers(len(PIPELINES))]
        with zarr.config.set({"codec_pipeline.path": pipeline, "pcodec_numcodecs.coalesce_gap": 0}):
            array, store = _created(layout)
            for key, content in objects(old, layout).items():
                store.put(key, content)
            store.rng, store.other = rng, dict(objects(new, layout))
            store.plan = {int(rng.integers(4)): fault for fault in faults}
            part = part_of(rng)
            candidates = {"old": arrays(old), "new": arrays(new), "absent": np.full(SHAPE, FILL, np.int32)}
            try:
                found = judged(array[part], part, candidates, INNER if layout == "shard" else SHAPE)
            except Exception as error:
                found = told(error, layout)
        for fault in set(store.plan.values()):
            outcomes[fault][found] += 1
        if found.startswith("wrong"):
            wrong.append(f"[{seed}, {done}] {layout}, {store.plan}, {part}")
        done += 1
    spent = time.perf_counter() - start
    return Found(done, {fault: dict(found) for fault, found in outcomes.items()}, wrong, spent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    chosen = parser.parse_args(arguments)
    found = run(chosen.cases, seconds=chosen.seconds)
    for fault, outcomes in found.outcomes.items():
        print(f"{fault:24}", outcomes)
    print(f"{found.cases} reads, {found.seconds:.0f} s, {len(found.wrong)} wrong")
    print("\n".join(found.wrong[:20]))
    return len(found.wrong)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
