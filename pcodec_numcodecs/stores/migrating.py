"""Metadata of Zarr v3 for what is stored in Zarr v2."""

import json
from typing import Any

from ..codecs.zarr3 import PcoSerializer
from ..frame import FrameSettings
from .access import get
from .errors import StoreError
from .nodes import Node
from .opening import Place

__all__ = ["migrated_documents"]

_DIMENSIONS = "_ARRAY_DIMENSIONS"
"""Attribute in which xarray keeps the names of dimensions in v2; v3 has a place of its own for them."""
_FILL = "_FillValue"


def migrated_documents(node: Node, array: Any, settings: FrameSettings, kept: bool) -> dict[str, bytes]:
    """Return the metadata of v3 of a group or array of v2.

    Parameters
    ----------
    node
        The group or array.
    array
        Opened, for an array.
    settings
        For Pco.
    kept
        Whether Pco cannot hold it: it then gets the codecs that Zarr gives it by default.

    Raises
    ------
    StoreError
        When Zarr v3 has no such data type.
    """
    attributes = _attributes(node)
    if node.kind == "group":
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        return {"zarr.json": json.dumps(document, indent=2).encode()}
    import zarr
    from zarr.storage import MemoryStore

    names = attributes.pop(_DIMENSIONS, None)
    fill = array.metadata.fill_value
    if names is not None and fill is not None and _FILL not in attributes:
        # xarray takes the fill value of v2 for missing numbers, that of v3 only for chunks that are not stored.
        attributes[_FILL] = _spelt_fill(fill, array.dtype)
    pco = PcoSerializer(settings.level, settings.tile, settings.predictor, settings.access)
    memory = MemoryStore()
    try:
        zarr.create_array(
            memory,
            shape=array.shape,
            dtype=array.metadata.dtype,
            chunks=array.chunks,
            fill_value=fill,
            filters=None if not kept else "auto",
            compressors=None if not kept else "auto",
            dimension_names=names,
            attributes=attributes,
            zarr_format=3,
            serializer="auto" if kept else pco,
        )
    except (TypeError, ValueError) as error:
        raise StoreError(f"{node.path or '/'}: Zarr v3 cannot hold it: {error}; keep Zarr v2 for this store") from None
    written = get(Place(node.path, memory), "zarr.json")
    assert written is not None
    return {"zarr.json": written}


def _attributes(node: Node) -> dict[str, Any]:
    try:
        found = json.loads(node.documents.get(".zattrs", b"{}"))
    except ValueError as error:
        raise StoreError(f"{node.path}/.zattrs: not JSON: {error}") from None
    return dict(found)


def _spelt_fill(fill: Any, dtype: Any) -> Any:
    try:
        from xarray.backends.zarr import FillValueCoder
    except ImportError:
        raise StoreError(
            "fill values that xarray wrote in Zarr v2 need the package xarray to be written for v3; pip install xarray"
        ) from None
    return FillValueCoder.encode(fill, dtype)
