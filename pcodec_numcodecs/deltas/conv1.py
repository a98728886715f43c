"""Conv1 delta: the difference to a linear prediction with integer weights."""

import math

import numpy as np
import numpy.typing as npt

from ..dtypes import Latents
from ..metadata import Conv1, check_conv1
from ..pages import first_latents

_FIT_LATENTS = 1 << 16  # the weights of so many latents from the middle of a chunk serve all of it
_FIT_BITS = 22  # of a latent's precision: products of two, summed 2**16 times, stay below 2**62
_RIDGE = 2.0**-20  # part of the variance added to the diagonal: keeps constant or periodic latents solvable


def fit(latents: Latents, order: int) -> Conv1 | None:
    """Fit weights by least squares to the latents of a chunk, at most 32 bits wide; None where there are too few.

    The moments are sums of integers, and the equations are solved in a fixed order, so that the weights are the same on
    every machine.
    """
    if latents.size <= order:
        return None
    bits = 8 * latents.itemsize
    first = max(0, (latents.size - _FIT_LATENTS) // 2)
    sample = latents[first : first + _FIT_LATENTS].astype(np.int64)
    mean = int(sample.sum()) // sample.size
    sample -= mean
    sample >>= max(0, int(np.abs(sample).max()).bit_length() - _FIT_BITS)
    weights = _solve(_moments(sample, order), order)
    total = 0.0
    for weight in weights:
        total += weight
    offset = mean * (1.0 - total)
    for quantization in range(min(31, 2 * bits - 1), -1, -1):
        scale = float(1 << quantization)
        scaled = tuple(round(weight * scale) for weight in weights)
        half = (1 << quantization) >> 1
        if max(abs(weight) for weight in scaled) < 1 << 31 and abs(offset * scale) < 2.0**62:
            delta = Conv1(quantization, round(offset * scale) + half, scaled)
            if check_conv1(delta, bits) is None:
                return delta
    return None


def _moments(sample: npt.NDArray[np.int64], order: int) -> list[list[float]]:
    """Return sums of x[i - a] * x[i - b] over all i with `order` predecessors, for a, b = 0 to `order`."""
    last = sample.size - 1
    rows = [[0] * (order + 1) for _ in range(order + 1)]
    head = [int(value) for value in sample[: order + 1]]
    tail = [int(value) for value in sample[last - order :]]
    for lag in range(order + 1):
        rows[0][lag] = int((sample[order:] * sample[order - lag : sample.size - lag]).sum())
    # One step down the diagonal moves the stretch by one: one product comes in, one falls out.
    for a in range(order):
        for b in range(a, order):
            came = head[order - 1 - a] * head[order - 1 - b]
            went = tail[len(tail) - 1 - a] * tail[len(tail) - 1 - b]
            rows[a + 1][b + 1] = rows[a][b] + came - went
    return [[float(rows[min(a, b)][max(a, b)]) for b in range(order + 1)] for a in range(order + 1)]


def _solve(moments: list[list[float]], order: int) -> list[float]:
    """Solve the normal equations by Cholesky's method; return the weights, oldest latent first."""
    ridge = moments[0][0] * _RIDGE + 1.0
    matrix = [[moments[a + 1][b + 1] + (ridge if a == b else 0.0) for b in range(order)] for a in range(order)]
    right = [moments[0][a + 1] for a in range(order)]
    lower = [[0.0] * order for _ in range(order)]
    for a in range(order):
        for b in range(a + 1):
            rest = matrix[a][b]
            for c in range(b):
                rest -= lower[a][c] * lower[b][c]
            if a == b:
                lower[a][a] = math.sqrt(max(rest, ridge * 2.0**-20))
            else:
                lower[a][b] = rest / lower[b][b]
    for a in range(order):
        for c in range(a):
            right[a] -= lower[a][c] * right[c]
        right[a] /= lower[a][a]
    for a in reversed(range(order)):
        for c in range(a + 1, order):
            right[a] -= lower[c][a] * right[c]
        right[a] /= lower[a][a]
    return right[::-1]


def encode(delta: Conv1, latents: Latents, counts: npt.NDArray[np.int64]) -> tuple[Latents, Latents]:
    """Take the differences to the predictions.

    Returns
    -------
    The differences, centred on 0, like `latents` (the first `order` of each page do not matter), and the states, shape
    (pages, order): the first latents, 0 where a page is too short.
    """
    signed = latents.astype(np.int64)
    prediction = np.full(latents.size, delta.bias, np.int64)
    for back, weight in enumerate(reversed(delta.weights), 1):
        prediction[back:] += weight * signed[:-back]
    np.maximum(prediction, 0, out=prediction)
    prediction >>= delta.quantization
    return latents - prediction.astype(latents.dtype), first_latents(latents, counts, len(delta.weights))
