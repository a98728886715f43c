"""A store written again with Pco: chunk by chunk, each compared bit by bit."""

import hashlib
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import zarr

from ..constants import DEFAULT_LEVEL
from ..frame import FrameSettings
from .access import delete, get, join, put, sizes
from .chunks import ArrayChunks
from .conversions import Conversion, ConvertedArray
from .destinations import Destination
from .documents import converted_documents, why_kept
from .errors import StoreError
from .inspecting import Progress, relative
from .migrating import migrated_documents
from .nodes import Node, nodes_of, open_array
from .opening import Place, open_place, reason
from .windows import batches, in_windows

__all__ = ["convert"]


@dataclass
class _Job:
    """One array on its way."""

    node: Node
    chunks: ArrayChunks
    target: Any
    kept: str | None
    migrates: bool
    written: int = 0
    found: int = 0
    copied: int = 0
    raw_bytes: int = 0
    source_bytes: int = 0
    stored_bytes: int = 0


def convert(
    source: Any,
    destination: str | os.PathLike[str],
    *,
    level: int = DEFAULT_LEVEL,
    access: str = "balanced",
    workers: int | None = None,
    scheduler: str | None = None,
    zarr_format: int | None = None,
    source_options: Mapping[str, Any] | None = None,
    destination_options: Mapping[str, Any] | None = None,
    progress: Progress = lambda done, of, name: None,
) -> Conversion:
    """Write a store again with Pco as the codec of every array that it can hold.

    All else stays: groups, attributes, shapes, dtypes, chunks, shards, names of dimensions, fill values, and metadata
    that are consolidated. Filters are left out: what they decode to is what Pco gets. The source is only read. Each
    chunk is read back and compared bit by bit. A run that is stopped leaves a destination that is marked as unfinished;
    the same call goes on where it stopped, and compares again what is there.

    Parameters
    ----------
    source, source_options
        A store, or a group or array of it; see `open_place`.
    destination, destination_options
        A folder or .zip file that is not there yet, or a URL.
    level, access
        See `pcodec_numcodecs.frame.FrameSettings`.
    workers
        How many chunks are converted at a time; as many as there are processors by default.
    scheduler
        Address of a running scheduler of dask.distributed, whose workers do the work; they must reach both stores.
    zarr_format
        3 to write Zarr v3 also of a source of v2, so that chunks can be read in parts; that of the source by default.
    progress
        Called with what is done, what there is to do, and its name.

    Raises
    ------
    StoreError
        When a store cannot be read or written, and when a chunk does not come back as it was.
    """
    started = time.perf_counter()
    settings = FrameSettings(level, "auto", "auto", access)
    place = open_place(source, source_options)
    _check_apart(place, destination)
    nodes = list(nodes_of(place))
    plan = _Plan(place, nodes, settings, _migrates(nodes[0], zarr_format))
    claim = {"metadata": _digest(nodes), "settings": settings.as_json(), "zarr_format": plan.zarr_format}
    goal = Destination(destination, destination_options, claim, place.name)
    try:
        with _pool(workers, scheduler) as pool:
            jobs = _begin(goal, plan)
            _convert_all(place, goal, jobs, pool, progress)
    except KeyboardInterrupt:
        text = f"interrupted; {goal.place.name} is unfinished: run the same command again to go on, or remove it"
        raise KeyboardInterrupt(text) from None
    if nodes[0].kind == "group":
        _put_documents(goal, plan, nodes[0])
        if plan.migrates and ".zmetadata" in nodes[0].documents:
            with warnings.catch_warnings():
                # That v3 has no such metadata by its specification is told to those who choose them; and the marker
                # is no part of the hierarchy indeed.
                warnings.simplefilter("ignore")
                zarr.consolidate_metadata(goal.place.store)
    _check_whole(place, goal, jobs)
    goal.finish()
    arrays = tuple(
        ConvertedArray(
            relative(place, job.node),
            job.raw_bytes,
            job.source_bytes,
            job.stored_bytes,
            job.written,
            job.found,
            job.copied,
            job.kept,
        )
        for job in jobs
    )
    return Conversion(place.name, goal.name, arrays, goal.resumed, time.perf_counter() - started)


def _check_apart(place: Place, destination: str | os.PathLike[str]) -> None:
    """Refuse a destination that lies in the source, or the other way round."""
    root = getattr(place.store, "root", None) or getattr(place.store, "path", None)
    if not isinstance(root, Path):
        return
    here, there = root.resolve(), Path(os.fspath(destination)).resolve()
    if here == there or here in there.parents or there in here.parents:
        raise StoreError(f"{destination}: the destination must lie apart from the source {root}; name another one")


def _digest(nodes: list[Node]) -> str:
    found = hashlib.sha256()
    for node in sorted(nodes, key=lambda node: node.path):
        for name in sorted(node.documents):
            found.update(f"{node.path}/{name}\0".encode() + node.documents[name] + b"\0")
    return found.hexdigest()


@contextmanager
def _pool(workers: int | None, scheduler: str | None) -> Iterator[Executor]:
    if scheduler is None:
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise StoreError(
            "--scheduler needs the package distributed; install it with: pip install distributed"
        ) from None
    try:
        client = Client(scheduler, timeout=10)
    except Exception as error:
        raise StoreError(f"no scheduler of dask answers at {scheduler}: {reason(error)}") from None
    with client:
        yield client.get_executor(pure=False)


