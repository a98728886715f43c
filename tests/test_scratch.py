"""Kept memory: no two arrays ever share it, no more than a bound is held, and what is held is used again."""

import gc
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcodec_numcodecs import frame, scratch

pytestmark = pytest.mark.numpy_only

LEAST = scratch._LEAST
MOST = scratch._MOST_KEPT


@pytest.fixture
def kept(monkeypatch):
    fresh = scratch._Kept()
    monkeypatch.setattr(scratch, "_kept", fresh)
    return fresh


def held(kept):
    return sum(block.size for block in kept._blocks)


@given(st.lists(st.tuples(st.integers(LEAST // 2, 3 * LEAST), st.integers(0, 5), st.booleans()), max_size=40))
def test_no_array_changes_while_it_or_a_view_of_it_lives(steps):
    alive = {}
    for turn, (size, dropped, as_view) in enumerate(steps):
        made = scratch.empty(size // 8, np.uint64)
        made[...] = turn
        alive[turn] = made[3:].view(np.uint8)[5:] if as_view else made
        alive.pop(turn - dropped, None)
        for filled, array in alive.items():
            least = array.reshape(-1)[3:-8].view(np.uint64) if array.dtype == np.uint8 else array
            assert (least == filled).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int64, np.bool_])
def test_arrays_are_like_numpys(dtype):
    for size in (0, 7, LEAST, LEAST + 3):
        empty, zeros = scratch.empty(size, dtype), scratch.zeros(size, dtype)
        for made in (empty, zeros, scratch.empty_like(zeros)):
            assert made.shape == (size,)
            assert made.dtype == dtype
            assert made.flags.writeable
            assert made.flags.c_contiguous
            assert made.flags.aligned
        assert not zeros.any()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.complex128])
def test_large_arrays_begin_where_a_cache_line_does(dtype):
    for size in (LEAST, LEAST + 1, 3 * LEAST):
        for made in (scratch.empty(size, dtype), scratch.lasting((1, size), dtype)):
            assert made.ctypes.data % 64 == 0


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (3, 4), (LEAST, 3), (2, LEAST, 2)])
def test_lasting_arrays_are_like_numpys(shape, order):
    made, expected = scratch.lasting(shape, ">i2", order), np.empty(shape, ">i2", order)
    assert (made.shape, made.dtype, made.strides) == (expected.shape, expected.dtype, expected.strides)
    assert made.flags.writeable
    assert made.flags.aligned


def test_memory_of_lasting_arrays_does_not_come_back(kept):
    del kept._blocks[:]
    scratch.lasting((LEAST,), np.uint64)
    assert not kept._blocks


def test_zeros_are_zeros_in_memory_that_was_used(kept):
    used = scratch.empty(LEAST, np.uint64)
    used[...] = 1
    place = used.__array_interface__["data"]
    del used
    again = scratch.zeros(LEAST, np.uint64)
    assert again.__array_interface__["data"] == place
    assert not again.any()


def test_the_block_that_was_used_last_is_used_but_none_of_more_than_twice_the_bytes(kept):
    arrays = [scratch.empty(size, np.uint8) for size in (LEAST, 3 * LEAST, 4 * LEAST, 9 * LEAST)]
    places = {array.size: array.__array_interface__["data"] for array in arrays}
    while arrays:
        del arrays[0]
    close = scratch.empty(3 * LEAST - 5, np.uint8)
    assert close.__array_interface__["data"] == places[4 * LEAST]
    small = scratch.empty(LEAST + 1, np.uint8)
    assert small.__array_interface__["data"] not in places.values()


def test_no_more_than_the_bound_is_held(kept):
    arrays = [scratch.empty(MOST // 4, np.uint8) for _ in range(7)]
    arrays.append(scratch.empty(MOST + 1, np.uint8))
    assert held(kept) == 0
    arrays.clear()
    assert MOST // 2 < held(kept) <= MOST


def test_threads_never_share_memory(kept):
    def work(thread):
        for turn in range(200):
            array = scratch.empty(LEAST + 8 * (turn % 5), np.uint8)
            array[...] = thread
            assert (array == thread).all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert held(kept) <= MOST


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="needs a system that forks safely")
def test_a_forked_process_does_not_wait_for_threads_that_it_has_not_got():
    taken, done = threading.Event(), threading.Event()

    def hold():
        with scratch._kept._lock:
            taken.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if scratch.empty(LEAST, np.uint8).size == LEAST else 1)
    try:
        for _ in range(500):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            done.wait(0.02)
        else:
            os.kill(child, 9)
            os.waitpid(child, 0)
            pytest.fail("the forked process waits")
        assert status == 0
    finally:
        done.set()
        holder.join()


def test_arrays_that_the_collector_finds_meanwhile_leave_a_block_whole(kept):
    class Collected(list):
        """Blocks that, when they have been gone through, have the collector find an array of a cycle."""

        def __iter__(self):
            yield from super().__iter__()
            gc.collect()

    def cycle():
        holder = {"array": scratch.empty(MOST // 2 + LEAST, np.uint8)}
        holder["self"] = holder

    arrays = [scratch.empty(size, np.uint8) for size in (5 * MOST // 16, 6 * MOST // 16, 2 * LEAST, LEAST)]
    cycle()
    arrays.clear()
    kept._blocks = Collected(kept._blocks)
    made = scratch.empty(6 * MOST // 16, np.uint8)
    assert made.base._block.memory.size >= made.size
    assert held(kept) <= MOST


def test_bytes_do_not_depend_on_what_was_in_kept_memory(monkeypatch):
    rng = np.random.default_rng(2)
    rows, columns = np.mgrid[:300, :400]
    field = np.hypot(rows - 150.0, columns - 200.0).astype("f4")
    masked = field.copy()
    masked[field < 90] = np.nan
    listed = np.array([0.1, 0.25, 3.7, 9.5])[rng.integers(0, 4, (300, 400))]
    images = (rows + columns + rng.integers(0, 3, (300, 400))).astype("u2")
    for array in (field, masked, listed, images, np.tile(rng.integers(0, 99, 5_000), 24)):
        written = set()
        for poison in (0x00, 0xA5, 0xFF):

            def poisoned(size, dtype, poison=poison):
                made = np.empty(size, dtype)
                made.view(np.uint8)[...] = poison
                return made

            monkeypatch.setattr(scratch, "empty", poisoned)
            written.add(frame.write(array))
            assert frame.read(frame.write(array)).tobytes() == array.tobytes()
        assert len(written) == 1
