"""Load: threads that share codecs, processes that start cold, a cluster that loses workers, memory that stays flat.

`python tests/reliability/load.py [--minutes 30] [--gigabytes 2]`
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    # Not this folder, or modules of it would pass for packages of their names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import zarr
from reliability.limits import resident_bytes

from pcodec_numcodecs import ChunkConfig, PagingSpec, Pco, PcoSerializer, frame, standalone, wrapped
from pcodec_numcodecs.kernels.choice import VARIABLE

MIB = 1 << 20
THREADS, PROCESSES = 16, 8
CHUNK = (512, 1024)
"""Cells of a chunk of float64: 4 MiB."""


class Threads(NamedTuple):
    """Calls of threads that shared everything, and how many gave anything else than one alone."""

    threads: int
    calls: int
    wrong: int
    seconds: float


class Cold(NamedTuple):
    """Processes that began to compile at once, what each wrote and read, and the seconds until the last was done."""

    processes: int
    digests: int
    failed: int
    seconds: float


class Restarts(NamedTuple):
    """A dataset written by a cluster whose workers were killed meanwhile."""

    chunks: int
    killed: int
    wrong: int
    seconds: float


class Memory(NamedTuple):
    """Memory of a process over its work, in bytes.

    Attributes
    ----------
    work
        Bytes of arrays that were written and read.
    early, late
        Resident, the median of the second quarter and of the last.
    traced, traced_late
        What Python and NumPy held after the second quarter, and at the end.
    peak
        The most that these held.
    """

    work: int
    seconds: float
    samples: int
    early: int
    late: int
    traced: int
    traced_late: int
    peak: int


def field(seed: int, shape: tuple[int, ...] = CHUNK) -> np.ndarray:
    """Return a smooth field with noise, in steps of a hundredth."""
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.sin(np.arange(shape[0]) / 40), np.cos(np.arange(shape[1]) / 25))
    return np.round(100 * smooth + rng.normal(size=shape), 2)


def threads(seconds: float, count: int = THREADS) -> Threads:
    """Have threads write and read by one codec, one decompressor and one array, all at a time."""
    values = field(1, (120, 130))
    numbers = values.reshape(-1)
    codec = Pco(level=3, tile=(40, 40))
    encoded = bytes(codec.encode(values))
    file = wrapped.FileCompressor()
    config = ChunkConfig(4, paging_spec=PagingSpec.equal_pages_up_to(1000))
    chunk = file.chunk_compressor(numbers, config)
    meta, pages, ns = chunk.write_meta(), chunk.write_pages(), chunk.n_per_page()
    reader, _ = wrapped.FileDecompressor.new(file.write_header())
    decompressor, _ = reader.chunk_decompressor(meta, "f64")
    array = zarr.create_array(
        {}, data=values, chunks=(60, 130), serializer=PcoSerializer(tile=(20, 40)), compressors=None
    )
    starts = np.cumsum([0, *ns]).tolist()
    start = time.perf_counter()
    barrier = threading.Barrier(count)

    def work(number: int) -> tuple[int, int]:
        rng = np.random.default_rng(number)
        calls = wrong = 0
        barrier.wait()
        while calls == 0 or time.perf_counter() - start < seconds:
            page = int(rng.integers(len(pages)))
            out = np.empty(ns[page])
            decompressor.read_page_into(pages[page], ns[page], out)
            row = int(rng.integers(0, 120))
            good = (
                out.tobytes() == numbers[starts[page] : starts[page + 1]].tobytes()
                and np.asarray(codec.decode(encoded)).tobytes() == values.tobytes()
                and bytes(codec.encode(values)) == encoded
                and array[row].tobytes() == values[row].tobytes()
                and chunk.write_page(page) == pages[page]
            )
            calls += 5
            wrong += not good
        return calls, wrong

    with ThreadPoolExecutor(count) as pool:
        found = list(pool.map(work, range(count)))
    spent = time.perf_counter() - start
    return Threads(count, sum(calls for calls, _ in found), sum(wrong for _, wrong in found), spent)


COLD = """
import hashlib
import numpy as np
from pcodec_numcodecs import ChunkConfig, DeltaSpec, ModeSpec, standalone
numbers = np.cumsum(np.arange(5000) % 7)
data = standalone.simple_compress(numbers, ChunkConfig(2, ModeSpec.classic(), DeltaSpec.try_consecutive(1)))
assert standalone.simple_decompress(data).tobytes() == numbers.tobytes()
print(hashlib.sha256(data).hexdigest())
"""


def cold(count: int = PROCESSES) -> Cold:
    """Start processes at once in a folder without compiled kernels."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, VARIABLE: "numba", "NUMBA_CACHE_DIR": folder}
        running = [
            subprocess.Popen([sys.executable, "-c", COLD], env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        printed = [process.communicate()[0] for process in running]
    failed = sum(process.returncode != 0 for process in running)
    return Cold(count, len(set(printed)), failed, time.perf_counter() - start)


def restarts(kills: int, chunks: int = 60) -> Restarts:
    """Write by a cluster of two processes, and kill one after the other."""
    import dask.array as da
    from distributed import Client, LocalCluster

    start = time.perf_counter()
    values = field(2, (chunks * 20, 200))
    killed = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", memory_limit="1GiB"
        ) as cluster,
        Client(cluster) as client,
    ):
        options: dict[str, Any] = {"chunks": (20, 200), "serializer": PcoSerializer(level=4), "compressors": None}
        array = zarr.create_array(folder, shape=values.shape, dtype=values.dtype, **options)
        lazy = da.from_array(values, chunks=(20, 200)).map_blocks(_slowly, dtype=values.dtype)
        done = client.compute(da.store(lazy, array, lock=False, compute=False), retries=kills + 1)
        while killed < kills and done.status == "pending":
            time.sleep(0.7)
            workers = [worker for worker in cluster.workers.values() if worker.process and worker.process.pid]
            if workers:
                worker = workers[killed % len(workers)]
                try:
                    os.kill(worker.process.pid, 9)
                except ProcessLookupError:
                    continue
                killed += 1
        done.result()
        found = zarr.open_array(folder, mode="r")[:]
    wrong = sum(found[i * 20 : i * 20 + 20].tobytes() != values[i * 20 : i * 20 + 20].tobytes() for i in range(chunks))
    return Restarts(chunks, killed, wrong, time.perf_counter() - start)


