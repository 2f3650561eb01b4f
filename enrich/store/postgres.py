"""The store that many machines share: PostgreSQL.

A server is restarted now and then, and a network fails. A lost connection is opened again for a minute, and what it was
doing is done again: reading as it is, writing under a number. The number goes in first, in the same transaction, so that
a commit whose answer was lost is found to have happened: nothing is recorded twice, and nothing is lost. A second
attempt waits at that row for a first one that is still at work somewhere.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from itertools import count
from typing import Any, TypeVar

import anyio
import psycopg
from psycopg import errors

from enrich.errors import CacheBusyError, StorageError
from enrich.location import shown
from enrich.redaction import redact
from enrich.store import postgres_schema
from enrich.store.columns import moment
from enrich.store.database import Database
from enrich.store.postgres_database import POSTGRES, PostgresDatabase, adapt, records
from enrich.store.protocol import Ages, DueTarget, Run
from enrich.store.schema import TABLES
from enrich.store.sql import SqlStore

T = TypeVar("T")

# A lost connection is waited for so long, attempts to connect included; and the pauses before each of them.
WAITED_SECONDS = 60.0
PAUSES = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 12.0, 12.0)
CONNECT_SECONDS = 10
# A peer that says nothing for so long is gone, whatever the network says of it.
SILENT_MILLISECONDS = 30_000
LOCK_POLL_SECONDS = 0.5
# The server's side of the same: left to itself it keeps the session, and with it the hold on the cache, of a machine
# that was switched off or put to sleep for two hours (the keep-alive of most systems). A process that is alive
# answers these, whatever it does.
_KEEP_ALIVE = f"""
SET tcp_keepalives_idle TO 10; SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 4;
SET tcp_user_timeout TO {SILENT_MILLISECONDS}
"""

_CLAIM = """
INSERT INTO written (client, number) VALUES (?, ?)
ON CONFLICT (client) DO UPDATE SET number = excluded.number, at = now() WHERE written.number < excluded.number
"""
# What was handed out is not synced, for speed. A server that crashes may forget the last of it, and would hand the same
# links out again while their answers are on the way.
_TAKE_AGAIN = (
    f"UPDATE selected SET due = 2 WHERE due = 1 AND target_id IN (SELECT value FROM {POSTGRES.given('?')})"  # noqa: S608
)
_BYTES = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r'
"""
# One for the tables that an address leads to, since several caches may be in one database.
_LOCK = "hashtextextended('enrich run ' || current_schema(), 0)"
_HOLDER = f"""
SELECT a.application_name || ', since ' || to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() AND l.objsubid = 1
    AND (CAST(l.classid AS BIGINT) << 32) | CAST(l.objid AS BIGINT) = {_LOCK}
"""  # noqa: S608 - made of constants
# A transaction that stood in another's way, or met a server that is going or coming, may well succeed the next time.
_PASSING = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
)


