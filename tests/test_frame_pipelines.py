"""Pipelines: whatever was done to cells before Pco is undone to the bit, whichever part is read, by both twins."""

from functools import cache
from math import prod

import numpy as np
import pytest
from frame_cases import DTYPES, assert_same, random_array, special_bits, unsigned_of
from frame_oracle import Frame
from frame_pipelines import FEATURES, RANKED, Forced
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import HAVE_NUMBA, KERNELS, numba_, numpy_

from pcodec_numcodecs import frame, kernels
from pcodec_numcodecs.frame.elements import element_of, parts_of
from pcodec_numcodecs.frame.head import read_head
from pcodec_numcodecs.frame.layout import MASKS, METADATA, VALUES
from pcodec_numcodecs.frame.reader import FrameReader, Pieces, select
from pcodec_numcodecs.frame.requests import needed_ranges
from pcodec_numcodecs.frame.tiling import Grid
from pcodec_numcodecs.frame.writer import _latents
from pcodec_numcodecs.metadata import Classic, FloatMult, FloatQuant, IntMult
from pcodec_numcodecs.pipeline.affine import Affine
from pcodec_numcodecs.pipeline.steps import FLOAT_WEIGHTS, LORENZO, MED, NONE, WEIGHTS, Pipeline, Predictor, Rank


@cache
def forced(name: str) -> Forced:
    return FEATURES[name]()


@cache
def written(name: str) -> bytes:
    return forced(name).write()


@pytest.fixture(params=KERNELS)
def twin(request, monkeypatch):
    """Have frames read by one twin."""
    name = "numba" if request.param is numba_ else "numpy"
    monkeypatch.setenv("PCODEC_NUMCODECS_KERNELS", name)
    assert kernels.load() is request.param
    return request.param


def test_every_feature_is_there():
    found = [pipeline for name in FEATURES for pipeline in read_head(memoryview(written(name))).pipelines]
    splits = {Classic, IntMult, FloatMult, FloatQuant, Affine, Rank}
    assert {type(pipeline.split) for pipeline in found} == splits
    assert {type(pipeline.split) for pipeline in found if pipeline.predictor.kind != NONE} == splits
    assert {len(pipeline.fills) for pipeline in found} == {0, 1, 2}
    assert {pipeline.predictor.kind for pipeline in found} == {NONE, LORENZO, MED, WEIGHTS, FLOAT_WEIGHTS}
    assert {pipeline.contexts for pipeline in found} >= {1, 2, 3, 8}
    assert {pipeline.predictor.sets for pipeline in found} >= {1, 2, 4}
    assert any(pipeline.predictor.by_plane for pipeline in found)
    layouts = [read_head(memoryview(written(name))) for name in FEATURES]
    counts = [(kind, count) for layout in layouts for kind, _, count in layout.sections]
    for kind in (METADATA, VALUES, MASKS):
        assert {1, 2} <= {min(count, 2) for of_kind, count in counts if of_kind == kind}


@pytest.mark.parametrize("name", FEATURES)
def test_feature_comes_back(name, twin):
    one = forced(name)
    assert one.write(twin) == written(name)
    assert one.write(twin, threads=3) == written(name)
    assert_same(frame.read(written(name)), one.array)
    assert_same(frame.read(written(name), threads=3), one.array)


@pytest.mark.parametrize("name", FEATURES)
def test_second_reader_reads_feature(name):
    assert_same(Frame(written(name)).array(), forced(name).array)


class Watched(Pieces):
    """A frame's bytes of which each that is read is noted."""

    def __init__(self, data: bytes, head: int) -> None:
        super().__init__(memoryview(data)[:head])
        self.data = data
        self.read: set[tuple[int, int]] = set()

    def get(self, start, stop, name):
        self.read.add((start, stop))
        return super().get(start, stop, name)


def read_by_ranges(data: bytes, selection: object, gap: int = 0) -> tuple[np.ndarray, set[tuple[int, int]]]:
    """Read from the head and just the ranges that are said to be needed; and tell what was read."""
    layout = read_head(memoryview(data))
    wanted = select(layout, selection)
    pieces = Watched(data, layout.head_size)
    for start, stop in needed_ranges(layout, wanted.pages, layout.head_size, gap):
        pieces.add(start, memoryview(data)[start:stop])
    out = np.zeros(wanted.shape, layout.element.dtype)
    FrameReader(layout, pieces).read(wanted, out)
    return out, {(start, stop) for start, stop in pieces.read if start < stop}


