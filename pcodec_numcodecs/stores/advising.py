"""What users need to know before they switch: comparisons, reasons and settings for their own data."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from .. import diagnostics
from ..codecs.numcodecs import Pco
from ..codecs.zarr3 import PcoSerializer
from ..constants import DEFAULT_LEVEL
from ..diagnostics import Comparison, Explanation
from ..diagnostics.summary import as_shape
from ..kernels import backend, load
from ..reports import Code, Report, Reported, Table, Text, choice, factor, share, size, speed
from .contestants import contestants_named
from .errors import StoreError
from .opening import is_url
from .samples import Sample, block_of, samples_of

__all__ = ["Recommendation", "RecommendedArray", "compare", "explain", "recommend"]

_LIMIT: Final = 12 << 20
_EXPLAINED_CELLS: Final = 1 << 19
_FAST_LEVEL: Final = 4
_NEARLY: Final = 1.02
"""How much larger the fast level may be to be the better choice."""
_WORTH: Final = 0.97
"""What Pco must bring the size down to, to be worth a change."""

Named = Callable[[str], None]


def compare(
    data: Any,
    *,
    codecs: Sequence[str] | None = None,
    limit: int = _LIMIT,
    repeats: int = 3,
    array: str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Named = lambda name: None,
) -> Comparison:
    """Send some chunks of every array of a store or file through codecs.

    Parameters
    ----------
    data, options
        A store, see `open_place`; an array of NumPy; or a file: .npy, .npz, .pco, netCDF or HDF5.
    codecs
        Names: ``pco-0`` to ``pco-12``, ``blosc-zstd``, ``blosc-lz4``, ``zstd``, ``pcodec``, or those of numcodecs.
    limit
        Bytes of each array that are taken at most.
    repeats
        How often each is timed; the shortest time counts.
    array
        Name of the one array that is wanted.
    progress
        Called with the name of what is done next.

    Raises
    ------
    StoreError
        When the data cannot be read, and for an unknown codec.
    """
    contestants = contestants_named(codecs)
    _settle()
    found, skipped = samples_of(data, limit, options, array)
    named = [(f"{s.name} {s.dtype} {as_shape(s.chunks[0].shape)}", s.chunks) for s in found]
    result = diagnostics.compare(named, contestants, repeats, progress)
    return replace(result, notes=(_kernels(), *skipped))


def _settle() -> None:
    """Have Numba imported, if it will be for larger data: samples are to be as fast as these."""
    load(1 << 22)


def _kernels() -> str:
    live = backend()
    return f"Pco's kernels are those of {live.name}: {live.reason}."


def explain(
    data: Any, *, array: str | None = None, level: int = DEFAULT_LEVEL, options: Mapping[str, Any] | None = None
) -> Explanation:
    """Tell why an array of a store or file compresses as it does, and what would change it.

    Parameters
    ----------
    data, options
        See `compare`.
    array
        Which one; the only one by default.
    level
        Of the compression.

    Raises
    ------
    StoreError
        When the data cannot be read, and when there are several arrays and none is named.
    """
    found, _ = samples_of(data, _EXPLAINED_CELLS * 8 * 3, options, array)
    if len(found) > 1:
        names = ", ".join(sample.name for sample in found[:12]) + (", ..." if len(found) > 12 else "")
        raise StoreError(f"there are {len(found)} arrays in {data}; name one of {names}")
    (sample,) = found
    return diagnostics.explain(block_of(sample, _EXPLAINED_CELLS), sample.name, sample.chunk_shape, level)


@dataclass(frozen=True)
class RecommendedArray:
    """What is recommended for an array.

    Attributes
    ----------
    name
        Path in the store, or name in the file.
    level
        Of Pco; None to keep what there is.
    raw_bytes
        Size of the whole array in memory.
    ratio_now, ratio_pco
        As it is stored, or as Zarr would store it by default; and by Pco.
    encode_now, encode_pco, decode_now, decode_pco
        Bytes of numbers a second through Zarr, in memory.
    """

    name: str
    level: int | None
    raw_bytes: int
    ratio_now: float
    ratio_pco: float
    encode_now: float
    encode_pco: float
    decode_now: float
    decode_pco: float

    @property
    def saved_bytes(self) -> int:
        """What the whole array is expected to take less."""
        return 0 if self.level is None else round(self.raw_bytes / self.ratio_now - self.raw_bytes / self.ratio_pco)


@dataclass(frozen=True)
class Recommendation(Reported):
    """Settings to paste.

    Attributes
    ----------
    name
        Of the data.
    zarr_format
        That the settings are for.
    arrays
        What is recommended for each.
    notes
        What was left out.
    """

    name: str
    zarr_format: int
    arrays: tuple[RecommendedArray, ...]
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Lines of Python for xarray and Zarr."""
        chosen = {a.name: a.level for a in self.arrays if a.level is not None}
        if not chosen:
            return ""
        levels = sorted(set(chosen.values()))
        v3 = self.zarr_format == 3
        lines = [f"from pcodec_numcodecs import {'PcoSerializer' if v3 else 'Pco'}", ""]
        for level in levels:
            settings = (
                f'"serializer": PcoSerializer(level={level}), "compressors": None'
                if v3
                else f'"compressors": Pco({level})'
            )
            lines.append(f"{self._word(level, levels)} = {{{settings}}}")
        form = f"zarr_format={self.zarr_format}"
        for group in dict.fromkeys(name.rpartition("/")[0] for name in chosen):
            place = f"group={group!r}, " if group else ""
            lines += ["", "encoding = {"]
            lines += [
                f"    {name.rpartition('/')[2]!r}: {self._word(level, levels)},"
                for name, level in chosen.items()
                if name.rpartition("/")[0] == group
            ]
            lines += ["}", f"# dataset.to_zarr(store, {place}{form}, encoding=encoding)"]
        lines.append(f"# or one array: zarr.create_array(store, data=data, {form}, **{self._word(levels[0], levels)})")
        return "\n".join(lines)

    @staticmethod
    def _word(level: int, levels: Sequence[int]) -> str:
        return "pco" if len(levels) == 1 else f"pco{level}"

    @property
    def metadata(self) -> dict[str, Any]:
        """What each array's metadata hold then: `codecs` of Zarr v3, or `compressor` of v2."""
        return {
            a.name: {"codecs": [PcoSerializer(a.level).to_dict()]}
            if self.zarr_format == 3
            else {"compressor": Pco(a.level).get_config(), "filters": None}
            for a in self.arrays
            if a.level is not None
        }

    def report(self) -> Report:
        """Return the figures, and lines to paste."""
        rows = tuple(
            (
                choice(a.name),
                choice("keep as it is" if a.level is None else f"Pco, level {a.level}"),
                factor(a.ratio_now),
                factor(a.ratio_pco),
                size(a.saved_bytes),
                speed(a.encode_now),
                speed(a.encode_pco),
                speed(a.decode_now),
                speed(a.decode_pco),
            )
            for a in self.arrays
        )
        titles = ("array", "recommended", "ratio now", "Pco", "saves", "write now", "Pco", "read now", "Pco")
        now = sum(a.raw_bytes / a.ratio_now for a in self.arrays)
        saved = sum(a.saved_bytes for a in self.arrays)
        parts: list[Any] = [
            Table(
                titles,
                rows,
                "Ratios and speeds of samples, one thread; the saving is what the whole array would take less.",
            )
        ]
        if saved:
            parts += [Text("To paste:"), Code(self.code)]
        parts += [Text(note) for note in self.notes]
        verdict = f"Pco would save {share(saved / now).text} of {size(now).text}" if saved else "keep what there is"
        return Report(f"{self.name}: {verdict}", parts)


