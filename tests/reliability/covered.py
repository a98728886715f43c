"""Which lines of the readers the fuzzers' inputs get to: `python tests/reliability/covered.py`.

Compiled kernels leave no trace; their lines are not counted.
"""

import argparse
import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

PACKAGE = Path(__file__).resolve().parents[2] / "pcodec_numcodecs"
INPUTS = 8000
LEAST = 0.95

# What is left out are functions and classes of writers that share a module with a reader, by how their names begin, and
# in kernels those that only writers call.
READERS: dict[str, tuple[str, ...]] = {
    "metadata/*": (),
    "decompress": ("_check_alike", "_type_name", "_variables"),  # of pages of several chunks: frames never ask for it
    "recipes": (),
    "bits": (),
    "standalone": ("simple_compress", "simple_decompress_into"),
    "wrapped": ("FileCompressor", "ChunkCompressor", "read_pages_into"),
    "frame/head": ("_write",),
    "frame/fields": ("varint",),
    "frame/layout": (),
    "frame/pipelines": ("_write",),
    "frame/page_tables": ("join_page",),
    "frame/reader": ("check_out",),  # looks at an array of the caller
    "frame/decoding": ("decode",),
    "frame/requests": ("is_small", "first_bytes"),
    "frame/placing": (),
    "frame/shapes": (),
    "frame/tiling": ("fitted", "all_bounds"),
    "frame/info": (),
    "frame/settings": (),
    "codecs/unknown": (),
    "pipeline/lists": ("_chosen",),
    "pipeline/masks": ("_runs", "_fewest_runs", "_formed", "_changes"),
    "kernels/numpy_/decode": (),
    "kernels/numpy_/batches": (),
    "kernels/numpy_/joins": (),
    "kernels/numpy_/lanes": (),
    "kernels/numpy_/placing": (),
    "kernels/numpy_/rows": (),
    "kernels/numpy_/rows_out": (),
    "kernels/numpy_/deltas": (),
    "kernels/numpy_/contexts": ("assign_contexts",),
}


class Covered(NamedTuple):
    """Lines of a module that only readers run: how many there are, and those that no input got to."""

    module: str
    lines: int
    missing: list[int]


def left_out(tree: ast.AST, parts: Sequence[str]) -> Iterator[range]:
    """Yield the lines of functions and classes with such a name; and of all that type checkers alone see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
            if any(
                part in name if part.startswith("_") or part[0].isupper() else name.startswith(part) for part in parts
            ):
                yield range(node.lineno, (node.end_lineno or node.lineno) + 1)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield range(node.lineno, (node.end_lineno or node.lineno) + 1)


def modules() -> dict[Path, tuple[str, ...]]:
    """Return the files of `READERS`, and what to leave out of each."""
    found = {}
    for pattern, parts in READERS.items():
        files = sorted(PACKAGE.glob(f"{pattern}.py"))
        assert files, pattern
        found.update(dict.fromkeys(files, ("write", *parts)))
    return found


def measure(inputs: int) -> list[Covered]:
    """Run the inputs in a process that has loaded nothing yet."""
    ran = subprocess.run(
        [sys.executable, __file__, "--inputs", str(inputs), "--inside"], capture_output=True, text=True, check=True
    )
    return [Covered(*row) for row in json.loads(ran.stdout)]


def share(found: Sequence[Covered]) -> float:
    """Return the share of lines that were run."""
    return 1 - sum(len(one.missing) for one in found) / sum(one.lines for one in found)


def _inside(inputs: int) -> list[Covered]:
    import coverage

    tracer = coverage.Coverage(include=[str(path) for path in modules()], data_file=None)
    tracer.start()
    from reliability import fuzzing
    from reliability.readers import READERS as TARGETS

    for name in TARGETS:
        fuzzing.run(name, inputs, twins=("numpy",))
    tracer.stop()
    found = []
    for path, parts in modules().items():
        _, statements, _, missing, _ = tracer.analysis2(str(path))
        out = {line for lines in left_out(ast.parse(path.read_text(encoding="utf-8")), parts) for line in lines}
        counted = [line for line in statements if line not in out]
        name = path.relative_to(PACKAGE).with_suffix("").as_posix()
        found.append(Covered(name, len(counted), [line for line in missing if line not in out]))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=INPUTS, help="mutated inputs of each reader")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.inside:
        print(json.dumps(_inside(chosen.inputs)))
        return 0
    found = measure(chosen.inputs)
    for one in found:
        print(f"{one.module:32} {one.lines - len(one.missing):4} of {one.lines:4}  {one.missing or ''}")
    print(f"{share(found):.1%} of the lines of readers")
    return share(found) < LEAST


if __name__ == "__main__":
    sys.exit(main())
