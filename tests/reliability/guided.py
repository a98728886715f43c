"""Coverage-guided fuzzing of a reader by Atheris: `python tests/reliability/guided.py frame --seconds 60`.

The bytes of the package tell Atheris where they have been, so that it looks for inputs that get further; what it finds
is mended first, so that checksums never end the way. Compiled kernels cannot tell, and are compared with the others.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

SECONDS = 10
"""By the clock, of one input, on a machine that does other things too."""
ROOM = 2048
"""MiB that the process may hold, compiler and all."""
NAMES = ("frame", "index", "metadata", "page", "standalone", "json")


class Found(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    inputs
        Inputs tried.
    edges
        Places of the code that inputs got to, as Atheris counts them.
    kept
        Inputs that got to places where none had been.
    fault
        The end of what was printed, if an input broke a promise.
    """

    reader: str
    inputs: int
    edges: int
    kept: int
    seconds: int
    fault: str


def run(name: str, seconds: int, *, keep: Path | None = None) -> Found:
    """Fuzz a reader in a process of its own."""
    from reliability.corpus import FOLDER

    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            *(f"-max_total_time={seconds}", f"-timeout={SECONDS}", f"-rss_limit_mb={ROOM}", "-print_final_stats=1"),
            *(f"-artifact_prefix={keep or folder}/", "-max_len=4096"),
            *(folder, str(FOLDER / ("frame" if name == "index" else name))),
        ]
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
        ran = subprocess.run(
            [sys.executable, __file__, name, "--libfuzzer", *arguments], capture_output=True, text=True, check=False
        )
    printed = ran.stderr + ran.stdout

    def last(pattern: str) -> int:
        return int((re.findall(pattern, printed) or ["0"])[-1])

    return Found(
        name,
        last(r"stat::number_of_executed_units:\s*(\d+)"),
        last(r"cov: (\d+)"),
        last(r"stat::new_units_added:\s*(\d+)"),
        seconds,
        "" if ran.returncode == 0 else printed[-3000:],
    )


def _fuzz(name: str, arguments: Sequence[str]) -> None:
    import atheris

    # Numba compiles from byte code, which must be that of the source.
    with atheris.instrument_imports(include=["pcodec_numcodecs"], exclude=["pcodec_numcodecs.kernels.numba_"]):
        from reliability.readers import FRAMES, READERS, outcome, read_once, with_checksums

        import pcodec_numcodecs.kernels  # noqa: F401
    from reliability.corpus import seeds
    from twins import TWINS

    reader = READERS[name]
    warnings.simplefilter("error")
    read_once(reader, seeds(name), TWINS)

    def one(data: bytes) -> None:
        given = with_checksums(data) if name in FRAMES else data
        found = [outcome(reader, given, twin) for twin in (TWINS if reader.twins else TWINS[:1])]
        assert all(other == found[0] for other in found), "the twins do not agree"

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("readers", nargs="*", choices=[*NAMES, []], help="by default all")
    parser.add_argument("--seconds", type=int, default=60, help="in all")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for inputs that break a promise")
    parser.add_argument("--libfuzzer", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.libfuzzer is not None:
        _fuzz(chosen.readers[0], chosen.libfuzzer)
        return 0
    readers = chosen.readers or NAMES
    wrong = 0
    for name in readers:
        found = run(name, max(1, chosen.seconds // len(readers)), keep=chosen.keep)
        print(f"{name}: {found.inputs} inputs, {found.edges} edges, {found.kept} kept", flush=True)
        if found.fault:
            wrong += 1
            print(found.fault)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
