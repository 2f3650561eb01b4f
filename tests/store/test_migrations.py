"""A cache of any version opens, whole, and one that is being changed is never left in between.

The tables of each version stand here as text, as the release of that version made them, and stay as they are: the
functions that make them may be broken, what lies on people's disks may not.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrich.errors import StorageError
from enrich.model import CanonicalUrl, Element, Identity, Link
from enrich.store import schema
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
URL = CanonicalUrl("https://a.example/x")
FOUND = FoundTarget(identity=Identity(id=f"url:{URL}", kind="web", url=URL), host="a.example")

VERSION_1 = """
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
VERSION_2 = VERSION_1 + "CREATE TABLE host (host TEXT PRIMARY KEY, held_until INTEGER) WITHOUT ROWID;"
VERSION_3 = (
    VERSION_2
    + """
CREATE TABLE change (
    target_id TEXT NOT NULL, run_id TEXT NOT NULL, at INTEGER NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX change_by_target ON change (target_id, at);
ALTER TABLE checks ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
ALTER TABLE target ADD COLUMN first_repository_id INTEGER;
"""
)
VERSION_4 = (
    VERSION_3 + "ALTER TABLE selected ADD COLUMN asked_last INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE selected ADD COLUMN expected TEXT;"
)
VERSION_5 = VERSION_4 + (
    "CREATE TABLE gathered (position INTEGER PRIMARY KEY, key TEXT NOT NULL, unreadable INTEGER NOT NULL, "
    "leads TEXT NOT NULL);"
    "CREATE TABLE remembered (key TEXT PRIMARY KEY, used_at INTEGER NOT NULL, found BLOB NOT NULL) WITHOUT ROWID;"
)
VERSIONS = {1: VERSION_1, 2: VERSION_2, 3: VERSION_3, 4: VERSION_4, 5: VERSION_5}

# One link that opened the day before, as every version so far stores it.
ROWS = f"""
INSERT INTO run VALUES ('0123456789ab', '0.1.0', '{{}}', 1778306400000, 1778306460000, 1);
INSERT INTO target (id, url, kind, host, run_id, seen_at, status, reason, http_status, checked_at, attempted_at,
    attempted_status, attempts, last_ok_at, metadata_fetched_at, metadata_tried_at)
VALUES ('url:{URL}', '{URL}', 'web', 'a.example', '0123456789ab', 1778306400000, 'ok', 'http-200', 200,
    1778306400000, 1778306400000, 'ok', 1, 1778306400000, 1778306400000, 1778306400000);
INSERT INTO checks (target_id, run_id, at, status, reason, detail, http_status, attempts, elapsed_ms)
VALUES ('url:{URL}', '0123456789ab', 1778306400000, 'ok', 'http-200', NULL, 200, 1, 40);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.sqlite3"


def make(path: Path, version: int, more: str = ROWS) -> Path:
    """A cache as the release with that version left it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(f"BEGIN; {VERSIONS[version]} {more} PRAGMA user_version = {version}; COMMIT;")
    connection.close()
    return path


def contents(path: Path) -> tuple[int, list[str]]:
    """The version of a file and all that stands in it."""
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    lines = list(connection.iterdump())
    connection.close()
    return version, lines


def test_the_tables_of_every_version_stand_here() -> None:
    assert sorted(VERSIONS) == list(range(1, schema.VERSION + 1))


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_a_version_remembered_is_known_today(path: Path, version: int) -> None:
    async with SqliteStore(make(path, version)) as store:
        assert store.set_aside is None
        await store.begin(version="1", options="{}", now=NOW, fresh=False)
        link = FoundLink(link=Link(url=URL, line=1, column=1, element=Element.BARE), target=FOUND)
        await store.add(
            [FoundDocument(path="a.md", title=None, date=None, date_source="none", links=[link])]
        )
        assert await store.plan(Ages(by_kind={"web": (7 * 86400.0, 30 * 86400.0)}), NOW) == 0
        (row,) = await store.read(lambda rows: list(rows.targets()))
        assert (row.status, row.reason, row.checked_at) == ("ok", "http-200", NOW - timedelta(days=1))
        assert await store.held_hosts(NOW) == {}
    assert contents(path)[0] == schema.VERSION


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_old_file_becomes_just_what_a_new_one_is(path: Path, tmp_path: Path, version: int) -> None:
    async with SqliteStore(make(path, version, "")), SqliteStore(tmp_path / "new.sqlite3"):
        pass
    assert sorted(contents(path)[1]) == sorted(contents(tmp_path / "new.sqlite3")[1])


@pytest.mark.parametrize(
    ("metadata", "first"),
    [
        ('{"type":"repository","full_name":"o/r","repository_id":7}', 7),
        ('{"type":"repository","full_name":"o/r","repository_id":null}', None),
        ('{"type":"repository","full_name":"o/r","repository_id":"7"}', None),
        ("{damaged", None),
    ],
)
async def test_a_repository_that_is_known_already_is_the_first_of_its_name(
    path: Path, metadata: str, first: int | None
) -> None:
    make(path, 2, ROWS + f"UPDATE target SET kind = 'github', metadata = '{metadata}';")
    async with SqliteStore(path) as store:
        assert store.set_aside is None
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT first_repository_id FROM target").fetchall() == [(first,)]
    connection.close()


def test_a_newer_cache_is_refused_and_not_touched(path: Path) -> None:
    make(path, max(VERSIONS))
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer enrich"):
        SqliteStore(path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == {path.name: before}


async def test_a_step_that_fails_leaves_the_old_version_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(make(path, 1))

    def fail(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (done INTEGER)")
        raise sqlite3.OperationalError("no space left")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, fail))
    with pytest.raises(StorageError, match="no space left"):
        SqliteStore(path)
    assert contents(path) == before


DIES = """
import os, signal, sqlite3, sys
from pathlib import Path
from enrich.store import opening, schema

def die(db):
    for number in range(2000):
        db.execute("INSERT INTO checks (target_id, run_id, at, status, reason, detail, attempts, elapsed_ms) "
                   "VALUES ('x', 'r', ?, 'ok', 'http-200', printf('%2000d', 1), 1, 1)", (number,))
    os.kill(os.getpid(), signal.SIGKILL)

schema.MIGRATIONS = (*schema.MIGRATIONS[:int(sys.argv[2])], die)
schema.VERSION = len(schema.MIGRATIONS)
opening.open_cache(Path(sys.argv[1]))
"""


def die_in_a_migration(path: Path, done: int) -> None:
    command = [sys.executable, "-c", DIES, str(path), str(done)]
    killed = subprocess.run(command, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr


@pytest.mark.killloop
@pytest.mark.parametrize("done", [1, 2, 3])
async def test_a_kill_within_a_migration_leaves_the_old_version_whole(path: Path, done: int) -> None:
    """After as many finished steps, in the midst of one that has written more than stays in memory."""
    before = contents(make(path, 1))
    die_in_a_migration(path, done)
    assert contents(path) == before
    async with SqliteStore(path) as store:
        assert store.set_aside is None
        assert (await store.info()).checks == 1
