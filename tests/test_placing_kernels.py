"""Kernels that put cells of tiles where they belong: in rows of any kind, with masked cells, from a list of values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import words_below
from twins import KERNELS

from pcodec_numcodecs.dtypes import NUMBER_TYPES, from_latents
from pcodec_numcodecs.kernels import Rows
from pcodec_numcodecs.metadata import Classic, Dict, NoDelta
from pcodec_numcodecs.recipes import recipe_of

pytestmark = pytest.mark.numpy_only

SEEDS = st.integers(0, 2**32)
TYPES = st.sampled_from(["u8", "i8", "u16", "f16", "i32", "f32", "u64", "f64"])


def rows_of_some_kind(rng, counts):
    """Return rows in any order, or those of a tile, and what cells they take, lane after lane."""
    lengths = rng.integers(1, rng.choice([4, 40, 700]), counts.size)
    of_lane = -(-counts // lengths)
    step = int(rng.choice([1, 1, 3]))
    order = rng.permutation(int(of_lane.sum()))
    if rng.random() < 0.5:
        # Evenly spread group by group, as along three axes of a tile.
        order = np.sort(order)
        order += order // int(rng.integers(2, 5)) + order // 6 * int(rng.integers(0, 3))
    starts = order * int(lengths.max()) * step
    size = int((order.max(initial=-1) + 1) * lengths.max() * step)
    if rng.random() < 0.4:
        # Columns of a tile: rows that begin side by side.
        step = int(rng.integers(2, 30))
        groups, columns = np.divmod(np.arange(order.size), step)
        starts = groups * int(lengths.max()) * step + columns
        size = (int(groups.max(initial=-1)) + 1) * int(lengths.max()) * step
    firsts = np.cumsum(of_lane) - of_lane
    places = [
        starts[first + i // length] + i % length * step
        for n, length, first in zip(counts.tolist(), lengths.tolist(), firsts.tolist(), strict=True)
        for i in range(n)
    ]
    return Rows(lengths, firsts, starts, step), np.array(places), size


def masked(rng, n, number_type):
    """Return codes of absent cells, perhaps none, and the latents that stand there."""
    fills = words_below(rng, number_type.bits, int(rng.integers(0, 3)))
    if not fills.size:
        return np.zeros(0, np.uint8), fills
    return (rng.integers(0, fills.size + 1, n) * rng.integers(0, 2, n)).astype(np.uint8), fills


def filled(latents, absent, fills):
    for number, fill in enumerate(fills.astype(latents.dtype), start=1):
        latents = np.where(absent == number, fill, latents) if absent.size else latents
    return latents


def lanes(rng):
    return rng.integers(1, rng.choice([10, 300, 3000]), int(rng.integers(1, 5)))


@pytest.mark.parametrize("kernels", KERNELS)
@given(SEEDS, TYPES)
@settings(max_examples=40, deadline=None)
def test_latents_become_numbers_in_their_rows(kernels, seed, name):
    rng = np.random.default_rng(seed)
    number_type = NUMBER_TYPES[name]
    counts = lanes(rng)
    latents = words_below(rng, number_type.bits, int(counts.sum())).astype(number_type.latent)
    rows, places, size = rows_of_some_kind(rng, counts)
    absent, fills = masked(rng, latents.size, number_type)
    out = np.full(size, 77, number_type.latent)
    expected = out.copy()
    expected[places] = from_latents(filled(latents, absent, fills), number_type).view(number_type.latent)
    recipe = recipe_of(Classic(), NoDelta(), number_type, counts.size)
    kernels.place_numbers(latents, None, counts, recipe, absent, fills, out, rows)
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("kernels", KERNELS)
@given(SEEDS, TYPES, st.sampled_from([8, 16]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_values_are_looked_up_and_other_places_are_refused(kernels, seed, name, bits, damaged):
    rng = np.random.default_rng(seed)
    number_type = NUMBER_TYPES[name]
    counts = lanes(rng)
    first = int(rng.integers(0, 100))
    values = words_below(rng, number_type.bits, int(rng.integers(2, 150))).astype(number_type.latent)
    ends = np.sort(rng.integers(0, values.size, (counts.size, 2)), axis=1) + first
    chosen = [rng.integers(least, most + 1, n) for (least, most), n in zip(ends.tolist(), counts.tolist(), strict=True)]
    places = np.concatenate(chosen).astype(f"u{bits // 8}")
    rows, where, size = rows_of_some_kind(rng, counts)
    absent, fills = masked(rng, places.size, number_type)
    numbers = values[places.astype(np.int64) - first]
    if absent.size:
        places[absent != 0] = words_below(rng, bits, int(np.count_nonzero(absent))).astype(places.dtype)
    wrong = -1
    if damaged:
        cell = int(rng.integers(0, places.size))
        lane = int(np.searchsorted(np.cumsum(counts), cell, side="right"))
        places[cell] = int(rng.choice([ends[lane, 0] - 1, ends[lane, 1] + 1, (1 << bits) - 1])) % (1 << bits)
        present = not absent.size or absent[cell] == 0
        wrong = lane if present and not ends[lane, 0] <= places[cell] <= ends[lane, 1] else -1
        if present and wrong < 0:
            return
    out = np.full(size, 77, number_type.latent)
    expected = out.copy()
    expected[where] = from_latents(filled(numbers, absent, fills), number_type).view(number_type.latent)
    recipe = recipe_of(Dict(values), NoDelta(), number_type, counts.size)
    assert kernels.place_values(places, counts, first, ends, recipe, absent, fills, out, rows) == wrong
    assert wrong >= 0 or np.array_equal(out, expected)


@pytest.mark.parametrize("kernels", KERNELS)
@given(SEEDS, st.sampled_from([8, 16, 32, 64]))
@settings(max_examples=40, deadline=None)
def test_present_cells_are_spread_from_the_end_of_all(kernels, seed, bits):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 400))
    absent = np.repeat(rng.integers(0, 3, n), rng.integers(1, 20, n)).astype(np.uint8)
    present = words_below(rng, bits, np.count_nonzero(absent == 0)).astype(f"u{bits // 8}")
    cells = np.empty(absent.size, present.dtype)
    held = cells[absent.size - present.size :]
    held[:] = present
    kernels.spread_present(held, absent, 5, cells)
    expected = np.full(absent.size, 5, present.dtype)
    expected[absent == 0] = present
    assert np.array_equal(cells, expected)
