"""Makes the sample stores of the codec that are missing: ``python docs/zarr-extensions/make_samples.py``.

Those that are there stay as they are, whatever a newer release would write.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import zarr

from pcodec_numcodecs import PcoSerializer

SAMPLES = Path(__file__).parent / "codecs/pcodec_numcodecs.pco/sample_data"


class Sample(NamedTuple):
    """An array and how it is stored."""

    name: str
    array: npt.NDArray[Any]
    chunks: tuple[int, ...]
    serializer: PcoSerializer
    shards: tuple[int, ...] | None = None


def spread(count: int, seed: int) -> npt.NDArray[np.int64]:
    """Return integers from 0 to 65535 that look random, the same on every machine and for every release of NumPy."""
    state = (np.arange(count, dtype=np.uint64) + np.uint64(seed << 32)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (state >> np.uint64(48)).astype(np.int64)


def samples() -> Iterator[Sample]:
    """Yield the arrays, by integers and single divisions, which give the same bits everywhere."""
    slopes = np.add.outer(3 * np.arange(60), np.arange(100) ** 2 // 7) + spread(6000, 1).reshape(60, 100) % 32
    yield Sample("int32", slopes.astype("<i4"), (40, 60), PcoSerializer(tile=(16, 16)))

    prices = (spread(4 * 15 * 20, 2).reshape(4, 15, 20) / 100.0).astype("<f8")
    prices[:, 3:6, 4:9] = np.nan
    prices.view("<u8")[1, 4, 5] = 0xFFF0_0000_0000_002A  # a NaN with a payload of its own
    prices[2, 0, :3] = -0.0, np.inf, -np.inf
    yield Sample("float64_nan", prices, (4, 10, 10), PcoSerializer(access="series"))

    levels, rows, columns = np.indices((6, 40, 60))
    heat = (
        (levels * 700 + rows * (40 - rows) * 3 + columns * (60 - columns)) * 64
        + spread(14400, 6).reshape(6, 40, 60) % 64
    ) / 512
    heat = heat.astype("<f4")
    heat[:, (rows[0] - 12) ** 2 + (columns[0] - 25) ** 2 < 130] = -9999.0
    yield Sample("float32_masked", heat, (6, 40, 30), PcoSerializer(level=9))

    circle = np.add.outer((np.arange(50) - 25) ** 2, (np.arange(60) - 30) ** 2) < 400
    yield Sample("bool", circle, (50, 30), PcoSerializer(level=4))

    waves = (spread(800, 3) - 32768) / 256 + 1j * ((spread(800, 4) - 32768) / 65536)
    yield Sample("complex64", waves.astype("<c8").reshape(40, 20), (16, 20), PcoSerializer(level=0))

    counts = spread(64 * 64, 5).reshape(64, 64) % 50 + np.arange(64) * 10
    yield Sample("uint16_sharded", counts.astype("<u2"), (16, 16), PcoSerializer(), shards=(32, 64))

    days = np.array([0, 1, 3, 2**31, -(2**40)] * 7).astype("<M8[s]")
    days[3] = np.datetime64("NaT", "s")
    yield Sample("datetime64", days, (20,), PcoSerializer())

    yield Sample("constant", np.full((30, 30), 7, "|i1"), (30, 30), PcoSerializer())


def write(folder: Path) -> None:
    """Write the samples into a folder, but for those that are there."""
    for sample in samples():
        path = folder / f"{sample.name}.zarr"
        if path.exists():
            continue
        stored = zarr.create_array(
            path,
            shape=sample.array.shape,
            chunks=sample.chunks,
            shards=sample.shards,
            dtype=sample.array.dtype,
            serializer=sample.serializer,
            compressors=None,
        )
        stored[...] = sample.array


if __name__ == "__main__":
    write(SAMPLES)
