"""The groups and arrays of a store, by their metadata as they are stored.

Zarr's own listing gives up on a whole group when it does not know a codec of one array in it; this one does not.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .access import get_many, join, list_folder
from .errors import StoreError
from .opening import Place

__all__ = ["Node", "find_node", "nodes_of", "open_array"]

_V2 = (".zarray", ".zgroup", ".zattrs", ".zmetadata")


@dataclass(frozen=True)
class Node:
    """A group or an array.

    Attributes
    ----------
    path
        In the store.
    kind
        ``"group"`` or ``"array"``.
    zarr_format
        2 or 3.
    documents
        Its metadata as stored, by the name of the object: `zarr.json`, or `.zarray`, `.zgroup`, `.zattrs`,
        `.zmetadata`.
    """

    path: str
    kind: str
    zarr_format: Literal[2, 3]
    documents: dict[str, bytes]

    @property
    def metadata(self) -> dict[str, Any]:
        """The document that makes it what it is."""
        name = "zarr.json" if self.zarr_format == 3 else ".zarray" if self.kind == "array" else ".zgroup"
        return _parsed(self.documents[name], join(self.path, name))


def _parsed(content: bytes, key: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise StoreError(f"{key}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StoreError(f"{key}: must be a JSON object, got {type(found).__name__}")
    return found


def _node(path: str, found: dict[str, bytes]) -> Node | None:
    if "zarr.json" in found:
        kind = _parsed(found["zarr.json"], join(path, "zarr.json")).get("node_type")
        if kind not in ("array", "group"):
            raise StoreError(f"{join(path, 'zarr.json')}: node_type must be 'array' or 'group', got {kind!r}")
        return Node(path, kind, 3, {"zarr.json": found["zarr.json"]})
    if ".zarray" in found or ".zgroup" in found:
        return Node(path, "array" if ".zarray" in found else "group", 2, found)
    return None


def find_node(place: Place, path: str) -> Node | None:
    """Return the group or array at a path, None where there is none.

    Raises
    ------
    StoreError
        When its metadata cannot be read.
    """
    names = ("zarr.json", *_V2)
    contents = get_many(place, [join(path, name) for name in names])
    return _node(path, {name: content for name, content in zip(names, contents, strict=True) if content is not None})


def nodes_of(place: Place) -> Iterator[Node]:
    """Yield the group or array of a place, and all below it.

    Raises
    ------
    StoreError
        When there is none, or metadata cannot be read.
    """
    root = find_node(place, place.path)
    if root is None:
        raise StoreError(f"{place.name}: not a Zarr store: there is no zarr.json, .zgroup or .zarray in it")
    yield root
    if root.kind == "array":
        return
    below = list(_consolidated(root))
    if below and place.is_remote:
        # To list a remote store takes many requests, and some servers only seem to do it.
        yield from below
    elif not place.store.supports_listing:
        raise StoreError(
            f"{place.name}: a group that can neither be listed nor has consolidated metadata; name an array in it"
        )
    else:
        yield from _listed(place, root.path)


def _listed(place: Place, path: str) -> Iterator[Node]:
    for name in list_folder(place, path):
        if name in ("zarr.json", *_V2):
            continue
        node = find_node(place, join(path, name))
        if node is not None:
            yield node
            if node.kind == "group":
                yield from _listed(place, node.path)


def _consolidated(root: Node) -> Iterator[Node]:
    if root.zarr_format == 3:
        found = (root.metadata.get("consolidated_metadata") or {}).get("metadata") or {}
        for path in sorted(found):
            node = _node(join(root.path, path), {"zarr.json": json.dumps(found[path]).encode()})
            assert node is not None
            yield node
        return
    if ".zmetadata" not in root.documents:
        return
    documents: dict[str, dict[str, bytes]] = {}
    for key, document in _parsed(root.documents[".zmetadata"], ".zmetadata").get("metadata", {}).items():
        path, _, name = key.rpartition("/")
        documents.setdefault(path, {})[name] = json.dumps(document).encode()
    for path in sorted(documents):
        node = _node(join(root.path, path), documents[path])
        if path and node is not None:
            yield node


def open_array(place: Place, node: Node) -> Any:
    """Open an array of a store, for reading.

    Raises
    ------
    StoreError
        When Zarr cannot, as for a codec that it does not know.
    """
    import zarr

    try:
        return zarr.open_array(place.store, path=node.path, mode="r", zarr_format=node.zarr_format)
    except Exception as error:
        name = join(place.name.rstrip("/"), node.path[len(place.path) :].strip("/"))
        text = str(error).strip("\"'")
        if type(error).__name__ == "UnknownCodecError" or "codec not available" in text:
            raise StoreError(f"{name}: a codec of it is not installed: {text}") from None
        raise StoreError(f"{name}: cannot be opened: {text or type(error).__name__}") from None
