"""Recovery: whatever is asked of an event loop's threads is done once, and by no more of them than there may be."""

import asyncio
import contextvars
import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pcodec_numcodecs.codecs import workers
from pcodec_numcodecs.codecs.workers import in_thread

NOTE = contextvars.ContextVar("NOTE")


@pytest.fixture(params=[1, 2, 5])
def processors(request, monkeypatch):
    monkeypatch.setattr(workers, "_processors", lambda: request.param)
    return request.param


class Crowd:
    """Notes how many are inside at once, at most."""

    def __init__(self):
        self.lock, self.inside, self.most = threading.Lock(), 0, 0

    def work(self, number):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.002)
        with self.lock:
            self.inside -= 1
        return number


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_all_is_done_and_nobody_works_beside_too_many(processors, threads):
    crowd, count = Crowd(), 40

    async def ask():
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads))
        first = await asyncio.gather(*(in_thread(crowd.work, i) for i in range(count)))
        # One after the other: each finds the threads at some point of ending.
        return first + [await in_thread(crowd.work, i) for i in range(count, 2 * count)]

    assert asyncio.run(ask()) == list(range(2 * count))
    assert crowd.most == min(processors, threads)


def test_what_comes_while_threads_end_is_done(processors):
    async def ask(i):
        await asyncio.sleep(i % 7 * 1e-4)
        return await in_thread(abs, -i)

    async def all_of_them():
        return await asyncio.wait_for(asyncio.gather(*map(ask, range(2000))), 60)

    assert asyncio.run(all_of_them()) == list(range(2000))


def test_errors_reach_who_asked(processors):
    def work(i):
        if i % 3 == 0:
            raise KeyError(i)
        return i

    async def ask():
        return await asyncio.gather(*(in_thread(work, i) for i in range(12)), return_exceptions=True)

    for i, found in enumerate(asyncio.run(ask())):
        assert found == i if i % 3 else (type(found) is KeyError and found.args == (i,))


def test_work_sees_the_context_of_who_asked(processors):
    async def ask(i):
        NOTE.set(i)
        return await in_thread(NOTE.get)

    async def all_of_them():
        return await asyncio.gather(*map(ask, range(12)))

    assert asyncio.run(all_of_them()) == list(range(12))


def test_who_gives_up_is_not_worked_for():
    begun, go_on = [], threading.Event()

    def work(i):
        begun.append(i)
        go_on.wait(10)
        return i

    async def ask():
        processors = workers._processors()
        tasks = [asyncio.create_task(in_thread(work, i)) for i in range(processors + 2)]
        while len(begun) < processors:
            await asyncio.sleep(0.001)
        tasks[0].cancel()  # is worked on
        tasks[-2].cancel()  # waits
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    found = asyncio.run(ask())
    count = len(found)
    assert isinstance(found[0], asyncio.CancelledError)
    assert isinstance(found[-2], asyncio.CancelledError)
    assert found[1:-2] == list(range(1, count - 2))
    assert found[-1] == count - 1
    assert count - 2 not in begun


def test_errors_keep_no_array(processors):
    made = []

    def work(array):
        made.append(weakref.ref(array))
        raise KeyError

    async def ask():
        try:
            await in_thread(work, np.zeros(3))
        except KeyError:
            return True

    gc.disable()
    try:
        assert asyncio.run(ask())
        assert made[0]() is None
    finally:
        gc.enable()


def test_loops_of_their_own():
    """Loops in several threads at once, and what is kept of them afterwards."""
    gc.collect()  # the loops of other tests
    before = len(workers._of_loop)

    async def ask():
        return await asyncio.gather(*(in_thread(abs, -i) for i in range(50)))

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: asyncio.run(ask()), range(12)):
            assert found == list(range(50))
    gc.collect()
    assert len(workers._of_loop) <= before


def test_a_loop_that_is_closed_is_not_kept():
    gc.collect()  # the loops of other tests
    before = len(workers._of_loop)
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait(10)

    def close_while_busy():
        loop = asyncio.new_event_loop()
        pool = ThreadPoolExecutor(1)
        loop.set_default_executor(pool)
        tasks = [loop.create_task(in_thread(work)) for _ in range(20)]
        loop.run_until_complete(asyncio.sleep(0))
        del tasks
        assert begun.wait(10)
        # As asyncio says of tasks and threads that are forgotten so.
        loop._default_executor = None
        loop.close()
        go_on.set()
        pool.shutdown()

    close_while_busy()
    gc.collect()
    assert len(workers._of_loop) <= before


def test_work_without_threads_ends_with_an_error(processors):
    async def ask():
        loop = asyncio.get_running_loop()
        tasks = [asyncio.ensure_future(in_thread(abs, -1)) for _ in range(processors)]
        await asyncio.sleep(0)
        time.sleep(0.05)  # the threads have done their work, and the loop does not know
        late = asyncio.ensure_future(in_thread(abs, -2))
        await asyncio.sleep(0)
        await loop.shutdown_default_executor()
        found = await asyncio.wait_for(asyncio.gather(*tasks, late, return_exceptions=True), 10)
        with pytest.raises(RuntimeError):
            await in_thread(abs, -3)
        return found

    *found, late = asyncio.run(ask())
    assert found == [1] * processors
    assert late == 2 or isinstance(late, RuntimeError)
