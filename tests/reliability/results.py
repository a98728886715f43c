"""All that one run finds, section by section, as plain values that a file can keep."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import borrowed, covered, differential, faults, fuzzing, guided, killed, licences, load, versions, writing


class Plan(NamedTuple):
    """How much to do of each section; of those that go on until so much is done, no longer than `seconds`."""

    inputs: int = 1_000_000
    seconds: float = float("inf")
    guided_seconds: int = 120
    covered_inputs: int = covered.INPUTS
    arrays: int = 1_000
    chunks: int = 20_000
    reads: int = 10_000
    kills: int = 300
    thread_seconds: float = 60.0
    restarts: int = 4
    cold: int = load.PROCESSES
    gigabytes: float = 2.0
    minutes: float = 30.0
    backend: str = borrowed.ALL
    versions: bool = True
    emulator: Path | None = None


QUICK = Plan(300, 20.0, 1, 200, 10, 60, 60, 2, 0.2, 1, 0, 0.02, 0.05, "TestZarrDictStore and append", False)

Results = dict[str, Any]
"""Of each section what its function returned, as JSON holds it; `commits` tells what code each was run on."""


def sections(plan: Plan) -> dict[str, Callable[[], Any]]:
    """Return the work of each section."""

    def fuzzed() -> list[Any]:
        return [fuzzing.run(name, plan.inputs, seconds=plan.seconds)._asdict() for name in fuzzing.READERS]

    def guided_() -> list[Any]:
        return [guided.run(name, plan.guided_seconds)._asdict() for name in guided.NAMES]

    return {
        "fuzzing": fuzzed,
        "guided": guided_,
        "covered": lambda: [one._asdict() for one in covered.measure(plan.covered_inputs)],
        "writing": lambda: writing.run(plan.arrays, seconds=plan.seconds)._asdict(),
        "differential": lambda: differential.run(
            plan.chunks, seconds=plan.seconds, with_large=plan.chunks >= 20_000
        )._asdict(),
        "faults": lambda: faults.run(plan.reads, seconds=plan.seconds)._asdict(),
        "killed": lambda: killed.run(plan.kills, seconds=plan.seconds)._asdict(),
        "threads": lambda: load.threads(plan.thread_seconds)._asdict(),
        "restarts": lambda: load.restarts(plan.restarts)._asdict(),
        "cold": lambda: load.cold(plan.cold)._asdict() if plan.cold else None,
        "stream": lambda: load.memory("stream", plan.gigabytes * 1024 * load.MIB)._asdict(),
        "mixed": lambda: load.memory("mixed", min(plan.minutes * 60, plan.seconds))._asdict(),
        "borrowed": lambda: borrowed.run(plan.backend)._asdict(),
        "versions": lambda: [one._asdict() for one in versions.measure(plan.emulator)] if plan.versions else [],
        "licences": lambda: [one._asdict() for one in licences.licences()],
    }


def _commit() -> str:
    """Return what the code is called that is at work, which changes between sections of a run of days."""
    asked = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def measure(plan: Plan, only: list[str], kept: Path | None, tell: Callable[[str], None]) -> Results:
    """Do some or all sections; keep what each found in a file, and take the others from there."""
    found: Results = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    for name, work in sections(plan).items():
        if only and name not in only:
            continue
        tell(name)
        sys.stdout.flush()
        found[name] = work()
        found.setdefault("commits", {})[name] = _commit()
        if kept:
            kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found
