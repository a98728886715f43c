"""One way to ask any published `pcodec` wheel for the same thing; its API changed four times."""

import numpy as np
import pcodec

version = tuple(int(part) for part in pcodec.__version__.split("."))
if version >= (0, 1, 0):
    # Not attributes of the package before 1.1.0, only modules of these names.
    from pcodec import standalone, wrapped

# The first wheel that can do what a setting asks for.
SINCE = {
    "bytes": (1, 0, 0),
    "halves": (0, 2, 0),
    "level": (0, 0, 1),
    "classic": (0, 0, 1),
    "int_mult": (0, 2, 0),
    "float_mult": (0, 2, 0),
    "float_quant": (0, 2, 0),
    "dict": (1, 0, 0),
    "none": (0, 0, 1),
    "consecutive": (0, 0, 1),
    "lookback": (0, 3, 1),
    # Older wheels write a lone number with lookback as they should, but refuse to read it.
    "lookback alone": (1, 0, 0),
    "conv1": (1, 0, 0),
    "pages": (0, 0, 1),
    "page sizes": (0, 1, 0),
    "wrapped": (0, 1, 0),
}


def split(wish):
    """The name and the parameter of a mode or delta setting."""
    return wish if isinstance(wish, tuple) else (wish, None)


def needs(dtype, settings):
    """Names in `SINCE` of all that a recipe asks for."""
    found = {"8": ["bytes"], "16": ["halves"]}.get(dtype[1:], [])
    found += [key for key in ("level", "pages") if key in settings]
    found += [split(settings[key])[0] for key in ("mode", "delta") if key in settings]
    if isinstance(settings.get("pages"), list):
        found.append("page sizes")
        if settings.get("delta") == "lookback" and 1 in settings["pages"]:
            found.append("lookback alone")
    return found


def can(dtype, settings, parts=()):
    """Whether this wheel has all that is needed, and these parts as well."""
    return all(version >= SINCE[need] for need in [*needs(dtype, settings), *parts])


def mode_options(mode):
    """Keyword arguments that ask for a mode."""
    name, parameter = split(mode)
    if version < SINCE["int_mult"]:
        # Only "classic" is left here: these wheels choose the other modes and their bases themselves.
        return {"int_mult_spec": "disabled", "float_mult_spec": "disabled"}
    spec = getattr(pcodec.ModeSpec, name if name == "classic" else "try_" + name)
    return {"mode_spec": spec() if parameter is None else spec(parameter)}


def delta_options(delta):
    """Keyword arguments that ask for a delta encoding."""
    name, parameter = split(delta)
    if version < (0, 3, 0):
        return {"delta_encoding_order": parameter or 0}
    if name == "none":
        # `none` could not be written in a type stub, so 1.0.0 renamed it.
        return {"delta_spec": getattr(pcodec.DeltaSpec, "no_op" if version >= (1, 0, 0) else "none")()}
    spec = getattr(pcodec.DeltaSpec, "try_" + name)
    return {"delta_spec": spec() if parameter is None else spec(parameter)}


def page_options(pages):
    """Keyword arguments that cut the numbers into pages."""
    if version < (0, 1, 0):
        return {"max_page_n": pages}
    spec = pcodec.PagingSpec
    return {"paging_spec": spec.exact_page_sizes(pages) if isinstance(pages, list) else spec.equal_pages_up_to(pages)}


def options(dtype, settings):
    """Keyword arguments of `ChunkConfig`, or of `auto_compress` where that is all there is."""
    found = {}
    if "level" in settings:
        found["compression_level"] = settings["level"]
    if "mode" in settings:
        found.update(mode_options(settings["mode"]))
    if "delta" in settings:
        found.update(delta_options(settings["delta"]))
    if "pages" in settings:
        found.update(page_options(settings["pages"]))
    if dtype.endswith("8"):
        found["enable_8_bit"] = True
    return found


def compress(numbers, dtype, settings):
    """A standalone file as bytes."""
    if version < (0, 1, 0):
        return bytes(pcodec.auto_compress(numbers, **options(dtype, settings)))
    return bytes(standalone.simple_compress(numbers, pcodec.ChunkConfig(**options(dtype, settings))))


def decompress(data, like):
    """The numbers of a standalone file; `like` has their dtype and count, which 0.0.0 must know beforehand."""
    if version == (0, 0, 0):
        found = np.zeros_like(like)
        pcodec.simple_decompress_into(data, found)
        return found
    found = (pcodec.auto_decompress if version < (0, 1, 0) else standalone.simple_decompress)(data)
    # None is how every wheel reads an empty file that names no type.
    return np.zeros_like(like) if found is None and like.size == 0 else found


def compress_wrapped(numbers, dtype, settings):
    """(header, metadata, page counts, pages) of one chunk."""
    file = wrapped.FileCompressor()
    chunk = file.chunk_compressor(numbers, pcodec.ChunkConfig(**options(dtype, settings)))
    meta = chunk.write_meta() if version >= (1, 0, 0) else chunk.write_chunk_meta()
    counts = list(chunk.n_per_page())
    return file.write_header(), meta, counts, [chunk.write_page(i) for i in range(len(counts))]


def decompress_wrapped(header, meta, counts, pages, dtype):
    """The numbers of one chunk."""
    new = wrapped.FileDecompressor.from_header if version < (0, 3, 0) else wrapped.FileDecompressor.new
    file, _ = new(header)
    read = file.chunk_decompressor if version >= (1, 0, 0) else file.read_chunk_meta
    chunk, _ = read(meta, np.dtype(dtype).kind + str(8 * np.dtype(dtype).itemsize))
    found = [np.zeros(count, dtype) for count in counts]
    for page, count, part in zip(pages, counts, found):  # noqa: B905 - `strict` is younger than Python 3.8
        chunk.read_page_into(page, count, part)
    return np.concatenate(found)
