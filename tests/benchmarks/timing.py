"""Tasks in turn: what the machine does meanwhile hits all of them alike."""

import time
from collections.abc import Callable, Mapping
from statistics import geometric_mean, median

Task = Callable[[], object]


def in_turn(tasks: Mapping[str, Task], budget: float, least: int = 3, most: int = 9) -> dict[str, float]:
    """Return the median seconds of each task.

    Each is done once before the clock starts: that compiles and fills caches. In a round, every task is done once; a
    task that has had its share of the time sits out the rounds that are left.

    Parameters
    ----------
    budget
        Seconds for all rounds; of 0, there is one.
    least, most
        Rounds of each task.
    """
    if not budget:
        least = most = 1
    for task in tasks.values():
        task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    begin = time.perf_counter()
    for turn in range(most):
        late = time.perf_counter() - begin > budget
        for name, task in tasks.items():
            if turn >= least and (late or sum(times[name]) > 2 * budget / len(tasks)):
                continue
            times[name].append(elapsed(task))
    return {name: median(taken) for name, taken in times.items()}


def elapsed(task: Task) -> float:
    """Return the seconds that a task takes, its result's end included."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def mean_ratio(ratios: list[float]) -> float:
    """Return the geometric mean; NaN of none."""
    return geometric_mean(ratios) if ratios else float("nan")
