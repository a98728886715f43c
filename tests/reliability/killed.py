"""Writers killed by SIGKILL while they write a dataset: `python tests/reliability/killed.py`.

Afterwards every chunk is that from before, the new one, or absent, or it is refused as damaged; it is never anything
else. With a store whose writes are not atomic, as some file systems' are not, too.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import zarr
from zarr.storage import LocalStore

from pcodec_numcodecs import CorruptionError, InsufficientDataError, Pco, PcoSerializer
from pcodec_numcodecs.errors import PcoError

SHAPE, CHUNKS = (240, 300), (60, 60)
FILL = -7
PIECE = 512
LAYOUTS = ("v3", "shards", "v2")


class Found(NamedTuple):
    """What became of the chunks, by layout; and what was wrong."""

    killed: int
    outcomes: dict[str, dict[str, int]]
    wrong: list[str]
    seconds: float


class SlowStore(LocalStore):
    """Writes in place, in small pieces: a writer that is killed leaves torn objects."""

    async def set(self, key: str, value: Any) -> None:
        """Write an object as some file systems do."""
        if not key.endswith("json") and not key.startswith("."):
            path = self.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            content = value.to_bytes()
            with path.open("r+b" if path.exists() else "wb") as file:
                for start in range(0, len(content), PIECE):
                    file.write(content[start : start + PIECE])
                    file.flush()
                    time.sleep(0.0002)
                file.truncate()
            return
        await super().set(key, value)

    def set_sync(self, key: str, value: Any) -> None:
        """Do the same without an event loop."""
        zarr.core.sync.sync(self.set(key, value))


def data(generation: int) -> np.ndarray:
    """Return numbers of a generation, which no other one has."""
    rng = np.random.default_rng(generation)
    return rng.integers(0, 1 << (8 + generation % 5), SHAPE, dtype="i4") * 1000 + generation


def create(folder: Path, layout: str) -> None:
    """Create an empty array."""
    options: dict[str, Any] = {"shape": SHAPE, "dtype": "i4", "chunks": CHUNKS, "fill_value": FILL}
    if layout == "v2":
        zarr.create_array(folder, zarr_format=2, compressors=Pco(level=2), **options)
        return
    shards = (120, 120) if layout == "shards" else None
    zarr.create_array(folder, serializer=PcoSerializer(level=2), compressors=None, shards=shards, **options)


def write(folder: Path, first: int, torn: bool) -> None:
    """Write generation after generation, until killed."""
    array = zarr.open_array(SlowStore(folder) if torn else folder, mode="r+")
    generation = first
    start = time.perf_counter()
    zarr.open_array(folder, mode="r")[:]
    zarr.create_array({}, data=data(first), chunks=CHUNKS, serializer=PcoSerializer(level=2), compressors=None)
    print("ready", time.perf_counter() - start, flush=True)
    while True:
        array[:] = data(generation)
        print(generation, flush=True)
        generation += 1


def kill_one(folder: Path, first: int, wait: float, torn: bool) -> int:
    """Have a process write and kill it; return the last generation that was written whole.

    It is killed after a part of the time, or a multiple, that one generation takes, about.
    """
    command = [sys.executable, __file__, "--write", str(folder), "--first", str(first), *(["--torn"] if torn else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready, about = process.stdout.readline().split()
        assert ready == "ready"
        time.sleep(wait * float(about))
        os.kill(process.pid, signal.SIGKILL)
        printed = process.stdout.read().split()
    return int(printed[-1]) if printed else first - 1


def judge(folder: Path, before: int, last: int) -> tuple[Counter[str], list[str]]:
    """Look at every chunk after the writer's end; `last` was written whole, the one after it may have been begun."""
    array = zarr.open_array(folder, mode="r")
    outcomes: Counter[str] = Counter()
    wrong = []
    old, new = data(last) if last > before else data(before), data(last + 1)
    for row in range(0, SHAPE[0], CHUNKS[0]):
        for column in range(0, SHAPE[1], CHUNKS[1]):
            cells = np.s_[row : row + CHUNKS[0], column : column + CHUNKS[1]]
            try:
                found = array[cells]
            except (CorruptionError, InsufficientDataError):
                outcomes["damaged"] += 1
                continue
            except ValueError as error:
                if not {"checksum", "index"} & set(str(error).split()) or isinstance(error, PcoError):
                    raise
                outcomes["index of the shard damaged"] += 1
                continue
            if np.array_equal(found, old[cells]):
                outcomes["old"] += 1
            elif np.array_equal(found, new[cells]):
                outcomes["new"] += 1
            elif (found == FILL).all():
                outcomes["absent"] += 1
            else:
                wrong.append(f"{folder.name}: chunk at {row}, {column} after generation {last}")
    return outcomes, wrong


def run(kills: int, seed: int = 0, *, seconds: float = float("inf")) -> Found:
    """Kill so many writers, or for so many seconds."""
    start = time.perf_counter()
    rng = np.random.default_rng(seed)
    names = [f"{layout}, {how}" for layout in LAYOUTS for how in ("replaced at once", "written in place")]
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in names}
    wrong: list[str] = []
    done = 0
    generations = dict.fromkeys(names, 0)
    with tempfile.TemporaryDirectory() as parent:
        for name in names:
            create(Path(parent, name), name.split(",")[0])
        while done < kills and time.perf_counter() - start < seconds:
            name = names[done % len(names)]
            folder = Path(parent, name)
            before = generations[name]
            if before == 0 or rng.random() < 0.2:  # now and then anew, so that chunks may be absent
                shutil.rmtree(folder)
                create(folder, name.split(",")[0])
                zarr.open_array(folder, mode="r+")[: SHAPE[0] // 2] = data(before)[: SHAPE[0] // 2]
            last = kill_one(folder, before + 1, float(rng.uniform(0, 1.5)), name.endswith("in place"))
            found, faults = judge(folder, before, last)
            outcomes[name] += found
            wrong += faults
            generations[name] = max(last, before) + 1
            # What was torn is written whole for the next turn; a shard at an edge would be read for that.
            shutil.rmtree(folder)
            create(folder, name.split(",")[0])
            zarr.open_array(folder, mode="r+")[:] = data(generations[name])
            done += 1
    spent = time.perf_counter() - start
    return Found(done, {name: dict(found) for name, found in outcomes.items()}, wrong, spent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--torn", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.write:
        write(chosen.write, chosen.first, chosen.torn)
    found = run(chosen.kills, seconds=chosen.seconds)
    for name, outcomes in found.outcomes.items():
        print(f"{name:28}", outcomes)
    print(f"{found.killed} writers killed, {found.seconds:.0f} s, {len(found.wrong)} chunks wrong")
    print("\n".join(found.wrong[:20]))
    return len(found.wrong)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
