"""Write the golden files of one `pcodec` wheel, and their rows in the indexes.

    python tests/golden/make.py [DIRECTORY]

Run it with an interpreter that has NumPy and the wheel. What other versions made stays as it is. Most streams are
the same, byte for byte, in several versions: such a file is kept once, under the name of the version that wrote
it first, and its row lists all of them. Python 3.8 is enough, as it is for the oldest wheels.
"""

import csv
import hashlib
import os
import sys

import inputs
import numpy as np
import recipes
import wheels

COLUMNS = ["file", "versions", "case", "dtype", "n", "sha256", "numbers_sha256"]
# Index, columns, and what stands before and after the recipe in a file's name.
STANDALONE = ("index.csv", COLUMNS, "", ".pco")
WRAPPED = ("wrapped_index.csv", [*COLUMNS, "header_len", "meta_len", "page_n", "page_len"], "wrapped-", ".bin")


def main(directory):
    """Make the files below `directory`, and fail if the wheel does not read its own."""
    store(directory, STANDALONE, list(standalone_files()))
    store(directory, WRAPPED, list(wrapped_files()))


def standalone_files():
    """(row, bytes) of each standalone recipe this wheel can follow."""
    for case, settings in recipes.standalone_recipes():
        dtype = case.split("-")[1]
        if not wheels.can(dtype, settings):
            continue
        numbers = inputs.build(case)
        data = wheels.compress(numbers, dtype, settings)
        check(case, settings, numbers, wheels.decompress(data, numbers))
        yield row_of(case, settings, numbers, data), data


def wrapped_files():
    """(row, bytes) of each wrapped recipe: header, metadata and pages, one after another."""
    for case, settings in recipes.wrapped_recipes():
        dtype = case.split("-")[1]
        if not wheels.can(dtype, settings, ["wrapped"]):
            continue
        numbers = inputs.build(case)
        header, meta, counts, pages = wheels.compress_wrapped(numbers, dtype, settings)
        check(case, settings, numbers, wheels.decompress_wrapped(header, meta, counts, pages, numbers.dtype))
        data = b"".join([header, meta, *pages])
        row = row_of(case, settings, numbers, data)
        row.update(header_len=len(header), meta_len=len(meta))
        row.update(page_n=" ".join(map(str, counts)), page_len=" ".join(str(len(page)) for page in pages))
        yield row, data


def check(case, settings, numbers, found):
    if found.tobytes() != numbers.tobytes():
        raise SystemExit("pcodec {} loses {} {}".format(wheels.pcodec.__version__, case, settings))  # noqa: UP032


def row_of(case, settings, numbers, data):
    little = numbers.astype(numbers.dtype.newbyteorder("<"))
    return {
        "case": case,
        "recipe": recipes.label(case, settings),
        "dtype": case.split("-")[1],
        "n": str(numbers.size),
        "sha256": hashlib.sha256(data).hexdigest(),
        "numbers_sha256": hashlib.sha256(little.tobytes()).hexdigest(),
    }


def store(directory, kind, made):
    """Take this version out of the index and its files away, then put in what it makes now."""
    index, columns, prefix, suffix = kind
    index, streams = os.path.join(directory, index), os.path.join(directory, "streams")
    version = wheels.pcodec.__version__
    rows = {}
    for row in read_rows(index):
        versions = row["versions"].split()
        row["versions"] = " ".join(other for other in versions if other != version)
        if row["versions"]:
            rows[row["file"]] = row
        else:
            os.remove(os.path.join(streams, row["file"]))
    for row, data in made:
        recipe = prefix + row.pop("recipe") + suffix
        same = [old for old in rows.values() if old["file"].endswith("-" + recipe) and old["sha256"] == row["sha256"]]
        if same:
            same[0]["versions"] = " ".join(sorted([*same[0]["versions"].split(), version], key=version_order))
            continue
        row.update(file="v" + version + "-" + recipe, versions=version)
        if row["file"] in rows:
            raise SystemExit("the wheel no longer writes " + row["file"] + ", which other versions share")
        rows[row["file"]] = row
        with open(os.path.join(streams, row["file"]), "wb") as stream:
            stream.write(data)
    write_rows(index, columns, rows.values())
    print(index, version, len(made), "streams")


def version_order(version):
    return [int(part) for part in version.split(".")]


def read_rows(index):
    if not os.path.exists(index):
        return []
    with open(index, newline="") as lines:
        return list(csv.DictReader(lines))


def write_rows(index, columns, rows):
    rows = sorted(rows, key=lambda row: (version_order(row["file"][1:].split("-")[0]), row["file"]))
    with open(index, "w", newline="") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    np.seterr(all="raise")
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
