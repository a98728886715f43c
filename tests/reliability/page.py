"""The page of reliability: tables between its markers; what is around them is written by hand."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.page import machine, put

from . import covered, faults, fuzzing, guided, writing
from .results import Results

BEGIN, END = "<!-- reliability:begin -->\n", "<!-- reliability:end -->"
MIB = 1 << 20


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table; what looks like a number is set to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    right = [
        bool(cells) and all(row[i][:1].isdigit() or row[i] in ("", "–") for row in cells) for i in range(len(header))
    ]
    lines = [header, ["--:" if one else "---" for one in right], *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _faults(found: Sequence[str]) -> str:
    return "".join(f"* `{one}`\n" for one in found) + "\n" if found else ""


def fuzzed(rows: list[dict[str, Any]]) -> str:
    """Tell of mutation fuzzing."""
    lines = [
        (
            row["reader"],
            row["inputs"],
            row["read"],
            row["refused"],
            f"{1000 * row['longest']:.0f} ms",
            f"{row['peak'] / 1024:.0f} KiB",
            ", ".join(row["twins"]) if len(row["twins"]) > 1 else "–",
            f"{row['seconds'] / 60:.0f} min",
            len(row["faults"]),
        )
        for row in rows
    ]
    header = ("reader", "inputs", "read", "refused", "longest", "most memory", "kernels", "time", "promises broken")
    return table(header, lines) + "\n" + "".join(_faults(row["faults"]) for row in rows)


def guided_(rows: list[dict[str, Any]]) -> str:
    """Tell of guided fuzzing."""
    lines = [
        (row["reader"], row["seconds"], row["inputs"], row["edges"], row["kept"], int(bool(row["fault"])))
        for row in rows
    ]
    return table(("reader", "seconds", "inputs", "places reached", "inputs that got further", "promises broken"), lines)


def lines_covered(rows: list[dict[str, Any]]) -> str:
    """Tell which lines of readers were run."""
    found = [covered.Covered(**row) for row in rows]
    least = sorted(found, key=lambda one: len(one.missing) / one.lines, reverse=True)[:8]
    lines = [(f"`{one.module}`", one.lines, f"{1 - len(one.missing) / one.lines:.1%}") for one in least if one.missing]
    all_lines = sum(one.lines for one in found)
    return (
        f"**{covered.share(found):.1%}** of {all_lines:,} lines in {len(found)} modules. Where most are missing:\n\n"
        + table(("module", "lines", "run"), lines)
    )


def written(row: dict[str, Any]) -> str:
    """Tell of hostile arrays."""
    return (
        f"{row['arrays']:,} arrays of {row['cells']:,} cells in {row['seconds'] / 60:.0f} min; "
        f"the longest took {row['longest']:.1f} s of the processor to "
        f"be written and read by both twins; {len(row['faults'])} came back otherwise, or not in time.\n\n"
        + _faults(row["faults"])
    )


def crossed(row: dict[str, Any]) -> str:
    """Tell of chunks between this package and the wheel."""
    names = sorted({name for mix in row["mix"].values() for name in mix})
    ways = list(row["mix"])
    lines = [(name, *(row["mix"][way].get(name, 0) for way in ways)) for name in names]
    return (
        f"{row['chunks']:,} chunks of {row['numbers']:,} numbers in all, {len(row['faults'])} of them read otherwise "
        f"than written. {row['panics']:,} more could not be written by the wheel, which panicked.\n\n"
        + _faults(row["faults"])
        + table(("mode, delta encoding", *ways), lines)
    )


def outcomes(found: dict[str, dict[str, int]], first: str) -> str:
    """Return a table of outcomes."""
    names = [name for name in ORDER if any(name in row for row in found.values())]
    names += sorted({name for row in found.values() for name in row} - set(ORDER))
    return table((first, *names), [(kind, *(row.get(name, 0) for name in names)) for kind, row in found.items()])


ORDER = ("old", "new", "mixed by chunk", "absent", "damaged", "index of the shard damaged", "error of the store")


def memory(kinds: dict[str, dict[str, Any]]) -> str:
    """Tell of memory over long work."""

    def mib(size: float) -> str:
        return f"{size / MIB:.0f} MiB"

    lines = [
        (
            name,
            f"{row['seconds'] / 60:.0f} min",
            mib(row["work"]),
            mib(row["early"]),
            mib(row["late"]),
            mib(row["traced"]),
            mib(row["traced_late"]),
            mib(row["peak"]),
        )
        for name, row in kinds.items()
    ]
    header = ("work", "time", "arrays", "resident, second quarter", "resident, last quarter")
    return table((*header, "held by Python, half-way", "at the end", "at the most"), lines)


def load(results: Results) -> str:
    """Tell of threads, processes and clusters."""
    parts = []
    if row := results.get("threads"):
        parts.append(
            f"* {row['threads']} threads made {row['calls']:,} calls in {row['seconds']:.0f} s that share a codec, a "
            f"compressor, a decompressor and an array: {row['wrong']} gave anything else than one thread alone."
        )
    if row := results.get("cold"):
        parts.append(
            f"* {row['processes']} processes began at once where no kernel was compiled: {row['failed']} failed, and "
            f"they wrote {row['digests']} kind of bytes; the last was done after {row['seconds']:.0f} s."
        )
    if row := results.get("restarts"):
        parts.append(
            f"* {row['killed']} times a worker of a cluster was killed while {row['chunks']} chunks were written: "
            f"{row['wrong']} were wrong when it was done."
        )
    return "\n".join(parts) + "\n"


def _commits(found: dict[str, str]) -> str:
    """Tell which sections were run on which code."""
    parts = [
        f"{commit} ({', '.join(name for name, own in found.items() if own == commit)})"
        for commit in dict.fromkeys(found.values())
    ]
    return f"* sections were run on commits {'; '.join(parts)}\n" if parts else ""


def render(results: Results, command: str) -> str:
    """Return what stands between the markers; sections that were never measured are left out."""
    parts = [f"```console\n{command}\n```\n", machine() + _commits(results.get("commits", {}))]

    def section(names: str | tuple[str, ...], heading: str, text: str, render_: Any) -> None:
        wanted = (names,) if isinstance(names, str) else names
        if all(results.get(name) for name in wanted):
            parts.extend([f"## {heading}\n", text, render_(*(results[name] for name in wanted))])

    section(
        "fuzzing",
        "Damaged bytes",
        f"Sound inputs, damaged at random; frames with all checksums put right afterwards. Each may take "
        f"{fuzzing.SECONDS:.0f} s and {fuzzing.MOST_PEAK // MIB} MiB, and both twins of the kernels have to agree to "
        "the bit. *Index* is the head of a frame, *page* metadata and a page of Pco, *json* the settings of codecs:\n",
        fuzzed,
    )
    section("guided", "Inputs that get further", "Atheris looks for those:\n", guided_)
    section("covered", "Lines of the readers that inputs get to", "", lines_covered)
    section(
        "writing",
        "Hostile arrays",
        f"Of every type, in odd shapes, at the ends of what numbers can be, with any settings; {writing.SECONDS:.0f} s "
        "each:\n",
        written,
    )
    section("differential", "Crossing over to the Rust wheel", "Modes and delta encodings as written:\n", crossed)
    section(
        "faults",
        "Faulty stores",
        f"Reads that met one to three of {len(faults.FAULTS)} faults, in and out of shards; a read counts for each of "
        "its faults. None gave anything but the old object, the new one, nothing, or an error:\n",
        lambda row: outcomes(row["outcomes"], "fault") + "\n" + f"{row['cases']:,} reads, {len(row['wrong'])} wrong.\n",
    )
    section(
        "killed",
        "Killed writers",
        "Chunks after their writer was killed by SIGKILL; objects are replaced at once, as `LocalStore` does, "
        "or written in place, piece by piece:\n",
        lambda row: (
            outcomes(row["outcomes"], "layout")
            + "\n"
            + f"{row['killed']:,} writers, {len(row['wrong'])} chunks wrong.\n"
        ),
    )
    if any(results.get(name) for name in ("threads", "cold", "restarts")):
        parts += ["## Load\n", load(results)]
    section(
        ("stream", "mixed"),
        "Memory",
        "",
        lambda stream, mixed: memory({"chunks of 4 MiB, written and read": stream, "mixed": mixed}),
    )
    section(
        "borrowed",
        "xarray's tests of its Zarr backend",
        "",
        lambda row: (
            f"{row['passed']} pass with Pco as Zarr's default, which wrote and read {row['chunks']:,} chunks; "
            f"{len(row['failed'])} fail that do not fail without; {row['without']} fail either way.\n"
        ),
    )
    section(
        "versions",
        "Versions of Python",
        "Bytes as pinned, at every SIMD level of the machine; golden frames; recovery:\n",
        lambda rows: table(
            ("Python", "NumPy", "tests"), [(row["python"], row["numpy"] or "–", row["result"]) for row in rows]
        ),
    )
    section(
        "licences",
        "Licences",
        "Of what the package needs, as it says itself:\n",
        lambda rows: table(
            ("package", "version", "licence", "extra"),
            [(row["package"], row["version"], row["licence"], row["extra"]) for row in rows],
        ),
    )
    assert guided.NAMES
    return "\n".join(part for part in parts if part)


def write(page: Path, results: Results, command: str) -> None:
    """Put all between the markers of the page."""
    put(page, lambda: render(results, command), BEGIN, END)