class _LostError(Exception):
    """The connection is gone, or the server asks to try again; ``error`` is what psycopg said."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.error = error


def _session(url: str, name: str = "enrich") -> psycopg.Connection[Any]:
    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        tcp_user_timeout=SILENT_MILLISECONDS,
        application_name=name,
    )
    try:
        connection.execute(_KEEP_ALIVE)
    except BaseException:
        connection.close()
        raise
    return connection


def connect(url: str, *, reading: bool = False) -> psycopg.Connection[Any]:
    """A connection to the cache at an address, which has our tables; ``reading`` makes none, and may change nothing.

    Raises StorageError when there is no such cache or it cannot be used, psycopg.OperationalError without a server.
    """
    connection = _session(url)
    try:
        adapt(connection)
        # To compile the statement of a plan took two seconds, of which carrying it out took a tenth. And whoever waits
        # for a row behind a connection that is lost but still open at the server does not wait for ever.
        connection.execute("SET jit TO OFF; SET lock_timeout TO '60s'")
        if not reading:
            postgres_schema.migrate(connection, shown(url))
        elif not postgres_schema.is_of_today(found := postgres_schema.versions(connection), shown(url)):
            why = (
                "made by an older enrich; the next run brings it up to date"
                if found
                else "no cache is here"
            )
            raise StorageError(f"{shown(url)}: {why}")
        connection.row_factory = records
    except BaseException:
        connection.close()
        raise
    return connection


def storage_error(url: str, error: psycopg.Error) -> StorageError:
    """What went wrong in words of ours, with a way out."""
    said = redact(" ".join(str(error).split())) or type(error).__name__
    match error:
        case errors.InsufficientPrivilege() | errors.ReadOnlySqlTransaction():
            way_out = "the role may not do this; `cache info` and `explain` want SELECT on all tables, a run all of them"
        case errors.DuplicateTable() | errors.UndefinedTable() | errors.UndefinedColumn():
            way_out = "the tables are not enrich's; give it a database or a schema of its own"
        case errors.DiskFull():
            way_out = "the server's disk is full"
        case _:
            way_out = "is the server running, and is the address right?"
    return StorageError(f"{shown(url)}: {said}; {way_out}")


def is_there(url: str) -> bool:
    """Whether a cache is at an address, whatever its version."""
    try:
        with _session(url) as connection:
            return bool(postgres_schema.versions(connection))
    except psycopg.Error as error:
        raise storage_error(url, error) from error


@contextmanager
def reading(url: str) -> Iterator[Database]:
    """The cache at an address as it is at this moment; StorageError when it cannot be read."""
    try:
        with connect(url, reading=True) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                yield PostgresDatabase(connection)
    except psycopg.Error as error:
        raise storage_error(url, error) from error


@contextmanager
def hold(url: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the cache at an address for as long as this process is connected; CacheBusyError names who has it."""
    try:
        connection = _session(url, name=f"enrich {socket.gethostname()} process {os.getpid()}"[:60])
    except psycopg.Error as error:
        raise storage_error(url, error) from error
    # Closing tells a server that is still there; of one that restarted meanwhile there is nothing left to release.
    with closing(connection):
        try:
            _take_lock(connection, url, wait_seconds)
        except psycopg.Error as error:
            raise storage_error(url, error) from error
        yield


def _take_lock(connection: psycopg.Connection[Any], url: str, wait_seconds: float) -> None:
    end = time.monotonic() + wait_seconds
    while not _first(connection, f"SELECT pg_try_advisory_lock({_LOCK})"):
        if time.monotonic() >= end:
            holder = _first(connection, _HOLDER) or "another process"
            raise CacheBusyError(
                f"{shown(url)}: the cache is in use by {holder}; wait for it, or give --wait 10m"
            )
        time.sleep(LOCK_POLL_SECONDS)