class _Plan:
    """What becomes of the groups and arrays of a store."""

    def __init__(self, place: Place, nodes: list[Node], settings: FrameSettings, migrates: bool) -> None:
        self.place = place
        self.nodes = nodes
        self.settings = settings
        self.migrates = migrates
        """Whether Zarr v2 becomes Zarr v3."""
        self.zarr_format: Literal[2, 3] = 3 if migrates else nodes[0].zarr_format
        self.arrays = {node.path: open_array(place, node) for node in nodes if node.kind == "array"}
        reasons = {
            node.path: why_kept(self.arrays[node.path].dtype, node.metadata) for node in nodes if node.kind == "array"
        }
        self.kept = {path: why for path, why in reasons.items() if why is not None}
        """Why arrays do not become Pco's, by their path."""

    def documents(self, node: Node) -> dict[str, bytes]:
        """Return the metadata of a node in the destination."""
        if self.migrates:
            return migrated_documents(node, self.arrays.get(node.path), self.settings, node.path in self.kept)
        return converted_documents(node, self.settings, set(self.kept))


def _migrates(root: Node, zarr_format: int | None) -> bool:
    if zarr_format not in (None, 2, 3):
        raise StoreError(f"zarr_format must be 2 or 3, got {zarr_format!r}")
    if zarr_format == 2 and root.zarr_format == 3:
        raise StoreError("a store of Zarr v3 cannot be converted to v2; leave out the format")
    return zarr_format == 3 and root.zarr_format == 2


def _put_documents(goal: Destination, plan: _Plan, node: Node) -> None:
    for name, content in plan.documents(node).items():
        goal.put(join(relative(plan.place, node), name), content)


def _begin(goal: Destination, plan: _Plan) -> list[_Job]:
    """Write the metadata of all but a root that is a group, and open every array on both sides."""
    for node in plan.nodes[1:] if plan.nodes[0].kind == "group" else plan.nodes:
        _put_documents(goal, plan, node)
    return [
        _Job(
            node,
            ArrayChunks(plan.arrays[node.path]),
            _open_target(goal, relative(plan.place, node), plan.zarr_format),
            plan.kept.get(node.path),
            plan.migrates,
        )
        for node in plan.nodes
        if node.kind == "array"
    ]


def _open_target(goal: Destination, path: str, zarr_format: Literal[2, 3]) -> Any:
    # Chunks that are stored in the source are stored here too: of NaNs, some may have other bits than the fill value.
    with zarr.config.set({"array.write_empty_chunks": True}):
        return zarr.open_array(goal.place.store, path=path, mode="r+", zarr_format=zarr_format)


def _convert_all(place: Place, goal: Destination, jobs: list[_Job], pool: Executor, progress: Progress) -> None:
    of = sum(job.chunks.objects for job in jobs)
    tasks = (
        (number, place, goal.place, job.chunks, job.target, bool(job.kept) and not job.migrates, at)
        for number, job in enumerate(jobs)
        for at in job.chunks.coordinates()
    )
    try:
        for done, (number, result) in enumerate(in_windows(pool, _convert_object, tasks), 1):
            job = jobs[number]
            if result:
                setattr(job, result, getattr(job, result) + 1)
            progress(done, of, relative(place, job.node))
    except StoreError:
        raise
    except Exception as error:
        raise goal.failure(error) from error


def _convert_object(
    number: int, place: Place, goal: Place, chunks: ArrayChunks, target: Any, as_it_is: bool, at: tuple[int, ...]
) -> tuple[int, str]:
    """Convert a chunk or a shard; return the number of its array, and what was done."""
    key = chunks.key(at)
    content = get(place, key)
    if content is None:
        return number, ""
    there = join(target.store_path.path, target.metadata.encode_chunk_key(at))
    if as_it_is:
        if get(goal, there) == content:
            return number, "found"
        put(goal, there, content)
        if get(goal, there) != content:
            raise StoreError(f"{join(goal.name, there)}: came back changed; the store or its disk may be damaged")
        return number, "copied"
    region = chunks.region(at)
    try:
        cells = np.asarray(chunks.array[region])
    except Exception as error:
        raise StoreError(
            f"{join(place.name, key)}: cannot be read: {reason(error)}; `pcodec-numcodecs verify` names all damage"
        ) from error
    if get(goal, there) is not None:
        if _holds(target, region, cells):
            return number, "found"
        delete(goal, there)
    target[region] = cells
    if not _holds(target, region, cells):
        raise StoreError(f"{join(goal.name, there)}: came back changed; please report this as a bug")
    return number, "written"


def _holds(target: Any, region: tuple[slice, ...], cells: npt.NDArray[Any]) -> bool:
    """Tell whether cells can be read back, each bit the same."""
    try:
        found = np.asarray(target[region])
    except Exception:
        return False  # whatever is there, it is not what it should be
    if cells.dtype.hasobject:
        return bool(np.array_equal(found, cells))  # strings: what is in memory are their addresses
    if found.shape != cells.shape or found.dtype.newbyteorder("=") != cells.dtype.newbyteorder("="):
        return False
    return found.tobytes() == cells.astype(found.dtype).tobytes()


def _check_whole(place: Place, goal: Destination, jobs: list[_Job]) -> None:
    """Measure both sides, and see whether each object has its counterpart."""
    for job in jobs:
        target = ArrayChunks(job.target)
        for batch in batches(job.chunks.coordinates()):
            before = sizes(place, map(job.chunks.key, batch))
            now = sizes(goal.place, map(target.key, batch))
            for at, old, new in zip(batch, before, now, strict=True):
                if old is None:
                    continue
                if new is None:
                    raise StoreError(
                        f"{join(goal.place.name, target.key(at))}: was written and is not there; "
                        "do all workers reach the same destination?"
                    )
                job.raw_bytes += job.chunks.cells(at) * job.chunks.array.dtype.itemsize
                job.source_bytes += old
                job.stored_bytes += new
