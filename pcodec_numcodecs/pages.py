"""Pages end to end in one flat array: where each starts, and where each latent stands in its page."""

from typing import Any

import numpy as np
import numpy.typing as npt

Latents = npt.NDArray[np.unsignedinteger[Any]]
I64 = npt.NDArray[np.int64]


def page_starts(counts: I64) -> I64:
    """Return the index of each page's first latent, for pages of so many latents."""
    return counts.cumsum() - counts


def places(counts: I64) -> I64:
    """Return the place of each latent in its page."""
    return np.arange(int(counts.sum())) - np.repeat(page_starts(counts), counts)


def beyond(counts: I64, length: int) -> npt.NDArray[np.bool_]:
    """Tell for each latent whether it comes after the first `length` ones of its page."""
    found = np.ones(int(counts.sum()), np.bool_)
    starts = page_starts(counts)
    for place in range(min(length, int(counts.max(initial=0)))):
        found[starts[counts > place] + place] = False
    return found


def first_latents(latents: Latents, counts: I64, length: int) -> Latents:
    """Return the first `length` latents of each page, shape (pages, length); 0 where a page is too short."""
    starts = page_starts(counts)
    first = np.zeros((counts.size, length), latents.dtype)
    for place in range(length):
        long = counts > place
        first[long, place] = latents[starts[long] + place]
    return first
