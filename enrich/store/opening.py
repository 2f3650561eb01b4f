"""Opening the cache file, whatever became of it since.

What is no cache (damaged, foreign, planted) is moved out of the way and a new one begun: a cache can always be
filled again. What is a cache but cannot be used now (made by a newer enrich, locked, not readable) is an error and
stays as it is. Only the very tables, and nothing else, that enrich makes are opened: a trigger or a view in the
file would be somebody else's program, run with our rights.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import sys
from pathlib import Path

from enrich.errors import StorageError
from enrich.store import schema
from enrich.store.ages import jitter
from enrich.store.sqlite_database import SqliteDatabase

FILE_NAME = "enrich.sqlite3"
# Up to this size a check of the whole file costs less than can be noticed; a larger one is checked when the
# last run did not come to its end.
CHECKED_ALWAYS_BYTES = 4 << 20
LONGEST_VALUE_BYTES = 256 << 20
# Of SQLite's own 2 MB, links added in the order of notes and targets asked in the order of hosts push each other out.
PAGES_KEPT_KIB = 8 << 10
# Answers come from all hosts at once, so that each commit changes nearly a thousand pages, mostly the same ones as the
# one before. After SQLite's own 1,000 nearly each of them would copy all its pages into the file, and wait for that
# once more. A commit is durable in the log itself; with 16 MB of it they are copied a few times in a run.
LOG_PAGES = 4000
# VACUUM needs one place.
MOST_ATTACHED = 1

_MAGIC = b"SQLite format 3\0"
_COMPANIONS = ("-wal", "-shm", "-journal")
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# Before the first statement of ours, these too can only come from what stands in the file.
_STRANGE = _DAMAGE | {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_MISMATCH,
}
# What a full disk makes SQLite say: "disk I/O error" when it is the shared memory that finds no room.
_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_TEMPORARY = (
    "CREATE TEMP TABLE age (kind TEXT PRIMARY KEY, ok INTEGER, spread INTEGER, metadata INTEGER)",
    "CREATE TEMP TABLE doubted (target_id TEXT PRIMARY KEY) WITHOUT ROWID",
)


class _DamagedError(Exception):
    """The file is no cache of ours; ``str()`` says why."""


def is_damage(error: sqlite3.Error, codes: frozenset[int] = _DAMAGE) -> bool:
    """Whether an error tells of the file and not of the disk, a lock or a permission."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in codes


