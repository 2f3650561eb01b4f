"""What the tables of a cache are, and how an older cache becomes one of today.

A migration is a function; version N is what the first N of them make of an empty file. All that a file lacks
are carried out in one transaction together with its new version number, so that a kill leaves the old file.
They are history: a table is changed by a new function at the end, never by editing one of these.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from enrich.errors import StorageError
from enrich.store.database import Database
from enrich.store.sqlite_database import SqliteDatabase, Transaction

_FIRST = """
CREATE TABLE run (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, options TEXT NOT NULL,
    started_at INTEGER NOT NULL, finished_at INTEGER, complete INTEGER
);
CREATE TABLE target (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, kind TEXT NOT NULL, host TEXT NOT NULL, parent TEXT, stands_for TEXT,
    run_id TEXT NOT NULL, seen_at INTEGER NOT NULL,
    status TEXT, reason TEXT, detail TEXT, http_status INTEGER, final_url TEXT,
    suggestion_url TEXT, suggestion_reason TEXT, checked_at INTEGER, attempted_at INTEGER, attempted_status TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0,
    first_failed_at INTEGER, certain_since INTEGER, failed_checks INTEGER NOT NULL DEFAULT 0, last_ok_at INTEGER,
    metadata TEXT, metadata_source TEXT, metadata_fetched_at INTEGER, metadata_tried_at INTEGER,
    metadata_stale INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE checks (
    target_id TEXT NOT NULL, run_id TEXT NOT NULL, at INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT, http_status INTEGER, attempts INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL
);
CREATE INDEX checks_by_target ON checks (target_id, at);
CREATE INDEX checks_by_time ON checks (at);
CREATE TABLE alias (alias TEXT PRIMARY KEY, target_id TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE star (
    target_id TEXT NOT NULL, day TEXT NOT NULL, stars INTEGER NOT NULL, PRIMARY KEY (target_id, day)
) WITHOUT ROWID;

CREATE TABLE document (
    position INTEGER PRIMARY KEY, path TEXT NOT NULL, title TEXT, date TEXT, date_source TEXT NOT NULL,
    undated INTEGER NOT NULL
);
CREATE TABLE link (
    position INTEGER PRIMARY KEY, document INTEGER NOT NULL, target_id TEXT NOT NULL,
    line INTEGER NOT NULL, column_ INTEGER NOT NULL, url TEXT NOT NULL, written TEXT, text TEXT,
    element TEXT NOT NULL, image INTEGER NOT NULL, date TEXT, used_line INTEGER, used_column INTEGER
);
CREATE INDEX link_by_target ON link (target_id);
CREATE TABLE entry (position INTEGER PRIMARY KEY, document TEXT NOT NULL, line INTEGER NOT NULL, row TEXT NOT NULL);
CREATE TABLE finding (
    code TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL, document TEXT, line INTEGER, column_ INTEGER,
    target TEXT, suggestion_url TEXT, suggestion_reason TEXT
);
CREATE TABLE selected (
    target_id TEXT PRIMARY KEY, host TEXT NOT NULL, kind TEXT NOT NULL, by_api INTEGER NOT NULL,
    linked INTEGER NOT NULL, skip TEXT, due INTEGER NOT NULL DEFAULT 0, wants_metadata INTEGER NOT NULL DEFAULT 0,
    deferred TEXT, stated INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX selected_due ON selected (due, by_api, host);
"""


def statements(script: str) -> Iterable[str]:
    """One by one: `executescript` would commit between them."""
    return filter(None, map(str.strip, script.split(";\n")))


def _first_tables(db: Database) -> None:
    for statement in statements(_FIRST):
        db.execute(statement)


def _hosts_that_want_silence(db: Database) -> None:
    db.execute("CREATE TABLE host (host TEXT PRIMARY KEY, held_until INTEGER) WITHOUT ROWID")


_HISTORY = """
CREATE TABLE change (
    target_id TEXT NOT NULL, run_id TEXT NOT NULL, at INTEGER NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX change_by_target ON change (target_id, at);
ALTER TABLE checks ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
ALTER TABLE target ADD COLUMN first_repository_id INTEGER;
"""
_FIRST_NUMBERS = """
UPDATE target SET first_repository_id = CASE WHEN json_valid(metadata)
    THEN CASE WHEN json_type(metadata, '$.repository_id') = 'integer'
        THEN json_extract(metadata, '$.repository_id') END END
WHERE kind = 'github' AND metadata IS NOT NULL
"""


def _changes_and_first_numbers(db: Database) -> None:
    """When targets went and came back, which checks were not believed, and which repository had a name first."""
    for statement in statements(_HISTORY):
        db.execute(statement)
    if db.dialect.name == "sqlite":
        # No cache on a server is as old as that, and JSON is read in other words there.
        db.execute(_FIRST_NUMBERS)


def _turns_of_targets(db: Database) -> None:
    """Which targets come after all others of their host, and when the turn of a deferred one is expected."""
    db.execute("ALTER TABLE selected ADD COLUMN asked_last INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE selected ADD COLUMN expected TEXT")


def _what_stands(db: Database) -> None:
    """Which documents the rows of a run are of, and what was found in each, so that the next one need not look."""
    db.execute(
        "CREATE TABLE gathered (position INTEGER PRIMARY KEY, key TEXT NOT NULL, unreadable INTEGER NOT NULL, "
        "leads TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE remembered (key TEXT PRIMARY KEY, used_at INTEGER NOT NULL, found BLOB NOT NULL) WITHOUT ROWID"
    )


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _first_tables,
    _hosts_that_want_silence,
    _changes_and_first_numbers,
    _turns_of_targets,
    _what_stands,
)
VERSION = len(MIGRATIONS)


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the columns by which its rows are told apart, none where only their number does that."""

    name: str
    key: tuple[str, ...] = ()


# All that a cache holds; a new table stands here too.
TABLES = (
    Table("run"),
    Table("target", ("id",)),
    Table("checks"),
    Table("change"),
    Table("star", ("target_id", "day")),
    Table("alias", ("alias",)),
    Table("host", ("host",)),
    Table("document", ("position",)),
    Table("link", ("position",)),
    Table("entry", ("position",)),
    Table("finding"),
    Table("selected", ("target_id",)),
    Table("gathered", ("position",)),
    Table("remembered", ("key",)),
)


def refuse_newer(version: int, path: Path) -> None:
    """StorageError for a cache that a newer enrich made; it stays as it is."""
    if version > VERSION:
        raise StorageError(
            f"{path}: made by a newer enrich (schema {version}, this one reads {VERSION}); "
            "update enrich, or give another --cache-dir"
        )


def migrate(connection: SqliteDatabase, path: Path) -> None:
    """Bring a cache to this version; StorageError for one that a newer enrich made."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    refuse_newer(version, path)
    if version == VERSION:
        return
    with Transaction(connection):
        for step in MIGRATIONS[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def is_ours(connection: sqlite3.Connection, version: int) -> bool:
    """Whether a file holds exactly the tables and indexes of its version: nothing else, nothing more."""
    return 0 < version <= VERSION and _contents(connection) == _expected(version)


@functools.cache
def _expected(version: int) -> frozenset[tuple[str, ...]]:
    model = sqlite3.connect(":memory:", factory=SqliteDatabase)
    try:
        for step in MIGRATIONS[:version]:
            step(model)
        return _contents(model)
    finally:
        model.close()


def _contents(connection: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    return frozenset(map(tuple, connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")))
