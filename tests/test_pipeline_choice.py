"""The search for a pipeline prices what kernels would make, whichever way it gets there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import KERNELS

from pcodec_numcodecs.dtypes import NUMBER_TYPES
from pcodec_numcodecs.pipeline.candidates import Parted, masks
from pcodec_numcodecs.pipeline.sampling import sample_boxes
from pcodec_numcodecs.pipeline.steps import LORENZO
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