def recommend(
    data: Any,
    *,
    limit: int = _LIMIT,
    array: str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Named = lambda name: None,
) -> Recommendation:
    """Choose settings for every array of a store or file, from samples.

    Pco is recommended where it saves at least 3 %: at level 8, or at level 4 where that is hardly larger. What it costs
    in speed is told.

    Parameters
    ----------
    data, limit, array, options, progress
        See `compare`.

    Raises
    ------
    StoreError
        When the data cannot be read.
    """
    _settle()
    found, skipped = samples_of(data, limit, options, array)
    zarr_format = next((s.array.metadata.zarr_format for s in found if s.array is not None), 3)
    arrays = []
    for sample in found:
        progress(sample.name)
        arrays.append(_recommended(sample, zarr_format))
    name = str(data) if isinstance(data, str) or is_url(data) or hasattr(data, "__fspath__") else "data"
    return Recommendation(name, zarr_format, tuple(arrays), (_kernels(), *skipped))


def _recommended(sample: Sample, zarr_format: int) -> RecommendedArray:
    now = _through_zarr(sample, _settings_now(sample))
    tried = {level: _through_zarr(sample, _settings_pco(level, zarr_format)) for level in (_FAST_LEVEL, DEFAULT_LEVEL)}
    fast, usual = tried[_FAST_LEVEL], tried[DEFAULT_LEVEL]
    level = _FAST_LEVEL if fast.stored <= usual.stored * _NEARLY and fast.encode < usual.encode else DEFAULT_LEVEL
    pco = tried[level]
    raw = sum(chunk.nbytes for chunk in sample.chunks)
    # Of whole chunks as they are stored, if there are any: nobody knows with which settings they were written.
    ratio_now = sample.ratio or raw / max(now.stored, 1)
    ratio_pco = raw / max(pco.stored, 1)
    return RecommendedArray(
        name=sample.name,
        level=level if ratio_now < ratio_pco * _WORTH else None,
        raw_bytes=sample.raw_bytes,
        ratio_now=ratio_now,
        ratio_pco=ratio_pco,
        encode_now=raw / now.encode,
        encode_pco=raw / pco.encode,
        decode_now=raw / now.decode,
        decode_pco=raw / pco.decode,
    )


