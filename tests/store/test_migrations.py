"""A cache of any version opens, whole, and one that is being changed is never left in between."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from enrich.store import schema
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


def make(path: Path, version: int) -> None:
    """A cache as the release with that version made it."""
    connection = sqlite3.connect(path, isolation_level=None)
    for step in schema.MIGRATIONS[:version]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.sqlite3"


@pytest.mark.parametrize("version", range(schema.VERSION + 1))
async def test_every_versions_file_becomes_one_of_today(path: Path, version: int, tmp_path: Path) -> None:
    make(path, version)
    make(tmp_path / "new.sqlite3", schema.VERSION)
    async with SqliteStore(path) as store:
        assert (await store.info()).targets == 0

    def shape(file: Path) -> list[tuple[str, ...]]:
        connection = sqlite3.connect(file)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()
        connection.close()
        return rows

    assert shape(path) == shape(tmp_path / "new.sqlite3")
