"""Kernels that predict cells from those before them: what each says it does, cell by cell, and its inverse."""

from itertools import product
from unittest import mock

import numpy as np
import prediction_cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_cases import KINDS, WIDTHS, absent_of, allowed, cells_of, contexts_of, expected
from twins import HAVE_NUMBA, KERNELS, numba_

from pcodec_numcodecs.kernels import numpy_
from pcodec_numcodecs.kernels.numpy_ import padded, weighing
from pcodec_numcodecs.kernels.predictions import FLOAT_WEIGHTS, WEIGHTS, Prediction

pytestmark = pytest.mark.numpy_only

CASES = [(kind, axes, bits) for kind in KINDS for axes in (1, 2, 3, 4) for bits in WIDTHS if allowed(kind, axes, bits)]
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize(("kind", "axes", "bits"), CASES)
@given(SEEDS, st.integers(1, 4))
@settings(max_examples=12, deadline=None)
def test_tiles_are_predicted_as_cell_by_cell_and_restored(kind, axes, bits, seed, lanes):
    rng = np.random.default_rng(seed)
    case = prediction_cases.prediction(rng, kind, axes, bits, lanes)
    original = cells_of(rng, case, bits)
    absent = absent_of(rng, original.size)
    imputed, residuals = expected(case, original, absent, bits)
    if absent.size:
        assert np.array_equal(imputed[absent == 0], original[absent == 0])
        assert (residuals[absent == 1] == 1 << (bits - 1)).all()
    for kernels in [numpy_, numba_] if HAVE_NUMBA else [numpy_]:
        cells, found = original.copy(), np.zeros_like(original)
        kernels.predict_tiles(cells, absent, case, found)
        assert found.tolist() == residuals.tolist()
        assert cells.tolist() == imputed.tolist()
        kernels.restore_tiles(found, case)
        assert found.tolist() == imputed.tolist()


@pytest.mark.parametrize("kind", [WEIGHTS, FLOAT_WEIGHTS])
@given(SEEDS, st.integers(1, 4), st.sampled_from(WIDTHS), st.sampled_from([1, 60, 500]), st.sampled_from([1, 1 << 15]))
@settings(max_examples=40, deadline=None)
def test_tiles_are_restored_however_many_are_side_by_side(kind, seed, axes, bits, cells, near):
    if not allowed(kind, axes, bits):
        return
    rng = np.random.default_rng(seed)
    case = prediction_cases.prediction(rng, kind, axes, bits, 9)
    # The largest weights that there may be: sums that need all of 64 bits.
    case.weights[...] = np.where(rng.random() < 0.5, rng.choice([-32767, 32767], case.weights.shape), case.weights)
    original = cells_of(rng, case, bits)
    found, residuals = original.copy(), np.zeros_like(original)
    numpy_.predict_tiles(found, np.empty(0, np.uint8), case, residuals)
    with mock.patch.object(padded, "_BLOCK_CELLS", cells), mock.patch.object(weighing, "_NEAR", near):
        numpy_.restore_tiles(residuals, case)
    assert residuals.tolist() == original.tolist()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("kind", "axes", "bits"), [case for case in CASES if case[0] in {WEIGHTS, FLOAT_WEIGHTS}])
@given(SEEDS, st.integers(2, 50))
@settings(max_examples=12, deadline=None)
def test_many_tiles_that_differ_along_the_first_axis_are_restored(kernels, kind, axes, bits, seed, lanes):
    rng = np.random.default_rng(seed)
    case = prediction_cases.prediction(rng, kind, axes, bits, lanes)
    case.shapes[:, 5 - axes + 1 :] = case.shapes[0, 5 - axes + 1 :]
    if not case.by_plane:
        case.shapes[:, 5 - axes] = rng.integers(1, 7, lanes)
    original = cells_of(rng, case, bits)
    found, residuals = original.copy(), np.zeros_like(original)
    numpy_.predict_tiles(found, np.empty(0, np.uint8), case, residuals)
    kernels.restore_tiles(residuals, case)
    assert residuals.tolist() == original.tolist()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("kind", [WEIGHTS, FLOAT_WEIGHTS])
@pytest.mark.parametrize("offset", [o for o in product((-2, -1, 0), (-1, 0, 1), (-1, 0, 1)) if o < (0, 0, 0)], ids=str)
def test_a_single_neighbour_may_lie_anywhere_before(kernels, kind, offset):
    shapes = np.array([[1, 1, 3, 4, 5], [2, 1, 2, 2, 2], [1, 1, 3, 1, 4]])
    case = Prediction(
        *(kind, 3, shapes, 9, np.array([[0, *offset]]), np.ones((1, 1, 1), np.int64)),
        *(0, np.zeros(3, np.int64), False),
    )
    cells = np.random.default_rng(7).normal(size=int(shapes.prod(axis=1).sum())).astype(np.float32).view(np.uint32)
    _, residuals = expected(case, cells, np.zeros(0, np.uint8), 32)
    kernels.restore_tiles(residuals, case)
    assert np.array_equal(residuals, cells)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("bits", WIDTHS)