@dataclass(frozen=True)
class _Passed:
    stored: int
    encode: float
    decode: float


def _settings_now(sample: Sample) -> dict[str, Any]:
    array = sample.array
    if array is None:
        return {}
    if array.metadata.zarr_format == 2:
        return {
            "zarr_format": 2,
            "compressors": array.compressors or None,
            "filters": array.filters or None,
            "order": array.order,
        }
    return {"serializer": array.serializer, "compressors": array.compressors or None, "filters": array.filters or None}


def _settings_pco(level: int, zarr_format: int) -> dict[str, Any]:
    if zarr_format == 2:
        return {"zarr_format": 2, "compressors": Pco(level), "filters": None}
    return {"serializer": PcoSerializer(level), "compressors": None}


def _through_zarr(sample: Sample, settings: dict[str, Any]) -> _Passed:
    """Write and read chunks in memory."""
    stored, encode, decode = 0, 0.0, 0.0
    for chunk in sample.chunks:
        passed = min((_one_through_zarr(chunk, settings) for _ in range(2)), key=lambda p: p.encode + p.decode)
        stored += passed.stored
        encode += passed.encode
        decode += passed.decode
    return _Passed(stored, max(encode, 1e-9), max(decode, 1e-9))


def _one_through_zarr(chunk: Any, settings: dict[str, Any]) -> _Passed:
    import zarr
    from zarr.storage import MemoryStore

    store = MemoryStore()
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.create_array(
            store, shape=chunk.shape, dtype=chunk.dtype, chunks=tuple(max(1, n) for n in chunk.shape), **settings
        )
        start = time.perf_counter()
        array[...] = chunk
        middle = time.perf_counter()
        array[...]
        end = time.perf_counter()
    names = [key for key in store._store_dict if not key.endswith(("zarr.json", ".zarray", ".zattrs"))]
    return _Passed(sum(len(store._store_dict[name]) for name in names), middle - start, end - middle)
