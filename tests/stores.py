"""A new store of each sort, for tests of what all of them promise."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from enrich.store.sql import SqlStore
from enrich.store.sqlite import SqliteStore

SORTS = ("sqlite", "postgresql")


def open_new(request: pytest.FixtureRequest, folder: Path) -> AbstractAsyncContextManager[SqlStore]:
    """The store that the parameter of a fixture names, empty."""
    if request.param == "sqlite":
        return SqliteStore(folder / "cache.sqlite3")
    from enrich.store.postgres import PostgresStore

    return PostgresStore(request.getfixturevalue("postgres_url"))
