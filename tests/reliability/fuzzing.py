"""Mutation fuzzing of a reader: `python tests/reliability/fuzzing.py frame --inputs 1000000`.

Every input is read by both twins of the kernels, where there are any, which have to agree to the bit, about errors too.
Inputs that break a promise are kept in the folder given by `--keep`.
"""

import argparse
import hashlib
import json
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from reliability.corpus import seeds
from reliability.limits import TooLongError, Watch, forbid_more, peak_bytes
from reliability.mutations import damaged, damaged_json
from reliability.readers import FRAMES, READERS, Reader, outcome, read_once, with_checksums
from twins import TWINS

from pcodec_numcodecs.kernels import load
from pcodec_numcodecs.warmup import compile_all

SECONDS = 2.0
"""Processor time that an input of less than 8 KiB may take, on one twin."""
MOST_PEAK = 4 << 20
"""Bytes that an input may take, `readers.MAX_BYTES` of result included."""
MEASURED = 200
"""The memory of one input in so many is measured, which is slow; all run below a limit of the process."""
ROOM = 1 << 30
MOST_FAULTS = 20


class Found(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    read, refused
        Inputs of either outcome; both are fine.
    longest
        Seconds of the longest call.
    peak
        Most bytes of a call whose memory was measured.
    faults
        What went wrong, and the digest of the input.
    """

    reader: str
    twins: tuple[str, ...]
    inputs: int
    read: int
    refused: int
    errors: dict[str, int]
    longest: float
    peak: int
    seconds: float
    faults: list[str]


def mutated(reader: Reader, rng: random.Random, corpus: Sequence[bytes]) -> bytes:
    """Return one damaged input, checksums put right."""
    data = rng.choice(corpus)
    if reader.name == "json":
        return damaged_json(rng, data, corpus)
    data = damaged(rng, data, corpus)
    return with_checksums(data) if reader.name in FRAMES else data


def fault(reader: Reader, data: bytes, watch: Watch, twins: Sequence[str], seen: Counter[str]) -> str | None:
    """Read an input by all twins; return what is wrong with that, if anything is."""
    found = []
    for twin in twins if reader.twins else twins[:1]:
        try:
            found.append(watch.call(lambda twin=twin: outcome(reader, data, twin)))
        except TooLongError as error:
            return f"{twin}: {error}"
        except Exception as error:
            return f"{twin}: {type(error).__name__}: {error}"
    kind, what = found[0]
    seen[kind] += 1
    if kind == "refused":
        seen[what[0]] += 1
    return None if all(one == found[0] for one in found) else "the twins do not agree"


def run(
    name: str,
    inputs: int,
    seed: int = 0,
    *,
    seconds: float = float("inf"),
    twins: Sequence[str] = TWINS,
    keep: Path | None = None,
) -> Found:
    """Fuzz a reader until there were so many inputs, or seconds."""
    reader, corpus = READERS[name], seeds(name)
    rng = random.Random(f"{name} {seed}")
    seen: Counter[str] = Counter()
    faults: list[str] = []
    peak = done = 0
    with warnings.catch_warnings(), Watch(SECONDS) as watch:
        warnings.simplefilter("error")
        if reader.twins and "numba" in twins:
            # All: damage may turn one type into another that no sound input has.
            compile_all(load(name="numba"))
        read_once(reader, corpus, twins)
        start = time.perf_counter()
        while done < inputs and time.perf_counter() - start < seconds and len(faults) < MOST_FAULTS:
            if done % 1000 == 0:
                watch.alive()
            data = mutated(reader, rng, corpus)
            found = fault(reader, data, watch, twins, seen)
            if found is None and done % MEASURED == 0:
                taken = max(peak_bytes(lambda twin=twin, data=data: outcome(reader, data, twin)) for twin in twins)
                peak = max(peak, taken)
                if taken > MOST_PEAK:
                    found = f"{taken} bytes, more than {MOST_PEAK}"
            if found is not None:
                digest = hashlib.sha256(data).hexdigest()[:12]
                faults.append(f"{digest}: {found}")
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{name}-{digest}").write_bytes(data)
            done += 1
    read, refused = seen.pop("read", 0), seen.pop("refused", 0)
    used = tuple(twins) if reader.twins else tuple(twins[:1])
    return Found(name, used, done, read, refused, dict(seen), watch.longest, peak, time.perf_counter() - start, faults)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("readers", nargs="*", choices=[*READERS, []], help="by default all")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append what was found, a line for each reader")
    chosen = parser.parse_args(arguments)
    forbid_more(ROOM)
    wrong = 0
    for name in chosen.readers or READERS:
        found = run(name, chosen.inputs, chosen.seed, seconds=chosen.seconds, keep=chosen.keep)
        print(describe(found), flush=True)
        wrong += len(found.faults)
        if chosen.json:
            with chosen.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found._asdict()) + "\n")
    return wrong


def describe(found: Found) -> str:
    """Return a line, and one for each fault."""
    line: list[Any] = [
        f"{found.reader}: {found.inputs} inputs, {found.read} read, {found.refused} refused",
        f"longest {found.longest * 1000:.0f} ms, peak {found.peak} bytes, {found.inputs / found.seconds:.0f}/s",
        f"{len(found.faults)} faults",
    ]
    return "\n".join([", ".join(line), *found.faults])


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
