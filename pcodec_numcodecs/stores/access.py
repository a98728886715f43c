"""Objects of a store, read and written without an event loop of one's own."""

import asyncio
from collections.abc import Iterable
from typing import Any

from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from .errors import StoreError
from .opening import Place, reason

__all__ = ["delete", "get", "get_many", "join", "list_folder", "put", "sizes"]

_AT_ONCE = 64


def join(*parts: str) -> str:
    """Put the parts of a key together."""
    return "/".join(part for part in parts if part)


def get(place: Place, key: str) -> bytes | None:
    """Return an object, or None where there is none.

    Raises
    ------
    StoreError
        When it cannot be read.
    """
    return get_many(place, [key])[0]


def get_many(place: Place, keys: Iterable[str]) -> list[bytes | None]:
    """Return several objects at once; see `get`."""

    async def one(key: str) -> bytes | None:
        found = await place.store.get(key, default_buffer_prototype())
        return None if found is None else found.to_bytes()

    return _all(place, one, keys)


def sizes(place: Place, keys: Iterable[str]) -> list[int | None]:
    """Return the sizes of objects, None where there is none.

    Raises
    ------
    StoreError
        When they cannot be found out.
    """

    async def one(key: str) -> int | None:
        try:
            return await place.store.getsize(key)
        except (FileNotFoundError, KeyError):
            return None

    return _all(place, one, keys)


def _all(place: Place, one: Any, keys: Iterable[str]) -> list[Any]:
    wanted = list(keys)

    async def every() -> list[Any]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def gated(key: str) -> Any:
            async with gate:
                try:
                    return await one(key)
                except Exception as error:
                    raise StoreError(f"{join(place.name.rstrip('/'), key)}: cannot be read: {reason(error)}") from error

        return await asyncio.gather(*map(gated, wanted))

    return sync(every())


def list_folder(place: Place, prefix: str) -> list[str]:
    """Return the names right below a prefix.

    Raises
    ------
    StoreError
        When it cannot be listed.
    """

    async def every() -> list[str]:
        return [name async for name in place.store.list_dir(prefix)]

    try:
        return sorted({name.rstrip("/") for name in sync(every())})
    except Exception as error:
        raise StoreError(f"{join(place.name.rstrip('/'), prefix)}: cannot be listed: {reason(error)}") from error


def put(place: Place, key: str, content: bytes) -> None:
    """Write an object.

    Raises
    ------
    OSError
        And what else the store raises, when it cannot be written.
    """
    sync(place.store.set(key, default_buffer_prototype().buffer.from_bytes(content)))


def delete(place: Place, key: str) -> None:
    """Remove an object."""
    sync(place.store.delete(key))
