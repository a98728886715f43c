"""Licences of what is needed at run time, as installed packages tell: `python tests/reliability/licences.py`."""

import importlib.metadata
import re
import sys
from typing import NamedTuple

PACKAGE = "pcodec-numcodecs"
EXTRAS = ("jit",)
"""Besides what is always needed."""


class Licence(NamedTuple):
    """A package, its licence, and whether it is needed by an extra alone."""

    package: str
    version: str
    licence: str
    extra: str


def _name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-").replace(".", "-")


def _needed(package: str, extra: str) -> list[str]:
    """Return names of what a package asks for, under an extra or always."""
    found = []
    for requirement in importlib.metadata.requires(package) or ():
        _, _, condition = requirement.partition(";")
        asked = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", condition)
        elsewhere = re.search(r"python_version\s*<|sys_platform == .win", condition)
        if (asked[1] if asked else "") == extra and not elsewhere:
            found.append(_name(requirement))
    return found


def _licence(package: str) -> str:
    metadata = importlib.metadata.metadata(package)
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [one.split(" :: ")[-1] for one in metadata.get_all("Classifier", []) if one.startswith("License ::")]
    if classifiers:
        return ", ".join(classifiers)
    return (metadata.get("License") or "not told").splitlines()[0]


def licences() -> list[Licence]:
    """Return all packages that come along, in the order of their names."""
    found: dict[str, Licence] = {}
    for extra in ("", *EXTRAS):
        waiting = _needed(PACKAGE, extra)
        while waiting:
            package = waiting.pop()
            if package in found or package == PACKAGE:
                continue
            try:
                version = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                continue
            found[package] = Licence(package, version, _licence(package), extra)
            waiting += _needed(package, "")
    return sorted(found.values())


if __name__ == "__main__":
    for one in licences():
        print(*one, sep="  ")
    sys.exit(0)