def open_cache(path: Path) -> tuple[SqliteDatabase, str | None]:
    """A connection to the cache, made if there is none, and what was set aside for it, if anything.

    Raises StorageError when a cache is there but cannot be used. The caller holds the lock of the folder.
    """
    try:
        try:
            return _open(path), None
        except _DamagedError as damage:
            said = _set_aside(path, str(damage))
            return _open(path), said
    except (sqlite3.Error, OSError, _DamagedError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StorageError(f"{path}: the cache cannot be used: {why}; {_way_out(error)}") from error


def _way_out(error: Exception) -> str:
    of_disk = isinstance(error, sqlite3.Error) and is_damage(error, _DISK)
    if of_disk or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return "is the disk full? Free some room, or give another --cache-dir"
    return "`enrich cache clear` starts anew, or give another --cache-dir"


def _open(path: Path) -> SqliteDatabase:
    if not os.path.lexists(path):
        _make(path)
    _look(path)
    connection = sqlite3.connect(
        path, factory=SqliteDatabase, check_same_thread=False, isolation_level=None
    )
    try:
        _harden(connection)
        _refuse_damage(connection, path)
        schema.migrate(connection, path)
        _add_temporary(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> SqliteDatabase:
    """A connection that changes nothing and sees the cache as it is at this moment, even while a run is filling it.

    No lock of the folder is needed, since readers of a write-ahead log wait for nobody. A cache of an older version
    is read from a copy in memory. Raises StorageError when there is no cache of ours to read.
    """
    try:
        return _open_for_reading(path)
    except (sqlite3.Error, OSError, UnicodeDecodeError, _DamagedError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StorageError(
            f"{path}: the cache cannot be read: {why}; the next run sets a damaged one aside and begins a new one"
        ) from error


def _open_for_reading(path: Path) -> SqliteDatabase:
    for part in _parts(path):
        _refuse_strange(part)
    _refuse_header(path)
    connection = sqlite3.connect(_read_only(path), factory=SqliteDatabase, uri=True, isolation_level=None)
    try:
        _harden(connection)
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON"):
            connection.execute(f"PRAGMA {pragma}")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        schema.refuse_newer(version, path)
        if not schema.is_ours(connection, version):
            raise _DamagedError("its tables are not those that enrich makes")
        if version < schema.VERSION:
            connection = _copy_of_today(connection, path)
        # From here on, all that is read is of one moment.
        connection.execute("BEGIN")
    except BaseException:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> str:
    """The file as SQLite opens it without changing it; where nobody may write, not even its companions are made."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    is_fixed = not os.access(path.parent, os.W_OK) and not os.path.lexists(f"{path}-wal")
    return f"{uri}&immutable=1" if is_fixed else uri


def _copy_of_today(connection: sqlite3.Connection, path: Path) -> SqliteDatabase:
    copy = sqlite3.connect(":memory:", factory=SqliteDatabase, isolation_level=None)
    with contextlib.closing(connection):
        connection.backup(copy)
    _harden(copy)
    schema.migrate(copy, path)
    return copy


def _make(path: Path) -> None:
    """A new cache, finished under another name: no kill leaves half a one, and a leftover log finds no new home."""
    if any(os.path.lexists(f"{path}{companion}") for companion in _COMPANIONS):
        raise _DamagedError("parts of a database lie there without it")
    new = path.with_name(f"{path.name}.new")
    _remove(new)
    try:
        _fill(new)
        os.replace(new, path)
    except BaseException:
        _remove(new)
        raise


def _fill(new: Path) -> None:
    """A cache without contents. Its tables go to the file itself: from a log, closing may fail to and not say so."""
    # Notes may hold private addresses: the file is for its owner alone from its first byte.
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(new, factory=SqliteDatabase, isolation_level=None)
    try:
        schema.migrate(connection, new)
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _remove(new: Path) -> None:
    for part in ("", *_COMPANIONS):
        new.with_name(new.name + part).unlink(missing_ok=True)


def _look(path: Path) -> None:
    """Look at the files before SQLite does, which follows links and replays whatever lies beside them."""
    for part in _parts(path):
        _look_at(part)
    _refuse_header(path)


def _parts(path: Path) -> tuple[Path, ...]:
    return (path, *(Path(f"{path}{companion}") for companion in _COMPANIONS))


def _refuse_header(path: Path) -> None:
    """Raise _DamagedError for a file that is no database by its first bytes."""
    if os.path.lexists(f"{path}-journal"):
        raise _DamagedError("a rollback journal lies beside it, which enrich never makes")
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        raise _DamagedError("the file is empty")
    # Bytes 18 and 19: with another format number SQLite calls the file read-only, or a newer SQLite's.
    if len(header) < 100 or not header.startswith(_MAGIC) or not {*header[18:20]} <= {1, 2}:
        raise _DamagedError("it is not a database")
    # Read here, since opening alone may change the file.
    schema.refuse_newer(int.from_bytes(header[60:64], "big", signed=True), path)


def _look_at(part: Path) -> None:
    found = _refuse_strange(part)
    if found is not None and found.st_mode & 0o077:
        part.chmod(0o600)


def _refuse_strange(part: Path) -> os.stat_result | None:
    """Raise _DamagedError for what is neither a plain file nor missing."""
    try:
        found = part.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise _DamagedError(f"{part.name} is {'a link' if stat.S_ISLNK(found.st_mode) else 'not a file'}")
    return found


def _harden(connection: sqlite3.Connection) -> None:
    """Nothing that stands in the file is carried out, and no value of it takes all memory."""
    connection.row_factory = sqlite3.Row
    connection.text_factory = _text
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, MOST_ATTACHED)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _text(stored: bytes) -> str:
    """A damaged character makes one row doubtful; it must not make all unreadable."""
    return stored.decode("utf-8", "replace")


def _refuse_damage(connection: sqlite3.Connection, path: Path) -> None:
    """Raise _DamagedError for a file that is not a whole cache of ours."""
    try:
        _look_inside(connection, path)
    except UnicodeDecodeError as error:
        # SQLite quotes what stands in the file in what it says of it.
        raise _DamagedError("its tables are not those that enrich makes") from error
    except sqlite3.Error as error:
        if not is_damage(error, _STRANGE):
            raise
        raise _DamagedError(str(error)) from error


def _look_inside(connection: sqlite3.Connection, path: Path) -> None:
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "synchronous=FULL", "temp_store=FILE"):
        connection.execute(f"PRAGMA {pragma}")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    schema.refuse_newer(version, path)
    if not schema.is_ours(connection, version):
        raise _DamagedError("its tables are not those that enrich makes")
    connection.execute("PRAGMA journal_mode=WAL")
    if _needs_check(connection, path) and (found := _wrong(connection)):
        raise _DamagedError(found)


def _add_temporary(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA cache_size=-{PAGES_KEPT_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    connection.create_function("jitter", 3, jitter, deterministic=True)
    for statement in _TEMPORARY:
        connection.execute(statement)


def _needs_check(connection: sqlite3.Connection, path: Path) -> bool:
    if path.stat().st_size <= CHECKED_ALWAYS_BYTES:
        return True
    last = connection.execute("SELECT finished_at FROM run ORDER BY started_at DESC, rowid DESC LIMIT 1")
    return (row := last.fetchone()) is not None and row[0] is None


def _wrong(connection: sqlite3.Connection) -> str | None:
    """What a check of the whole file finds, if anything."""
    found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if found == "ok" else found.replace("\n", " ")


def _set_aside(path: Path, why: str) -> str:
    """Move a file and its companions out of the way, under the first free number; what to tell the user."""
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.corrupt-{number}")):
        number += 1
    for companion in ("", *_COMPANIONS):
        if os.path.lexists(part := f"{path}{companion}"):
            # A link or a folder is moved like any file; nothing is followed.
            os.rename(part, f"{aside}{companion}")
    return f"{path.name} could not be used ({why}); it is kept as {aside.name}, and a new cache was begun"