def _slowly(block: np.ndarray) -> np.ndarray:
    time.sleep(0.1)
    return block


def _one_piece(rng: np.random.Generator, turn: int) -> int:
    """Do some work of one kind, and check it; return the bytes of arrays."""
    values = field(turn % 5, (int(rng.integers(1, 300)), int(rng.integers(1, 300))))
    values = values.astype(("f8", "f4", "i4", "u2")[turn % 4], casting="unsafe") if turn % 3 else values
    kind = turn % 5
    if kind == 0:
        data = frame.write(values, level=int(rng.integers(0, 9)))
        assert frame.read(data).tobytes() == values.tobytes()
        row = int(rng.integers(len(values)))
        assert frame.read(data, np.s_[row]).tobytes() == values[row].tobytes()
    elif kind == 1:
        data = standalone.simple_compress(values.reshape(-1), ChunkConfig(int(rng.integers(0, 9))))
        assert standalone.simple_decompress(data).tobytes() == values.tobytes()
    elif kind == 2:
        array = zarr.create_array(
            {}, data=values, chunks=(100, 90), serializer=PcoSerializer(level=3), compressors=None
        )
        assert array[:].tobytes() == values.tobytes()
        assert array[:, 0].tobytes() == values[:, 0].tobytes()
    elif kind == 3:
        array = zarr.create_array({}, data=values, chunks=(90, 100), zarr_format=2, compressors=Pco(level=3))
        assert array[:].tobytes() == values.tobytes()
    else:
        data = bytearray(frame.write(values, level=0))
        data[-1] ^= 1
        try:
            frame.read(bytes(data))
        except ValueError:
            return values.nbytes
        raise AssertionError("damage was not noticed")
    return values.nbytes


def _watched(kind: str, amount: float) -> Memory:
    """Do work in this process: "stream" so many bytes, "mixed" so many seconds; look at the memory all the time."""
    rng = np.random.default_rng(5)
    start = time.perf_counter()
    codec = Pco(level=1)
    work = turn = 0
    resident: list[int] = []
    traced: list[int] = []
    tracemalloc.start()
    while (work if kind == "stream" else time.perf_counter() - start) < amount:
        if kind == "stream":
            values = field(turn)
            assert np.asarray(codec.decode(codec.encode(values))).tobytes() == values.tobytes()
            work += values.nbytes
            del values
        else:
            work += _one_piece(rng, turn)
        turn += 1
        resident.append(resident_bytes())
        traced.append(tracemalloc.get_traced_memory()[0])
    quarter = max(1, len(resident) // 4)
    return Memory(
        work,
        time.perf_counter() - start,
        len(resident),
        int(np.median(resident[quarter : 2 * quarter] or resident)),
        int(np.median(resident[-quarter:])),
        traced[min(2 * quarter, len(traced) - 1)],
        traced[-1],
        tracemalloc.get_traced_memory()[1],
    )


def memory(kind: str, amount: float) -> Memory:
    """Do work in a process of its own."""
    command = [sys.executable, __file__, "--watch", kind, str(amount)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    return Memory(*json.loads(ran.stdout))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="of mixed work")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="through one process")
    parser.add_argument("--watch", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.watch:
        print(json.dumps(_watched(chosen.watch[0], float(chosen.watch[1]))))
        return 0
    print(threads(20.0))
    print(restarts(4))
    print(memory("stream", chosen.gigabytes * 1024 * MIB))
    print(memory("mixed", chosen.minutes * 60))
    print(cold())
    return 0


if __name__ == "__main__":
    sys.exit(main())
