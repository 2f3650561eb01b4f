"""The store on one machine: SQLite.

WAL with ``synchronous=FULL``: a result that `record` returned survives a kill and a power cut. That costs
about 3 ms a commit, and one commit holds all results that came meanwhile, up to some hundreds.

Here stands who may use the connection and when; `opening` and `schema` see to the file, `sql` to what is done in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import anyio

from enrich.errors import StorageError
from enrich.store.database import Database
from enrich.store.opening import FILE_NAME, is_damage, open_cache
from enrich.store.sql import SqlStore
from enrich.store.sqlite_database import Transaction, Unsynced

__all__ = ["FILE_NAME", "SqliteStore"]

T = TypeVar("T")


def _way_out(error: sqlite3.Error) -> str:
    if is_damage(error):
        return "the file is damaged; the next run looks at all of it, sets it aside and begins a new one"
    return "is the disk full or read-only?"


class SqliteStore(SqlStore):
    """The `enrich.store.protocol.Store` in one SQLite file.

    ``set_aside`` says which file could not be used and where it is kept, when a new cache was begun for that.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._connection, self.set_aside = open_cache(path)

    async def _call(self, work: Callable[[], T]) -> T:
        try:
            return await self._alone(work)
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}; {_way_out(error)}") from error

    async def _ask(self, work: Callable[[Database], T]) -> T:
        return await self._call(lambda: work(self._connection))

    async def _tell(self, use: Callable[[Database], T]) -> T:
        return await self._ask(use)

    async def _write(self, work: Callable[[Database], T], *, synced: bool = True) -> T:
        def whole() -> T:
            with Transaction(self._connection) if synced else Unsynced(self._connection):
                return work(self._connection)

        return await self._call(whole)

    async def _bytes(self) -> int:
        return sum(part.stat().st_size for part in self._path.parent.glob(self._path.name + "*"))

    async def prune(self, unused_since: datetime, now: datetime) -> int:
        gone = await super().prune(unused_since, now)
        await self._call(lambda: self._connection.execute("VACUUM"))
        return gone

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._call(self._connection.close)