def _first(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


class PostgresStore(SqlStore):
    """The `enrich.store.protocol.Store` in the tables of a PostgreSQL database.

    ``reading`` opens it for a role that may only read. Raises StorageError when it cannot be used.
    """

    def __init__(self, url: str, *, reading: bool = False) -> None:
        super().__init__()
        self._url, self._reading = url, reading
        self._client = uuid.uuid4().hex
        self._numbers = count(1)
        self._taken: list[str] = []
        self._was_lost = False
        try:
            self._database: PostgresDatabase | None = PostgresDatabase(connect(url, reading=reading))
        except psycopg.Error as error:
            raise storage_error(url, error) from error

    # --- carrying out ------------------------------------------------------------------------------

    def _guard(self, db: Database) -> None:
        """Refuse to write, by an error, where the right to do so was lost; first thing in each transaction."""

    def _open(self) -> PostgresDatabase:
        """The connection, opened again if it was lost."""
        if self._database is None:
            self._database = PostgresDatabase(connect(self._url, reading=self._reading))
        return self._database

    @contextmanager
    def _transaction(self, *, reads: bool) -> Iterator[PostgresDatabase]:
        """A transaction on the connection; `_LostError` when the connection is lost in it."""
        try:
            connection = (database := self._open()).connection
            connection.read_only = reads
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if reads else None
            with connection.transaction():
                yield database
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            lost = self._database is None or self._database.connection.closed
            if lost:
                self._database, self._was_lost = None, True
            if lost or isinstance(error, _PASSING):
                raise _LostError(error) from error
            raise

    def _repeated(self, attempt: Callable[[], T]) -> T:
        """What an attempt gives, the first that keeps its connection; StorageError after a minute."""
        end = time.monotonic() + WAITED_SECONDS
        for pause in PAUSES:
            try:
                return attempt()
            except _LostError:
                if time.monotonic() + pause > end:
                    break
                time.sleep(pause)
            except psycopg.Error as error:
                raise storage_error(self._url, error) from error
        try:
            return attempt()
        except _LostError as lost:
            raise storage_error(self._url, lost.error) from lost

    async def _ask(self, work: Callable[[Database], T]) -> T:
        def attempt() -> T:
            with self._transaction(reads=True) as database:
                return work(database)

        return await self._alone(lambda: self._repeated(attempt))

    async def _tell(self, use: Callable[[Database], T]) -> T:
        def whole() -> T:
            used: list[T] = []
            try:
                with self._transaction(reads=True) as database:
                    used.append(use(database))
            except _LostError as lost:
                # All that there was to read had been read, where only the end of the transaction was lost.
                if not used:
                    raise storage_error(self._url, lost.error) from lost
            except psycopg.Error as error:
                raise storage_error(self._url, error) from error
            return used[0]

        await self._ask(lambda _: None)
        return await self._alone(whole)

    async def _write(self, work: Callable[[Database], T], *, synced: bool = True) -> T:
        number = next(self._numbers)
        done: list[T] = []

        def attempt() -> T:
            with self._transaction(reads=False) as database:
                if not synced:
                    database.execute("SET LOCAL synchronous_commit TO OFF")
                if not database.execute(_CLAIM, (self._client, number)).rowcount:
                    # An earlier attempt was committed after all, and this is what it came to.
                    return done[-1]
                self._guard(database)
                if self._was_lost and self._taken:
                    database.execute(_TAKE_AGAIN, (database.dialect.array(self._taken),))
                done.append(work(database))
            self._was_lost = False
            if synced:
                # A commit that is on the disk has those before it there, too.
                self._taken.clear()
            return done[-1]

        return await self._alone(lambda: self._repeated(attempt))

    # --- what differs ------------------------------------------------------------------------------

    async def _take(self, wanted: Sequence[tuple[str, int]]) -> list[list[DueTarget]]:
        found = await super()._take(wanted)
        self._taken.extend(due.target.id for one in found for due in one)
        return found

    async def take_for_api(self, kind: str, limit: int) -> list[DueTarget]:
        found = await super().take_for_api(kind, limit)
        self._taken.extend(due.target.id for due in found)
        return found

    async def attach(self, run_id: str) -> Run:
        """Join a run that another process began; StorageError where there is none."""

        def work(db: Database) -> Run | None:
            row = db.execute("SELECT id, started_at FROM run WHERE id = ?", (run_id,)).fetchone()
            started = moment(row["started_at"]) if row else None
            return Run(id=row["id"], started_at=started, resumed=True) if started else None

        self._run = await self._ask(work)
        if self._run is None:
            raise StorageError(f"{shown(self._url)}: there is no run {run_id}")
        return self._run

    async def plan(self, ages: Ages, now: datetime) -> int:
        def look(db: Database) -> None:
            # A million new rows, of which the server knows nothing yet, are looked through one by one.
            db.execute("ANALYZE target, selected, link, document")
            # Of clients that were killed; whoever still lives and wrote nothing for so long begins a new row.
            db.execute("DELETE FROM written WHERE at < now() - interval '1 day'")

        await self._write(look)
        return await super().plan(ages, now)

    async def clear(self) -> None:
        """Forget everything."""
        tables = ", ".join(table.name for table in TABLES)

        def work(db: Database) -> None:
            db.execute(f"TRUNCATE {tables}, doubted")

        await self._write(work)

    async def _bytes(self) -> int:
        return await self._ask(lambda db: int(db.execute(_BYTES).fetchone()[0]))

    async def close(self) -> None:
        def work() -> None:
            if (database := self._database) is None:
                return
            with suppress(psycopg.Error):
                if not self._reading:
                    # Left behind by a killed one, the row is in nobody's way.
                    database.execute("DELETE FROM written WHERE client = ?", (self._client,))
            database.connection.close()

        with anyio.CancelScope(shield=True):
            await self._alone(work)
