"""Where a converted store is made, and how it stays marked as unfinished until it is done."""

import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .access import delete, get, put
from .errors import StoreError
from .opening import Place, is_url, reason, writable_place

__all__ = ["MARKER", "Destination"]

MARKER: Final = "unfinished-conversion.json"
"""Object at the root of a store that is not yet converted. A folder also has another name until it is done."""
_UNFINISHED: Final = ".unfinished"


class Destination:
    """Where a converted store goes.

    A folder or .zip file is made under another name, with ``.unfinished`` at its end, and renamed when it is done. A
    store behind a URL cannot be renamed; it is marked by an object, and its root's metadata come last.

    Parameters
    ----------
    location
        A folder or .zip file that is not there yet, or a URL.
    options
        For URLs, see `open_place`.
    claim
        What is converted and how. Only a conversion with the same claim may go on with what is there.
    source
        Name of the source, for those who find the marker.

    Raises
    ------
    StoreError
        When something else is there, or nothing can be written.
    """

    def __init__(
        self, location: str | os.PathLike[str], options: Mapping[str, Any] | None, claim: dict[str, Any], source: str
    ) -> None:
        self.name = os.fspath(location).removeprefix("file://").rstrip("/")
        self.is_local = not is_url(self.name)
        self.is_zip = self.is_local and self.name.lower().endswith(".zip")
        work = self.name
        if self.is_local and not self._is_marked(Path(self.name)):
            self._check_free(Path(self.name))
            work += _UNFINISHED
        self.place: Place = writable_place(work, options)
        """Where it is made."""
        self._claim(claim, source)

    @staticmethod
    def _is_marked(path: Path) -> bool:
        # Stopped between renaming and removing the marker.
        return (path / MARKER).is_file()

    @staticmethod
    def _check_free(path: Path) -> None:
        try:
            taken = path.exists() and (not path.is_dir() or any(path.iterdir()))
        except OSError as error:
            raise StoreError(f"{path}: {reason(error)}") from None
        if taken:
            raise StoreError(f"{path}: the destination must be new or an empty folder; remove it, or name another one")

    def _claim(self, claim: dict[str, Any], source: str) -> None:
        marker = get(self.place, MARKER)
        self.resumed = marker is not None
        """Whether an earlier run got a part of the way."""
        if marker is None:
            if not self._is_empty():
                raise StoreError(
                    f"{self.place.name}: the destination must be empty, or an unfinished conversion; "
                    "remove it, or name another one"
                )
            self.put(MARKER, json.dumps({"source": source, "claim": claim}, indent=2).encode())
            return
        try:
            found = json.loads(marker).get("claim")
        except (ValueError, AttributeError):
            found = None  # it was cut short when it was written; nothing else has been yet
        if found != claim:
            raise StoreError(
                f"{self.place.name}: an unfinished conversion of another source or with other settings; "
                "remove it, or name another destination"
            )

    def _is_empty(self) -> bool:
        if self.is_local:
            return not any(Path(self.place.name).iterdir())
        return not any(get(self.place, name) is not None for name in ("zarr.json", ".zgroup", ".zarray"))

    def put(self, key: str, content: bytes) -> None:
        """Write an object.

        Raises
        ------
        StoreError
            When it cannot be written; what is there stays marked as unfinished.
        """
        try:
            put(self.place, key, content)
        except Exception as error:
            raise self.failure(error) from error

    def failure(self, error: BaseException) -> StoreError:
        """Tell what came in the way, and how to go on."""
        return StoreError(
            f"{self.place.name}: {reason(error)}; it is unfinished: run the same command again to go on, or remove it"
        )

    def finish(self) -> None:
        """Take the marks away: all is there.

        Raises
        ------
        StoreError
            When the last step fails.
        """
        try:
            if self.is_zip:
                self._pack()
                return
            if self.is_local:
                for left in Path(self.place.name).rglob("*.partial"):
                    left.unlink()  # Zarr was stopped while it wrote them
                if self.place.name != self.name:
                    if Path(self.name).is_dir():
                        Path(self.name).rmdir()
                    Path(self.place.name).rename(self.name)
                (Path(self.name) / MARKER).unlink()
                return
            delete(self.place, MARKER)
        except OSError as error:
            raise self.failure(error) from None

    def _pack(self) -> None:
        folder = Path(self.place.name)
        packed = folder.with_name(f"{folder.name}.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.name != MARKER and path.suffix != ".partial":
                    archive.write(path, path.relative_to(folder).as_posix())
        packed.replace(self.name)
        shutil.rmtree(folder)
