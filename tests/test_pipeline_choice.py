"""The search for a pipeline prices what kernels would make, whichever way it gets there, and chooses what suits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import KERNELS

from pcodec_numcodecs import ChunkConfig, frame, standalone
from pcodec_numcodecs.choosing import cheapest
from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.estimates import sample_runs
from pcodec_numcodecs.fixed_log import ONE_BIT
from pcodec_numcodecs.metadata import Classic
from pcodec_numcodecs.pipeline.candidates import Parted, masks
from pcodec_numcodecs.pipeline.sampling import sample_boxes
from pcodec_numcodecs.pipeline.steps import LORENZO
from pcodec_numcodecs.pipeline.tiles import predicted_tile
from pcodec_numcodecs.pipeline.trials import Bench, Trial, subsets

pytestmark = pytest.mark.numpy_only


@pytest.mark.parametrize("kernels", KERNELS)
@given(st.integers(0, 2**32), st.sampled_from([(9, 8, 7), (40, 50), (60, 30, 40), (3, 4, 5, 6)]))
@settings(max_examples=10, deadline=None)
def test_differences_cost_what_those_of_the_kernel_do(kernels, seed, shape):
    rng = np.random.default_rng(seed)
    number_type = NUMBER_TYPES[rng.choice(["u8", "u16", "u32", "u64"])]
    cells = rng.integers(0, 200, shape).cumsum(axis=-1).astype(number_type.latent)
    cells[rng.random(shape) < rng.choice([0, 0.2])] = 255
    boxes = sample_boxes(cells, 1 << 12)
    for mask in masks(boxes, number_type):
        bench = Bench.of(mask, Parted(None, boxes.cells, 0), boxes, number_type, kernels)
        for axes, trial in bench.lorenzo(subsets(tuple(range(len(shape))))).items():
            assert trial.cost == bench.score(Trial(bench, LORENZO, axes)).cost


LEVELS = (0, 2, 4, 8)


def noise(bits, shape, seed=0):
    return np.random.default_rng(seed).integers(0, 1 << bits, shape, dtype=f"u{max(8, bits) // 8}")


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("level", LEVELS)
def test_noise_is_not_predicted(bits, level):
    info = frame.info(frame.write(noise(bits, (400, 500)), level=level))
    assert [pipeline.predictor for pipeline in info.pipelines] == ["none"]
    # Of tiles and rows that cost the same, tiles serve readers of columns too.
    assert max(info.tile) <= 200


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("level", LEVELS)
def test_noise_costs_all_of_its_bits(kernels, level):
    latents = noise(32, 200_000)
    number_type = NUMBER_TYPES["u32"]
    cost = cheapest(sample_runs(latents), [Classic()], number_type, ChunkConfig(level), kernels).cost
    assert abs(cost / ONE_BIT / latents.size - 32) < 0.05


@pytest.mark.parametrize("level", LEVELS[1:])
def test_what_repeats_at_a_distance_is_kept_together(level):
    """No tile has both a cell and the one that it repeats."""
    array = np.resize(noise(32, 7_001), (300, 280))
    alone = len(standalone.simple_compress(array.reshape(-1), ChunkConfig(level)))
    assert len(frame.write(array, level=level)) < 1.1 * alone < array.nbytes / 6


@pytest.mark.parametrize("level", LEVELS[1:])
def test_rows_are_chosen_for_what_is_smooth_along_them_alone(level):
    steps = np.random.default_rng(1).normal(0, 1, (300, 400)).cumsum(axis=1).cumsum(axis=1).cumsum(axis=1)
    array = np.rint(steps).astype("i8")
    alone = len(standalone.simple_compress(array.reshape(-1), ChunkConfig(level)))
    assert len(frame.write(array, level=level)) < 1.02 * alone


@pytest.mark.parametrize("factor", [1, 60])
def test_what_pco_does_by_itself_is_no_pipeline(factor):
    """Differences along long rows, and multiples of a base."""
    rng = np.random.default_rng(2)
    array = factor * rng.integers(-5, 6, (200, 300)).cumsum(axis=1) + rng.integers(0, min(factor, 3), (200, 300))
    (tried,) = frame.explain(array)
    as_pco = [one for one in tried if not one.fills and one.split in {"Classic", "IntMult"}]
    assert as_pco
    assert all(one.predictor != "lorenzo(1)" for one in as_pco)
    assert all(one.split == "Classic" for one in as_pco if one.predictor == "none")


def test_tiles_leave_some_of_each_row_to_predictions_along_other_axes():
    assert predicted_tile((4000, 500), "balanced", (0,), 1 << 13) == (250, 32)
    assert predicted_tile((4000, 9), "balanced", (0,), 1 << 13)[1] == 9
    assert predicted_tile((300, 40, 1000), "balanced", (0, 1), 1 << 13)[2] >= 31
    assert predicted_tile((4000, 500), "balanced", (1,), 1 << 13) == (16, 500)


def _unlike_neighbours():
    """Yield arrays of cells without any order, some of them masked, and noisy images: what differences do not suit."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:600, :600]
    disk = np.hypot(rows - 300, columns - 300) < 200
    listed = np.sort(rng.normal(size=300))
    for name, values, fill in (
        ("classes", rng.integers(0, 6, disk.shape).astype("u1"), 255),
        ("counts", rng.poisson(2, disk.shape).astype("f4"), np.nan),
        ("two bits", rng.integers(0, 4, disk.shape).astype("f4"), -999),
        ("skewed", rng.geometric(0.5, disk.shape).astype("f4"), -999),
        ("listed", listed[rng.integers(0, 300, disk.shape)], np.nan),
    ):
        yield pytest.param(np.where(disk, values.dtype.type(fill), values), id=name)
    smooth = 100 + 20 * np.sin(columns / 90) * np.cos(rows / 70)
    for spread in (1, 1.5, 2):
        yield pytest.param(np.rint(smooth + rng.normal(0, spread, disk.shape)).astype("u1"), id=f"noise {spread}")


@pytest.mark.parametrize("array", list(_unlike_neighbours()))
def test_a_search_that_stops_early_misses_little(array):
    # From level 9 on, all is tried.
    assert len(frame.write(array, level=8)) <= 1.03 * len(frame.write(array, level=9))


@pytest.mark.parametrize("tile", ["auto", (50_000,)])
def test_repetitions_are_seen_in_tiles_of_any_origin(tile):
    array = np.tile(np.random.default_rng(0).integers(0, 1 << 40, 10_000), 10)
    assert len(frame.write(array, tile=tile)) < array.nbytes // 3
