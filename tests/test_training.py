"""Recovery: bins found on a sample hold every latent, those that the sample did not show included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcodec_numcodecs import ChunkConfig, DeltaSpec, ModeSpec, PagingSpec
from pcodec_numcodecs.estimates import dense_places
from pcodec_numcodecs.fixed_log import FRACTION_BITS
from pcodec_numcodecs.kernels import load
from pcodec_numcodecs.standalone import simple_compress, simple_decompress, walk
from pcodec_numcodecs.training import train

pytestmark = pytest.mark.numpy_only


def rough(rng, n, bits):
    """Latents in clusters with wide gaps, of which some hold very few."""
    centres = rng.integers(0, 1 << (bits - 1), 12).astype(np.uint64)
    shares = rng.dirichlet(np.full(12, 0.2))
    spread = rng.integers(0, 1 << int(rng.integers(1, bits - 1)), n).astype(np.uint64)
    latents = centres[rng.choice(12, n, p=shares)] + spread
    rare = rng.integers(0, n, int(rng.integers(0, 20)))
    latents[rare] = rng.integers(0, 1 << (bits - 1), rare.size).astype(np.uint64) * np.uint64(2)
    return latents.astype(f"u{bits // 8}")


@given(
    st.sampled_from([8, 16, 32, 64]),
    st.integers(1, 300_000),
    st.integers(0, 12),
    st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_every_latent_lies_in_its_bin(bits, n, level, seed):
    latents = rough(np.random.default_rng(seed), n, bits)
    trained = train(latents, level, 1, load())
    bins = trained.bins
    assigned = trained.cells[trained.assigned]
    assert assigned.min() >= 0
    assert assigned.max() < len(bins)
    lowers = bins.lowers[assigned]
    assert (latents >= lowers).all()
    widths = bins.offset_bits[assigned].astype(np.uint64)
    offsets = latents - lowers
    assert ((offsets >> np.minimum(widths, 63)) >> (widths == 64)).max() == 0
    assert (np.bincount(assigned, minlength=len(bins)) > 0).all()
    assert bins.weights.sum() == 1 << bins.ans_log


@pytest.mark.parametrize(("level", "forgone"), [(8, 128), (9, 512)])
def test_a_rare_latent_does_not_widen_the_bin_of_its_neighbours(level, forgone):
    n = 400_000
    latents = np.full(n, 1_000_000, np.uint64)
    latents[::2] = 2_000_000
    plain = train(latents.copy(), level, 1, load())
    unseen = np.setdiff1d(np.arange(n), np.flatnonzero(np.isin(np.arange(n), sample_places(n))))[:3]
    latents[unseen] = [0, 1_500_000, (1 << 64) - 1]
    assert not np.isin(latents[sample_places(n)], [0, 1_500_000, (1 << 64) - 1]).any()
    trained = train(latents, level, 1, load())
    assert set(trained.bins.offset_bits[np.isin(trained.bins.lowers, [1_000_000, 2_000_000])]) == {0}
    # Besides three bins, a table that is smaller for a small part of the bytes.
    assert trained.cost - plain.cost < (1000 << FRACTION_BITS) + plain.cost // forgone


def test_few_distinct_latents_have_no_offsets_where_that_costs_little():
    latents = np.random.default_rng(4).integers(0, 200, 1_000_000).astype(np.uint32)
    quick, patient = (train(latents, level, 1, load()) for level in (8, 9))
    assert len(quick.bins) == 200
    assert not quick.bins.offset_bits.any()
    assert patient.bins.offset_bits.any()
    assert patient.cost < quick.cost < patient.cost + patient.cost // 100


def sample_places(n):
    """Return the places of a chunk that the sample shows."""
    places = dense_places(n)
    return places if places.size else np.arange(n)


@pytest.mark.parametrize("n", [1, 32767, 65535, 65536, 100_000, 1_000_003])
def test_sample_is_spread_over_the_chunk(n):
    places = sample_places(n)
    assert places.size >= min(n, 1 << 15, n // 16 + 1)
    assert (np.diff(places) > 0).all()
    assert places[0] <= n // places.size
    assert places[-1] >= n - 2 * (n // places.size) - n // 8


@given(st.sampled_from([8, 16, 32, 64]), st.integers(0, 3000), st.integers(1, 60), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_measure_bins_finds_extremes_and_counts(bits, n, count, seed):
    rng = np.random.default_rng(seed)
    latents = rng.integers(0, (1 << bits) - 1, n, dtype=np.uint64, endpoint=True).astype(f"u{bits // 8}")
    bounds = np.unique(np.append(rng.choice(latents, count), latents.dtype.type(0))) if n else np.zeros(1)
    bounds, count = bounds.astype(np.uint64), bounds.size
    assigned = np.empty(n, np.uint16)
    lowers, uppers = np.full(count, (1 << bits) - 1, np.uint64), np.zeros(count, np.uint64)
    counts = np.zeros(count, np.int64)
    load().measure_bins(latents, bounds, assigned, lowers, uppers, counts)
    assert np.array_equal(assigned, np.searchsorted(bounds, latents.astype(np.uint64), side="right") - 1)
    for bin_ in range(count):
        members = latents[assigned == bin_]
        assert counts[bin_] == members.size
        if members.size:
            assert (lowers[bin_], uppers[bin_]) == (members.min(), members.max())


def test_more_cells_than_the_largest_table_has_slots_are_read_back():
    # 8,192 distinct values that the sample shows, and as many between them that it does not.
    n, slots = 1 << 21, 1 << 14
    shown = np.zeros(n, np.bool_)
    shown[dense_places(n)] = True
    latents = np.zeros(n, np.uint64)
    for is_shown in (False, True):
        places = np.flatnonzero(shown == is_shown)
        latents[places] = 2 * (np.arange(places.size) % (slots // 2 + (not is_shown))) + is_shown
    latents <<= np.uint64(48)
    config = ChunkConfig(12, ModeSpec.classic(), DeltaSpec.no_op(), PagingSpec.equal_pages_up_to(n))
    file = simple_compress(latents, config)
    assert simple_decompress(file).tobytes() == latents.tobytes()
    (chunk,) = walk(file)
    assert len(chunk.metadata.bins[0]) == slots
