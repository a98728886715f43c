"""An array to a frame."""

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arithmetic import check_float_arithmetic
from ..constants import DEFAULT_MAX_BYTES, MAX_CHUNK_NUMBERS
from ..dtypes import Latents, to_latents
from ..errors import InvalidArgumentError
from ..kernels import Kernels, load
from ..metadata import FormatVersion
from ..pipeline.choosing import choose
from ..pipeline.handicaps import handicapped
from ..pipeline.plans import Plan, Tried, Wish
from ..pipeline.steps import PLAIN
from .checksums import crc32c_of_each
from .elements import Bits, Element, parts_of, to_numbers
from .encoding import EncodedPart, PartEncoder
from .head import write_head
from .layout import Layout
from .page_tables import join_page
from .settings import FrameSettings
from .shapes import order_of
from .tiling import fitted

__all__ = ["plan_parts", "tried_for", "write_frame"]


def write_frame(
    array: npt.NDArray[Any], element: Element, settings: FrameSettings, fortran: bool = False, threads: int = 1
) -> bytes:
    """Compress an array to a frame; see `pcodec_numcodecs.frame.write`.

    Parameters
    ----------
    element
        That of the array's dtype, perhaps in another byte order.

    Raises
    ------
    InvalidArgumentError
        For more than 8 GiB, and for a tile that does not fit the array.
    FloatModeError
        When cells are floats, and floats do not add and multiply as they do elsewhere.
    """
    if array.nbytes > DEFAULT_MAX_BYTES:
        raise InvalidArgumentError(
            f"a frame may not exceed {DEFAULT_MAX_BYTES} bytes of array, got {array.nbytes}; "
            "make the array's chunks smaller"
        )
    settings.check_dimensions(array.ndim)
    if element.number_type.is_float:
        check_float_arithmetic()
    if not isinstance(settings.tile, str):
        fitted(settings.tile, array.shape)  # refused whatever the cells are
    parts = parts_of(array)
    if array.size and all(_is_constant(part) for part in parts):
        one = np.empty((), element.dtype)
        for target, part in zip(parts_of(one), parts, strict=True):
            target[...] = part[(0,) * part.ndim]
        tile = tuple(max(1, size) for size in array.shape)
        return write_head(Layout(element, array.shape, tile, fortran, constant=one.tobytes()))
    kernels = load(array.size * element.parts)
    latents = [_latents(part, element, kernels) for part in parts]
    frames: list[tuple[int, bytes]] = []
    for plans in plan_parts(latents, element, settings, kernels):
        if len(parts) == 1 and any(size <= plans[0].hope for size, _ in frames):
            continue
        layout = _blank(element, array.shape, plans, fortran)
        frame = _write(layout, latents, plans, settings, threads, kernels)
        frames.append((handicapped(len(frame), plans[0].handicap), frame))
    if element.is_bool and parts[0].max(initial=0) <= 1:
        # What NumPy takes for a bool may be any byte, and each must come back; but bits can share bytes.
        packed = replace(_blank(element, array.shape, plans, fortran), packed=True, pipelines=(PLAIN,))
        frame = _write_packed(packed, parts[0], settings.level, threads, kernels)
        frames.append((len(frame), frame))
    return min(frames, key=lambda pair: pair[0])[1]


def tried_for(array: npt.NDArray[Any], element: Element, settings: FrameSettings) -> tuple[tuple[Tried, ...], ...]:
    """Return what is considered for each part of the elements; see `pcodec_numcodecs.frame.explain`."""
    settings.check_dimensions(array.ndim)
    kernels = load(array.size * element.parts)
    wish = _wish(settings, array.shape)
    parts = [_latents(part, element, kernels) for part in parts_of(array)]
    return tuple(choose(part, element.number_type, wish, kernels).tried for part in parts)


def _wish(settings: FrameSettings, shape: tuple[int, ...]) -> Wish:
    given = None if isinstance(settings.tile, str) else fitted(settings.tile, shape)
    return Wish(settings.level, settings.predictor, settings.access, given)


