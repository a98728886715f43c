"""The house keeps its order: imports point down, and code that decides bytes does not depend on the machine.

All is read from the syntax trees, so an import inside a function or for type checkers alone counts like any other.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.numpy_only

PACKAGE = "pcodec_numcodecs"
ROOT = Path(__file__).parents[1] / PACKAGE

# A room, which is a module or a folder, imports rooms of lower rank only.
RANKS = {
    **dict.fromkeys(["constants", "errors", "scratch"], 0),
    **dict.fromkeys(["arithmetic", "bits", "dtypes", "config", "lazy", "pages"], 1),
    **dict.fromkeys(["buffers", "estimates", "fixed_log", "metadata"], 2),
    **dict.fromkeys(["kernels"], 3),
    **dict.fromkeys(["deltas", "modes", "recipes"], 4),
    **dict.fromkeys(["training"], 5),
    **dict.fromkeys(["choosing"], 6),
    **dict.fromkeys(["compress", "decompress"], 7),
    **dict.fromkeys(["wrapped", "standalone", "pipeline"], 8),
    **dict.fromkeys(["frame"], 9),
    **dict.fromkeys(["codecs", "reports", "warmup"], 10),
    **dict.fromkeys(["diagnostics"], 11),
    **dict.fromkeys(["stores"], 12),
    **dict.fromkeys(["cli"], 13),
    **dict.fromkeys(["__main__"], 14),
    **dict.fromkeys(["__init__"], 15),
}
CODECS = RANKS["codecs"]

# Each idea of these rooms stands alone; only the room's front, `__init__`, knows them all.
SEPARATE = ("modes", "deltas")
ALLOWED_NEIGHBOURS = {
    # A float base is looked for among whole numbers of some unit, which is the search that IntMult does.
    ("modes.float_base", "modes.int_mult"),
}

OTHER_PACKAGES = {
    # Where they are installed: a compiled checksum, and small floats.
    "frame": {"numpy", "google_crc32c", "ml_dtypes"},
    "codecs": {"numpy", "numcodecs", "zarr", "xarray"},
    "stores": {
        *("numpy", "numcodecs", "zarr", "obstore", "xarray", "dask", "distributed", "iris_sample_data", "netCDF4"),
    },
    "diagnostics": {"numpy", "matplotlib"},
}
LOWER_PACKAGES = {"numpy"}
NUMBA_ONLY = "kernels.numba_."

MOST_LINES = 400


def module_names() -> list[str]:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(ROOT.rglob("*.py"))]
    assert len(names) > 30  # of a wrong folder, all that follows would be true
    return names


def source(name: str) -> str:
    return (ROOT / (name.replace(".", "/") + ".py")).read_text(encoding="utf-8")


MODULES = {name: source(name) for name in module_names()}


def room(module: str) -> str:
    return module.partition(".")[0]


def imports(module: str, text: str, modules: "dict[str, str] | None" = None) -> Iterator[tuple[str, str]]:
    """Yield ("own", module of this package) and ("other", package) for each import.

    What `from . import name` finds is the module of that name, if there is one, and otherwise a name of the package.
    """
    known = MODULES if modules is None else modules
    folder = module.split(".")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            targets = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            above = folder[: len(folder) - (node.level - 1)]
            base = ".".join([PACKAGE, *above, *(node.module.split(".") if node.module else [])])
            targets = [(base, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = [(str(node.module), alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "__import__"}:
            yield "hidden", ast.unparse(node)
            continue
        else:
            continue
        for path, name in targets:
            package, _, inner = path.partition(".")
            if package != PACKAGE:
                yield "other", package
                continue
            inside = ".".join(part for part in (inner, name) if part)
            front = f"{inner}.__init__" if inner else "__init__"
            for candidate in (inside, f"{inside}.__init__", inner, front):
                if candidate in known:
                    yield "own", candidate
                    break
            else:
                raise AssertionError(f"{module} imports {path} {name or ''}, which is not there")


def called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def own_faults(module: str, text: str) -> list[str]:
    """List the imports within the package that do not point down."""
    faults = []
    here = room(module)
    for kind, target in imports(module, text):
        if kind == "hidden" and module != "__init__":
            faults.append(f"{module} imports by a call: {target}")
        if kind != "own":
            continue
        there = room(target)
        if here != there:
            if RANKS[there] >= RANKS[here]:
                faults.append(f"{module} (rank {RANKS[here]}) imports {target} (rank {RANKS[there]})")
        elif here in SEPARATE and not module.endswith("__init__") and (module, target) not in ALLOWED_NEIGHBOURS:
            faults.append(f"{module} imports its neighbour {target}")
    return faults


def other_faults(module: str, text: str) -> list[str]:
    """List the packages that a module may not import."""
    allowed = OTHER_PACKAGES.get(room(module), LOWER_PACKAGES) | sys.stdlib_module_names
    if module.startswith(NUMBA_ONLY):
        allowed |= {"numba", "llvmlite"}
    return [
        f"{module} imports {name}" for kind, name in imports(module, text) if kind == "other" and name not in allowed
    ]


def test_every_room_has_a_rank():
    assert {room(module) for module in MODULES} <= RANKS.keys()


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    assert own_faults(module, MODULES[module]) == []


@pytest.mark.parametrize("module", MODULES)
def test_only_some_rooms_import_other_packages(module):
    assert other_faults(module, MODULES[module]) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_idea(module):
    assert len(MODULES[module].splitlines()) <= MOST_LINES


def test_allowed_neighbours_are_needed():
    for module, target in ALLOWED_NEIGHBOURS:
        assert ("own", target) in set(imports(module, MODULES[module]))


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("bits", "from .metadata import Bins"),
        ("bits", "from . import metadata"),
        ("bits", "from .dtypes import Latents"),
        ("bits", "import pcodec_numcodecs.codecs.numcodecs"),
        ("bits", "from pcodec_numcodecs.codecs import numcodecs"),
        ("wrapped", "from .standalone import simple_compress"),
        ("kernels.numpy_.decode", "def f():\n    from ...wrapped import FileCompressor"),
        ("kernels.numpy_.decode", "from ...modes import int_mult"),
        ("deltas.lookback", "if TYPE_CHECKING:\n    from ..training import train"),
        ("modes.int_mult", "from . import float_mult"),
        ("modes.int_mult", "from .float_mult import split"),
        ("modes.int_mult", "from . import join"),
        ("standalone", "from . import __version__"),
        ("standalone", "importlib.import_module('pcodec_numcodecs.codecs')"),
    ],
)
def test_import_upwards_is_found(module, text):
    assert len(own_faults(module, text)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("metadata.chunk", "from ..bits import windows"),
        ("metadata.chunk", "from .modes import Mode"),
        ("modes.__init__", "from . import int_mult"),
        ("modes.int_mult", "from ..metadata import IntMult"),
        ("codecs.numcodecs", "from ..standalone import simple_compress"),
        ("__init__", "from .codecs.zarr3 import PcoSerializer\nimport_module('.codecs')"),
        ("bits", "import sys\nimport numpy as np"),
    ],
)
def test_import_downwards_is_not_a_fault(module, text):
    assert own_faults(module, text) + other_faults(module, text) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("standalone", "import zarr"),
        ("standalone", "def f():\n    from numcodecs.abc import Codec"),
        ("cli", "import xarray.core"),
        ("cli", "import dask.array as da"),
        ("kernels.streams", "import scipy"),
        ("kernels.__init__", "def f():\n    import numba"),
        ("kernels.numpy_.decode", "from numba import njit"),
        ("codecs.zarr3", "import matplotlib.pyplot"),
    ],
)
def test_other_package_is_found(module, text):
    assert len(other_faults(module, text)) == 1


# Floats that come from these differ between processors, or between releases of NumPy, in their last bits; and of equal
# numbers, an unstable sort puts either one first.
BANNED_NAMES = {
    *(
        "log",
        "log2",
        "log10",
        "log1p",
        "exp",
        "exp2",
        "expm1",
        "pow",
        "power",
        "float_power",
        "logaddexp",
        "logaddexp2",
    ),
    *("mean", "average", "nanmean", "median", "std", "var", "nanstd", "nanvar", "fsum"),
    *("dot", "matmul", "inner", "vdot", "einsum", "tensordot", "linalg", "random"),
    *("partition", "argpartition"),
}
STEADY_USES = {
    # Of whole numbers so small that no sum is rounded, in whatever order a machine adds.
    "kernels.numpy_.fitting": [".matmul"],
}
BANNED_MODULES = {"random", "secrets", "cmath", "statistics"}


def unsteady(text: str) -> list[str]:
    """List what could make bytes depend on the machine."""
    faults = []
    for node in ast.walk(ast.parse(text)):
        found = None
        if isinstance(node, ast.Attribute) and node.attr in BANNED_NAMES:
            found = f".{node.attr}"
        elif isinstance(node, ast.Import):
            found = next((a.name for a in node.names if banned_path(a.name)), None)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found = next((a.name for a in node.names if banned_path(f"{node.module}.{a.name}")), None)
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            found = "@"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            found = None if steady_power(node) else "**"
        elif isinstance(node, ast.Name) and node.id == "pow":
            found = "pow"
        elif isinstance(node, ast.Call) and called(node) == "argsort":
            kinds = [k.value.value for k in node.keywords if k.arg == "kind" and isinstance(k.value, ast.Constant)]
            found = None if kinds == ["stable"] else "argsort without kind='stable'"
        if found:
            faults.append(f"line {node.lineno}: {found}")
    return faults


def banned_path(path: str) -> bool:
    parts = path.split(".")
    return parts[0] in BANNED_MODULES or (parts[0] in {"math", "numpy"} and not BANNED_NAMES.isdisjoint(parts[1:]))


def steady_power(node: ast.AST) -> bool:
    """Tell whether a power is exact: of an integer or of 2.0, both written out, or the square of an array."""
    if not isinstance(node, ast.BinOp):
        return False
    base = node.left.value if isinstance(node.left, ast.Constant) else None
    exponent = ast.unparse(node.right)
    return type(base) is int or (base == 2.0 and exponent.lstrip("-").isdigit()) or exponent == "2"


@pytest.mark.parametrize("module", [module for module in MODULES if RANKS[room(module)] < CODECS])
def test_bytes_do_not_depend_on_the_machine(module):
    faults = [fault.partition(": ")[2] for fault in unsteady(MODULES[module])]
    assert faults == STEADY_USES.get(module, [])


@pytest.mark.parametrize(
    "text",
    [
        *(f"np.{name}(x)" for name in sorted(BANNED_NAMES - {"random", "linalg"})),
        *("np.random.default_rng(0)", "np.linalg.solve(a, b)", "numpy.linalg.norm(a)"),
        *("x.mean()", "x.std(axis=0)", "x.var()", "x.dot(y)", "x.partition(3)", "x.argpartition(3)"),
        *("a @ b", "a @= b", "x ** 3", "x ** 0.5", "x **= 3", "2.0 ** x", "10.0 ** 3", "pow(x, 2)"),
        *("math.log(3)", "math.log2(3)", "math.exp(3)", "math.pow(2, 3)", "math.fsum(x)"),
        *("from math import log2", "from math import exp as e", "from numpy import log2 as safe"),
        *("from numpy.linalg import norm", "import numpy.random", "import random", "from random import choice"),
        *("from numpy import random", "import statistics"),
        *("np.argsort(x)", "x.argsort()", "x.argsort(kind='quicksort')", "np.argsort(x, 0, kind=k)", "argsort(x)"),
        *("def f():\n    return np.log2(x)", "apply = np.exp"),
    ],
)
def test_unsteady_code_is_found(text):
    assert unsteady(text)


@pytest.mark.parametrize(
    "text",
    [
        *("np.sort(x)", "x.argsort(kind='stable')", "np.argsort(x, axis=0, kind='stable')", "np.sqrt(x)"),
        *(
            "10**places",
            "2.0**-20",
            "x ** 2",
            "1 << n",
            "a * b + c / d",
            "np.cumsum(counts)",
            "fixed_log2(x)",
            "math.isfinite(x)",
        ),
        *("from .fixed_log import fixed_log2", "import math", "from math import isqrt"),
    ],
)
def test_steady_code_is_no_fault(text):
    assert unsteady(text) == []
