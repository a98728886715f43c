"""IntMult: integers as multiples of a base, and the rest."""

import numpy as np

from .. import scratch
from ..dtypes import Latents, NumberType
from ..metadata import IntMult

_MOST_BIDS = 2
_BLOCK = 1 << 14  # numbers at a time: they stay in the cache


def split(mode: IntMult, latents: Latents, number_type: NumberType) -> tuple[Latents, Latents]:
    """Return quotients and remainders of the latents by the base."""
    base = number_type.latent.type(mode.base)
    primary, secondary = scratch.empty_like(latents), scratch.empty_like(latents)
    for start in range(0, latents.size, _BLOCK):
        block, quotients, rest = (array[start : start + _BLOCK] for array in (latents, primary, secondary))
        np.floor_divide(block, base, out=quotients)
        np.multiply(quotients, base, out=rest)
        np.subtract(block, rest, out=rest)
    return primary, secondary


def bid(sample: Latents) -> list[int]:
    """Propose bases: numbers that divide the differences within triples of the sample more often than chance would.

    Of triples of random multiples of a base, six in ten have differences whose greatest common divisor is just the base
    (1 / zeta(2)); other integers have divisor g in 0.61 / g**2 of all triples.
    """
    triples = sample[: sample.size // 3 * 3].reshape(-1, 3).astype(np.uint64)
    if not triples.size:
        return []
    least = triples.min(axis=1)
    steps = np.sort(triples - least[:, None], axis=1)
    divisors = np.gcd(steps[:, 1], steps[:, 2])
    values, counts = np.unique(divisors[divisors > 1], return_counts=True)
    # Integers only: more than twice what chance explains, and at least a hundredth of all.
    chance = 61 * triples.shape[0] // (100 * np.minimum(values, np.uint64(1000)).astype(np.int64) ** 2)
    promising = (counts > 2 * chance + 2) & (100 * counts > triples.shape[0])
    values, counts = values[promising], counts[promising]
    order = np.argsort(-counts, kind="stable")[:_MOST_BIDS]
    return [int(value) for value in values[order]]
