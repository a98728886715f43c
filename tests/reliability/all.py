"""Prove everything: damaged bytes, hostile arrays, faulty stores, killed writers, load, versions.

`python tests/reliability/all.py --write docs/reliability.md` takes some hours, and puts tables into the page; without
`--write`, they are printed. `--quick` takes a minute or so and shows only that all works. `--only fuzzing killed` does
some sections; with `--keep FILE`, what others found is taken from the file, and all is stored there.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from reliability import page
from reliability.results import QUICK, Plan, measure, sections


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="little of everything: figures mean nothing")
    parser.add_argument("--seconds", type=float, help="no longer for a section, or a reader that is fuzzed")
    parser.add_argument("--emulator", type=Path, metavar="FOLDER", help="for an emulated ARM, see arm.sh")
    parser.add_argument("--only", nargs="*", choices=list(sections(QUICK)), default=[], metavar="SECTION")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="JSON of what was found, by section")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put tables into this page")
    chosen = parser.parse_args(arguments)
    # Kernels check every access to their arrays; this must be known before they are imported.
    os.environ.setdefault("PCODEC_NUMCODECS_CHECKED_KERNELS", "1")
    start = time.perf_counter()

    def tell(what: str) -> None:
        print(f"{time.perf_counter() - start:6.1f} s  {what}", file=sys.stderr, flush=True)

    plan = (QUICK if chosen.quick else Plan())._replace(emulator=chosen.emulator)
    if chosen.seconds is not None:
        plan = plan._replace(seconds=chosen.seconds)
    results = measure(plan, chosen.only, chosen.keep, tell)
    command = " ".join(["python tests/reliability/all.py", *(sys.argv[1:] if arguments is None else arguments)])
    if chosen.write:
        page.write(chosen.write, results, command)
    else:
        print(page.render(results, command))
    tell("done")


if __name__ == "__main__":
    main()