def plan_parts(latents: list[Latents], element: Element, settings: FrameSettings, kernels: Kernels) -> list[list[Plan]]:
    """Choose what is worth carrying out: each time the plans of all parts of the elements, which have one tile."""
    wish = _wish(settings, latents[0].shape)
    found = []
    for plan in choose(latents[0], element.number_type, wish, kernels).plans:
        others = [
            choose(part, element.number_type, replace(wish, tile=plan.tile), kernels).plans[0] for part in latents[1:]
        ]
        found.append([plan, *others])
    return found


def _blank(element: Element, shape: tuple[int, ...], plans: list[Plan], fortran: bool) -> Layout:
    """Return the layout of a frame of which no page is written yet."""
    tile = plans[0].tile
    return Layout(
        element,
        shape,
        tile,
        fortran,
        chunk_pages=max(1, MAX_CHUNK_NUMBERS // prod(tile)),
        pipelines=tuple(plan.pipeline for plan in plans),
        page_sets=(None,) * len(plans),
        pco_header=FormatVersion.write(),
    )


def _is_constant(part: Bits) -> bool:
    first = part[(0,) * part.ndim]
    others = (part[(-1,) * part.ndim], part[tuple(size // 2 for size in part.shape)])
    return all(other == first for other in others) and bool((part == first).all())


def _latents(part: Bits, element: Element, kernels: Kernels) -> Latents:
    """Return ordered latents of all cells, contiguous."""
    native = np.ascontiguousarray(part, part.dtype.newbyteorder("="))
    return to_latents(to_numbers(native, element), element.number_type, kernels.order_floats).reshape(part.shape)


def _write_packed(layout: Layout, part: Bits, level: int, threads: int, kernels: Kernels) -> bytes:
    """Write bools as bits, those of each tile in bytes of its own, the first in the lowest bit."""
    tiles = [np.packbits(part[bounds], axis=None, bitorder="little") for bounds in layout.grid.all_bounds()]
    numbers = np.concatenate(tiles) if tiles else np.zeros(0, np.uint8)
    return _assembled(layout, [PartEncoder(layout, 0, level, False, threads, kernels).encode(numbers)])


def _write(
    layout: Layout,
    latents: list[Latents],
    plans: list[Plan],
    settings: FrameSettings,
    threads: int,
    kernels: Kernels,
) -> bytes:
    encoded = []
    in_blocks = settings.access != "whole"
    for part, (cells, plan) in enumerate(zip(latents, plans, strict=True)):
        listed = plan.listed
        flat = layout.grid.end_to_end(cells if listed is None else listed.places, order_of(layout, part))
        values = None if listed is None else listed.values
        encoder = PartEncoder(layout, part, settings.level, in_blocks, threads, kernels)
        encoded.append(encoder.encode(flat, values, plan.common))
    return _assembled(layout, encoded)


def _assembled(layout: Layout, parts: list[EncodedPart]) -> bytes:
    """Join what the parts have become."""
    columns = [column for part in parts for column in part.columns]
    streams = [
        metadata for of_range in zip(*(column.metadata for column in columns), strict=True) for metadata in of_range
    ]
    streams += [block for part in parts for block in part.values]
    streams += [block for part in parts for block in part.masks]
    pages = [
        join_page([part.counts[page] for part in parts], [column.pages[page] for column in columns])
        for page in range(layout.grid.pages)
    ]
    whole = replace(
        layout,
        pipelines=tuple(part.pipeline for part in parts),
        stream_sizes=tuple(map(len, streams)),
        stream_crcs=tuple(crc32c_of_each(streams).tolist()),
        page_sizes=np.array([len(page) for page in pages], np.int64),
        page_crcs=crc32c_of_each(pages),
        page_sets=tuple(part.page_sets for part in parts),
        page_values=tuple(part.page_values for part in parts),
    )
    return b"".join([write_head(whole), *streams, *pages])
