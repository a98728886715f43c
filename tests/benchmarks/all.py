"""Measure everything, side by side and in turn in one run: this package, the wheel, numcodecs, Blosc and others.

`python tests/benchmarks/all.py --write docs/benchmarks.md` takes some minutes on a machine that does nothing else, and
puts tables and plots into the page; without `--write`, the tables are printed. `--quick` takes seconds and shows only
that all works. `--arrays a1b_temp_f32 ne_f64` measures some of the real arrays.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numcodecs
import real_arrays
from benchmarks import page
from benchmarks.results import QUICK, Plan, measure


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="little data, one round: figures mean nothing")
    parser.add_argument("--arrays", nargs="+", choices=real_arrays.NAMES, metavar="NAME", help="some real arrays alone")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put tables and plots into this page")
    chosen = parser.parse_args(arguments)
    plan = QUICK if chosen.quick else Plan()
    if chosen.arrays:
        plan = plan._replace(names=chosen.arrays)
    # Blosc would use as many as there are cores; all others use one.
    numcodecs.blosc.set_nthreads(1)
    start = time.perf_counter()

    def tell(what: str) -> None:
        print(f"{time.perf_counter() - start:6.1f} s  {what}", file=sys.stderr, flush=True)

    results = measure(plan, tell)
    command = " ".join(["python tests/benchmarks/all.py", *(sys.argv[1:] if arguments is None else arguments)])
    if chosen.write:
        page.write(chosen.write, results, command)
    else:
        print(page.render(results, command, {}))
    tell("done")


if __name__ == "__main__":
    main()
