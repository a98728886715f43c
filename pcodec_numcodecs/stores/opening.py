"""From what a user names, a path, a URL or an object of Zarr, to a store."""

import errno
import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import StoreError

if TYPE_CHECKING:
    from zarr.abc.store import Store

__all__ = ["Place", "file_content", "is_url", "open_place", "reason", "writable_place"]

_METADATA: Final = ("zarr.json", ".zgroup", ".zarray")
_NEEDS: Final = {
    "s3": "s3fs",
    "http": "aiohttp",
    "https": "aiohttp",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
}
"""What fsspec needs for a scheme."""


class Place:
    """A store, and the path in it that was asked for.

    Attributes
    ----------
    name
        As the user gave it.
    store
        The store.
    path
        Of the group or array in it; empty for the root.
    """

    def __init__(self, name: str, store: "Store", path: str = "") -> None:
        self.name = name
        self.store = store
        self.path = path

    @property
    def is_remote(self) -> bool:
        """Whether it is on no disk and in no memory of this machine."""
        from zarr.storage import LocalStore, MemoryStore, ZipStore

        return not isinstance(self.store, LocalStore | MemoryStore | ZipStore)

    def __repr__(self) -> str:
        return f"Place({self.name!r})"


def is_url(location: object) -> bool:
    """Tell whether a location is no path of this machine."""
    return isinstance(location, str) and "://" in location and not location.startswith("file://")


def open_place(location: Any, options: Mapping[str, Any] | None = None) -> Place:
    """Open what is there, for reading alone.

    Parameters
    ----------
    location
        A folder, a .zip file, a URL, any of these with the path of a group or array after it; or a store, group or
        array of Zarr.
    options
        For URLs, what fsspec's file system or obstore takes, such as ``{"anon": True}`` for public buckets of S3.

    Raises
    ------
    StoreError
        When nothing is there, it is no Zarr store, or it may not be read.
    """
    if isinstance(location, Place):
        return location
    if isinstance(location, str | os.PathLike):
        name = os.fspath(location)
        if is_url(name):
            return Place(name, _remote(name, options, read_only=True))
        return _local(name.removeprefix("file://"))
    if hasattr(location, "store_path"):  # a group or array of Zarr
        store_path = location.store_path
        return Place(str(store_path), store_path.store, store_path.path)
    if hasattr(location, "list_dir") and hasattr(location, "supports_writes"):
        return Place(str(location), location)
    raise StoreError(
        f"a store must be a path, a URL, or a store, group or array of Zarr, got {type(location).__name__}"
    )


def file_content(location: Any) -> bytes | None:
    """Return what is in a file that is no archive, such as a .pco file; None for all else.

    Raises
    ------
    StoreError
        When it may not be read.
    """
    if not isinstance(location, str | os.PathLike) or is_url(os.fspath(location)):
        return None
    path = Path(os.fspath(location))
    try:
        return path.read_bytes() if path.is_file() and path.suffix.lower() != ".zip" else None
    except OSError as error:
        raise StoreError(f"{path}: {reason(error)}") from None


def _local(name: str) -> Place:
    from zarr.storage import LocalStore, ZipStore

    path = Path(name)
    for archive in (path, *path.parents):
        if archive.suffix.lower() == ".zip" and archive.is_file():
            inner = path.relative_to(archive).as_posix()
            try:
                store = ZipStore(archive, mode="r")
                store._sync_open()
            except Exception as error:
                raise StoreError(f"{archive}: cannot be read as a zip file: {error}") from None
            return Place(name, store, "" if inner == "." else inner)
    try:
        entries = os.listdir(path)
    except FileNotFoundError:
        raise StoreError(f"{name}: no such file or directory") from None
    except NotADirectoryError:
        raise StoreError(f"{name}: not a Zarr store, but a file; a store is a folder, a .zip file or a URL") from None
    except PermissionError:
        raise StoreError(f"{name}: no permission to read it") from None
    if not any(entry in _METADATA for entry in entries):
        raise StoreError(f"{name}: not a Zarr store: there is no {', '.join(_METADATA[:-1])} or {_METADATA[-1]} in it")
    return Place(name, LocalStore(path, read_only=True))


def _remote(url: str, options: Mapping[str, Any] | None, read_only: bool) -> "Store":
    scheme = url.partition("://")[0]
    needed = _NEEDS.get(scheme)
    if importlib.util.find_spec("fsspec") and (needed is None or importlib.util.find_spec(needed)):
        from zarr.storage import FsspecStore

        try:
            return FsspecStore.from_url(url, storage_options=dict(options or {}), read_only=read_only)
        except (ImportError, ValueError) as error:
            raise StoreError(f"{url}: {error}") from None
    if importlib.util.find_spec("obstore"):
        from obstore.store import from_url
        from zarr.storage import ObjectStore

        try:
            return ObjectStore(from_url(url, **(options or {})), read_only=read_only)
        except Exception as error:
            raise StoreError(f"{url}: {str(error).splitlines()[0]}") from None
    raise StoreError(
        f"{url}: {scheme} needs the package {needed or 'fsspec'} or obstore; pip install {needed or 'fsspec'}"
    )


def writable_place(location: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> Place:
    """Open a folder or a URL to write to; a folder is made if it is not there.

    Raises
    ------
    StoreError
        When it cannot be.
    """
    name = os.fspath(location)
    if is_url(name):
        if name.startswith(("http://", "https://")):
            raise StoreError(f"{name}: nothing can be written by HTTP; give a folder, a .zip file or an s3:// URL")
        return Place(name, _remote(name, options, read_only=False))
    from zarr.storage import LocalStore

    try:
        os.makedirs(name, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{name}: {reason(error)}") from None
    return Place(name, LocalStore(name))


def reason(error: BaseException) -> str:
    """Tell in a few words what an error of the system is about."""
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return "no space is left on the device"
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"no permission: {error.filename}" if error.filename else "no permission"
        if error.strerror:
            return error.strerror + (f": {error.filename}" if error.filename else "")
    lines = str(error).splitlines()
    return lines[0] if lines and lines[0] else type(error).__name__
