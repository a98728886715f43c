"""Zarr arrays with the codec of numcodecs, asked for by name alone: whoever serves the name makes and opens them."""

import numpy as np
import zarr
from codec_cases import DTYPES, numbers

SHAPE = (7, 9, 5)
CHUNKS = (4, 5, 5)  # with chunks at two edges that are filled up
V2 = {"zarr_format": 2, "chunks": CHUNKS, "compressors": {"id": "pcodec", "level": 4, "equal_pages_up_to": 60}}
SERIALIZER = {"name": "numcodecs.pcodec", "configuration": {"level": 4, "equal_pages_up_to": 60}}
V3 = {"zarr_format": 3, "chunks": CHUNKS, "serializer": SERIALIZER, "compressors": None}
LAYOUTS = {
    "v2": V2,
    "v2-F": V2 | {"order": "F"},
    "v3": V3,
    "v3-defaults": V3 | {"serializer": {"name": "numcodecs.pcodec", "configuration": {}}},
    "v3-shards": V3 | {"chunks": (2, 3, 5), "shards": (4, 6, 5)},
    "v3-then-zstd": V3 | {"compressors": "auto"},
}
WIDE_DTYPES = [dtype for dtype in DTYPES if np.dtype(dtype).itemsize > 1]

# One array of each type, and one of each layout.
CASES = [(layout, dtype) for layout in ("v2", "v3") for dtype in WIDE_DTYPES]
CASES += [(layout, "f4") for layout in LAYOUTS if layout not in ("v2", "v3")]


def title(layout, dtype):
    """Name the array of a case; brackets are no good in paths."""
    return f"{layout}-{np.dtype(dtype).name.strip(']').replace('[', '-')}"


def create(store, layout, dtype="f4", **others):
    return zarr.create_array(store, shape=SHAPE, dtype=dtype, **LAYOUTS[layout] | others)


def write_all(folder):
    for layout, dtype in CASES:
        create(folder / title(layout, dtype), layout, dtype)[:] = numbers(dtype, SHAPE)