def bounds_of(data: bytes, selection: object) -> set[tuple[int, int]]:
    """Return where pages and chunk-level streams lie that a selection needs, from the definition."""
    layout = read_head(memoryview(data))
    pages = select(layout, selection).pages
    found = [(int(layout.page_starts[page]), int(layout.page_starts[page + 1])) for page in pages]
    stream = 0
    for kind, part, count in layout.sections:
        pipeline = layout.pipelines[part]
        for block in range(count):
            if kind == METADATA:
                needed = any(page // layout.chunk_pages == block // layout.streams_a_page for page in pages)
            elif kind == MASKS:
                needed = any(page // pipeline.mask_pages == block for page in pages)
            else:
                rows = layout.page_values[part]
                needed = any(rows is None or rows[page][0] <= block <= rows[page][1] for page in pages)
            if needed:
                found.append(layout.stream_bounds[stream])
            stream += 1
    return {(start, stop) for start, stop in found if start < stop}


@pytest.mark.parametrize("name", FEATURES)
def test_each_page_needs_its_own_bytes_alone(name):
    array, data = forced(name).array, written(name)
    layout = read_head(memoryview(data))
    for bounds in layout.grid.all_bounds():
        found, read = read_by_ranges(data, bounds)
        assert_same(found, array[bounds].copy())
        # Metadata of a Pco chunk may go unread where a page has no number in the stream.
        assert read <= bounds_of(data, bounds)
        assert found.size < array.size or read == bounds_of(data, ...)


def test_blocks_are_read_apart():
    for name, kind in (("ranks of 16 bits, predicted", VALUES), ("contexts, masked", MASKS)):
        layout = read_head(memoryview(written(name)))
        counts = [
            len([s for s in layout.streams_of(np.array([page])) if s >= layout.first_of(kind, 0)]) for page in range(5)
        ]
        (total,) = (count for of_kind, _, count in layout.sections if of_kind == kind)
        assert min(counts) < total


@pytest.mark.parametrize("name", FEATURES)
@given(st.data())
@settings(max_examples=8, deadline=None)
def test_any_selection_is_numpys(name, data):
    array = forced(name).array
    selection = tuple(
        data.draw(
            st.one_of(
                st.integers(-size, size - 1),
                st.slices(size),
                st.lists(st.integers(-size, size - 1), min_size=1, max_size=4),
            )
        )
        for size in array.shape
    )
    if sum(isinstance(one, list) for one in selection) > 1:
        selection = np.ix_(*(np.atleast_1d(np.arange(n)[one]) for one, n in zip(selection, array.shape, strict=True)))
    expected = np.asarray(array[selection], array.dtype)  # of a single cell NumPy loses the byte order
    assert_same(frame.read(written(name), selection), expected.copy())
    found, read = read_by_ranges(written(name), selection, data.draw(st.sampled_from([0, 50, 1 << 20])))
    assert_same(found, expected.copy())
    assert read <= bounds_of(written(name), selection)


def causal(axes: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw an offset of a neighbour that comes before."""
    return st.integers(0, axes - 1).flatmap(
        lambda first: st.tuples(*[st.just(0)] * first, st.integers(-3, -1), *[st.integers(-3, 2)] * (axes - first - 1))
    )


@st.composite
def predictors(draw, tile, kinds):
    kind = draw(st.sampled_from(kinds))
    if kind == NONE or not tile or (kind == MED and len(tile) < 2):
        return Predictor()
    axes = tuple(draw(st.permutations(range(len(tile)))))
    used = draw(st.integers(2 if kind == MED else 1, min(4, len(tile))))
    if kind in (LORENZO, MED):
        return Predictor(kind, axes, used)
    offsets = tuple(draw(st.lists(causal(used), min_size=1, max_size=6)))
    shift, by_plane = draw(st.integers(0, 14)), used > 1 and draw(st.booleans())
    shape = (draw(st.integers(1, 4)), tile[axes[len(axes) - used]] if by_plane else 1, len(offsets))
    reach = draw(st.sampled_from([0, 1, 200, 3000]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    weights = rng.integers(-reach, reach + 1, shape)
    weights[..., -1] += (1 << shift) - weights.sum(axis=2)
    return Predictor(kind, axes, used, 0, offsets, weights, shift, by_plane)


@st.composite
def splits(draw, number_type):
    bits = number_type.bits
    if not number_type.is_float:
        base = draw(st.integers(1, 100) | st.integers(1, (1 << bits) - 1))
        return draw(st.sampled_from([Classic(), IntMult(min(base, (1 << bits) - 1)), RANKED]))
    numbers = st.sampled_from([0.25, 0.01, -3.0, 1000.0, 6e-8, 65504.0])
    base = np.array([draw(numbers)], number_type.dtype)
    latent = int(_latents(base.view(f"u{base.itemsize}"), element_of(base.dtype), numpy_)[0])
    return draw(
        st.sampled_from(
            [
                Classic(),
                FloatMult(latent),
                FloatQuant(draw(st.integers(1, number_type.mantissa_bits))),
                Affine(
                    draw(st.sampled_from([0.01, 1.0, 5e-324, 1e300, 1e-7])),
                    draw(st.sampled_from([0.0, -0.0, 273.15, -1e300, 6e-8])),
                    draw(st.booleans()),
                ),
                RANKED,
            ]
        )
    )


@st.composite
def cases(draw):
    """Draw an array with all that is easily lost, and any pipelines for it."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(1, 6), max_size=3) | st.lists(st.integers(1, 3), min_size=4, max_size=5)))
    seed, spread = draw(st.integers(0, 99)), draw(st.sampled_from([0, 2, 5, 12, 40]))
    array = random_array(dtype, shape, seed, spread)
    tile = tuple(draw(st.integers(1, size)) for size in shape)
    element = element_of(dtype)
    pipelines = []
    for part in parts_of(array):
        values = np.unique(_latents(part, element, numpy_)).tolist()
        fills = draw(st.lists(st.sampled_from(values), max_size=2, unique=True))
        if fills and draw(st.booleans()):
            # Masks in patches, not here and there.
            width = unsigned_of(dtype).itemsize * 8
            patch = part[(..., *(slice(0, size // 2 + 1) for size in shape))]
            patch[...] = part.dtype.type(draw(st.sampled_from(special_bits(dtype))) % (1 << width))
            fills[0] = int(_latents(patch, element, numpy_).reshape(-1)[0])
        split = draw(splits(element.number_type))
        if split is RANKED and set(np.unique(_latents(part, element, numpy_)).tolist()) <= set(fills):
            split = Classic()  # nothing would be left to rank
        kinds = [NONE, LORENZO, MED, WEIGHTS]
        if isinstance(split, Classic) and element.number_type.name in ("f32", "f64"):
            kinds.append(FLOAT_WEIGHTS)
        predictor = draw(predictors(tile, kinds))
        limits = st.integers(0, 300) | st.integers(0, 62).map(lambda log: (1 << log) - 1)
        thresholds = sorted(draw(st.lists(limits, max_size=7))) if predictor.kind != NONE else []
        pipelines.append(Pipeline(split, tuple(fills), predictor=predictor, thresholds=tuple(thresholds)))
    limit = draw(st.sampled_from([80, 200, 1 << 40]))
    return Forced(array, tile, tuple(pipelines), limit, draw(st.sampled_from([1, 50, 1 << 24])))


@given(cases(), st.integers(0, 3), st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_any_pipeline_comes_back(one, level, fortran, data):
    found = one.write(numpy_, level, fortran=fortran)
    if HAVE_NUMBA:
        assert one.write(numba_, level, fortran=fortran) == found
    assert_same(frame.read(found), one.array)
    selection = tuple(data.draw(st.slices(size)) for size in one.array.shape)
    parts, read = read_by_ranges(found, selection)
    assert_same(parts, one.array[(..., *selection)].copy())
    assert read <= bounds_of(found, selection)
    if one.array.size <= 400:
        assert_same(Frame(found).array(), one.array)


@given(cases(), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_twins_read_alike(one, seed):
    data = one.write()
    with pytest.MonkeyPatch.context() as patch:
        for _, name in zip(KERNELS[: 1 + HAVE_NUMBA], ("numpy", "numba"), strict=False):
            patch.setenv("PCODEC_NUMCODECS_KERNELS", name)
            assert_same(frame.read(data), one.array)
            page = read_head(memoryview(data)).grid.bounds(seed % read_head(memoryview(data)).grid.pages)
            assert_same(frame.read(data, page), one.array[(..., *page)].copy())


@given(st.data())
def test_cells_of_tiles_lie_end_to_end(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 9), max_size=4), label="shape"))
    tile = tuple(data.draw(st.integers(1, max(1, size)), label="tile") for size in shape)
    order = tuple(data.draw(st.permutations(range(len(shape))), label="order"))
    cells = np.arange(prod(shape), dtype=np.uint32).reshape(shape)
    grid = Grid(shape, tile)
    tiles = [cells[bounds].transpose(order).reshape(-1) for bounds in grid.all_bounds()]
    expected = np.concatenate([np.zeros(0, np.uint32), *tiles])
    assert np.array_equal(grid.end_to_end(cells, order), expected)
