"""The cache that the settings name, opened: a file, or tables on a server. Only here is chosen between the two.

The driver of the server comes with an extra, and is imported when an address asks for it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from enrich.config import Settings
from enrich.errors import UsageError
from enrich.location import FILE_SCHEME, is_server, shown
from enrich.store.opening import FILE_NAME

if TYPE_CHECKING:
    from enrich.store.database import Database
    from enrich.store.sql import SqlStore


@dataclass(frozen=True, slots=True)
class FileCache:
    """A cache in a file; ``str()`` is what people are told."""

    path: Path

    def __str__(self) -> str:
        return self.path.as_posix()


@dataclass(frozen=True, slots=True)
class ServerCache:
    """A cache on a server; ``str()`` is without what is nobody's business."""

    url: str

    def __str__(self) -> str:
        return shown(self.url)


Cache = FileCache | ServerCache


def cache_of(settings: Settings) -> Cache:
    """Where the settings put the cache."""
    if settings["cache"] is not None:
        return cache_at(settings["cache"])
    return FileCache(Path(settings["cache_dir"]) / FILE_NAME)


def cache_at(location: str) -> Cache:
    """The cache at ``postgresql://…``, ``sqlite:PATH``, or in a folder."""
    if is_server(location):
        return ServerCache(location)
    if location.startswith(FILE_SCHEME):
        return FileCache(Path(location.removeprefix(FILE_SCHEME)))
    return FileCache(Path(location) / FILE_NAME)


def of_server() -> ModuleType:
    """`enrich.store.postgres`; UsageError, which names the extra, where its driver is not installed."""
    try:
        from enrich.store import postgres
    except ImportError as error:
        if error.name is None or not error.name.startswith("psycopg"):
            raise
        raise UsageError(
            "--cache: a cache on PostgreSQL needs psycopg, which is not installed",
            hint="pip install 'enrich-links[postgres]'",
        ) from None
    return postgres


def open_store(cache: Cache, *, reading: bool = False) -> SqlStore:
    """The store of a cache, made if there is none; ``reading`` opens one on a server for a role that may only read.

    Raises StorageError where it cannot be used, UsageError where the driver is missing.
    """
    if isinstance(cache, ServerCache):
        store: SqlStore = of_server().PostgresStore(cache.url, reading=reading)
        return store
    from enrich.store.sqlite import SqliteStore

    return SqliteStore(cache.path)


def exists(cache: Cache) -> bool:
    """Whether there is a cache, whatever its state."""
    if isinstance(cache, ServerCache):
        return bool(of_server().is_there(cache.url))
    return os.path.lexists(cache.path)


@contextlib.contextmanager
def reading(cache: Cache) -> Iterator[Database]:
    """A cache of one moment, which is not changed and not waited for; StorageError when it cannot be read."""
    if isinstance(cache, ServerCache):
        with of_server().reading(cache.url) as database:
            yield database
        return
    from enrich.store.opening import open_for_reading

    with contextlib.closing(open_for_reading(cache.path)) as connection:
        yield connection


async def clear_tables(cache: ServerCache) -> None:
    """Forget all that a cache on a server holds; its tables stay."""
    async with of_server().PostgresStore(cache.url) as store:
        await store.clear()


@contextlib.contextmanager
def hold(cache: Cache, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold a cache for oneself; CacheBusyError names who has it when it stays taken."""
    if isinstance(cache, ServerCache):
        with of_server().hold(cache.url, wait_seconds):
            yield
        return
    from enrich.store.lock import hold as hold_folder

    with hold_folder(cache.path.parent, wait_seconds):
        yield
