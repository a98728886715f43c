"""Runs the notebooks and keeps what they print and draw: ``python docs/examples/execute.py [NAME.ipynb ...]``."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
KEPT = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def main(names: list[str]) -> None:
    """Run the notebooks of these names, or all."""
    for path in [FOLDER / name for name in names] or sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=300).execute()
        # No times, no machine, no names of cells that change: what differs is what the code did.
        notebook.metadata = nbformat.from_dict(KEPT)
        for place, cell in enumerate(notebook.cells):
            cell.id = f"cell-{place}"
            cell.metadata = nbformat.from_dict({})
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(path.name, "ran", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