@given(SEEDS, st.integers(1, 4), st.integers(1, 4), st.sampled_from([0, 1, 3, 7, 9]))
@settings(max_examples=10, deadline=None)
def test_contexts_are_those_of_the_residuals_before_and_sorting_is_undone(kernels, bits, seed, axes, lanes, count):
    rng = np.random.default_rng(seed)
    case = prediction_cases.prediction(rng, 1, axes, bits, lanes)
    residuals = cells_of(rng, case, bits)
    if rng.random() < 0.5:
        residuals >>= bits // 2
        residuals += residuals.dtype.type(1 << (bits - 1))
    absent = absent_of(rng, residuals.size)
    if absent.size:
        residuals[absent == 1] = 1 << (bits - 1)
    sizes = rng.integers(0, 1 << int(rng.integers(1, min(bits + 3, 60))), count).astype(np.uint64)
    sizes[:1] = 2**64 - 1
    thresholds = np.sort(sizes)
    contexts = np.full(residuals.size, 99, np.uint8)
    kernels.assign_contexts(residuals, case.shapes, axes, thresholds, contexts)
    assert contexts.tolist() == contexts_of(case, residuals, thresholds).tolist()
    # One stable sort by lane and context.
    lane = np.repeat(np.arange(lanes), case.shapes.prod(axis=1))
    keys = lane * (count + 1) + contexts
    present = np.flatnonzero(absent == 0) if absent.size else np.arange(residuals.size)
    order = present[np.argsort(keys[present], kind="stable")]
    held = np.bincount(keys[present], minlength=lanes * (count + 1)).reshape(lanes, -1)
    starts = (np.cumsum(held) - held.reshape(-1)).reshape(held.shape)
    merged = np.zeros_like(residuals)
    taken = kernels.merge_contexts(residuals[order], starts, absent, case.shapes, axes, thresholds, merged)
    assert merged.tolist() == residuals.tolist()
    assert taken.tolist() == held.tolist()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("bits", WIDTHS)
def test_merging_takes_the_last_residual_where_there_are_not_enough(kernels, bits):
    shapes = np.array([[1, 1, 1, 2, 3], [1, 1, 1, 1, 2]], np.int64)
    starts = np.array([[0, 2], [3, 1 << 40]], np.int64)
    given_residuals = np.array([5, 6, 7], f"u{bits // 8}")
    out = np.zeros(8, given_residuals.dtype)
    none = np.empty(0, np.uint8)
    thresholds = np.array([1 << 62], np.uint64)  # not reached
    taken = kernels.merge_contexts(given_residuals, starts, none, shapes, 2, thresholds, out)
    assert out.tolist() == [5, 6, 7, 7, 7, 7, 7, 7]
    assert taken.tolist() == [[6, 0], [2, 0]]
    taken = kernels.merge_contexts(given_residuals, starts - (1 << 50), none, shapes, 2, thresholds, out)
    assert out.tolist() == [7] * 8
    taken = kernels.merge_contexts(given_residuals[:0], starts, none, shapes, 2, thresholds, out)
    assert out.tolist() == [1 << (bits - 1)] * 8
    assert taken.tolist() == [[6, 0], [2, 0]]


@pytest.mark.parametrize("kernels", KERNELS)
@given(SEEDS, st.tuples(st.integers(0, 2), st.integers(0, 2)))
@settings(max_examples=20, deadline=None)
def test_weights_that_cells_were_made_with_are_found_again(kernels, seed, quarters):
    rng = np.random.default_rng(seed)
    cells = rng.integers(-(1 << 20), 1 << 20, (80, 90))
    weights = np.array(quarters) / 4
    for row in range(1, 80):
        for column in range(1, 90):
            west = cells[row, column - 1]
            others = cells[row - 1, column] - west, cells[row - 1, column - 1] - west
            cells[row, column] = west + int(weights @ others) + rng.integers(-1000, 1000)
    # A few that are quite others must not tell: each is looked at from four places, of which one in twenty is left out.
    cells.reshape(-1)[rng.choice(cells.size, 80, replace=False)] = 1 << 40
    rows, columns = (axis.reshape(-1) for axis in np.mgrid[1:80, 1:90])
    offsets = np.array([(-1, 0), (-1, -1), (0, 0), (0, -1)])
    found = np.zeros(2)
    assert kernels.fit_neighbours(
        *(cells.reshape(-1), rows * 90 + columns, np.array(cells.shape), np.array([90, 1]), offsets, found)
    )
    assert np.allclose(found, weights, atol=0.1)


@pytest.mark.parametrize("kernels", KERNELS)
def test_cells_without_differences_have_no_weights(kernels):
    cells, places = np.full(100, 7), np.arange(1, 100)
    offsets = np.array([(-2,), (0,), (-1,)])
    assert not kernels.fit_neighbours(cells, places, np.array([100]), np.array([1]), offsets, np.zeros(1))


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("bits", WIDTHS)
def test_no_tiles_are_no_work(kernels, bits):
    case = prediction_cases.prediction(np.random.default_rng(0), 3, 2, bits, 1)
    case = case._replace(shapes=case.shapes[:0], sets=case.sets[:0])
    nothing, none = np.empty(0, f"u{bits // 8}"), np.empty(0, np.uint8)
    for kind in KINDS[: 4 if bits >= 32 else 3]:
        kernels.predict_tiles(nothing, none, case._replace(kind=kind), nothing.copy())
        kernels.restore_tiles(nothing, case._replace(kind=kind))
    kernels.assign_contexts(nothing, case.shapes, 2, np.empty(0, np.uint64), none)
    starts = np.empty((0, 1), np.int64)
    taken = kernels.merge_contexts(nothing, starts, none, case.shapes, 2, np.empty(0, np.uint64), nothing.copy())
    assert taken.shape == (0, 1)
