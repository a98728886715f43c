"""Metadata of a store with Pco in place of other codecs; all else in them stays as it is."""

import json
from typing import Any

import numpy as np

from ..codecs.numcodecs import Pco
from ..codecs.zarr3 import PcoSerializer
from ..frame import FrameSettings
from ..frame.elements import element_of
from .errors import StoreError
from .nodes import Node

__all__ = ["converted_documents", "why_kept"]

_SHARDING = "sharding_indexed"


def why_kept(dtype: np.dtype[Any], metadata: dict[str, Any]) -> str | None:
    """Tell why the chunks of an array have to stay as they are, None where they need not."""
    try:
        element_of(np.dtype(dtype))
    except TypeError:
        return f"Pco does not hold dtype {dtype}"
    names = [codec.get("name") for codec in metadata.get("codecs", ()) if isinstance(codec, dict)]
    if _SHARDING in names[1:] or (_SHARDING in names and len(names) > 1):
        return "codecs before or after shards are not taken apart"
    return None


def converted_documents(node: Node, settings: FrameSettings, kept: set[str]) -> dict[str, bytes]:
    """Return the metadata of a node, those that are consolidated in it included.

    Parameters
    ----------
    node
        Group or array.
    settings
        For Pco.
    kept
        Paths of the arrays whose chunks stay as they are, from the root of the store.
    """
    documents = dict(node.documents)
    if node.zarr_format == 3:
        found = node.metadata
        if node.kind == "array":
            if node.path not in kept:
                _convert_v3(found, settings)
        else:
            _convert_consolidated_v3(node.path, found, settings, kept)
        documents["zarr.json"] = _spelt(found)
        return documents
    if node.kind == "array" and node.path not in kept:
        documents[".zarray"] = _spelt(_convert_v2(node.metadata, settings))
    if ".zmetadata" in documents:
        documents[".zmetadata"] = _convert_consolidated_v2(node.path, documents[".zmetadata"], settings, kept)
    return documents


def _spelt(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()


def _convert_v3(document: dict[str, Any], settings: FrameSettings) -> None:
    codec = PcoSerializer(settings.level, settings.tile, settings.predictor, settings.access).to_dict()
    codecs = document.get("codecs", [])
    if len(codecs) == 1 and codecs[0].get("name") == _SHARDING:
        codecs[0]["configuration"]["codecs"] = [codec]
    else:
        document["codecs"] = [codec]


def _convert_v2(document: dict[str, Any], settings: FrameSettings) -> dict[str, Any]:
    codec = Pco(settings.level, settings.tile, settings.predictor, settings.access)
    return document | {"compressor": codec.get_config(), "filters": None}


def _convert_consolidated_v3(path: str, document: dict[str, Any], settings: FrameSettings, kept: set[str]) -> None:
    consolidated = document.get("consolidated_metadata")
    for name, inner in ((consolidated or {}).get("metadata") or {}).items():
        below = f"{path}/{name}" if path else name
        if inner.get("node_type") == "array":
            if below not in kept:
                _convert_v3(inner, settings)
        else:
            _convert_consolidated_v3(below, inner, settings, kept)


def _convert_consolidated_v2(path: str, content: bytes, settings: FrameSettings, kept: set[str]) -> bytes:
    try:
        document = json.loads(content)
        metadata = document["metadata"]
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"{path}/.zmetadata: not consolidated metadata") from None
    for key, inner in metadata.items():
        below, _, name = f"{path}/{key}".strip("/").rpartition("/")
        if name == ".zarray" and below not in kept:
            metadata[key] = _convert_v2(inner, settings)
    return _spelt(document)
